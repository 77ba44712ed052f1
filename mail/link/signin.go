package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
)

// Tokens gives access tokens for OAuth 2.0; [oauth.Source] is one.
type Tokens interface {
	// Token returns a token that is believed to be valid.
	Token(ctx context.Context) (string, error)
	// Invalidate makes the next Token ask for a new one.
	Invalidate()
}

// Credentials say who we are. With Tokens set, Password is not used.
type Credentials struct {
	Username string
	Password string
	Tokens   Tokens
}

// ErrNoMethod means that the server offers none of the methods that the
// credentials can use. It is found within a [*Trouble].
var ErrNoMethod = errors.New("no common sign-in method")

// Method returns the SASL exchange to use with a server that offers the named
// mechanisms: OAUTHBEARER (RFC 7628), else XOAUTH2, with tokens; PLAIN (RFC
// 4616), else LOGIN, with a password. The error is a [*Trouble].
func (c Credentials) Method(ctx context.Context, s Server, offered []string) (sasl.Client, error) {
	has := func(name string) bool {
		return slices.ContainsFunc(offered, func(o string) bool { return strings.EqualFold(o, name) })
	}
	if c.Tokens == nil {
		switch {
		case has(sasl.Plain):
			return sasl.NewPlainClient("", c.Username, c.Password), nil
		case has(sasl.Login):
			return sasl.NewLoginClient(c.Username, c.Password), nil
		}
		return nil, c.noMethod(s, "a password", offered)
	}
	if !has(sasl.OAuthBearer) && !has(XOAUTH2) {
		return nil, c.noMethod(s, "an OAuth token", offered)
	}
	token, err := c.Tokens.Token(ctx)
	if err != nil {
		return nil, err
	}
	if has(sasl.OAuthBearer) {
		return bearer{sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: c.Username, Token: token, Host: s.Host, Port: s.Port})}, nil
	}
	return xoauth2{c.Username, token}, nil
}

func (c Credentials) noMethod(s Server, what string, offered []string) *Trouble {
	return &Trouble{
		Code:  "sign_in_method_missing",
		Cause: s.Host + " lets nobody sign in with " + what + " on this connection (it offers: " + strings.Join(offered, " ") + ").",
		Cure:  "Choose the other kind of sign-in, or allow this one on the mail server.",
		Err:   ErrNoMethod,
	}
}

// Refused says that the server did not accept the credentials.
func (c Credentials) Refused(err error) *Trouble {
	if c.Tokens != nil {
		return &Trouble{Code: "token_refused", Cause: "The mail server did not accept the OAuth token for " + c.Username + ".", Cure: "Check that the application may use this mailbox (permission and scope), and sign in again.", Err: err}
	}
	return &Trouble{Code: "sign_in_refused", Cause: "The mail server did not accept the user name or the password of " + c.Username + ".", Cure: "Enter the password again; some providers want a password made for this application.", Err: err}
}

// XOAUTH2 is the name of the mechanism that Google and Microsoft use.
// Source: developers.google.com/gmail/imap/xoauth2-protocol.
const XOAUTH2 = "XOAUTH2"

type xoauth2 struct{ username, token string }

// Start returns the whole exchange in one initial response.
func (x xoauth2) Start() (string, []byte, error) {
	return XOAUTH2, []byte("user=" + x.username + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next is reached only when the token is refused. An empty answer would make
// go-imap send "=", which servers answer with BAD, so the exchange ends here.
// Source: MAIL.md §6 trap 10.
func (x xoauth2) Next(challenge []byte) ([]byte, error) { return nil, refusal(challenge) }

// bearer is OAUTHBEARER with the same care for challenges that are no JSON.
type bearer struct{ sasl.Client }

func (b bearer) Next(challenge []byte) ([]byte, error) { return nil, refusal(challenge) }

// TokenRefusal is the answer of a server that does not like a token.
type TokenRefusal struct{ Status string }

// Error returns the status that the server gave.
func (r *TokenRefusal) Error() string { return fmt.Sprintf("token refused, status %q", r.Status) }

func refusal(challenge []byte) error {
	var answer struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(challenge, &answer) != nil || len(answer.Status) > 100 {
		answer.Status = "unknown"
	}
	return &TokenRefusal{answer.Status}
}
