package hooks_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/filesystem"
	"github.com/pocketbase/pocketbase/tools/mailer"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/hooks"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/notify"
)

const adminPassword = "correct horse"

// guarded is a hardened desk behind a real HTTP server.
type guarded struct {
	t        *testing.T
	app      core.App
	server   *http.Server // as OnServe left it
	url      string
	sessions *collections.Sessions
}

func guard(t *testing.T) *guarded {
	t.Helper()
	return guardAt(t, time.Now)
}

// guardAt takes the clock of the limits.
func guardAt(t *testing.T, now func() time.Time) *guarded {
	t.Helper()
	collections.Register()
	folder, err := collections.OpenFolder(collections.FolderConfig{Dir: filepath.Join(t.TempDir(), "data")})
	require.NoError(t, err)
	app, err := folder.NewApp()
	require.NoError(t, err)
	g := &guarded{t: t, app: app, server: &http.Server{}, sessions: collections.NewSessions()}
	ring, err := mail.NewKeyring(mail.Key{Version: 1, Secret: folder.Sealer().Derive("mail")})
	require.NoError(t, err)
	texts, err := notify.BuiltIn()
	require.NoError(t, err)
	hooks.New(hooks.Keys{Mail: ring, Seal: folder.Sealer()}, texts, now).Bind(app)
	hooks.Harden(app, hooks.Hardening{Sessions: g.sessions, Now: now})
	require.NoError(t, app.Bootstrap())
	require.NoError(t, app.RunAllMigrations())
	t.Cleanup(func() {
		assert.NoError(t, app.ClearBootstrap())
		folder.Close()
	})
	g.serve()
	require.NoError(t, collections.FirstRun{Email: "ada@example.com", Password: adminPassword}.Save(app))
	return g
}

// serve does what apis.Serve does, on a server of the test.
func (g *guarded) serve() {
	router, err := apis.NewRouter(g.app)
	require.NoError(g.t, err)
	router.Bind(apis.CORS(apis.CORSConfig{AllowOrigins: []string{"*"}}))
	event := &core.ServeEvent{Router: router, Server: g.server, InstallerFunc: apis.DefaultInstallerFunc}
	event.App = g.app
	err = g.app.OnServe().Trigger(event, func(e *core.ServeEvent) error {
		e.Server.Handler, err = e.Router.BuildMux()
		return err
	})
	require.NoError(g.t, err)
	assert.Nil(g.t, event.InstallerFunc, "the link with a superuser's token is not made")
	s := httptest.NewServer(g.server.Handler)
	g.t.Cleanup(s.Close)
	g.url = s.URL
}

type answer struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

func (a answer) text(field string) string {
	var m map[string]any
	if json.Unmarshal([]byte(a.body), &m) != nil {
		return ""
	}
	s, _ := m[field].(string)
	return s
}

