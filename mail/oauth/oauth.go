// Package oauth gets access tokens for mail servers (RFC 6749): by a refresh
// token that a person granted once, or by the client's own credentials.
package oauth

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/deskbell/deskbell/mail/link"
)

// Config says where tokens come from.
type Config struct {
	TokenURL     string // https, or http on loopback
	ClientID     string
	ClientSecret string // "" for a public client
	Scope        string // blank-separated, "" for the server's default
	RefreshToken string // "" selects the client-credentials grant (RFC 6749 §4.4)
}

// Source holds the current token of one mailbox. It is safe for concurrent
// use. Make one with [New].
type Source struct {
	cfg    Config
	client *http.Client
	now    func() time.Time
	rotate func(refreshToken string)

	turn    chan struct{} // holds one element: whoever takes it may ask the server
	token   string
	expires time.Time
}

// Timings of the token; chosen. The default life applies when the server
// states none.
const (
	requestTimeout = 30 * time.Second
	early          = 2 * time.Minute // renewed so long before it expires
	defaultLife    = 10 * time.Minute
	maxAnswer      = 1 << 20 // bytes
)

// Option changes how a [Source] works.
type Option func(*Source)

// OnRotate names the function that hears of a new refresh token. The old one
// may be dead from then on, so it must be stored.
func OnRotate(f func(refreshToken string)) Option { return func(s *Source) { s.rotate = f } }

// WithClock replaces time.Now.
func WithClock(now func() time.Time) Option { return func(s *Source) { s.now = now } }

// WithTransport replaces the transport of the HTTP requests.
func WithTransport(t http.RoundTripper) Option { return func(s *Source) { s.client.Transport = t } }

