package hooks

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"
	"github.com/pocketbase/pocketbase/tools/security"

	"github.com/deskbell/deskbell/collections"
)

// clientSession is the key under which a realtime client remembers the
// session that subscribed.
const clientSession = "deskSession"

// doorman gives each sign-in a session and turns ended ones away.
type doorman struct{ sessions *collections.Sessions }

func (d *doorman) bind(app core.App) {
	app.OnRecordAuthRequest().BindFunc(d.stampAuth)
	app.OnFileTokenRequest().BindFunc(d.stampFile)
	app.OnRealtimeSubscribeRequest().BindFunc(rememberSession)
	app.OnServe().Bind(&hook.Handler[*core.ServeEvent]{Id: "sessions", Func: func(e *core.ServeEvent) error {
		if err := d.sessions.Load(e.App, time.Now()); err != nil {
			return err
		}
		e.Router.Bind(&hook.Handler[*core.RequestEvent]{
			Id: "sessions", Priority: apis.DefaultLoadAuthTokenMiddlewarePriority + 1, Func: d.check,
		})
		return e.Next()
	}})
}

// check refuses a token that no longer counts. PocketBase would serve its
// bearer as a guest, with empty lists where a sign-in is due.
func (d *doorman) check(e *core.RequestEvent) error {
	if file := e.Request.URL.Query().Get("token"); file != "" && strings.HasPrefix(e.Request.URL.Path, "/api/files/") {
		defer hideToken(e.Request)
		if d.sessions.Ended(collections.SessionOf(file)) {
			return e.NotFoundError("", nil)
		}
	}
	token := bearer(e.Request)
	if token == "" || strings.Count(token, ".") != 2 {
		return e.Next()
	}
	if e.Auth != nil && !d.sessions.Ended(collections.SessionOf(token)) {
		return e.Next()
	}
	e.Auth = nil
	if forGuests(e.Request.URL.Path) {
		return e.Next()
	}
	return e.UnauthorizedError("This session has ended. Sign in again.", nil)
}

// forGuests lists the paths on which an old token in the browser must not
// stand in the way.
func forGuests(p string) bool {
	if !strings.HasPrefix(p, "/api/") || p == "/api/health" || p == "/api/desk/ready" || p == "/api/desk/setup" {
		return true
	}
	last := path.Base(p)
	return strings.HasPrefix(p, "/api/collections/") && !strings.Contains(p, "/records") && last != "auth-refresh" &&
		(strings.HasPrefix(last, "auth-") || strings.HasPrefix(last, "request-") || strings.HasPrefix(last, "confirm-"))
}

// hideToken keeps a file token out of the request log, which is written after
// the answer.
func hideToken(r *http.Request) {
	q := r.URL.Query()
	q.Set("token", "hidden")
	r.URL.RawQuery = q.Encode()
	r.RequestURI = r.URL.RequestURI()
}

func bearer(r *http.Request) string {
	token := r.Header.Get("Authorization")
	if len(token) > 7 && strings.EqualFold(token[:7], "Bearer ") {
		return token[7:]
	}
	return token
}

// stampAuth writes the session into a new token: a new one at sign-in, the
// same at a refresh.
func (d *doorman) stampAuth(e *core.RecordAuthRequestEvent) error {
	session := security.RandomString(24)
	if path.Base(e.Request.URL.Path) == "auth-refresh" {
		session = collections.SessionOf(bearer(e.Request))
	}
	stamped, err := stamp(e.Token, session, e.Record.TokenKey()+e.Record.Collection().AuthToken.Secret)
	if err != nil {
		return err
	}
	e.Token = stamped
	return e.Next()
}

func (d *doorman) stampFile(e *core.FileTokenRequestEvent) error {
	stamped, err := stamp(e.Token, collections.SessionOf(bearer(e.Request)), e.Record.TokenKey()+e.Record.Collection().FileToken.Secret)
	if err != nil {
		return err
	}
	e.Token = stamped
	return e.Next()
}

// stamp signs a token of PocketBase again with a session in it; everything
// else stays, its end included.
func stamp(token, session, key string) (string, error) {
	claims, err := security.ParseJWT(token, key)
	if err != nil {
		return "", fmt.Errorf("stamp a token: %w", err)
	}
	claims[collections.SessionClaim] = session
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(key))
	if err != nil {
		return "", fmt.Errorf("stamp a token: %w", err)
	}
	return signed, nil
}

func rememberSession(e *core.RealtimeSubscribeRequestEvent) error {
	if err := e.Next(); err != nil {
		return err
	}
	e.Client.Set(clientSession, collections.SessionOf(bearer(e.Request)))
	return nil
}

// EndSession ends the session of a token: the interfaces refuse its tokens
// from now on, and its live connections are closed.
func EndSession(app core.App, sessions *collections.Sessions, auth *core.Record, token string) error {
	session := collections.SessionOf(token)
	if err := sessions.End(app, session, deadBy(auth, token)); err != nil {
		return err
	}
	for _, chunk := range app.SubscriptionsBroker().ChunkedClients(300) {
		for _, c := range chunk {
			if s, _ := c.Get(clientSession).(string); s == session {
				app.SubscriptionsBroker().Unregister(c.Id())
			}
		}
	}
	return nil
}

// deadBy is when the last token of the session expires by itself: this one,
// or one that was refreshed a moment ago.
func deadBy(auth *core.Record, token string) time.Time {
	until := time.Now().Add(auth.Collection().AuthToken.DurationTime())
	claims, err := security.ParseUnverifiedJWT(token)
	if err != nil {
		return until
	}
	if exp, err := claims.GetExpirationTime(); err == nil && exp != nil && exp.After(until) {
		return exp.Time
	}
	return until
}
