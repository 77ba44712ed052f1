package hooks

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/imapbox"
	"github.com/deskbell/deskbell/mail/link"
	"github.com/deskbell/deskbell/mail/oauth"
	"github.com/deskbell/deskbell/mail/relay"
)

// Servers reaches the mail servers of mailboxes. One connection pool and one
// token source per mailbox are kept until its settings change.
type Servers struct {
	desk *Desk
	app  core.App

	mu     sync.Mutex
	tokens map[string]*oauth.Source // by fingerprint of the mailbox
	relays map[string]*relay.Client
	turned map[string]rotation      // by id of the mailbox
	failed map[string]*link.Trouble // why a mailbox cannot send, by its id
}

// rotation remembers which refresh token a person entered, and what it became
// since by itself; both are sealed.
type rotation struct{ entered, current string }

// NewServers returns the servers of a desk.
func (d *Desk) NewServers(app core.App) *Servers {
	return &Servers{desk: d, app: app, tokens: map[string]*oauth.Source{}, relays: map[string]*relay.Client{}, turned: map[string]rotation{}, failed: map[string]*link.Trouble{}}
}

// IMAP is how the mail of a mailbox is fetched.
func (s *Servers) IMAP(b collections.Mailbox) (imapbox.Config, error) {
	credentials, err := s.credentials(b, "imap_username", "imap_password")
	if err != nil {
		return imapbox.Config{}, err
	}
	settings, err := collections.FindSettings(s.app)
	if err != nil {
		return imapbox.Config{}, err
	}
	return imapbox.Config{
		Server:      server(b, "imap"),
		Credentials: credentials,
		Folder:      b.GetString("imap_folder"),
		AfterFetch:  imapbox.AfterFetch(b.GetString("after_fetch")),
		MoveTo:      b.GetString("move_to"),
		MaxBytes:    settings.MaxMail(),
		Poll:        time.Duration(b.GetInt("poll_s")) * time.Second,
	}, nil
}

// SMTP is how the mail of a mailbox is sent.
func (s *Servers) SMTP(b collections.Mailbox) (relay.Config, error) {
	credentials, err := s.credentials(b, "smtp_username", "smtp_password")
	return relay.Config{Server: server(b, "smtp"), Credentials: credentials, Name: b.Domain()}, err
}

func server(b collections.Mailbox, side string) link.Server {
	return link.Server{Host: b.GetString(side + "_host"), Port: b.GetInt(side + "_port"),
		Security: link.Security(b.GetString(side + "_security")), CA: b.GetString("tls_ca")}
}

func (s *Servers) credentials(b collections.Mailbox, user, password string) (link.Credentials, error) {
	c := link.Credentials{Username: b.GetString(user)}
	if b.GetString("auth") == "oauth" {
		if c.Username == "" {
			c.Username = b.Address()
		}
		source, err := s.source(b)
		c.Tokens = source
		return c, err
	}
	var err error
	if c.Password, err = s.desk.secret(b, password); err != nil {
		return c, fmt.Errorf("%s of %s: %w", password, b.Address(), err)
	}
	return c, nil
}

// source gives the token source of a mailbox; both directions share it.
func (s *Servers) source(b collections.Mailbox) (*oauth.Source, error) {
	print := s.print(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if src := s.tokens[print]; src != nil {
		return src, nil
	}
	secret, err := s.desk.secret(b, "oauth_client_secret")
	if err != nil {
		return nil, err
	}
	refresh, err := s.desk.secret(b, "oauth_refresh_token")
	if err != nil {
		return nil, err
	}
	src := oauth.New(oauth.Config{TokenURL: b.GetString("oauth_token_url"), ClientID: b.GetString("oauth_client_id"), ClientSecret: secret,
		Scope: b.GetString("oauth_scope"), RefreshToken: refresh}, oauth.OnRotate(s.keepRotated(b)))
	s.tokens[print] = src
	return src, nil
}

// print changes whenever a person changes how the servers of a mailbox are
// reached. A refresh token that the server replaced is the same grant: else
// each new token would begin everything anew, which asks for a new token.
func (s *Servers) print(b collections.Mailbox) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return b.Fingerprint() + " " + s.entered(b)
}

