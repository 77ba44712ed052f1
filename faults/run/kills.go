package main

import (
	"fmt"
	"strings"
	"syscall"
	"time"
)

// reach says of each point in the mail path how far its pass may be chosen:
// a kill hits one of the passes from..to. Points that are passed once for a
// connection or a chunk are hit early; points within the processing of a mail
// are not hit at the first pass, which after a kill is the same mail again.
type reach struct{ from, to int }

// points are the fault points of the mail path. F18 and F19 come with the
// search index.
var points = []struct {
	name string
	reach
}{
	{"F01", reach{1, 1}}, {"F02", reach{1, 1}}, {"F03", reach{1, 12}}, {"F04", reach{1, 12}}, {"F05", reach{1, 12}}, {"F06", reach{1, 12}},
	{"F07", reach{1, 2}}, {"F08", reach{1, 2}}, {"F09", reach{1, 2}}, {"F10", reach{1, 2}}, {"F11", reach{1, 2}}, {"F12", reach{1, 2}},
	{"F13", reach{2, 9}}, {"F14", reach{2, 8}}, {"F15", reach{2, 8}}, {"F16", reach{2, 9}}, {"F17", reach{2, 9}},
	{"F20", reach{1, 2}}, {"F21", reach{1, 9}}, {"F22", reach{1, 9}}, {"F23", reach{2, 4}},
}

// killing is R1 for one point: mails mails, kills kills.
func killing(point string, at reach, kills, mails int, after ...string) scenario {
	return scenario{strings.Join(append([]string{"R1", point}, after...), "-"), func(r *run) error {
		for _, what := range after {
			if err := r.change(map[string]any{"after_fetch": what, "move_to": "Done"}); err != nil {
				return err
			}
		}
		all := r.post.mix(mails)
		if point == "F23" {
			return r.bounces(at, kills, all)
		}
		share := len(all) / (kills + 1)
		for k := range kills {
			batch := all[k*share : (k+1)*share]
			r.deliver(batch[:len(batch)/3]...)
			if err := r.killAt(point, at.from+r.post.rng.IntN(at.to-at.from+1), func() { r.trickle(batch[len(batch)/3:]) }); err != nil {
				return err
			}
		}
		if err := r.start(""); err != nil {
			return err
		}
		r.deliver(all[kills*share:]...)
		return r.settle(len(r.deliveries))
	}}
}

// sameMail kills at the first pass again and again: the same healthy mail is
// in work each time, and must not be blamed for it.
func sameMail() scenario {
	return scenario{"R1-first-pass", func(r *run) error {
		r.deliver(r.post.write(letter{}), r.post.write(letter{}), r.post.write(letter{}), r.post.write(letter{}), r.post.write(letter{}), r.post.write(letter{}))
		for _, point := range []string{"F13", "F14", "F15", "F16", "F14", "F15"} {
			if err := r.killAt(point, 1, func() {}); err != nil {
				return err
			}
		}
		if err := r.start(""); err != nil {
			return err
		}
		return r.settle(len(r.deliveries))
	}}
}

// draining kills while the desk stops in order, once in each of its stages.
func draining() scenario {
	return scenario{"R1-F30", func(r *run) error {
		for stage := 1; stage <= 5; stage++ {
			if err := r.start(fmt.Sprintf("F30:exit:%d", stage)); err != nil {
				return err
			}
			r.trickle(r.post.mix(24))
			if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				return err
			}
			if !r.ended(15 * time.Second) {
				r.found("F30 was never passed %d times", stage)
				r.kill()
			}
			r.kills["F30"]++
			r.out.Kills++
			if err := r.checkKilled(); err != nil {
				return err
			}
		}
		if err := r.start(""); err != nil {
			return err
		}
		return r.settle(len(r.deliveries))
	}}
}

// trickle delivers in bursts, so that there are several chunks.
func (r *run) trickle(mails []sent) {
	for i := 0; i < len(mails); i += 8 {
		time.Sleep(120 * time.Millisecond)
		r.deliver(mails[i:min(i+8, len(mails))]...)
	}
}

// bounces lets acknowledgements go out, sends reports about them and kills
// while these are read.
func (r *run) bounces(at reach, kills int, all []sent) error {
	if err := r.start(""); err != nil {
		return err
	}
	r.deliver(all...)
	if !r.settled(len(all), 60*time.Second) {
		r.found("not settled before the bounces")
	}
	if err := r.stop(); err != nil {
		return err
	}
	left := r.lane.smtp.Arrivals()
	for range kills {
		n := min(6, len(left))
		var reports []sent
		for _, a := range left[:n] {
			reports = append(reports, r.post.bounce(a.MessageID, a.To[0]))
		}
		left = left[n:]
		r.deliver(reports...)
		if err := r.killAt("F23", at.from+r.post.rng.IntN(at.to-at.from+1), func() {}); err != nil {
			return err
		}
	}
	if err := r.start(""); err != nil {
		return err
	}
	return r.settle(len(r.deliveries))
}

// tour kills once at each of many points on one data folder.
func tour(names ...string) scenario {
	return scenario{"R1-tour", func(r *run) error {
		all := r.post.mix(200)
		share := len(all) / (len(names) + 1)
		for k, name := range names {
			batch := all[k*share : (k+1)*share]
			r.deliver(batch[:len(batch)/2]...)
			at := reachOf(name)
			if err := r.killAt(name, at.from+r.post.rng.IntN(min(at.to-at.from, 3)+1), func() { r.trickle(batch[len(batch)/2:]) }); err != nil {
				return err
			}
		}
		if err := r.start(""); err != nil {
			return err
		}
		r.deliver(all[len(names)*share:]...)
		return r.settle(len(r.deliveries))
	}}
}

func reachOf(name string) reach {
	for _, p := range points {
		if p.name == name {
			return p.reach
		}
	}
	panic("no such point: " + name)
}

// change edits the mailbox while the desk runs for a moment, or runs anyway.
func (r *run) change(values map[string]any) error {
	running := r.cmd != nil && !r.ended(0)
	if !running {
		if err := r.start(""); err != nil {
			return err
		}
	}
	if err := r.call("PATCH", "/api/collections/mailboxes/records/"+r.mailbox, values, nil); err != nil {
		return fmt.Errorf("change the mailbox: %w", err)
	}
	if running {
		return nil
	}
	return r.stop()
}

// poisonous is a mail that ends the whole process whenever it is read: it is
// blamed and put aside at the third time, and the others go on.
func poisonous() scenario {
	return scenario{"R1-crash", func(r *run) error {
		r.deliver(r.post.mix(20)...)
		m := r.post.write(letter{poison: "exit"})
		r.deliver(m)
		r.deliver(r.post.mix(20)...)
		for range 3 {
			if err := r.start(""); err != nil {
				return err
			}
			if !r.ended(20 * time.Second) {
				r.found("the poisonous mail did not end the process")
				break
			}
			r.out.Kills++
			r.kills["crash"]++
			if err := r.checkKilled(); err != nil {
				return err
			}
		}
		if err := r.start(""); err != nil {
			return err
		}
		return r.settle(len(r.deliveries))
	}}
}
