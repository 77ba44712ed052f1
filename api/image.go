package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"
	"golang.org/x/net/html"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/notify/fetch"
)

// Bounds of a remote image: chosen; larger ones are no pictures for a mail.
const (
	imageBytes = 5 << 20
	imageTime  = 10 * time.Second
	imageAtOne = 8 // fetched at the same time
)

// Images shows the remote pictures of mails, which browsers never fetch
// themselves: whoever sent the mail would learn who reads it, and when.
type Images struct {
	// Get fetches an address of the outside.
	Get  func(ctx context.Context, address string) (*fetch.Answer, error)
	busy chan struct{}
}

// NewImages returns the pictures as fetched by the guarded client.
func NewImages() Images {
	return Images{Get: fetch.New(fetch.Limits{Bytes: imageBytes, Time: imageTime}).Get, busy: make(chan struct{}, imageAtOne)}
}

// image answers GET /api/desk/image?message={id}&url={address}: a picture
// that the mail shows, for agents who may open the message. What fails, fails
// alike: the answer tells nothing of what stands at the address.
func (i Images) image(e *core.RequestEvent) error {
	q := e.Request.URL.Query()
	row, err := e.App.FindRecordById(collections.Messages, q.Get("message"))
	if err != nil {
		return e.NotFoundError("", nil)
	}
	if err := mayOpen(e, row); err != nil {
		return err
	}
	if !showsImage(row.GetString("html"), q.Get("url")) {
		return e.NotFoundError("", nil)
	}
	ctx, stop := context.WithTimeout(e.Request.Context(), 2*imageTime)
	defer stop()
	select {
	case i.busy <- struct{}{}:
		defer func() { <-i.busy }()
	case <-ctx.Done():
		return e.NotFoundError("The image cannot be shown.", nil)
	}
	answer, err := i.Get(ctx, q.Get("url"))
	if err != nil || answer.Status != http.StatusOK {
		return e.NotFoundError("The image cannot be shown.", nil)
	}
	kind := http.DetectContentType(answer.Body)
	switch kind {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
	default:
		return e.NotFoundError("The image cannot be shown.", nil)
	}
	h := e.Response.Header()
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	return e.Blob(http.StatusOK, kind, answer.Body)
}

// showsImage says whether stored HTML holds a blocked image of the address.
func showsImage(stored, address string) bool {
	if address == "" {
		return false
	}
	for z := html.NewTokenizer(strings.NewReader(stored)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return false
		case html.StartTagToken, html.SelfClosingTagToken:
			for _, a := range z.Token().Attr {
				if a.Key == "data-remote-src" && a.Val == address {
					return true
				}
			}
		}
	}
}