// entered is the refresh token that a person entered; s.mu must be held.
func (s *Servers) entered(b collections.Mailbox) string {
	if r, ok := s.turned[b.Id]; ok && r.current == b.RefreshToken() {
		return r.entered
	}
	return b.RefreshToken()
}

// keepRotated returns what stores a new refresh token of a mailbox: the old
// one may be dead from then on. s.mu must be held.
func (s *Servers) keepRotated(b collections.Mailbox) func(token string) {
	entered, current := s.entered(b), b.RefreshToken()
	return func(token string) { // one call at a time
		sealed, err := s.desk.keys.Seal.Seal(secretPlace(b.Id, "oauth_refresh_token"), token)
		if err == nil {
			s.mu.Lock()
			s.turned[b.Id] = rotation{entered, sealed}
			s.mu.Unlock()
			err = collections.RotateToken(s.app, b.Id, current, sealed)
			current = sealed
		}
		if err != nil {
			s.app.Logger().Error("refresh token not stored", "mailbox", b.Id, "error", err)
		}
	}
}

// Deliver implements [Post].
func (s *Servers) Deliver(ctx context.Context, b collections.Mailbox, o mail.Outgoing) (Delivery, error) {
	env, err := o.Envelope()
	if err != nil {
		return Delivery{}, err
	}
	client, err := s.relay(b)
	if err != nil {
		return Delivery{}, err
	}
	result, err := client.Send(ctx, relay.Envelope{From: env.From, To: env.To, UTF8: env.UTF8}, composed{o})
	s.noteSending(b.Id, unreachable(err))
	if err != nil {
		return Delivery{}, final(err)
	}
	d := Delivery{ServerID: result.ServerID, Refused: map[string]string{}, Later: map[string]string{}}
	for _, r := range result.Refused {
		if r.Err.Temporary {
			d.Later[r.Recipient] = r.Err.Error()
		} else {
			d.Refused[r.Recipient] = r.Err.Error()
		}
	}
	return d, nil
}

// noteSending keeps, and writes down when it changes, whether a mailbox can
// send. Trouble that does not pass by itself is an alarm for the leads.
func (s *Servers) noteSending(id string, down error) {
	now, before := link.AsTrouble(down), s.trouble(id)
	if now == nil && before == nil || now != nil && before != nil && now.Code == before.Code {
		return
	}
	s.mu.Lock()
	s.failed[id] = now
	s.mu.Unlock()
	var err error
	if now == nil {
		err = collections.NoteMailbox(s.app, id, s.desk.now(), nil)
	} else {
		err = collections.NoteMailbox(s.app, id, time.Time{}, troubleJSON(now, s.desk.now()))
		if err == nil && !now.Temporary {
			err = s.desk.alarmMailbox(s.app, id, now)
		}
	}
	if err != nil {
		s.app.Logger().Error("state of mailbox not stored", "mailbox", id, "error", err)
	}
}

// trouble is why a mailbox cannot send, nil if it can or was not tried.
func (s *Servers) trouble(id string) *link.Trouble {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed[id]
}

// troubleJSON is how trouble is stored with a mailbox.
func troubleJSON(t *link.Trouble, at time.Time) map[string]any {
	return map[string]any{"code": t.Code, "cause": t.Cause, "cure": t.Cure, "at": at.UTC()}
}

func (s *Servers) relay(b collections.Mailbox) (*relay.Client, error) {
	cfg, err := s.SMTP(b)
	if err != nil {
		return nil, err
	}
	print := s.print(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.relays[print] == nil {
		s.relays[print] = relay.New(cfg)
	}
	return s.relays[print], nil
}

// Close ends the connections that are kept.
func (s *Servers) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.relays {
		c.Close()
	}
	s.relays = map[string]*relay.Client{}
}

// composed writes a mail when the server is ready for it.
type composed struct{ mail.Outgoing }

// WriteTo implements io.WriterTo.
func (c composed) WriteTo(w io.Writer) (int64, error) {
	n := &counter{w: w}
	err := mail.Compose(n, c.Outgoing)
	return n.n, err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
