package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tests"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/api"
	"github.com/deskbell/deskbell/collections"
)

func mux(t *testing.T, files fstest.MapFS) http.Handler {
	t.Helper()
	collections.Register()
	app, err := tests.NewTestAppWithConfig(core.BaseAppConfig{DataDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(app.Cleanup)
	screens, err := api.NewScreens(files)
	require.NoError(t, err)
	router, err := apis.NewRouter(app)
	require.NoError(t, err)
	event := &core.ServeEvent{Router: router}
	event.App = app
	api.House{Code: collections.NewSetupCode(), Screens: screens}.Bind(event)
	handler, err := router.BuildMux()
	require.NoError(t, err)
	return handler
}

func built() fstest.MapFS {
	long := func(s string) *fstest.MapFile {
		for len(s) < 2000 {
			s += " " + s
		}
		return &fstest.MapFile{Data: []byte(s)}
	}
	return fstest.MapFS{
		"index.html":                  long("<!doctype html><title>Deskbell</title>"),
		"theme.js":                    long("let theme"),
		"assets/index-Bmb5VEbi.js":    long("let desk"),
		"assets/index-Bmb5VEbi.js.br": {Data: []byte("brotli form")},
		".vite/manifest.json":         {Data: []byte("{}")},
		".keep":                       {},
	}
}

func TestScreens(t *testing.T) {
	handler := mux(t, built())
	for _, tt := range []struct {
		name, path, accept           string
		status                       int
		kind, caching, encoding, has string
	}{
		{"the start page is asked for again each time", "/", "", 200, "text/html; charset=utf-8", "no-cache", "", "Deskbell"},
		{"a path of the application is the start page", "/tickets/INC-42", "", 200, "text/html; charset=utf-8", "no-cache", "", "Deskbell"},
		{"a hashed file is kept for ever", "/assets/index-Bmb5VEbi.js", "", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "", "let desk"},
		{"the built brotli form is sent", "/assets/index-Bmb5VEbi.js", "gzip, deflate, br", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "br", "brotli form"},
		{"gzip where brotli is refused", "/assets/index-Bmb5VEbi.js", "br;q=0, gzip", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "gzip", ""},
		{"a file without a hash is asked for again", "/theme.js", "", 200, "text/javascript; charset=utf-8", "no-cache", "", "let theme"},
		{"a file of an older build is gone", "/assets/index-OLDOLD12.js", "", 404, "application/json", "", "", "404"},
		{"an unknown interface is JSON", "/api/nothing", "", 404, "application/json", "", "", "404"},
		{"the interface itself is JSON", "/api", "", 404, "application/json", "", "", "404"},
		{"the build's notes are no file", "/.vite/manifest.json", "", 200, "text/html; charset=utf-8", "no-cache", "", "Deskbell"},
		{"a path upwards is the start page", "/a/../../../etc/passwd", "", 307, "", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodGet, tt.path, nil)
			req.Header.Set("Accept-Encoding", tt.accept)
			res := httptest.NewRecorder()
			handler.ServeHTTP(res, req)
			assert.Equal(t, tt.status, res.Code)
			if tt.kind == "" {
				return
			}
			assert.Equal(t, tt.kind, res.Header().Get("Content-Type"))
			assert.Equal(t, tt.caching, res.Header().Get("Cache-Control"))
			assert.Equal(t, tt.encoding, res.Header().Get("Content-Encoding"))
			assert.Contains(t, res.Body.String(), tt.has)
		})
	}
}

func TestAnUnchangedPageIsNotSentAgain(t *testing.T) {
	handler := mux(t, built())
	first := httptest.NewRecorder()
	handler.ServeHTTP(first, httptest.NewRequest(http.MethodGet, "/", nil))
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header.Set("If-None-Match", first.Header().Get("ETag"))
	again := httptest.NewRecorder()
	handler.ServeHTTP(again, req)
	assert.Equal(t, http.StatusNotModified, again.Code)
	assert.Zero(t, again.Body.Len())
}

func TestAProgramWithoutScreensSaysHowToBuildThem(t *testing.T) {
	res := httptest.NewRecorder()
	mux(t, fstest.MapFS{".keep": {}}).ServeHTTP(res, httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Equal(t, 200, res.Code)
	assert.Contains(t, res.Body.String(), "make run")
}
