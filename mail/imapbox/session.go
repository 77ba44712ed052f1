package imapbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/mail/link"
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// session is one connection, signed in and with the folder selected.
type session struct {
	cfg      Config
	wire     *wire
	client   *imapclient.Client
	caps     imap.CapSet
	validity uint32
	next     uint32        // UIDNEXT when the folder was selected, 0 if the server did not say
	numbered bool          // the folder is known to be the one of the receipts
	messages uint32        // in the folder when it was selected
	news     chan struct{} // holds an element when the server spoke of new mail
}

// open connects, signs in and selects the folder. After an error nothing
// remains open. A refused token is replaced once.
func open(ctx context.Context, cfg Config) (*session, error) {
	s, err := openOnce(ctx, cfg)
	if link.AsTrouble(err) != nil && link.AsTrouble(err).Code == "token_refused" {
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
	if err := faults.At(faults.F01); err != nil {
		conn.Close()
		return nil, err
	}
	s, err := secure(ctx, cfg, conn)
	if err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// start takes a protected connection to the selected folder.
func (s *session) start(ctx context.Context) error {
	if err := s.signIn(ctx); err != nil {
		return err
	}
	if err := s.selectFolder(ctx); err != nil {
		return err
	}
	return faults.At(faults.F02)
}

// secure protects the connection as configured. After an error conn is
// closed.
func secure(ctx context.Context, cfg Config, conn net.Conn) (*session, error) {
	opening := ""
	switch cfg.Server.Security {
	case link.TLS:
		secured, err := cfg.Server.Secure(ctx, conn)
		if err != nil {
			return nil, err
		}
		conn = secured
	case link.STARTTLS:
		secured, err := startTLS(ctx, cfg, conn)
		if err != nil {
			conn.Close()
			return nil, link.AsTrouble(err)
		}
		conn, opening = secured, "* OK protected\r\n"
	}
	s := &session{cfg: cfg, wire: newWire(conn, opening, cfg.MaxBytes), news: make(chan struct{}, 1)}
	s.wire.setPatience(cfg.Timing.Greeting)
	s.client = imapclient.New(s.wire, &imapclient.Options{
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: s.heard},
	})
	return s, nil
}

// heard is called by the protocol library while it reads, so it must not wait.
func (s *session) heard(data *imapclient.UnilateralDataMailbox) {
	if data.NumMessages == nil {
		return
	}
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// close ends the connection without waiting for anything.
func (s *session) close() { s.wire.Conn.Close() }

// watch closes the connection when ctx ends. The function it returns ends the
// watch.
func (s *session) watch(ctx context.Context) (done func() bool) {
	return context.AfterFunc(ctx, func() { s.wire.fail(ctx.Err()) })
}

func (s *session) signIn(ctx context.Context) error {
	defer s.watch(ctx)()
	defer s.wire.expect(s.cfg.Timing.Greeting, s.cfg.Timing.Longest)()
	if err := s.client.WaitGreeting(); err != nil {
		return s.greetingError(err)
	}
	s.wire.setPatience(s.cfg.Timing.SignIn)
	caps := s.client.Caps()
	if caps == nil {
		return greetingTrouble(s.wire.explain(errors.New("no capabilities")))
	}
	if s.client.State() == imap.ConnStateNotAuthenticated {
		if err := s.authenticate(ctx, caps); err != nil {
			return err
		}
	}
	if s.caps = s.client.Caps(); s.caps == nil {
		return link.AsTrouble(s.wire.explain(errors.New("no capabilities after sign-in")))
	}
	return nil
}

func (s *session) greetingError(err error) error {
	if refused, ok := errors.AsType[*imap.Error](err); ok {
		return &link.Trouble{Code: "server_busy", Cause: "The mail server turned the connection away.", Cure: "It is tried again; perhaps too many programs are connected.", Temporary: true, Err: refused}
	}
	return greetingTrouble(s.wire.explain(err))
}

// greetingTrouble says that a server accepts connections but does not greet.
func greetingTrouble(err error) *link.Trouble {
	t := link.AsTrouble(err)
	if t.Code == "server_silent" || t.Code == "unexpected" {
		return &link.Trouble{Code: "greeting_missing", Cause: "What answers does not speak IMAP.", Cure: "Check the port and the kind of protection: 993 goes with TLS, 143 with STARTTLS.", Temporary: true, Err: err}
	}
	return t
}

func (s *session) authenticate(ctx context.Context, caps imap.CapSet) error {
	var offered []string
	for _, mechanism := range caps.AuthMechanisms() {
		offered = append(offered, mechanism)
	}
	method, err := s.cfg.Credentials.Method(ctx, s.cfg.Server, offered)
	switch {
	case err == nil:
		err = s.client.Authenticate(method)
	case errors.Is(err, link.ErrNoMethod) && s.cfg.Credentials.Tokens == nil && !caps.Has(imap.CapLoginDisabled):
		err = s.client.Login(s.cfg.Credentials.Username, s.cfg.Credentials.Password).Wait()
	default:
		return err
	}
	if err == nil {
		return nil
	}
	return s.signInError(err)
}

func (s *session) signInError(err error) error {
	if token, ok := errors.AsType[*link.TokenRefusal](err); ok {
		return s.cfg.Credentials.Refused(token)
	}
	answer, ok := errors.AsType[*imap.Error](err)
	if !ok {
		return link.AsTrouble(s.wire.explain(err))
	}
	switch answer.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit:
		return &link.Trouble{Code: "sign_in_unavailable", Cause: "The mail server cannot check sign-ins at the moment.", Cure: "It is tried again.", Temporary: true, Err: answer}
	}
	return s.cfg.Credentials.Refused(answer)
}

func (s *session) selectFolder(ctx context.Context) error {
	defer s.watch(ctx)()
	defer s.wire.expect(s.cfg.Timing.SignIn, s.cfg.Timing.Longest)()
	readOnly := s.cfg.AfterFetch == Keep
	data, err := s.client.Select(s.cfg.Folder, &imap.SelectOptions{ReadOnly: readOnly}).Wait()
	if err != nil {
		return s.folderError(err)
	}
	if data.UIDValidity == 0 {
		return &link.Trouble{Code: "uidvalidity_missing", Cause: "The mail server gives the folder no UIDVALIDITY, so mails cannot be told apart safely.", Cure: "Use another folder or another mail server.", Err: errors.New("SELECT without UIDVALIDITY")}
	}
	s.validity, s.next, s.messages = data.UIDValidity, uint32(data.UIDNext), data.NumMessages
	return nil
}

func (s *session) folderError(err error) error {
	answer, ok := errors.AsType[*imap.Error](err)
	if !ok {
		return link.AsTrouble(s.wire.explain(err))
	}
	switch {
	case strings.Contains(answer.Text, "not connected"):
		// Exchange: "User is authenticated but not connected". MAIL.md §6 trap 10.
		return &link.Trouble{Code: "mailbox_forbidden", Cause: "The sign-in is right, but " + s.cfg.Credentials.Username + " may not open this mailbox.", Cure: "Allow IMAP for the mailbox, and give this user full access to it.", Err: answer}
	case answer.Code == imap.ResponseCodeNoPerm:
		return &link.Trouble{Code: "folder_forbidden", Cause: "The folder " + s.cfg.Folder + " may not be opened.", Cure: "Give this user the right to read it.", Err: answer}
	}
	return &link.Trouble{Code: "folder_missing", Cause: "The folder " + s.cfg.Folder + " cannot be opened.", Cure: "Check its name as the mail server spells it.", Err: answer}
}

// run does one command under the usual patience and explains its error.
func (s *session) run(ctx context.Context, what string, do func() error) error {
	defer s.watch(ctx)()
	defer s.wire.expect(s.cfg.Timing.SignIn, s.cfg.Timing.Longest)()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, s.wire.explain(err))
	}
	return nil
}

// search returns the UIDs that fit.
func (s *session) search(ctx context.Context, criteria *imap.SearchCriteria) ([]imap.UID, error) {
	defer s.watch(ctx)()
	defer s.wire.expect(s.cfg.Timing.Command, s.cfg.Timing.Longest)()
	data, err := s.client.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return nil, fmt.Errorf("search: %w", s.wire.explain(err))
	}
	return data.AllUIDs(), nil
}
