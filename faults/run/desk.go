package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// desk is the real executable on a data folder.
type desk struct {
	bin, home string // home holds the data folder, its key, the log and temporary files
	url       string
	token     string // of the administrator
	mailbox   string // id
	extra     []string

	cmd    *exec.Cmd
	exited chan struct{}
}

const (
	admin    = "ada@desk.test"
	password = "correct horse battery"
)

func (d *desk) dir() string { return filepath.Join(d.home, "data") }
func (d *desk) tmp() string { return filepath.Join(d.home, "tmp") }

func (d *desk) command(fault string, args ...string) (*exec.Cmd, error) {
	if err := os.MkdirAll(d.tmp(), 0o700); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(filepath.Join(d.home, "desk.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	fmt.Fprintf(out, "--- %s %s\n", fault, strings.Join(args, " "))
	cmd := exec.Command(d.bin, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.home, "TMPDIR=" + d.tmp(), "DESKBELL_FAULT=" + fault, "DESKBELL_DISK_FLOOR=64MiB"}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // no desk outlives the run
	return cmd, cmd.Start()
}

// start runs serve and returns once it is ready, or has ended already.
func (d *desk) start(fault string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	d.url = "http://" + address
	if d.cmd, err = d.command(fault, append([]string{"serve", "--dir", d.dir(), "--http", address}, d.extra...)...); err != nil {
		return err
	}
	d.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait() // how it ended is asked for later
		close(exited)
	}(d.cmd, d.exited)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(15 * time.Millisecond) {
		if d.ended(0) {
			return nil
		}
		res, err := http.Get(d.url + "/api/desk/ready")
		if err != nil {
			continue
		}
		_ = res.Body.Close() // only the status counts
		if res.StatusCode == http.StatusOK {
			return nil
		}
	}
	d.kill()
	return fmt.Errorf("the desk was not ready within 30 s; see %s", filepath.Join(d.home, "desk.log"))
}

// ended waits for the end of the process.
func (d *desk) ended(patience time.Duration) bool {
	select {
	case <-d.exited:
		return true
	default:
	}
	select {
	case <-d.exited:
		return true
	case <-time.After(patience):
		return false
	}
}

func (d *desk) kill() {
	if d.cmd != nil {
		_ = d.cmd.Process.Kill() // it may have ended
		<-d.exited
	}
}

// stop ends the desk by SIGTERM, which must take at most 10 s and succeed.
func (d *desk) stop() error {
	began := time.Now()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	if !d.ended(15 * time.Second) {
		d.kill()
		return errors.New("the desk did not stop within 15 s of SIGTERM")
	}
	if took := time.Since(began); took > 10*time.Second {
		return fmt.Errorf("the desk took %s to stop", took.Round(time.Millisecond))
	}
	if code := d.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("the desk stopped with exit code %d; see %s", code, filepath.Join(d.home, "desk.log"))
	}
	return nil
}

// descriptors counts the open files of the process, and threads tells its size.
func (d *desk) descriptors() int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", d.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	return len(entries)
}

// peak is the largest resident memory so far, in bytes.
func (d *desk) peak() int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var kib int64
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, _ = fmt.Sscan(rest, &kib) // 0 if it is written otherwise
		}
	}
	return kib << 10
}

// call asks the interface and reads its JSON answer into out, if not nil.
func (d *desk) call(method, path string, body, out any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, d.url+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", d.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %d %.300s", method, path, res.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// count counts the records that fit a filter; -1 if the desk does not say.
func (d *desk) count(collection, filter string) int {
	var page struct{ TotalItems int }
	err := d.call("GET", "/api/collections/"+collection+"/records?perPage=1&fields=id&filter="+url.QueryEscape(filter), nil, &page)
	if err != nil {
		return -1
	}
	return page.TotalItems
}

// settled waits until n mails are taken, told to the server and processed,
// and all outgoing mail has left. Only the waiting relies on it; the checker
// looks for itself.
func (d *desk) settled(n int, patience time.Duration) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(60 * time.Millisecond) {
		if d.ended(0) {
			return false
		}
		if d.count("inbound_mails", "id != ''") >= n && d.count("inbound_mails", "state = 'received' || (settled = false && uid > 0)") == 0 &&
			d.count("outbound_mails", "state = 'queued' || state = 'sending'") == 0 {
			return true
		}
	}
	return false
}

// eventually asks again until ok.
func eventually(patience time.Duration, ok func() bool) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}
