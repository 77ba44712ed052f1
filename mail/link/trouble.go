package link

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// Trouble is an error that an administrator can act on. Code is stable and is
// what screens translate; Cause and Cure are one English sentence each and
// hold no secret.
type Trouble struct {
	Code      string
	Cause     string
	Cure      string
	Temporary bool  // may pass without anybody's doing
	Err       error // what was met underneath, nil if nothing
}

// Error returns the cause and what lies underneath.
func (t *Trouble) Error() string {
	if t.Err == nil {
		return t.Code + ": " + t.Cause
	}
	return t.Code + ": " + t.Cause + " (" + t.Err.Error() + ")"
}

// Unwrap returns what lies underneath.
func (t *Trouble) Unwrap() error { return t.Err }

// AsTrouble returns the trouble within err. An error that holds none becomes
// one: the server closed, fell silent, or something unexpected. It returns
// nil for nil.
func AsTrouble(err error) *Trouble {
	if err == nil {
		return nil
	}
	if t, ok := errors.AsType[*Trouble](err); ok {
		return t
	}
	switch {
	case errors.Is(err, context.Canceled):
		return &Trouble{Code: "stopped", Cause: "The work was stopped.", Cure: "Nothing to do.", Temporary: true, Err: err}
	case isTimeout(err):
		return &Trouble{Code: "server_silent", Cause: "The mail server stopped answering.", Cure: "It is tried again; if this lasts, look at the mail server and the network.", Temporary: true, Err: err}
	case isClosed(err):
		return &Trouble{Code: "server_closed", Cause: "The mail server closed the connection.", Cure: "It is tried again; if this lasts, look at the log of the mail server.", Temporary: true, Err: err}
	}
	return &Trouble{Code: "unexpected", Cause: "The mail server answered in an unexpected way.", Cure: "It is tried again; if this lasts, look at the log.", Temporary: true, Err: err}
}

func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	netErr, ok := errors.AsType[net.Error](err)
	return ok && netErr.Timeout()
}

func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}

// Step is one finished step of a connection test.
type Step struct {
	Server   string        // "imap" or "smtp"; "" for a step of both
	Name     string        // "name", "tls", "sign_in", "folder", "send", "receive"
	OK       bool          // false ends the test
	Duration time.Duration // how long it took
	Trouble  *Trouble      // why not OK, nil if OK
	Note     string        // what was found, for the curious: "TLS 1.3", "412 messages"; may be ""
}

// Run does one step, reports it and returns its error. The error reported is
// always a [*Trouble].
func Run(server, name string, report func(Step), do func() (note string, err error)) error {
	start := time.Now()
	note, err := do()
	report(Step{
		Server: server, Name: name, OK: err == nil,
		Duration: time.Since(start), Trouble: AsTrouble(err), Note: note,
	})
	return err
}
