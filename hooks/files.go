package hooks

import (
	"mime"
	"net/http"

	"github.com/pocketbase/pocketbase/core"
)

// filePolicy lets a stored file do nothing even if a browser shows it.
const filePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"

// shown are the only types that a browser may show in place (D3): bitmaps.
var shown = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true}

// guardFile sets the headers of a stored file. PocketBase would let browsers
// keep it for 30 days and show PDF and video in place.
func guardFile(e *core.FileDownloadRequestEvent) error {
	kind, err := fileType(e)
	if err != nil {
		return e.NotFoundError("", err)
	}
	h := e.Response.Header()
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	disposition := "attachment"
	if shown[kind] && e.Request.URL.Query().Get("download") == "" {
		disposition = "inline"
	}
	if !shown[kind] {
		h.Set("Content-Type", "application/octet-stream")
	}
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": e.ServedName}))
	return e.Next()
}

// fileType is the type by content, as PocketBase found it.
func fileType(e *core.FileDownloadRequestEvent) (string, error) {
	fsys, err := e.App.NewFilesystem()
	if err != nil {
		return "", err
	}
	defer fsys.Close()
	fsys.SetContext(e.Request.Context())
	attributes, err := fsys.Attributes(e.ServedPath)
	if err != nil {
		return "", err
	}
	kind, _, err := mime.ParseMediaType(attributes.ContentType)
	if err != nil {
		return http.DetectContentType(nil), nil // an unknown type is downloaded
	}
	return kind, nil
}
