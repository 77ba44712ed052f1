package hooks

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"

	"github.com/deskbell/deskbell/collections"
)

// Hardening is what [Harden] needs from outside.
type Hardening struct {
	Sessions *collections.Sessions
	Now      func() time.Time
}

// headerTimeout bounds the reading of a request's header (I1).
const headerTimeout = 10 * time.Second

// Harden closes what PocketBase leaves open by default. It must be bound
// before the app is bootstrapped. Each line has a test of its own.
//
// Source: SECURITY-REQUIREMENTS.md, known facts
func Harden(app core.App, h Hardening) {
	app.OnBootstrap().Bind(&hook.Handler[*core.BootstrapEvent]{Id: "harden.settings", Func: func(e *core.BootstrapEvent) error {
		if err := e.Next(); err != nil {
			return err
		}
		return tightenSettings(e.App)
	}})
	app.OnSettingsUpdateRequest().Bind(&hook.Handler[*core.SettingsUpdateRequestEvent]{Id: "harden.settings", Func: keepTight})
	app.OnFileDownloadRequest().Bind(&hook.Handler[*core.FileDownloadRequestEvent]{Id: "harden.files", Func: guardFile})
	live := &crowd{by: map[string]int{}}
	app.OnRealtimeConnectRequest().Bind(&hook.Handler[*core.RealtimeConnectRequestEvent]{Id: "harden.realtime", Func: live.admit})
	newGatekeeper(h.Now).bind(app)
	(&doorman{h.Sessions}).bind(app)
	noLinksWithoutURL(app)
	app.OnServe().Bind(&hook.Handler[*core.ServeEvent]{Id: "harden.serve", Func: h.serve})
}

func (h Hardening) serve(e *core.ServeEvent) error {
	e.InstallerFunc = nil // its link carries a superuser's token
	e.Router.Unbind(apis.DefaultCorsMiddlewareId)
	e.Router.Bind(apis.SkipSuccessActivityLog())
	e.Router.Bind(&hook.Handler[*core.RequestEvent]{Id: "harden.headers", Priority: apis.DefaultSecurityHeadersMiddlewarePriority + 1, Func: leanHeaders})
	e.Router.Bind(&hook.Handler[*core.RequestEvent]{Id: "harden.routes", Priority: apis.DefaultRateLimitMiddlewarePriority + 20, Func: h.routes})
	if err := e.Next(); err != nil {
		return err
	}
	if e.Server != nil {
		e.Server.ReadHeaderTimeout = headerTimeout
		e.Server.MaxHeaderBytes = 64 << 10
		e.Server.IdleTimeout = 2 * time.Minute
		e.Server.Handler = Shield(e.Server.Handler)
	}
	return nil
}

// routes refuses the routes of PocketBase that have no place in a desk and
// notes impersonation.
func (h Hardening) routes(e *core.RequestEvent) error {
	p, post := e.Request.URL.Path, e.Request.Method == http.MethodPost
	switch {
	case p == "/api/sql":
		return e.ForbiddenError("The SQL console is switched off.", nil)
	case post && (p == "/api/backups/upload" || strings.HasPrefix(p, "/api/backups/") && strings.HasSuffix(p, "/restore")):
		return e.ForbiddenError("Restore with the command: deskbell restore FILE. It checks a backup before it touches anything.", nil)
	case post && strings.Contains(p, "/impersonate/"):
		return h.impersonate(e)
	case post && (strings.HasSuffix(p, "/request-email-change") || strings.HasSuffix(p, "/confirm-email-change")):
		return e.ForbiddenError("An administrator changes addresses.", nil)
	case strings.HasSuffix(p, "/truncate") && ownCollection(e):
		return e.ForbiddenError("The desk keeps its records. Remove them one at a time where that is allowed.", nil)
	case strings.HasPrefix(p, "/api/files/"):
		noThumbnail(e.Request)
	}
	return e.Next()
}

func ownCollection(e *core.RequestEvent) bool {
	c, err := e.App.FindCachedCollectionByNameOrId(e.Request.PathValue("collection"))
	return err == nil && collections.Owns(c.Id)
}

// noThumbnail keeps the server from decoding pictures that strangers sent:
// whoever asks for a thumbnail gets the picture itself (D3).
func noThumbnail(r *http.Request) {
	q := r.URL.Query()
	if q.Has("thumb") {
		q.Del("thumb")
		r.URL.RawQuery = q.Encode()
	}
}

