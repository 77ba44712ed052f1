package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/deskbell/deskbell/faults/check"
)

// replies is R14: an agent answers, and the desk is killed while the answers
// leave.
func replies(kills int) scenario {
	return scenario{"R14", func(r *run) error {
		if err := r.start(""); err != nil {
			return err
		}
		for range 20 {
			r.deliver(r.post.write(letter{}))
		}
		r.settled(len(r.deliveries), 30*time.Second)
		ids, err := r.tickets()
		if err != nil {
			return err
		}
		if err := r.stop(); err != nil {
			return err
		}
		for k := range kills {
			point := []string{"F20", "F21", "F22"}[k%3]
			err := r.killAt(point, 1+k/3%2, func() {
				for i := range 3 {
					r.say(ids[(k+i/2)%len(ids)], fmt.Sprintf("Answer %d of round %d.", i, k), "public")
				}
			})
			if err != nil {
				return err
			}
		}
		if err := r.start(""); err != nil {
			return err
		}
		err = r.settle(len(r.deliveries))
		r.note("%d answers saved, %d mails arrived, %d of them once more after %d kills at F21 and %d at F22", len(r.saved), len(r.lane.smtp.Arrivals()), r.out.Copies, r.kills["F21"], r.kills["F22"])
		return err
	}}
}

func (r *run) tickets() ([]string, error) {
	var page struct{ Items []struct{ ID string } }
	err := r.call("GET", "/api/collections/tickets/records?perPage=50&fields=id&sort=number", nil, &page)
	var ids []string
	for _, t := range page.Items {
		ids = append(ids, t.ID)
	}
	if err == nil && len(ids) == 0 {
		err = fmt.Errorf("no tickets")
	}
	return ids, err
}

// say writes a message; one that the desk called saved must be there for ever.
func (r *run) say(ticket, text, visibility string) bool {
	var m struct{ ID string }
	err := r.call("POST", "/api/collections/messages/records", map[string]any{
		"ticket": ticket, "visibility": visibility, "text": text, "send_after": time.Now().UTC().Format("2006-01-02 15:04:05.000Z"),
	}, &m)
	if err == nil {
		r.lock.Lock()
		defer r.lock.Unlock()
		r.saved = append(r.saved, m.ID)
	}
	return err == nil
}

// secondInstance is R26.
func secondInstance() scenario {
	return scenario{"R26", func(r *run) error {
		if err := r.start(""); err != nil {
			return err
		}
		out, err := os.CreateTemp(r.home, "second-*")
		if err != nil {
			return err
		}
		defer out.Close()
		second := desk{bin: r.bin, home: filepath.Join(r.home, "second")}
		cmd, err := second.command("", "serve", "--dir", r.dir(), "--http", "127.0.0.1:0")
		if err != nil {
			return err
		}
		_ = cmd.Wait() // the code says it
		said, err := os.ReadFile(filepath.Join(second.home, "desk.log"))
		if err != nil {
			return err
		}
		if cmd.ProcessState.ExitCode() != 1 || !bytes.Contains(said, []byte("in use")) {
			r.found("R26 the second instance ended with %d: %s", cmd.ProcessState.ExitCode(), said)
		}
		r.deliver(r.post.mix(20)...)
		r.settled(len(r.deliveries), 20*time.Second)
		r.kill()
		r.out.Kills++
		r.kills["kill -9"]++
		if err := r.checkKilled(); err != nil {
			return err
		}
		began := time.Now()
		if err := r.start(""); err != nil {
			return err
		}
		r.note("ready %.2f s after kill -9", time.Since(began).Seconds())
		r.deliver(r.post.mix(20)...)
		return r.settle(len(r.deliveries))
	}}
}

// stopped is R29: SIGTERM while mail comes in, answers go out and people
// write.
func stopped() scenario {
	return scenario{"R29", func(r *run) error {
		if err := r.start(""); err != nil {
			return err
		}
		for range 10 {
			r.deliver(r.post.write(letter{}))
		}
		r.settled(len(r.deliveries), 20*time.Second)
		ids, err := r.tickets()
		if err != nil {
			return err
		}
		for round := range 3 {
			stop := make(chan struct{})
			var busy sync.WaitGroup
			for w := range 4 {
				busy.Go(func() {
					for i := 0; ; i++ {
						select {
						case <-stop:
							return
						default:
							visibility := []string{"internal", "public"}[i%10/9]
							r.say(ids[(w+i)%len(ids)], fmt.Sprintf("Note %d of %d.", i, w), visibility)
						}
					}
				})
			}
			r.trickle(r.post.mix(40))
			began := time.Now()
			if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				return err
			}
			if !r.ended(12 * time.Second) {
				r.found("R29 still there 12 s after SIGTERM")
				r.kill()
			} else if code := r.cmd.ProcessState.ExitCode(); code != 0 {
				r.found("R29 SIGTERM under load ended with %d", code)
			}
			r.note("round %d: stopped in %.2f s, %d messages saved so far", round+1, time.Since(began).Seconds(), len(r.saved))
			close(stop)
			busy.Wait()
			if err := r.checkKilled(); err != nil {
				return err
			}
			if err := r.start(""); err != nil {
				return err
			}
		}
		err = r.settle(len(r.deliveries))
		log, readErr := os.ReadFile(filepath.Join(r.home, "desk.log"))
		if readErr == nil && strings.Contains(string(log), "panic") {
			r.found("R29 the log speaks of a panic")
		}
		return err
	}}
}

// listener kills the desk while it takes mail by its own SMTP listener. The
// sender tries again until it has a 250, as every mail server does.
func listener() scenario {
	return scenario{"R1-listener", func(r *run) error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		address := l.Addr().String()
		if err := l.Close(); err != nil {
			return err
		}
		r.extra = []string{"--smtp-listen", address}
		for _, point := range []string{"F03", "F04", "F05", "F06", "F07", "F08", "F09", "F10", "F14", "F16"} {
			for range 2 {
				if err := r.start(fmt.Sprintf("%s:exit:%d", point, 2+r.post.rng.IntN(6))); err != nil {
					return err
				}
				for !r.ended(0) && len(r.deliveries) < 1000 {
					r.offer(address)
				}
				r.kills[point]++
				r.out.Kills++
				if err := r.checkKilled(); err != nil {
					return err
				}
			}
		}
		if err := r.start(""); err != nil {
			return err
		}
		r.offer(address)
		if !eventually(10*time.Second, func() bool { return r.deliveries[len(r.deliveries)-1].Taken }) {
			r.found("the listener does not take mail any more")
		}
		return r.settle(len(r.deliveries))
	}}
}

// offer sends the mail that has no 250 yet, or the next one.
func (r *run) offer(address string) {
	last := len(r.deliveries) - 1
	if last < 0 || r.deliveries[last].Taken {
		m := r.post.write(letter{})
		r.deliveries = append(r.deliveries, check.Delivery{Letter: m.letter, SHA256: hashOf(m.raw)})
		last++
	}
	raw := r.post.bodies[r.deliveries[last].Letter]
	r.deliveries[last].Taken = send(address, raw) == nil
}

func send(address string, raw []byte) error {
	c, err := smtp.Dial(address)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Mail("person@example.org"); err != nil {
		return err
	}
	if err := c.Rcpt("support@desk.test"); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, bytes.NewReader(raw)); err != nil {
		return err
	}
	return w.Close()
}