// New returns a source without a token; the first [Source.Token] gets one.
func New(cfg Config, options ...Option) *Source {
	s := &Source{
		cfg:    cfg,
		now:    time.Now,
		rotate: func(string) {},
		turn:   make(chan struct{}, 1),
		client: &http.Client{
			Timeout:       requestTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	s.turn <- struct{}{}
	for _, option := range options {
		option(s)
	}
	return s
}

// Token returns a token that is valid for two minutes or more, asking the server when needed. The error is
// a [*link.Trouble].
func (s *Source) Token(ctx context.Context) (string, error) {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return "", link.AsTrouble(ctx.Err())
	}
	defer func() { s.turn <- struct{}{} }()
	if s.token != "" && s.now().Before(s.expires) {
		return s.token, nil
	}
	granted, err := s.ask(ctx)
	if err != nil {
		return "", err
	}
	s.keep(granted)
	return s.token, nil
}

// Invalidate forgets the token, for instance after a server refused it.
func (s *Source) Invalidate() {
	<-s.turn
	s.token = ""
	s.turn <- struct{}{}
}

func (s *Source) keep(g grant) {
	life := time.Duration(g.ExpiresIn) * time.Second
	if life <= 0 {
		life = defaultLife
	}
	s.token = g.AccessToken
	s.expires = s.now().Add(max(life-early, life/2))
	if g.RefreshToken != "" && s.cfg.RefreshToken != "" && g.RefreshToken != s.cfg.RefreshToken {
		s.cfg.RefreshToken = g.RefreshToken
		s.rotate(g.RefreshToken)
	}
}

// grant is the answer of a token endpoint, good (RFC 6749 §5.1) or bad (§5.2).
type grant struct {
	AccessToken  string  `json:"access_token"`
	RefreshToken string  `json:"refresh_token"`
	ExpiresIn    seconds `json:"expires_in"`
	Error        string  `json:"error"`
	Description  string  `json:"error_description"`
}

// seconds is a number that some servers put in quotes.
type seconds int64

// UnmarshalJSON reads 3600 and "3600"; anything else counts as not stated.
func (n *seconds) UnmarshalJSON(text []byte) error {
	var number json.Number
	if json.Unmarshal([]byte(strings.Trim(string(text), `"`)), &number) != nil {
		return nil
	}
	if whole, err := number.Int64(); err == nil {
		*n = seconds(whole)
	}
	return nil
}

func (s *Source) ask(ctx context.Context) (grant, error) {
	if err := checkURL(s.cfg.TokenURL); err != nil {
		return grant{}, err
	}
	form := s.form().Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.TokenURL, strings.NewReader(form))
	if err != nil {
		return grant{}, urlTrouble(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return grant{}, &link.Trouble{Code: "token_server_unreachable", Cause: "The token server could not be reached.", Cure: "Check the token URL and the network of this machine.", Temporary: true, Err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return grant{}, &link.Trouble{Code: "token_server_unreachable", Cause: "The token server broke off its answer.", Cure: "It is tried again.", Temporary: true, Err: err}
	}
	return readGrant(response.StatusCode, body)
}

func (s *Source) form() url.Values {
	form := url.Values{"client_id": {s.cfg.ClientID}}
	if s.cfg.ClientSecret != "" {
		form.Set("client_secret", s.cfg.ClientSecret)
	}
	if s.cfg.Scope != "" {
		form.Set("scope", s.cfg.Scope)
	}
	if s.cfg.RefreshToken == "" {
		form.Set("grant_type", "client_credentials")
		return form
	}
	form.Set("grant_type", "refresh_token")
	form.Set("refresh_token", s.cfg.RefreshToken)
	return form
}

func readGrant(status int, body []byte) (grant, error) {
	var g grant
	err := json.Unmarshal(body, &g)
	switch {
	case err == nil && g.Error != "":
		return grant{}, refusalTrouble(g)
	case status >= 500 || status == http.StatusTooManyRequests:
		return grant{}, &link.Trouble{Code: "token_server_failing", Cause: "The token server has trouble of its own.", Cure: "It is tried again.", Temporary: true, Err: fmt.Errorf("HTTP status %d", status)}
	case err != nil || status != http.StatusOK || g.AccessToken == "":
		return grant{}, &link.Trouble{Code: "token_answer_unreadable", Cause: "The token URL gave no token.", Cure: "Check the token URL; it must be the token endpoint of the provider.", Err: fmt.Errorf("HTTP status %d", status)}
	}
	return g, nil
}

// refusalTrouble translates the error codes of RFC 6749 §5.2.
func refusalTrouble(g grant) *link.Trouble {
	text := g.Error
	if g.Description != "" {
		text += ": " + g.Description
	}
	if len(text) > 500 {
		text = text[:500]
	}
	t := &link.Trouble{Code: g.Error, Err: fmt.Errorf("%q", text)}
	switch g.Error {
	case "invalid_grant":
		t.Cause, t.Cure = "The permission for this mailbox has expired or was withdrawn.", "Sign in to the mailbox again to get a new refresh token."
	case "invalid_client", "unauthorized_client":
		t.Cause, t.Cure = "The token server does not accept the client id or the client secret.", "Check both; a secret may have expired."
	case "invalid_scope":
		t.Cause, t.Cure = "The token server does not grant this scope.", "Check the scope, and that an administrator has consented to it."
	case "unsupported_grant_type", "invalid_request":
		t.Cause, t.Cure = "The token server does not understand the request.", "Check the token URL and the kind of grant."
	case "temporarily_unavailable", "server_error":
		t.Cause, t.Cure, t.Temporary = "The token server has trouble of its own.", "It is tried again.", true
	default:
		t.Code = "token_denied"
		t.Cause, t.Cure = "The token server denied a token.", "Look at the registration of the application at the provider."
	}
	return t
}

// checkURL lets secrets travel under TLS only, except on this machine.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return urlTrouble(err)
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme == "https" || u.Scheme == "http" && local {
		return nil
	}
	return urlTrouble(nil)
}

func urlTrouble(err error) *link.Trouble {
	return &link.Trouble{Code: "token_url_invalid", Cause: "The token URL is not an https address.", Cure: "Enter the token endpoint of the provider.", Err: err}
}
