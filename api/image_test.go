package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tests"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/api"
	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail/safehtml"
	"github.com/deskbell/deskbell/notify/fetch"
)

func TestRemoteImages(t *testing.T) {
	collections.Register()
	app, err := tests.NewTestAppWithConfig(core.BaseAppConfig{DataDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(app.Cleanup)
	answers := map[string]fetch.Answer{
		"http://pictures.test/a.png?x=1&y=2": {Status: 200, Type: "text/html", Body: []byte("\x89PNG\r\n\x1a\n")},
		"http://pictures.test/page":          {Status: 200, Type: "image/png", Body: []byte("<html><script>alert(1)</script>")},
		"http://pictures.test/drawing.svg":   {Status: 200, Type: "image/svg+xml", Body: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
		"http://pictures.test/gone.png":      {Status: 404, Type: "image/png", Body: []byte("\x89PNG\r\n\x1a\n")},
	}
	asked := 0
	images := api.NewImages()
	images.Get = func(_ context.Context, address string) (*fetch.Answer, error) {
		asked++
		a, ok := answers[address]
		if !ok {
			return nil, fetch.ErrForbidden
		}
		return &a, nil
	}
	handler := routes(t, app, api.Desk{Images: images})

	save := func(collection string, values map[string]any) *core.Record {
		c, err := app.FindCollectionByNameOrId(collection)
		require.NoError(t, err)
		r := core.NewRecord(c)
		r.Load(values)
		require.NoError(t, app.Save(r))
		return r
	}
	agent := save(collections.Agents, map[string]any{"email": "a@desk.test", "name": "A", "role": "agent", "active": true, "password": "correct horse"})
	ticket := save(collections.Tickets, map[string]any{"subject": "x", "kind": "incident", "state": "new", "number": 1, "key": "INC-1"})
	html := `<a href="http://pictures.test/link">x</a><img src="http://inside.test/">`
	for address := range answers {
		html += `<img src="` + strings.ReplaceAll(address, "&", "&amp;") + `">`
	}
	message := save(collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "html": safehtml.Clean(html, safehtml.Options{}).HTML})
	token, err := agent.NewAuthToken()
	require.NoError(t, err)

	for address, want := range map[string]int{
		"http://pictures.test/a.png?x=1&y=2": 200,
		"http://pictures.test/page":          404,
		"http://pictures.test/drawing.svg":   404,
		"http://pictures.test/gone.png":      404,
		"http://inside.test/":                404,
		"http://pictures.test/link":          404, // in the mail, but no image
		"http://pictures.test/a.png":         404, // not in the mail
		"":                                   404,
	} {
		req := httptest.NewRequest(http.MethodGet, "/api/desk/image?message="+message.Id+"&url="+url.QueryEscape(address), nil)
		req.Header.Set("Authorization", token)
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, req)
		assert.Equal(t, want, rec.Code, "%s: %s", address, rec.Body)
		if want == 200 {
			assert.Equal(t, "image/png", rec.Header().Get("Content-Type"))
			assert.Contains(t, rec.Header().Get("Cache-Control"), "no-store")
			assert.Equal(t, "nosniff", rec.Header().Get("X-Content-Type-Options"))
			assert.Contains(t, rec.Header().Get("Content-Security-Policy"), "default-src 'none'")
		} else {
			assert.NotContains(t, rec.Body.String(), "script")
		}
	}
	assert.Equal(t, 5, asked, "only what the mail shows is asked for")
}

// routes serves the routes of a desk.
func routes(t *testing.T, app core.App, d api.Desk) http.Handler {
	t.Helper()
	router, err := apis.NewRouter(app)
	require.NoError(t, err)
	event := &core.ServeEvent{Router: router}
	event.App = app
	d.Bind(event)
	handler, err := router.BuildMux()
	require.NoError(t, err)
	return handler
}
