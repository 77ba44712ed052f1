// Package relay hands mail to an SMTP server. It composes nothing and retries
// nothing: the caller keeps the queue and learns for each recipient whether a
// refusal is for now or for good.
package relay

import (
	"context"
	"io"
	"time"

	"github.com/deskbell/deskbell/mail/link"
)

// Config describes the server.
type Config struct {
	Server      link.Server
	Credentials link.Credentials // without a user name nobody signs in
	Name        string           // our name in EHLO; "" is localhost
	Timing      Timing
}

// Timing holds the patience with a server. The zero value is right for use;
// tests shorten it.
type Timing struct {
	Command time.Duration // for the answer to a command, and for each write; 0 is 60 s
	Data    time.Duration // for the answer to the whole mail; 0 is 10 min
	Idle    time.Duration // an unused connection is kept so long; 0 is 20 s
}

// The answer to the end of DATA is awaited long, since giving up early means
// to send twice. Source: RFC 5321 §4.5.3.2.6. The others are chosen.
const (
	defaultCommand = 60 * time.Second
	defaultData    = 10 * time.Minute
	defaultIdle    = 20 * time.Second
)

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&c.Timing.Command, defaultCommand)
	set(&c.Timing.Data, defaultData)
	set(&c.Timing.Idle, defaultIdle)
	if c.Name == "" {
		c.Name = "localhost"
	}
	return c
}

// Envelope says from whom and to whom. It is independent of the header.
type Envelope struct {
	From string   // "" is the null sender
	To   []string // at least one
	UTF8 bool     // the header holds raw UTF-8; set for non-ASCII addresses by itself
}

// Result tells of a mail that the server took for at least one recipient.
type Result struct {
	ServerID string    // id that the server gave it, "" if none was recognised
	Answer   string    // the server's last line, for the log
	Accepted []string  // recipients that the server is now responsible for
	Refused  []Refusal // recipients that it refused
}

// Refusal is one recipient that was refused.
type Refusal struct {
	Recipient string
	Err       *Error
}

// Error says why a mail, or one recipient, was not accepted.
type Error struct {
	Temporary bool   // trying again later may help: 4xx, the network, the sign-in
	Uncertain bool   // all was sent and the answer was lost: the mail may have been accepted
	Code      int    // of SMTP, 0 if there was no answer
	Enhanced  string // "5.1.1", "" if none
	Text      string // of the server, "" if there was no answer
	Stage     string // "connect", "mail", "rcpt", "data", "body", "answer"
	Trouble   *link.Trouble
}

// Error returns the cause.
func (e *Error) Error() string { return e.Stage + ": " + e.Trouble.Error() }

// Unwrap returns the trouble.
func (e *Error) Unwrap() error { return e.Trouble }

// Send opens a connection, hands over one mail and closes it. The error is an
// [*Error]; it is nil if at least one recipient was accepted, and the others
// are then in Result.Refused. body is read once, and not at all if nobody was
// accepted.
func Send(ctx context.Context, cfg Config, envelope Envelope, body io.WriterTo) (Result, error) {
	client := New(cfg)
	defer client.Close()
	return client.Send(ctx, envelope, body)
}

// From makes a body of a reader.
func From(r io.Reader) io.WriterTo { return reader{r} }

type reader struct{ io.Reader }

// WriteTo copies the reader to w.
func (r reader) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, r.Reader) }
