// Package listen takes mail by SMTP or LMTP: for named recipients only, raw
// bytes into a vault, receipts into a ledger, and only then the 250. It reads
// no mail.
package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/deskbell/deskbell/mail"
	"github.com/emersion/go-smtp"
)

// Protocol is what a listener speaks.
type Protocol string

// The protocols.
const (
	SMTP Protocol = "smtp"
	LMTP Protocol = "lmtp"
)

// Config describes a listener. Protocol, Accept, Vault and Ledger must be set.
type Config struct {
	Protocol Protocol
	Name     string      // our name in the greeting; "" is localhost
	TLS      *tls.Config // offers STARTTLS when set
	Limits   Limits

	// Accept says to which mailbox an envelope recipient belongs. It is asked
	// with the address as sent; unknown ones get 550, an error gets 451.
	Accept func(recipient string) (mailboxID string, ok bool, err error)
	// Paused says whether mail is to be put off with 451; nil is never.
	Paused func() bool
	Vault  mail.Vault
	Ledger mail.Ledger

	Now func() time.Time             // nil is time.Now
	Log func(what string, err error) // of what the other side is not told; nil is silence
}

// Limits bound what one peer can cost. The zero value is right for use.
type Limits struct {
	MaxBytes      int64         // of a mail; 0 is 50 MiB
	Recipients    int           // of a mail; 0 is 100
	Connections   int           // at once; 0 is 50
	PerAddress    int           // at once from one address; 0 is Connections on loopback, else 10
	CommandLine   int           // bytes, outside of mails; 0 is 16 KiB
	BadRecipients int           // refused recipients before the talk is ended; 0 is 20
	Idle          time.Duration // silence allowed between commands; 0 is 5 min
	Stall         time.Duration // silence allowed within a mail; 0 is 3 min
	Mail          time.Duration // a mail may take so long; 0 is 15 min
}

// Defaults. Times follow RFC 5321 §4.5.3.2, the size is that of
// SECURITY-REQUIREMENTS D1, the others are chosen.
func (l Limits) withDefaults() Limits {
	set := func(n *int, to int) {
		if *n <= 0 {
			*n = to
		}
	}
	setTime := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	if l.MaxBytes <= 0 {
		l.MaxBytes = 50 << 20
	}
	set(&l.Recipients, 100)
	set(&l.Connections, 50)
	set(&l.CommandLine, 16<<10)
	set(&l.BadRecipients, 20)
	setTime(&l.Idle, 5*time.Minute)
	setTime(&l.Stall, 3*time.Minute)
	setTime(&l.Mail, 15*time.Minute)
	return l
}

// Server is a listener. Make one with [New].
type Server struct {
	cfg   Config
	smtp  *smtp.Server
	doors *doors
	work  context.Context // ends when Shutdown loses patience
	abort context.CancelFunc
	shut  atomic.Bool
}

// New returns a server that listens nowhere yet.
func New(cfg Config) *Server {
	cfg.Limits = cfg.Limits.withDefaults()
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Paused == nil {
		cfg.Paused = func() bool { return false }
	}
	if cfg.Log == nil {
		cfg.Log = func(string, error) {}
	}
	if cfg.Name == "" {
		cfg.Name = "localhost"
	}
	work, abort := context.WithCancel(context.Background())
	s := &Server{cfg: cfg, work: work, abort: abort, doors: newDoors(cfg.Limits)}
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.LMTP = cfg.Protocol == LMTP
	s.smtp.Domain = cfg.Name
	s.smtp.TLSConfig = cfg.TLS
	s.smtp.MaxRecipients = cfg.Limits.Recipients
	s.smtp.WriteTimeout = cfg.Limits.Stall
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.MaxLineLength = 0 // lines of mails have any length; those of commands are bound by [door]
	s.smtp.ErrorLog = logger{cfg.Log}
	if cfg.Protocol == SMTP {
		// In LMTP the library would take the rest of a mail that is too large
		// for commands, so there the limit is ours alone.
		// One more, for it refuses a mail of exactly its limit.
		s.smtp.MaxMessageBytes = cfg.Limits.MaxBytes + 1
	}
	return s
}

// Serve takes connections from l until Shutdown, and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	err := s.smtp.Serve(s.doors.guard(l))
	if s.shut.Load() {
		return nil
	}
	return fmt.Errorf("listen for mail on %s: %w", l.Addr(), err)
}

// Shutdown stops taking connections, ends those that carry no mail at the
// moment, and waits for the others. When ctx ends first, these are cut off;
// their senders have no 250 and will send again. It may be called once.
func (s *Server) Shutdown(ctx context.Context) error {
	s.shut.Store(true)
	s.doors.close()
	err := s.smtp.Shutdown(ctx)
	s.abort()
	if errors.Is(err, net.ErrClosed) {
		return nil // Serve was never reached, or the caller closed the listener
	}
	if err == nil {
		return nil
	}
	s.doors.cut()
	return fmt.Errorf("stop the mail listener: %w", err)
}

// logger passes on what the library has to say.
type logger struct{ log func(string, error) }

// Printf logs.
func (l logger) Printf(format string, v ...any) { l.log("mail listener", fmt.Errorf(format, v...)) }

// Println logs.
func (l logger) Println(v ...any) { l.log("mail listener", errors.New(fmt.Sprint(v...))) }