func (g *guarded) do(method, path, token string, body any, headers ...string) answer {
	g.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(g.t, err)
	if s, ok := body.(string); ok {
		raw = []byte(s)
	}
	req, err := http.NewRequestWithContext(g.t.Context(), method, g.url+path, bytes.NewReader(raw))
	require.NoError(g.t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	start := time.Now()
	res, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(g.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(g.t, err)
	return answer{res.StatusCode, res.Header, string(text), time.Since(start)}
}

func (g *guarded) signIn(collection, password string) answer {
	return g.do("POST", "/api/collections/"+collection+"/auth-with-password", "", map[string]string{"identity": "ada@example.com", "password": password})
}

func (g *guarded) token(collection string) string {
	g.t.Helper()
	a := g.signIn(collection, adminPassword)
	require.Equal(g.t, 200, a.status, a.body)
	return a.text("token")
}

func (g *guarded) agent(email string) *core.Record {
	g.t.Helper()
	c, err := g.app.FindCollectionByNameOrId(collections.Agents)
	require.NoError(g.t, err)
	r := core.NewRecord(c)
	r.Load(map[string]any{"email": email, "name": email, "role": "agent", "active": true, "password": adminPassword})
	require.NoError(g.t, g.app.Save(r))
	return r
}

func (g *guarded) requester(email string) *core.Record {
	g.t.Helper()
	c, err := g.app.FindCollectionByNameOrId(collections.Requesters)
	require.NoError(g.t, err)
	r := core.NewRecord(c)
	r.SetEmail(email)
	r.SetRandomPassword()
	require.NoError(g.t, g.app.Save(r))
	return r
}

func TestNoUsersCollection(t *testing.T) {
	g := guard(t)
	_, err := g.app.FindCollectionByNameOrId("users")
	require.Error(t, err)
	a := g.do("POST", "/api/collections/users/records", "", map[string]string{"email": "eve@example.com", "password": adminPassword, "passwordConfirm": adminPassword})
	assert.Equal(t, 404, a.status)
}

func TestSettingsAreTight(t *testing.T) {
	s := guard(t).app.Settings()
	assert.True(t, s.RateLimits.Enabled, "rate limiter")
	assert.False(t, s.Batch.Enabled, "batch")
	assert.False(t, s.Logs.LogIP, "addresses in the log")
	assert.False(t, s.Logs.LogAuthId, "people in the log")
	assert.Empty(t, s.Backups.Cron, "backups by PocketBase")
	assert.Empty(t, s.TrustedProxy.Headers, "trusted proxies")
	assert.False(t, s.SMTP.Enabled, "mail by PocketBase")
	assert.Equal(t, "Deskbell", s.Meta.AppName)
}

func TestSettingsStayTightInTheDashboard(t *testing.T) {
	g := guard(t)
	super := g.token(core.CollectionNameSuperusers)
	for name, change := range map[string]string{
		"batch on":    `{"batch":{"enabled":true,"maxRequests":1,"timeout":1}}`,
		"limiter off": `{"rateLimits":{"enabled":false}}`,
		"own backups": `{"backups":{"cron":"0 0 * * *"}}`,
		"own mail":    `{"smtp":{"enabled":true,"host":"mail.example.com","port":25}}`,
	} {
		assert.Equal(t, 400, g.do("PATCH", "/api/settings", super, change).status, name)
	}
	a := g.do("PATCH", "/api/settings", super, `{"trustedProxy":{"headers":["X-Forwarded-For"]}}`)
	assert.Equal(t, 200, a.status, "what an administrator may decide stays possible: %s", a.body)
}

func TestSettingsRowIsEncrypted(t *testing.T) {
	g := guard(t)
	var row string
	require.NoError(t, g.app.DB().NewQuery("SELECT value FROM _params WHERE id = 'settings'").Row(&row))
	assert.NotContains(t, row, "rateLimits")
}

func TestSuperusersHaveNoMailedCodesAndShortTokens(t *testing.T) {
	c, err := guard(t).app.FindCollectionByNameOrId(core.CollectionNameSuperusers)
	require.NoError(t, err)
	assert.False(t, c.OTP.Enabled)
	assert.False(t, c.AuthAlert.Enabled)
	assert.LessOrEqual(t, c.AuthToken.DurationTime(), 12*time.Hour)
}

func TestTokensOfAgentsAndRequestersEnd(t *testing.T) {
	g := guard(t)
	for name, longest := range map[string]time.Duration{collections.Agents: 12 * time.Hour, collections.Requesters: 7 * 24 * time.Hour} {
		c, err := g.app.FindCollectionByNameOrId(name)
		require.NoError(t, err)
		assert.LessOrEqual(t, c.AuthToken.DurationTime(), longest, name)
	}
}

func TestTwentyWrongPasswordsAreStoppedAndOthersSignIn(t *testing.T) {
	g := guard(t)
	g.agent("bob@example.com")
	for _, who := range []string{"ada@example.com", "nobody@example.com"} {
		stopped := false
		for range 20 {
			a := g.do("POST", "/api/collections/agents/auth-with-password", "", map[string]string{"identity": who, "password": "wrong"})
			stopped = stopped || a.status == 429
		}
		assert.True(t, stopped, who)
	}
	a := g.signIn(collections.Agents, adminPassword)
	assert.Equal(t, 429, a.status, "the right password waits too, or guessing would pay")
	assert.NotEmpty(t, a.header.Get("Retry-After"))
	a = g.do("POST", "/api/collections/agents/auth-with-password", "", map[string]string{"identity": "bob@example.com", "password": adminPassword})
	assert.Equal(t, 200, a.status, "another user still signs in: %s", a.body)
}

func TestTheWaitDoublesAndEnds(t *testing.T) {
	var offset atomic.Int64
	start := time.Now()
	g := guardAt(t, func() time.Time { return start.Add(time.Duration(offset.Load())) })
	waits := []string{}
	for range 3 {
		for range 10 {
			g.signIn(collections.Agents, "wrong")
		}
		a := g.signIn(collections.Agents, adminPassword)
		require.Equal(t, 429, a.status)
		waits = append(waits, a.header.Get("Retry-After"))
		seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
		require.NoError(t, err)
		offset.Add(int64(time.Duration(seconds) * time.Second))
	}
	assert.Equal(t, []string{"31", "61", "121"}, waits)
	assert.Equal(t, 200, g.signIn(collections.Agents, adminPassword).status, "the right password counts again")
}

func TestSignedInClientsAreNotThrottled(t *testing.T) {
	g := guard(t)
	token := g.token(collections.Agents)
	for i := range 1200 { // more than a guest may ask in ten seconds
		a := g.do("GET", "/api/collections/teams/records?skipTotal=1", token, nil)
		require.Equal(t, 200, a.status, "request %d", i)
	}
}

func TestGuestFloodsAreStopped(t *testing.T) {
	g := guard(t)
	last := 0
	for range 1001 {
		last = g.do("GET", "/api/collections/teams/records", "", nil).status
	}
	assert.Equal(t, 429, last)
}

func TestNoForeignOrigin(t *testing.T) {
	g := guard(t)
	for _, method := range []string{"OPTIONS", "GET", "POST"} {
		for _, origin := range []string{"https://evil.example", "null", g.url} {
			a := g.do(method, "/api/collections/teams/records", "", nil, "Origin", origin, "Access-Control-Request-Method", "POST")
			assert.Empty(t, a.header.Get("Access-Control-Allow-Origin"), "%s of %s", method, origin)
		}
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	g := guard(t)
	for _, tt := range []struct{ method, path string }{
		{"GET", "/api/health"}, {"GET", "/api/nothing/here"}, {"GET", "/nothing"}, {"GET", "/_/"}, {"GET", "/_/nothing"},
		{"GET", "/api/collections/tickets/records"}, {"GET", "/api/collections/tickets/records/none"}, {"GET", "/api/settings"},
		{"POST", "/api/collections/agents/auth-with-password"}, {"DELETE", "/api/health"}, {"GET", "//double//slash"},
		{"GET", "/api/files/tickets/x/y"}, {"POST", "/api/realtime"}, {"OPTIONS", "/api/health"}, {"PUT", "/api/sql"},
	} {
		h := g.do(tt.method, tt.path, "", nil).header
		policy := h.Get("Content-Security-Policy")
		assert.Contains(t, policy, "script-src 'self';", tt)
		assert.NotContains(t, strings.Split(policy, "script-src")[1][:20], "unsafe", tt)
		assert.Contains(t, policy, "frame-ancestors 'none'", tt)
		assert.Contains(t, policy, "object-src 'none'", tt)
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), tt)
		assert.Equal(t, "same-origin", h.Get("Cross-Origin-Opener-Policy"), tt)
		assert.Equal(t, "no-referrer", h.Get("Referrer-Policy"), tt)
		assert.Empty(t, h.Get("Strict-Transport-Security"), tt)
	}
	h := g.do("GET", "/api/health", "", nil, "X-Forwarded-Proto", "https").header
	assert.NotEmpty(t, h.Get("Strict-Transport-Security"), "behind a proxy that speaks TLS")
}

func TestServerLimits(t *testing.T) {
	g := guard(t)
	assert.Equal(t, 10*time.Second, g.server.ReadHeaderTimeout)
	assert.Positive(t, g.server.MaxHeaderBytes)
	a := g.do("POST", "/api/collections/agents/auth-with-password", "", "x", "Content-Encoding", "gzip")
	assert.Equal(t, 415, a.status, "compressed body")
	a = g.do("POST", "/api/collections/agents/auth-with-password", "", `{"identity":"`+strings.Repeat("x", 70_000)+`"}`)
	assert.Equal(t, 413, a.status, "large body")
	deep := `{"identity":"a@b.cd","password":"x","more":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`
	a = g.do("POST", "/api/collections/agents/auth-with-password", "", deep)
	assert.Equal(t, 400, a.status, "deep body")
}

func TestOneStatementEndsAfterFiveSeconds(t *testing.T) {
	g := guard(t)
	start := time.Now()
	var n int
	err := g.app.RecordQuery(collections.Teams).Select("(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c)").From("(SELECT 1)").Row(&n)
	require.Error(t, err)
	assert.Less(t, time.Since(start), 30*time.Second, "and does not go on for ever")
}

func TestSQLConsoleRestoreAndBatchAreRefused(t *testing.T) {
	g := guard(t)
	super := g.token(core.CollectionNameSuperusers)
	assert.Equal(t, 403, g.do("POST", "/api/sql", super, `{"query":"SELECT 1"}`).status)
	assert.Equal(t, 403, g.do("POST", "/api/backups/upload", super, "").status)
	assert.Equal(t, 403, g.do("POST", "/api/backups/x.zip/restore", super, "").status)
	assert.Equal(t, 403, g.do("POST", "/api/batch", super, `{"requests":[]}`).status)
}

func TestImpersonationIsForSuperusersAndNoted(t *testing.T) {
	g := guard(t)
	bob := g.agent("bob@example.com")
	path := "/api/collections/agents/impersonate/" + bob.Id
	assert.Equal(t, 403, g.do("POST", path, g.token(collections.Agents), nil).status)
	a := g.do("POST", path, g.token(core.CollectionNameSuperusers), `{"duration":600}`)
	require.Equal(t, 200, a.status, a.body)
	event, err := g.app.FindFirstRecordByData(collections.Events, "type", "agents.impersonated")
	require.NoError(t, err)
	assert.Equal(t, bob.Id, event.GetString("subject_id"))
	assert.Equal(t, 200, g.do("GET", "/api/collections/teams/records", a.text("token"), nil).status)
}

func TestUnknownAddressesGetTheSameAnswers(t *testing.T) {
	g := guard(t)
	g.requester("req@example.com")
	for _, path := range []string{"/api/collections/requesters/request-otp", "/api/collections/agents/request-password-reset", "/api/collections/requesters/request-verification"} {
		known, unknown := "req@example.com", "who@example.com"
		if strings.Contains(path, "agents") {
			known = "ada@example.com"
		}
		a := g.do("POST", path, "", map[string]string{"email": known})
		b := g.do("POST", path, "", map[string]string{"email": unknown})
		assert.Equal(t, a.status, b.status, path)
		assert.Len(t, b.body, len(a.body), path)
		// Both wait out the same time, which covers what the known one costs: a
		// busy machine makes answers late, never early.
		assert.GreaterOrEqual(t, a.took, hooks.AnswerTime, path)
		assert.GreaterOrEqual(t, b.took, hooks.AnswerTime, path)
	}
}

func TestWrongCodesGetTheSameAnswers(t *testing.T) {
	g := guard(t)
	g.requester("req@example.com")
	statuses := map[string][]int{}
	for _, who := range []string{"req@example.com", "who@example.com"} {
		for range 2 { // PocketBase counts by person, so ask twice
			otp := g.do("POST", "/api/collections/requesters/request-otp", "", map[string]string{"email": who}).text("otpId")
			require.NotEmpty(t, otp)
			for range 4 {
				a := g.do("POST", "/api/collections/requesters/auth-with-otp", "", map[string]string{"otpId": otp, "password": "00000000"})
				statuses[who] = append(statuses[who], a.status)
			}
		}
	}
	assert.Equal(t, statuses["who@example.com"], statuses["req@example.com"])
	otp := g.do("POST", "/api/collections/requesters/request-otp", "", map[string]string{"email": "who@example.com"}).text("otpId")
	last := 0
	for range 6 {
		last = g.do("POST", "/api/collections/requesters/auth-with-otp", "", map[string]string{"otpId": otp, "password": "00000000"}).status
	}
	assert.Equal(t, 429, last, "five tries (F3)")
}

func TestTheRightCodeSignsInOnce(t *testing.T) {
	g := guard(t)
	g.requester("req@example.com")
	var code string
	g.app.OnRecordRequestOTPRequest().BindFunc(func(e *core.RecordCreateOTPRequestEvent) error {
		code = e.Password
		return e.Next()
	})
	g.app.OnMailerRecordOTPSend().BindFunc(func(*core.MailerRecordEvent) error { return nil }) // a code that cannot be mailed is void
	otp := g.do("POST", "/api/collections/requesters/request-otp", "", map[string]string{"email": "req@example.com"}).text("otpId")
	enter := func() answer {
		return g.do("POST", "/api/collections/requesters/auth-with-otp", "", map[string]string{"otpId": otp, "password": code})
	}
	a := enter()
	require.Equal(t, 200, a.status, a.body)
	assert.Equal(t, 200, g.do("GET", "/api/collections/teams/records", a.text("token"), nil).status)
	assert.Equal(t, 400, enter().status, "a code works once")
}

func TestFilesAreDownloadedNotShown(t *testing.T) {
	g := guard(t)
	png := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
	c := core.NewBaseCollection("papers")
	c.ViewRule = new(string)
	c.Fields.Add(&core.FileField{Name: "file", MaxSize: 1 << 20})
	require.NoError(t, g.app.Save(c))
	for name, tt := range map[string]struct{ content, want string }{
		"a.html": {"<html><script>alert(1)</script></html>", "attachment"},
		"a.svg":  {`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "attachment"},
		"a.pdf":  {"%PDF-1.4\n", "attachment"},
		"a.png":  {png, "inline"},
		"b.png":  {"<html><script>alert(1)</script></html>", "attachment"},
	} {
		f, err := filesystem.NewFileFromBytes([]byte(tt.content), name)
		require.NoError(t, err)
		r := core.NewRecord(c)
		r.Set("file", f)
		require.NoError(t, g.app.Save(r))
		a := g.do("GET", "/api/files/papers/"+r.Id+"/"+r.GetString("file"), "", nil)
		require.Equal(t, 200, a.status, a.body)
		assert.True(t, strings.HasPrefix(a.header.Get("Content-Disposition"), tt.want+";"), "%s: %s", name, a.header.Get("Content-Disposition"))
		assert.Equal(t, "private, no-store", a.header.Get("Cache-Control"), name)
		assert.Contains(t, a.header.Get("Content-Security-Policy"), "sandbox", name)
		assert.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"), name)
		if tt.want == "attachment" {
			assert.Equal(t, "application/octet-stream", a.header.Get("Content-Type"), name)
		}
	}
}

func TestSignOutEndsTheSessionEverywhere(t *testing.T) {
	g := guard(t)
	token := g.token(collections.Agents)
	other := g.token(collections.Agents)
	refreshed := g.do("POST", "/api/collections/agents/auth-refresh", token, nil).text("token")
	require.NotEmpty(t, refreshed)
	file := g.do("POST", "/api/files/token", token, nil).text("token")
	require.NotEmpty(t, file)
	require.Equal(t, collections.SessionOf(token), collections.SessionOf(refreshed))
	require.Equal(t, collections.SessionOf(token), collections.SessionOf(file))
	live := g.listen(refreshed)

	ada, err := g.app.FindAuthRecordByEmail(collections.Agents, "ada@example.com")
	require.NoError(t, err)
	require.NoError(t, hooks.EndSession(g.app, g.sessions, ada, refreshed))

	list := "/api/collections/teams/records"
	assert.Equal(t, 401, g.do("GET", list, token, nil).status, "the token that was refreshed")
	assert.Equal(t, 401, g.do("GET", list, refreshed, nil).status)
	assert.Equal(t, 401, g.do("GET", list, "Bearer "+token, nil).status)
	assert.Equal(t, 404, g.do("GET", "/api/files/agents/x/y?token="+url.QueryEscape(file), "", nil).status)
	assert.Equal(t, 200, g.do("GET", list, other, nil).status, "another session of the same person")
	live.ended(t)

	again := collections.NewSessions()
	require.NoError(t, again.Load(g.app, time.Now()))
	assert.True(t, again.Ended(collections.SessionOf(token)), "a restart does not bring it back")
	require.NoError(t, again.Load(g.app, time.Now().Add(20*24*time.Hour)))
	assert.False(t, again.Ended(collections.SessionOf(token)), "forgotten once the tokens have expired")
}

func TestLosingARoleOrTheAccountEndsEverySession(t *testing.T) {
	for name, change := range map[string]map[string]any{
		"role":     {"role": "lead"},
		"active":   {"active": false},
		"password": {"password": "another horse"},
	} {
		t.Run(name, func(t *testing.T) {
			g := guard(t)
			token := g.token(collections.Agents)
			client := g.listen(token).client
			file := g.do("POST", "/api/files/token", token, nil).text("token")
			ada, err := g.app.FindAuthRecordByEmail(collections.Agents, "ada@example.com")
			require.NoError(t, err)
			ada.Load(change)
			require.NoError(t, g.app.Save(ada))

			assert.Equal(t, 401, g.do("GET", "/api/collections/teams/records", token, nil).status)
			_, err = g.app.FindAuthRecordByToken(file, core.TokenTypeFile)
			require.Error(t, err)
			c, err := g.app.SubscriptionsBroker().ClientById(client)
			require.NoError(t, err)
			auth, _ := c.Get(apis.RealtimeClientAuthKey).(*core.Record)
			assert.Nil(t, auth, "the live connection has no rights any more")
		})
	}
}

func TestAnOldTokenDoesNotStandInTheWayOfANewSignIn(t *testing.T) {
	g := guard(t)
	token := g.token(collections.Agents)
	ada, err := g.app.FindAuthRecordByEmail(collections.Agents, "ada@example.com")
	require.NoError(t, err)
	ada.RefreshTokenKey()
	require.NoError(t, g.app.Save(ada))
	a := g.do("POST", "/api/collections/agents/auth-with-password", token, map[string]string{"identity": "ada@example.com", "password": adminPassword})
	assert.Equal(t, 200, a.status)
}

func TestTwentyLiveConnectionsPerAddress(t *testing.T) {
	g := guard(t)
	for range 20 {
		g.listen("")
	}
	a := g.do("GET", "/api/realtime", "", nil)
	assert.Equal(t, 429, a.status)
}

func TestNoMailWithALinkBeforeAPublicAddressIsSet(t *testing.T) {
	g := guard(t)
	ada, err := g.app.FindAuthRecordByEmail(collections.Agents, "ada@example.com")
	require.NoError(t, err)
	event := func() error {
		e := &core.MailerRecordEvent{}
		e.App, e.Record, e.Message = g.app, ada, &mailer.Message{}
		return g.app.OnMailerRecordPasswordResetSend().Trigger(e, func(*core.MailerRecordEvent) error { return nil })
	}
	require.Error(t, event())
	s, err := collections.FindSettings(g.app)
	require.NoError(t, err)
	s.Set("public_url", "https://desk.example.com/")
	require.NoError(t, g.app.Save(s.Record))
	require.NoError(t, event())
	assert.Equal(t, "https://desk.example.com", g.app.Settings().Meta.AppURL)
}

// stream is one live connection.
type stream struct {
	client string // id, once subscribed
	gone   chan struct{}
}

// listen opens a live connection; with a token it subscribes as well.
func (g *guarded) listen(token string) *stream {
	g.t.Helper()
	res, err := http.Get(g.url + "/api/realtime")
	require.NoError(g.t, err)
	require.Equal(g.t, 200, res.StatusCode)
	g.t.Cleanup(func() { _ = res.Body.Close() })
	buf := make([]byte, 400)
	n, err := res.Body.Read(buf)
	require.NoError(g.t, err)
	s := &stream{gone: make(chan struct{})}
	go func() {
		_, _ = io.Copy(io.Discard, res.Body)
		close(s.gone)
	}()
	if token != "" {
		_, rest, _ := strings.Cut(string(buf[:n]), `"clientId":"`)
		s.client, _, _ = strings.Cut(rest, `"`)
		a := g.do("POST", "/api/realtime", token, map[string]any{"clientId": s.client, "subscriptions": []string{"tickets/*"}})
		require.Equal(g.t, 204, a.status, a.body)
	}
	return s
}

func (s *stream) ended(t *testing.T) {
	t.Helper()
	select {
	case <-s.gone:
	case <-time.After(5 * time.Second):
		t.Error("the live connection still stands")
	}
}