// impersonate notes that a superuser takes a token of somebody else. What
// cannot be noted is not done.
func (h Hardening) impersonate(e *core.RequestEvent) error {
	if !e.HasSuperuserAuth() {
		return e.ForbiddenError("", nil)
	}
	name, stamp := e.Request.PathValue("collection"), StampOf(e)
	stamp.At = h.Now()
	err := e.App.RunInTransaction(func(tx core.App) error {
		return collections.Append(tx, collections.Event{Collection: name, Subject: e.Request.PathValue("id"), Stamp: stamp, Type: name + ".impersonated"})
	})
	if err != nil {
		return e.InternalServerError("The act could not be recorded, so it was not done.", err)
	}
	return e.Next()
}

// limits of PocketBase's own counter, by address. They stop floods; guessing
// is the gatekeeper's. A signed-in client is not counted.
func limits() []core.RateLimitRule {
	return []core.RateLimitRule{
		{Label: "*:auth", MaxRequests: 300, Duration: 60},
		{Label: "*:requestOTP", MaxRequests: 60, Duration: 60},
		{Label: "*:requestPasswordReset", MaxRequests: 60, Duration: 60},
		{Label: "/api/", Audience: core.RateLimitRuleAudienceGuest, MaxRequests: 1000, Duration: 10},
	}
}

// pocketBaseName is the name in settings that nobody has touched.
const pocketBaseName = "Acme"

// tightenSettings sets what must hold at every start and, on a new desk, the
// defaults that an administrator may change.
func tightenSettings(app core.App) error {
	s, err := app.Settings().Clone()
	if err != nil {
		return err
	}
	before := s.String()
	if s.Meta.AppName == pocketBaseName {
		s.Meta.AppName = "Deskbell"
		s.TrustedProxy = core.TrustedProxyConfig{}
		s.Logs.LogIP, s.Logs.LogAuthId = false, false
		s.RateLimits.Rules = limits()
	}
	s.RateLimits.Enabled = true
	for _, want := range limits() {
		if !slices.ContainsFunc(s.RateLimits.Rules, func(r core.RateLimitRule) bool { return r.Label == want.Label }) {
			s.RateLimits.Rules = append(s.RateLimits.Rules, want)
		}
	}
	s.Batch.Enabled = false
	s.Backups.Cron = ""
	s.SMTP.Enabled = false
	if s.String() == before {
		return nil
	}
	return app.Save(s)
}

// keepTight refuses settings in the dashboard that the next start would undo.
func keepTight(e *core.SettingsUpdateRequestEvent) error {
	switch s := e.NewSettings; {
	case !s.RateLimits.Enabled:
		return e.BadRequestError("The rate limiter stays on. Change its rules instead.", nil)
	case s.Batch.Enabled:
		return e.BadRequestError("Batch requests stay off: they would hold the one writer.", nil)
	case s.Backups.Cron != "":
		return e.BadRequestError("Backups are scheduled by the desk, not here.", nil)
	case s.SMTP.Enabled:
		return e.BadRequestError("Mail leaves through the desk's mailboxes. Set one up there.", nil)
	}
	return e.Next()
}

// errNoPublicURL keeps a mail back whose link would point nowhere, or to
// whatever host the asker named (F3).
var errNoPublicURL = errors.New("no public address is set: an administrator sets it in the settings")

// noLinksWithoutURL lets mails with links out only once the desk knows its
// own address, and has PocketBase build them on that address.
func noLinksWithoutURL(app core.App) {
	guard := func(e *core.MailerRecordEvent) error {
		settings, err := collections.FindSettings(e.App)
		if err != nil {
			return err
		}
		if settings.PublicURL() == "" {
			return errNoPublicURL
		}
		if s := e.App.Settings(); s.Meta.AppURL != settings.PublicURL() {
			return errNoPublicURL
		}
		return e.Next()
	}
	app.OnMailerRecordPasswordResetSend().BindFunc(guard)
	app.OnMailerRecordVerificationSend().BindFunc(guard)
	app.OnMailerRecordEmailChangeSend().BindFunc(guard)
	app.OnRecordAfterUpdateSuccess(collections.Settings).BindFunc(func(e *core.RecordEvent) error {
		if err := adoptURL(e.App, e.Record.GetString("public_url")); err != nil {
			return err
		}
		return e.Next()
	})
}

// adoptURL tells PocketBase the desk's address; its links are built on it.
func adoptURL(app core.App, url string) error {
	url = strings.TrimRight(url, "/")
	s, err := app.Settings().Clone()
	if err != nil || url == "" || s.Meta.AppURL == url {
		return err
	}
	s.Meta.AppURL = url
	return app.Save(s)
}
