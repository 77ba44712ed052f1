package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	adminEmail    = "sam@desk.test"
	adminPassword = "secret-12345"
)

// desk is a served desk in a process of its own.
type desk struct {
	dir   string
	http  string // address
	smtp  string // address of its own listener
	cmd   *exec.Cmd
	admin *api // an agent who is administrator
	agent *api // an agent with a static token
	team  string
	ready time.Duration // from the start of the process to the first ready answer
	heap  heap
}

// setUp makes a data folder with an administrator.
func (b *bench) setUp(ctx context.Context, name string) (*desk, error) {
	d := &desk{dir: filepath.Join(b.work, name)}
	cmd := exec.CommandContext(ctx, b.bin, "setup", "--dir", d.dir, "--admin-email", adminEmail, "--admin-password", adminPassword, "--org", "Acme", "--url", "http://desk.test")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("set up a desk: %w: %s", err, out)
	}
	return d, nil
}

// start serves the folder and waits until it is ready.
func (d *desk) start(ctx context.Context, bin string) error {
	var err error
	if d.http, err = freeAddress(); err != nil {
		return err
	}
	if d.smtp, err = freeAddress(); err != nil {
		return err
	}
	d.cmd = exec.Command(bin, "serve", "--dir", d.dir, "--http", d.http, "--smtp-listen", d.smtp)
	d.cmd.Env = append(os.Environ(), "GODEBUG=gctrace=1")
	// Ctrl+C in the terminal must not reach it: stop ends it in order.
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	trace, err := d.cmd.StderrPipe()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := d.cmd.Start(); err != nil {
		return err
	}
	go d.heap.follow(trace)
	a := newAPI("http://" + d.http)
	for {
		err := a.call(ctx, http.MethodGet, "/api/desk/ready", nil, nil)
		if err == nil {
			break
		}
		if time.Since(began) > time.Minute || ctx.Err() != nil {
			d.stop()
			return fmt.Errorf("the desk is not ready: %w", err)
		}
		time.Sleep(2 * time.Millisecond)
	}
	d.ready = time.Since(began)
	d.admin = a
	return nil
}

// signIn makes an agent with a static token, as a program would use.
func (d *desk) signIn(ctx context.Context) error {
	token, _, err := d.admin.signIn(ctx, "agents")
	if err != nil {
		return err
	}
	super, _, err := d.admin.signIn(ctx, "_superusers")
	if err != nil {
		return err
	}
	d.admin = d.admin.as(token)
	if d.team == "" {
		if d.team, err = d.admin.create(ctx, "teams", map[string]any{"name": "Bench"}); err != nil {
			return err
		}
	}
	id, err := d.admin.create(ctx, "agents", map[string]any{"name": "Bea", "email": "bea@desk.test", "role": "agent", "active": true, "verified": true,
		"teams": []string{d.team}, "password": adminPassword, "passwordConfirm": adminPassword})
	if err != nil {
		return err
	}
	var out struct{ Token string }
	err = d.admin.as(super).call(ctx, http.MethodPost, "/api/collections/agents/impersonate/"+id, map[string]any{"duration": 86400}, &out)
	d.agent = d.admin.as(out.Token)
	return err
}

// stop ends the process as an operator would.
func (d *desk) stop() {
	if d.cmd == nil || d.cmd.Process == nil {
		return
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // gone already is as good
	done := make(chan struct{})
	go func() { _ = d.cmd.Wait(); close(done) }() // the code does not matter here
	select {
	case <-done:
	case <-time.After(40 * time.Second):
		_ = d.cmd.Process.Kill()
	}
	d.cmd = nil
}

// memory reads a line of /proc/<pid>/status in MB: VmRSS now, VmHWM at its
// highest, RssAnon without mapped files.
func (d *desk) memory(line string) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for l := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(l, line+":"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64) // the kernel writes numbers
			return kb / 1024
		}
	}
	return 0
}

// highest watches the memory without mapped files until the answer is called,
// which gives its highest value in MB.
func (d *desk) highest() func() float64 {
	stop, answer := make(chan struct{}), make(chan float64)
	go func() {
		top := 0.0
		for {
			top = max(top, d.memory("RssAnon"))
			select {
			case <-stop:
				answer <- top
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	return func() float64 { close(stop); return <-answer }
}

// cpu is the processor time that the desk has used. On a machine that others
// use too it tells more than a rate.
func (d *desk) cpu() time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	user, _ := strconv.Atoi(fields[11]) // the kernel writes numbers
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // in hundredths of a second on every Linux
}

// each says how much processor time one of n things took since used.
func (d *desk) each(used time.Duration, n float64) string {
	return fmt.Sprintf("%.2f ms of processor each", float64((d.cpu()-used).Microseconds())/1000/n)
}

// heap follows the garbage collector's trace of a desk.
type heap struct {
	mu         sync.Mutex
	live, peak float64 // MB: marked at the last collection; highest since reset
	other      bytes.Buffer
}

// follow reads lines such as "gc 7 @1.2s 3%: … ms cpu, 9->10->5 MB, …".
func (h *heap) follow(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		before, _, found := strings.Cut(lines.Text(), " MB, ")
		h.mu.Lock()
		if !found || !strings.HasPrefix(before, "gc ") {
			h.other.WriteString(lines.Text() + "\n")
		} else if parts := strings.Split(before[strings.LastIndex(before, " ")+1:], "->"); len(parts) == 3 {
			during, _ := strconv.ParseFloat(parts[1], 64) // zero changes nothing
			h.live, _ = strconv.ParseFloat(parts[2], 64)
			h.peak = max(h.peak, during)
		}
		h.mu.Unlock()
	}
}

// reset begins a new measurement and answers the heap now.
func (h *heap) reset() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.peak = h.live
	return h.live
}

func (h *heap) highest() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.peak
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// log is what else the desk wrote to its standard error.
func (h *heap) log() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.other.String()
}
