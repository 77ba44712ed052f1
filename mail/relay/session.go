package relay

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/mail/link"
	"github.com/emersion/go-smtp"
)

// session is one connection, signed in.
type session struct {
	cfg      Config
	conn     *wire
	client   *smtp.Client
	expiry   *time.Timer // closes it while nobody uses it
	uses     int
	refusals int  // mails of which something was refused
	broken   bool // not to be used again
}

// open connects and signs in. A refused token is replaced once.
func open(ctx context.Context, cfg Config) (*session, error) {
	s, err := openOnce(ctx, cfg)
	if err != nil && link.AsTrouble(err).Code == "token_refused" {
		cfg.Credentials.Tokens.Invalidate()
		return openOnce(ctx, cfg)
	}
	return s, err
}

func openOnce(ctx context.Context, cfg Config) (*session, error) {
	conn, err := cfg.Server.Connect(ctx)
	if err != nil {
		return nil, err
	}
	s, err := secure(ctx, cfg, conn)
	if err != nil {
		return nil, err
	}
	if err := s.signIn(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// secure protects the connection and says EHLO. After an error conn is
// closed.
func secure(ctx context.Context, cfg Config, conn net.Conn) (*session, error) {
	if cfg.Server.Security == link.TLS {
		secured, err := cfg.Server.Secure(ctx, conn)
		if err != nil {
			return nil, err
		}
		conn = secured
	}
	s := &session{cfg: cfg, conn: &wire{Conn: conn, patience: cfg.Timing.Command}}
	defer s.watch(ctx)()
	if err := s.hello(); err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

// hello starts the talk, with STARTTLS if so configured: without it on offer
// the talk ends before anything secret is said.
func (s *session) hello() error {
	if s.cfg.Server.Security != link.STARTTLS {
		s.client = smtp.NewClient(s.conn)
		s.setTimeouts()
		return greetingTrouble(s.client.Hello(s.cfg.Name))
	}
	tlsConfig, err := s.cfg.Server.TLSConfig()
	if err != nil {
		return err
	}
	if s.client, err = smtp.NewClientStartTLS(s.conn, tlsConfig); err != nil {
		if strings.Contains(err.Error(), "support STARTTLS") || isAnswer(err) {
			return &link.Trouble{Code: "starttls_missing", Cause: "The mail server does not offer STARTTLS, so nothing secret was sent.", Cure: "Choose TLS and port 465, or allow STARTTLS on the mail server.", Err: err}
		}
		return greetingTrouble(err)
	}
	s.setTimeouts()
	if err := s.client.Hello(s.cfg.Name); err != nil { // the handshake happens here
		if isAnswer(err) {
			return greetingTrouble(err)
		}
		return s.cfg.Server.TLSTrouble(err)
	}
	return nil
}

func (s *session) setTimeouts() {
	s.client.CommandTimeout = s.cfg.Timing.Command
	s.client.SubmissionTimeout = s.cfg.Timing.Data
}

func isAnswer(err error) bool {
	_, ok := errors.AsType[*smtp.SMTPError](err)
	return ok
}

func greetingTrouble(err error) error {
	if err == nil {
		return nil
	}
	if answer, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return &link.Trouble{Code: "server_busy", Cause: "The mail server turned the connection away.", Cure: "It is tried again; if this lasts, look at the log of the mail server.", Temporary: true, Err: answer}
	}
	switch t := link.AsTrouble(err); t.Code {
	case "server_silent", "unexpected":
		return &link.Trouble{Code: "greeting_missing", Cause: "What answers does not speak SMTP.", Cure: "Check the port and the kind of protection: 465 goes with TLS, 587 with STARTTLS.", Temporary: true, Err: err}
	default:
		return t
	}
}

func (s *session) signIn(ctx context.Context) error {
	if s.cfg.Credentials.Username == "" {
		return nil
	}
	defer s.watch(ctx)()
	_, mechanisms := s.client.Extension("AUTH")
	method, err := s.cfg.Credentials.Method(ctx, s.cfg.Server, strings.Fields(mechanisms))
	if err != nil {
		return err
	}
	err = s.client.Auth(method)
	if err == nil {
		return nil
	}
	if token, ok := errors.AsType[*link.TokenRefusal](err); ok {
		return s.cfg.Credentials.Refused(token)
	}
	answer, ok := errors.AsType[*smtp.SMTPError](err)
	switch {
	case !ok:
		return link.AsTrouble(err)
	case answer.Code == 535 || answer.Code == 534 || answer.Code == 530:
		return s.cfg.Credentials.Refused(answer)
	}
	return &link.Trouble{Code: "sign_in_unavailable", Cause: "The mail server cannot check sign-ins at the moment.", Cure: "It is tried again.", Temporary: true, Err: answer}
}

// send hands over one mail.
func (s *session) send(ctx context.Context, envelope Envelope, body io.WriterTo) (Result, error) {
	defer s.watch(ctx)()
	s.uses++
	accepted, refused, err := s.address(envelope)
	if err != nil {
		return Result{}, err
	}
	if len(accepted) == 0 {
		s.reset()
		return Result{Refused: refused}, firstOf(refused)
	}
	data, err := s.client.Data()
	if err != nil {
		failed := s.failed("data", err)
		s.reset()
		return Result{}, failed
	}
	if _, err := body.WriteTo(data); err != nil {
		s.broken = true
		s.conn.Close() // without the final dot nothing is delivered
		if s.conn.failed.Load() {
			return Result{}, s.failed("body", err)
		}
		return Result{}, localError("body", err)
	}
	s.conn.sent.Store(true)
	answer, err := data.CloseWithResponse()
	if err != nil {
		failed := s.failed("answer", err)
		failed.Uncertain = failed.Code == 0
		return Result{}, failed
	}
	return Result{ServerID: serverID(answer.StatusText), Answer: answer.StatusText, Accepted: accepted, Refused: refused}, nil
}

// address says MAIL and RCPT. Addresses with a non-ASCII local part need
// SMTPUTF8 (RFC 6531); where the server has none they are refused for good.
func (s *session) address(envelope Envelope) (accepted []string, refused []Refusal, err error) {
	utf8, _ := s.client.Extension("SMTPUTF8")
	if (envelope.UTF8 || !isASCII(envelope.From)) && !utf8 {
		return nil, nil, noUTF8("mail", envelope.From)
	}
	needed := envelope.UTF8 || !isASCII(envelope.From) || slices.ContainsFunc(envelope.To, func(to string) bool { return !isASCII(to) })
	if err := s.client.Mail(envelope.From, &smtp.MailOptions{UTF8: needed && utf8}); err != nil {
		failed := s.failed("mail", err)
		s.reset()
		return nil, nil, failed
	}
	for _, to := range envelope.To {
		if !isASCII(to) && !utf8 {
			refused = append(refused, Refusal{to, noUTF8("rcpt", to)})
			continue
		}
		err := s.client.Rcpt(to, nil)
		switch {
		case err == nil:
			accepted = append(accepted, to)
		case isAnswer(err):
			refused = append(refused, Refusal{to, s.failed("rcpt", err)})
		default:
			return nil, nil, s.failed("rcpt", err)
		}
	}
	return accepted, refused, nil
}

// firstOf returns the error for a mail that nobody may have: temporary if that
// is so for any of the recipients.
func firstOf(refused []Refusal) error {
	for _, r := range refused {
		if r.Err.Temporary {
			return r.Err
		}
	}
	return refused[0].Err
}

func (s *session) reset() {
	if !s.broken && s.client.Reset() != nil {
		s.broken = true
	}
}

// watch closes the connection when ctx ends. The function it returns ends the
// watch.
func (s *session) watch(ctx context.Context) (done func() bool) {
	return context.AfterFunc(ctx, func() {
		s.conn.stopped.Store(true)
		s.conn.Close()
	})
}

func (s *session) close() { s.conn.Close() }

// quit says goodbye if that is quick, and closes.
func (s *session) quit() {
	defer s.conn.Close()
	if s.broken {
		return
	}
	s.client.CommandTimeout = time.Second
	_ = s.client.Quit() // polite only
}

// wire is the connection under the protocol library: writes have a deadline
// of their own, and the fault point after DATA sits where the answer is read.
type wire struct {
	net.Conn
	patience time.Duration
	sent     atomic.Bool // the whole mail is written, its answer not read
	failed   atomic.Bool // the network failed
	stopped  atomic.Bool // closed because the context ended
}

// Read reads an answer.
func (w *wire) Read(b []byte) (int, error) {
	if w.sent.CompareAndSwap(true, false) {
		if err := faults.At(faults.F21); err != nil {
			w.Conn.Close()
			return 0, err
		}
	}
	n, err := w.Conn.Read(b)
	return n, w.checked(err)
}

// Write writes a part of a command or mail.
func (w *wire) Write(b []byte) (int, error) {
	if err := w.Conn.SetWriteDeadline(time.Now().Add(w.patience)); err != nil {
		return 0, w.checked(err)
	}
	n, err := w.Conn.Write(b)
	return n, w.checked(err)
}

func (w *wire) checked(err error) error {
	if err == nil {
		return nil
	}
	w.failed.Store(true)
	if w.stopped.Load() {
		return context.Canceled
	}
	return err
}
