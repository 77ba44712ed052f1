package witness

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Arrival is a mail that the SMTP server took responsibility for.
type Arrival struct {
	At        time.Time
	MessageID string // without < >
	From      string
	To        []string
	Ticket    string // the last Reference that names a ticket's anchor: the first of References
	Subject   string
}

// SMTP is a server that takes every mail and writes it down.
type SMTP struct {
	server *smtp.Server
	addr   string

	mu       sync.Mutex
	arrivals []Arrival
	busy     bool
}

// NewSMTP starts a server.
func NewSMTP() (*SMTP, error) {
	s := &SMTP{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.addr = l.Addr().String()
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &taking{server: s}, nil }))
	s.server.MaxLineLength = 1 << 20
	s.server.ErrorLog = log.New(io.Discard, "", 0) // broken connections are what a run is about
	go s.server.Serve(l)
	return s, nil
}

// Port is where the server listens.
func (s *SMTP) Port() int { return port(s.addr) }

// Arrivals lists what was taken so far.
func (s *SMTP) Arrivals() []Arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.arrivals)
}

// Empty forgets what was taken.
func (s *SMTP) Empty() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrivals, s.busy = nil, false
}

// Busy makes the server turn every mail away for now.
func (s *SMTP) Busy(busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = busy
}

// taking is one connection.
type taking struct {
	server *SMTP
	from   string
	to     []string
}

// Reset forgets the mail under way.
func (c *taking) Reset() { c.from, c.to = "", nil }

// Logout has nothing to do.
func (c *taking) Logout() error { return nil }

// Mail begins a mail.
func (c *taking) Mail(from string, _ *smtp.MailOptions) error {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.server.busy {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "busy"}
	}
	c.from = from
	return nil
}

// Rcpt adds a recipient.
func (c *taking) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.to = append(c.to, to)
	return nil
}

// Data takes the mail: once its last byte is read, it counts as delivered.
func (c *taking) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return errors.New("unreadable mail")
	}
	anchor, _, _ := strings.Cut(m.Header.Get("References"), " ")
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.arrivals = append(c.server.arrivals, Arrival{
		At: time.Now(), MessageID: strings.Trim(m.Header.Get("Message-Id"), "<> "), From: c.from, To: slices.Clone(c.to),
		Ticket: strings.Trim(anchor, "<>"), Subject: m.Header.Get("Subject"),
	})
	return nil
}
