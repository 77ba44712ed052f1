package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"
)

// unbuilt is shown by a program that was built without its screens.
const unbuilt = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Deskbell</title></head>
<body style="font-family:sans-serif;max-width:40em;margin:4em auto;line-height:1.5">
<h1>This Deskbell has no screens</h1>
<p>It was built without them. Build them and the program again with <code>make build</code>, or start with <code>make run</code>.</p>
<p>The interface for programs works at <code>/api/</code>, the dashboard at <a href="/_/">/_/</a>.</p>
</body></html>`

// Screens serves the built screens: files as they are, and index.html for
// every path of the application.
type Screens struct {
	files map[string]*screenFile
	index *screenFile
}

// screenFile is one file in the forms in which it can be sent.
type screenFile struct {
	kind       string // content type
	etag       string
	immutable  bool // the name changes with the content
	plain      []byte
	brotli, gz []byte // nil if the form is no shorter
}

// hashed finds the content hash that the build puts into a name: index-BxK3_9aQ.js
var hashedName = regexp.MustCompile(`[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$`)

// NewScreens reads the built screens once. They are a few hundred kB, and
// the compressed forms that the build left beside them (.br, .gz) are used
// as they are.
func NewScreens(dist fs.FS) (*Screens, error) {
	s := &Screens{files: map[string]*screenFile{}}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != ".":
			return fs.SkipDir // the build's own notes
		case d.IsDir() || strings.HasPrefix(d.Name(), "."):
			return nil
		}
		if ext := path.Ext(name); ext == ".br" || ext == ".gz" {
			return nil
		}
		f, err := readScreen(dist, name)
		s.files[name] = f
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the screens: %w", err)
	}
	if s.index = s.files["index.html"]; s.index == nil {
		s.index = newScreen("index.html", []byte(unbuilt))
	}
	return s, nil
}

func readScreen(dist fs.FS, name string) (*screenFile, error) {
	plain, err := fs.ReadFile(dist, name)
	if err != nil {
		return nil, err
	}
	f := newScreen(name, plain)
	if f.brotli, err = sibling(dist, name+".br"); err != nil {
		return nil, err
	}
	if ready, err := sibling(dist, name+".gz"); err != nil {
		return nil, err
	} else if ready != nil {
		f.gz = ready
	}
	return f, nil
}

func newScreen(name string, plain []byte) *screenFile {
	sum := sha256.Sum256(plain)
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) { // fixed, because the table of the system may differ
	case ".js", ".mjs":
		kind = "text/javascript; charset=utf-8"
	case ".css":
		kind = "text/css; charset=utf-8"
	case ".woff2":
		kind = "font/woff2"
	case ".webmanifest":
		kind = "application/manifest+json"
	}
	f := &screenFile{kind: kind, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, plain: plain,
		immutable: strings.HasPrefix(name, "assets/") && hashedName.MatchString(name)}
	if strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "svg") {
		f.gz = squeeze(plain)
	}
	return f
}

func sibling(dist fs.FS, name string) ([]byte, error) {
	b, err := fs.ReadFile(dist, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// squeeze returns the gzip form, nil if it is no shorter.
func squeeze(plain []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(plain); err != nil || w.Close() != nil || out.Len() >= len(plain) {
		return nil
	}
	return out.Bytes()
}

// serve answers GET of everything that is no interface. Paths of /api/ that
// nobody else answers are 404 as JSON; a missing file of the build is 404
// too, so that an old page notices; all else is the application.
func (s *Screens) serve(e *core.RequestEvent) error {
	name := strings.TrimPrefix(path.Clean(e.Request.URL.Path), "/")
	if name == "api" || strings.HasPrefix(name, "api/") || name == "_" || strings.HasPrefix(name, "_/") {
		return e.NotFoundError("", nil)
	}
	f := s.files[name]
	if f == nil && strings.HasPrefix(name, "assets/") {
		return e.NotFoundError("", nil)
	}
	if f == nil {
		f = s.index
	}
	f.send(e.Response, e.Request)
	return nil
}

func (f *screenFile) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if f.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := f.plain
	switch accepts := r.Header.Get("Accept-Encoding"); {
	case r.Header.Get("Range") != "":
	case f.brotli != nil && offers(accepts, "br"):
		body = f.brotli
		h.Set("Content-Encoding", "br")
	case f.gz != nil && offers(accepts, "gzip"):
		body = f.gz
		h.Set("Content-Encoding", "gzip")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// offers says whether a browser takes an encoding; q=0 is a refusal.
func offers(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			return strings.ReplaceAll(weight, " ", "") != "q=0"
		}
	}
	return false
}
