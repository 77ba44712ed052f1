package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// traced is R25: the system calls show that a mail is synced before its
// receipt is written, and the receipt is synced before the server is told.
func traced() scenario {
	return scenario{"R25", func(r *run) error {
		strace, err := exec.LookPath("strace")
		if err != nil {
			r.note("skipped: strace is not installed, so system calls cannot be seen")
			return nil
		}
		if err := r.start(""); err != nil {
			return err
		}
		r.deliver(r.post.mix(10)...)
		r.settled(len(r.deliveries), 20*time.Second)
		for i := range 3 {
			if err := r.traceMail(strace, filepath.Join(r.home, fmt.Sprint("trace-", i))); err != nil {
				return err
			}
		}
		return r.settle(len(r.deliveries))
	}}
}

// traceMail watches the process while one mail comes in.
func (r *run) traceMail(strace, file string) error {
	cmd := exec.Command(strace, "-f", "-y", "-s", "64", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o", file, "-p", fmt.Sprint(r.cmd.Process.Pid))
	if err := cmd.Start(); err != nil {
		return err
	}
	attached := eventually(5*time.Second, func() bool {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.cmd.Process.Pid))
		return err == nil && !strings.Contains(string(raw), "TracerPid:\t0\n")
	})
	time.Sleep(300 * time.Millisecond) // for the other threads
	r.deliver(r.post.write(letter{}))
	r.settled(len(r.deliveries), 20*time.Second)
	_ = cmd.Process.Signal(syscall.SIGINT) // it lets go of the desk
	_ = cmd.Wait()                         // ends by the signal
	if !attached {
		r.note("skipped: strace may not attach to processes here")
		return nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if why := order(string(raw)); why != "" {
		r.found("R25 %s", why)
	}
	return nil
}

// steps of a mail on its way, in the order in which they must happen.
var mailSteps = []struct {
	what string
	call *regexp.Regexp
}{
	{"sync of the raw mail", regexp.MustCompile(`f(data)?sync\(\d+<[^>]*/mails/tmp/in-`)},
	{"receipt written to the WAL", regexp.MustCompile(`pwrite64\(\d+<[^>]*/data\.db-wal>`)},
	{"sync of the WAL", regexp.MustCompile(`f(data)?sync\(\d+<[^>]*/data\.db-wal>`)},
	{"word to the mail server", regexp.MustCompile(`write\(\d+<.*UID STORE`)},
}

// order says which step is missing or comes too late; "" if all is well.
func order(trace string) string {
	at := 0
	lines := strings.Split(trace, "\n")
	store := -1
	for i, line := range lines {
		if mailSteps[len(mailSteps)-1].call.MatchString(line) {
			store = i
			break
		}
	}
	if store < 0 {
		return "the trace shows no UID STORE"
	}
	for _, step := range mailSteps[:len(mailSteps)-1] {
		for at < store && !step.call.MatchString(lines[at]) {
			at++
		}
		if at == store {
			return "the server was told before this: " + step.what
		}
	}
	return ""
}
