package listen

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/mail"
	"github.com/emersion/go-smtp"
)

// session is the talk on one connection.
type session struct {
	server *Server
	door   *door
	bad    int // recipients refused so far

	from  string
	rcpts []recipient
}

type recipient struct{ address, mailbox string }

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	conn := c.Conn()
	secured, isTLS := conn.(*tls.Conn)
	if isTLS {
		conn = secured.NetConn()
	}
	d, ok := conn.(*door)
	if !ok {
		return nil, errors.New("unknown connection")
	}
	d.entered(isTLS)
	return &session{server: s, door: d}, nil
}

// Reset forgets the mail under way. The library calls it after the answer to
// a mail too, when the rest of a refused mail has been read.
func (s *session) Reset() {
	s.from, s.rcpts = "", nil
	s.door.finish()
}

// Logout has nothing to do.
func (s *session) Logout() error { return nil }

// Mail begins a mail. The null sender is welcome.
func (s *session) Mail(from string, options *smtp.MailOptions) error {
	s.door.progress()
	switch {
	case s.server.cfg.Paused():
		return later("Intake is paused, please try again later")
	case options != nil && options.Size > s.server.cfg.Limits.MaxBytes:
		return smtp.ErrDataTooLarge
	}
	s.from = from
	return nil
}

// Rcpt adds a recipient if it is one of ours.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.door.progress()
	if s.bad >= s.server.cfg.Limits.BadRecipients {
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Too many unknown recipients"}
	}
	mailbox, ok, err := s.server.cfg.Accept(to)
	if err != nil {
		s.server.cfg.Log("recipient not checked", err)
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Try again later"}
	}
	if !ok {
		s.bad++
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such recipient here"}
	}
	s.rcpts = append(s.rcpts, recipient{to, mailbox})
	return nil
}

// Data takes the mail for SMTP.
func (s *session) Data(r io.Reader) error {
	s.door.begin()
	return s.take(r)
}

// LMTPData takes the mail for LMTP. All recipients share one transaction, so
// they share the answer.
func (s *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	s.door.begin()
	err := s.take(r)
	// What is left unread must not be taken for commands. If this fails, so
	// does the connection.
	_, _ = io.Copy(io.Discard, r)
	for _, to := range s.rcpts {
		status.SetStatus(to.address, err)
	}
	return err
}

// take stores the mail and answers nil only after the receipts are committed.
func (s *session) take(r io.Reader) error {
	cfg := s.server.cfg
	if cfg.Paused() {
		return later("Intake is paused, please try again later")
	}
	body := &body{r: r, left: cfg.Limits.MaxBytes}
	stored, err := cfg.Vault.Put(s.server.work, body)
	switch {
	case body.err != nil:
		return body.err
	case err != nil:
		cfg.Log("mail could not be stored", err)
		return later("The mail could not be stored, please try again later")
	case !body.whole:
		return later("The mail was not read to its end")
	}
	if err := cfg.Ledger.Commit(s.server.work, s.receipts(stored)); err != nil {
		cfg.Log("receipts could not be committed", err)
		return later("The mail could not be recorded, please try again later")
	}
	if err := faults.At(faults.F10); err != nil {
		return later(err.Error())
	}
	return nil
}

// receipts makes one for each distinct mailbox, in the order of recipients.
func (s *session) receipts(stored mail.Stored) []mail.Receipt {
	var receipts []mail.Receipt
	for _, to := range s.rcpts {
		i := slices.IndexFunc(receipts, func(r mail.Receipt) bool { return r.Mailbox == to.mailbox })
		if i < 0 {
			i = len(receipts)
			receipts = append(receipts, mail.Receipt{
				Mailbox: to.mailbox, ReceivedAt: s.server.cfg.Now().UTC(), EnvelopeFrom: s.from,
				Stored: stored, Size: stored.Size,
			})
		}
		if !slices.Contains(receipts[i].Recipients, to.address) {
			receipts[i].Recipients = append(receipts[i].Recipients, to.address)
		}
	}
	return receipts
}

func later(text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: text}
}

// body reads a mail up to its limit and remembers what went wrong on the side
// of the sender, so that it is told apart from trouble of the vault.
type body struct {
	r    io.Reader
	left int64
	seen bool

	whole bool // read to its end
	err   error
}

// Read reads the mail.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if !b.seen && n > 0 {
		b.seen = true
		if fault := faults.At(faults.F03); fault != nil {
			err = fault
		}
	}
	switch {
	case b.left < 0:
		b.err = smtp.ErrDataTooLarge
		return n, b.err
	case err == io.EOF:
		if fault := faults.At(faults.F04); fault != nil {
			b.err = later(fault.Error())
			return n, b.err
		}
		b.whole = true
	case err != nil:
		b.err = senderError(err)
		return n, err
	}
	return n, err
}

func senderError(err error) error {
	if answer, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return answer
	}
	return later(fmt.Sprintf("The mail was cut short (%v)", err))
}
