package api

import (
	"mime"
	"net/http"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/safehtml"
)

// original answers GET /api/desk/messages/{id}/original: the whole mail that
// a message came by, nothing trimmed, sanitised: {html, text, headers}.
func (d Desk) original(e *core.RequestEvent) error {
	row, err := e.App.FindRecordById(collections.Messages, e.Request.PathValue("id"))
	if err != nil {
		return e.NotFoundError("", nil)
	}
	if err := mayOpen(e, row); err != nil {
		return err
	}
	in, err := collections.MailOf(e.App, row.Id)
	if err != nil {
		return e.NotFoundError("This message did not come by mail.", nil)
	}
	f, err := d.Vault.Open(in.SHA256)
	if err != nil {
		return e.NotFoundError("The raw mail is not there any more.", nil)
	}
	defer f.Close() // read only
	m, err := mail.Parse(f, in.Size, mail.DefaultLimits())
	if err != nil {
		return e.InternalServerError("", err)
	}
	clean := safehtml.Clean(m.HTML, safehtml.Options{})
	return e.JSON(http.StatusOK, map[string]any{"html": clean.HTML, "text": m.Text, "blocked_images": clean.RemoteImages, "headers": shownHeaders(m)})
}

// shownHeaders are the fields that tell a reader where a mail comes from.
func shownHeaders(m *mail.Message) []map[string]string {
	out := []map[string]string{}
	for _, name := range []string{"From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "Return-Path", "Authentication-Results"} {
		if v := m.Header.Get(name); v != "" {
			out = append(out, map[string]string{"name": name, "value": v})
		}
	}
	return out
}

// raw answers GET /api/desk/mails/{id}/raw: the bytes as they came. A mail of
// a ticket that the caller may not open does not exist.
func (d Desk) raw(e *core.RequestEvent) error {
	in, err := e.App.FindRecordById(collections.InboundMails, e.Request.PathValue("id"))
	if err != nil {
		return e.NotFoundError("", nil)
	}
	message := in.GetString("message")
	if message == "" && collections.AsAgent(e.Auth).Role() != collections.RoleAdmin {
		return e.NotFoundError("", nil) // on no ticket: for those who look after the mail
	}
	if message != "" {
		row, err := e.App.FindRecordById(collections.Messages, message)
		if err != nil {
			return e.NotFoundError("", nil)
		}
		if err := mayOpen(e, row); err != nil {
			return err
		}
	}
	f, err := d.Vault.Open(in.GetString("sha256"))
	if err != nil {
		return e.NotFoundError("The raw mail is not here.", nil)
	}
	defer f.Close() // read only
	h := e.Response.Header()
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": in.Id + ".eml"}))
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	return e.Stream(http.StatusOK, "message/rfc822", f)
}
