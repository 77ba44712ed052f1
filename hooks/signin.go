package hooks

import (
	"fmt"
	"net/http"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"
	"github.com/pocketbase/pocketbase/tools/router"
)

// Quotas of failed sign-ins. PocketBase counts requests by address only: one
// guesser behind a company's address would lock everybody out, and a net of
// guessers nobody. All chosen; F1 asks that 20 wrong passwords in a minute be
// stopped while another user still signs in.
var (
	perAccountAndIP = quota{failures: 10, window: time.Minute, wait: 30 * time.Second, longestOne: 15 * time.Minute}
	perAccount      = quota{failures: 50, window: 10 * time.Minute, wait: 30 * time.Second, longestOne: 5 * time.Minute}
	perIP           = quota{failures: 300, window: 10 * time.Minute, wait: time.Minute, longestOne: 15 * time.Minute}
	perCode         = quota{failures: 5, window: 30 * time.Minute, wait: 30 * time.Minute, longestOne: 30 * time.Minute}
	perRequestedTo  = quota{failures: 5, window: 10 * time.Minute, wait: time.Minute, longestOne: 10 * time.Minute}
	inTotal         = quota{failures: 1000, window: 10 * time.Minute, wait: 30 * time.Second, longestOne: 5 * time.Minute}
)

// answerTime is how long an answer takes that must not reveal whether an
// address is known; it covers a password hash and a synced commit.
const answerTime = 400 * time.Millisecond

// gatekeeper slows guessing down and keeps answers alike.
type gatekeeper struct {
	pair, account, ip, total, code, requested *throttle
}

func newGatekeeper(now func() time.Time) *gatekeeper {
	return &gatekeeper{
		pair: newThrottle(perAccountAndIP, now), account: newThrottle(perAccount, now), ip: newThrottle(perIP, now),
		total: newThrottle(inTotal, now), code: newThrottle(perCode, now), requested: newThrottle(perRequestedTo, now),
	}
}

func (g *gatekeeper) bind(app core.App) {
	app.OnRecordAuthWithPasswordRequest().Bind(&hook.Handler[*core.RecordAuthWithPasswordRequestEvent]{
		Id: "signin.password", Priority: -900, Func: g.password,
	})
	app.OnServe().Bind(&hook.Handler[*core.ServeEvent]{Id: "signin.routes", Func: func(e *core.ServeEvent) error {
		e.Router.Bind(&hook.Handler[*core.RequestEvent]{
			Id: "signin.routes", Priority: apis.DefaultRateLimitMiddlewarePriority + 10, Func: g.route,
		})
		return e.Next()
	}})
}

// password counts wrong passwords by account and address. It answers for
// unknown accounts as for known ones.
func (g *gatekeeper) password(e *core.RecordAuthWithPasswordRequestEvent) error {
	ip := network(e.RealIP())
	account := e.Collection.Name + " " + strings.ToLower(strings.TrimSpace(e.Identity))
	if wait := g.waiting(account, ip); wait > 0 {
		return tooMany(e.RequestEvent, wait)
	}
	err := e.Next()
	if err == nil {
		g.pair.forget(account + " " + ip)
		return nil
	}
	g.pair.fail(account + " " + ip)
	g.account.fail(account)
	g.failed(ip)
	return err
}

func (g *gatekeeper) waiting(account, ip string) time.Duration {
	wait := max(g.pair.wait(account+" "+ip), g.account.wait(account))
	return max(wait, g.addressWaits(ip))
}

// addressWaits holds an address back that failed too often, and, while the
// whole desk is under attack, every address that failed at all.
func (g *gatekeeper) addressWaits(ip string) time.Duration {
	wait := g.ip.wait(ip)
	if g.ip.failing(ip) {
		wait = max(wait, g.total.wait(""))
	}
	return wait
}

func (g *gatekeeper) failed(ip string) {
	g.ip.fail(ip)
	g.total.fail("")
}

// route guards the requests for codes and links, and the entry of codes.
func (g *gatekeeper) route(e *core.RequestEvent) error {
	if e.Request.Method != http.MethodPost || !strings.HasPrefix(e.Request.URL.Path, "/api/collections/") {
		return e.Next()
	}
	switch action := path.Base(e.Request.URL.Path); action {
	case "request-otp", "request-password-reset", "request-verification":
		return g.request(e, action)
	case "auth-with-otp":
		return g.enterCode(e)
	case "confirm-password-reset", "confirm-verification", "confirm-email-change":
		return g.confirm(e)
	}
	return e.Next()
}

// request lets somebody ask for a code or a link. The answer is the same in
// status, body and time whether or not the address is known (F2).
func (g *gatekeeper) request(e *core.RequestEvent, action string) error {
	ip := network(e.RealIP())
	to := strings.Join([]string{e.Request.PathValue("collection"), action, folded(e, "email")}, " ")
	if wait := max(g.requested.wait(to), g.addressWaits(ip)); wait > 0 {
		return tooMany(e, wait)
	}
	g.requested.fail(to)
	start := time.Now()
	err := e.Next()
	pad(e, start)
	if err != nil && e.Written() {
		return nil // answered like a known address; the reason would put the address into the log
	}
	return err
}

// enterCode counts the tries of one code, known or not, and turns
// PocketBase's own limit, which exists for known people only, into the answer
// for a wrong code.
func (g *gatekeeper) enterCode(e *core.RequestEvent) error {
	ip := network(e.RealIP())
	code := folded(e, "otpId")
	if wait := max(g.code.wait(code), g.addressWaits(ip)); wait > 0 {
		return tooMany(e, wait)
	}
	start := time.Now()
	err := e.Next()
	if err == nil {
		return nil
	}
	g.code.fail(code)
	g.failed(ip)
	pad(e, start)
	if router.ToApiError(err).Status == http.StatusTooManyRequests {
		return e.BadRequestError("Invalid or expired OTP", nil)
	}
	return err
}

// confirm slows down guessing of mailed links.
func (g *gatekeeper) confirm(e *core.RequestEvent) error {
	ip := network(e.RealIP())
	if wait := g.addressWaits(ip); wait > 0 {
		return tooMany(e, wait)
	}
	err := e.Next()
	if err != nil {
		g.failed(ip)
	}
	return err
}

// folded reads one text of the body in lower case; PocketBase lets the body
// be read again. A body that cannot be read is refused further on.
func folded(e *core.RequestEvent, name string) string {
	info, err := e.RequestInfo()
	if err != nil {
		return ""
	}
	text, _ := info.Body[name].(string)
	return strings.ToLower(strings.TrimSpace(text))
}

// pad waits until a multiple of answerTime has passed. What the handler wrote
// is small enough to lie in the server's buffer until then.
func pad(e *core.RequestEvent, start time.Time) {
	rest := answerTime - time.Since(start)%answerTime
	select {
	case <-time.After(rest):
	case <-e.Request.Context().Done():
	}
}

func tooMany(e *core.RequestEvent, wait time.Duration) error {
	seconds := int(wait/time.Second) + 1
	e.Response.Header().Set("Retry-After", strconv.Itoa(seconds))
	return e.TooManyRequestsError(fmt.Sprintf("Too many failed attempts. Try again in %d seconds.", seconds), nil)
}

// network is the key under which an address counts: an IPv6 customer has a
// whole /64 to send from.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	if a = a.Unmap(); a.Is4() {
		return a.String()
	}
	prefix, err := a.WithZone("").Prefix(64)
	if err != nil {
		return ip
	}
	return prefix.String()
}
