package hooks

import (
	"io"
	"net/http"
	"strings"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/router"
)

// pagePolicy is what a page of the desk or of the dashboard may load. Images
// and styles allow what the frame of a mail needs, because the frame inherits
// this policy (A2); scripts come from files of our own only.
const pagePolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-src 'self' blob: about:; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Body caps in bytes (I1, chosen). Files and records of administrators are
// bounded by PocketBase and by the fields themselves.
const (
	signInBody   = 64 << 10
	deskBody     = 256 << 10
	realtimeBody = 1 << 20
	maxJSONDepth = 64
)

// Shield puts the security headers on every answer, the ones that never reach
// a route included, and refuses bodies that are compressed, too large or too
// deep before anything reads them.
func Shield(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header(), r)
		if status, why := refuseBody(r); status != 0 {
			router.ErrorHandler(w, r, router.NewApiError(status, why, nil))
			return
		}
		capBody(w, r)
		next.ServeHTTP(w, r)
	})
}

// setHeaders writes the headers of F5. Handlers may narrow the policy.
func setHeaders(h http.Header, r *http.Request) {
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	if strings.HasPrefix(r.URL.Path, "/api/") {
		h.Set("Cache-Control", "no-store")
	}
	// A browser ignores this header unless the connection was encrypted, so
	// a forged X-Forwarded-Proto does no harm.
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

func refuseBody(r *http.Request) (int, string) {
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return http.StatusUnsupportedMediaType, "Compressed request bodies are not accepted."
	}
	if limit := bodyCap(r.URL.Path); limit > 0 && r.ContentLength > limit {
		return http.StatusRequestEntityTooLarge, "The request is too large."
	}
	return 0, ""
}

func capBody(w http.ResponseWriter, r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	if limit := bodyCap(r.URL.Path); limit > 0 {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	}
	if strings.Contains(r.Header.Get("Content-Type"), "json") || strings.HasPrefix(r.URL.Path, "/api/desk/") {
		r.Body = &depthReader{ReadCloser: r.Body}
	}
}

// bodyCap is the largest body that a path takes, 0 to leave it to the route.
func bodyCap(path string) int64 {
	switch {
	case path == "/api/realtime":
		return realtimeBody
	case strings.HasPrefix(path, "/api/collections/") && !strings.Contains(path, "/records") && !strings.HasSuffix(path, "/import") && strings.Count(path, "/") > 3:
		return signInBody // /api/collections/NAME/auth-with-password and its kin
	case path == "/api/desk/setup", path == "/api/desk/signout":
		return signInBody
	case strings.HasPrefix(path, "/api/desk/"):
		return deskBody
	}
	return 0
}

// depthReader refuses JSON that is nested too deep while it is being read.
type depthReader struct {
	io.ReadCloser
	depth             int
	inString, escaped bool
}

// Read returns an error as soon as the nesting passes the cap.
func (d *depthReader) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	for _, c := range p[:n] {
		d.step(c)
		if d.depth > maxJSONDepth {
			return 0, router.NewBadRequestError("The request is nested too deep.", nil)
		}
	}
	return n, err
}

func (d *depthReader) step(c byte) {
	switch {
	case d.escaped:
		d.escaped = false
	case d.inString && c == '\\':
		d.escaped = true
	case c == '"':
		d.inString = !d.inString
	case d.inString:
	case c == '{' || c == '[':
		d.depth++
	case c == '}' || c == ']':
		d.depth--
	}
}

// leanHeaders drops what PocketBase adds per route and the policy says better.
func leanHeaders(e *core.RequestEvent) error {
	e.Response.Header().Set("X-Frame-Options", "DENY")
	e.Response.Header().Del("X-XSS-Protection")
	return e.Next()
}
