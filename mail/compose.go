package mail

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Purpose says on whose behalf a mail is written; the fields that tell other
// machines to keep quiet follow from it.
type Purpose string

// The purposes. A person's reply carries no sign of a machine, so that the
// absence notes of people come back and are kept.
const (
	ByPerson        Purpose = "person"
	Notification    Purpose = "notification"    // Auto-Submitted: auto-generated
	Acknowledgement Purpose = "acknowledgement" // Auto-Submitted: auto-replied, null envelope sender
	Announcement    Purpose = "announcement"    // as Notification, with Precedence: bulk
)

// Outgoing is a mail to be written. It has a field for what the world may read
// and none for anything else: notes have no way in (SECURITY-REQUIREMENTS C12).
type Outgoing struct {
	Purpose    Purpose
	From       Address
	ReplyTo    []Address
	To, Cc     []Address
	Bcc        []Address // in the envelope only
	Only       []string  // recipients that are left, as [Outgoing.Envelope] spells them; empty for all
	Subject    string
	Date       time.Time
	MessageID  string   // without < >; made by [Keyring.MessageID]
	InReplyTo  string   // without < >, "" for a first mail
	References []string // without < >; made by [ReplyReferences]
	LoopToken  string   // [Keyring.LoopToken]; written on automatic mail only

	Text        string // made from HTML if empty
	HTML        string // sanitised by the caller; "" for a mail of text alone
	Inline      []File // images that HTML shows through cid:
	Attachments []File

	EnvelopeFrom string // where bounces go; From if empty; unused for an Acknowledgement
}

// File is a part of an outgoing mail. Open is called once for each [Compose]
// and must give the same bytes each time.
type File struct {
	Name      string
	Type      string // media type; application/octet-stream if empty or unusable
	ContentID string // without < >; of an inline file
	Open      func() (io.ReadCloser, error)
}

// Envelope is what an SMTP client says before the mail.
type Envelope struct {
	From string   // "" is the null sender
	To   []string // without doubles
	UTF8 bool     // an address needs SMTPUTF8
}

// HeaderError says which field of an [Outgoing] cannot be written. Trying
// again is useless.
type HeaderError struct {
	Field string
	Err   error
}

// Error names the field and what is wrong with it.
func (e *HeaderError) Error() string { return "compose: " + e.Field + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *HeaderError) Unwrap() error { return e.Err }

// Envelope returns sender and recipients, Bcc included. The error is a
// [*HeaderError].
func (o Outgoing) Envelope() (Envelope, error) {
	var env Envelope
	from := o.EnvelopeFrom
	if from == "" {
		from = o.From.Addr
	}
	if o.Purpose != Acknowledgement {
		form, wide, err := SendForm(from)
		if err != nil {
			return env, &HeaderError{"envelope sender", err}
		}
		env.From, env.UTF8 = form, wide
	}
	seen := map[string]bool{}
	for _, list := range [][]Address{o.To, o.Cc, o.Bcc} {
		for _, a := range list {
			form, wide, err := SendForm(a.Addr)
			if err != nil {
				return env, &HeaderError{"recipient", err}
			}
			if !seen[Fold(form)] && (len(o.Only) == 0 || slices.Contains(o.Only, form)) {
				seen[Fold(form)] = true
				env.To = append(env.To, form)
				env.UTF8 = env.UTF8 || wide
			}
		}
	}
	if len(env.To) == 0 {
		return env, &HeaderError{"recipient", errors.New("there is none")}
	}
	return env, nil
}

// Compose writes o as a mail with CRLF line ends, 7-bit but for UTF-8 in
// addresses that need it. Files are streamed. The same Outgoing gives the same
// bytes, boundaries included, so that every attempt of an outbox row sends one
// and the same mail. A control character in any header value, a wrong
// address or a missing Date or MessageID is refused with a [*HeaderError]
// before anything is written.
func Compose(w io.Writer, o Outgoing) error {
	if o.Text == "" && o.HTML != "" {
		o.Text = TextFromHTML(o.HTML)
	}
	head, err := composeHead(o)
	if err != nil {
		return err
	}
	b := &bodyWriter{w: bufio.NewWriterSize(w, 32<<10), seed: o.MessageID}
	b.text(head)
	b.part(layOut(o))
	b.text("\r\n")
	if b.err == nil {
		b.err = b.w.Flush()
	}
	if b.err != nil {
		return fmt.Errorf("compose %s: %w", o.MessageID, b.err)
	}
	return nil
}

// composeHead returns the header of the whole mail, without that of its body.
func composeHead(o Outgoing) (string, error) {
	h := &headWriter{}
	if _, err := o.Envelope(); err != nil {
		return "", err
	}
	if o.Date.IsZero() {
		return "", &HeaderError{"Date", errors.New("is missing")}
	}
	if !sendableID(o.MessageID) || !strings.Contains(o.MessageID, "@") {
		return "", &HeaderError{"Message-ID", fmt.Errorf("%.80q is no id", o.MessageID)}
	}
	h.addresses("From", []Address{o.From})
	h.addresses("Reply-To", o.ReplyTo)
	h.addresses("To", o.To)
	h.addresses("Cc", o.Cc)
	if len(o.To) == 0 && len(o.Cc) == 0 {
		h.plain("To", "undisclosed-recipients:;")
	}
	h.unstructured("Subject", o.Subject)
	h.plain("Date", o.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	h.ids("Message-ID", o.MessageID)
	h.ids("In-Reply-To", o.InReplyTo)
	h.ids("References", trimReferences(o.References)...)
	h.automatic(o)
	h.plain("MIME-Version", "1.0")
	return h.b.String(), h.err
}

// automatic writes what tells machines to be quiet.
//
// Source: RFC 3834 §5, MAIL.md §2 "Outbound automatic mail".
func (h *headWriter) automatic(o Outgoing) {
	switch o.Purpose {
	case ByPerson:
		return
	case Acknowledgement:
		h.plain("Auto-Submitted", "auto-replied")
	case Notification:
		h.plain("Auto-Submitted", "auto-generated")
	case Announcement:
		h.plain("Auto-Submitted", "auto-generated")
		h.plain("Precedence", "bulk")
	default:
		h.fail("Purpose", fmt.Errorf("%q is unknown", o.Purpose))
	}
	h.plain("X-Auto-Response-Suppress", "All")
	if o.LoopToken != "" {
		h.plain(LoopHeader, o.LoopToken)
	}
}

// layOut arranges text, HTML, images and attachments. An image that the HTML
// does not show becomes an attachment: hidden parts are never seen.
func layOut(o Outgoing) part {
	body := part{kind: "text/plain", text: o.Text}
	attachments := o.Attachments
	if o.HTML != "" {
		html := part{kind: "text/html", text: o.HTML}
		related := part{kind: "multipart/related", parts: []part{html}}
		for _, f := range o.Inline {
			if f.ContentID != "" && strings.Contains(o.HTML, "cid:"+f.ContentID) {
				related.parts = append(related.parts, part{file: f, inline: true})
			} else {
				attachments = append(attachments[:len(attachments):len(attachments)], f)
			}
		}
		if len(related.parts) > 1 {
			html = related
		}
		body = part{kind: "multipart/alternative", parts: []part{body, html}}
	} else {
		attachments = append(attachments[:len(attachments):len(attachments)], o.Inline...)
	}
	if len(attachments) == 0 {
		return body
	}
	mixed := part{kind: "multipart/mixed", parts: []part{body}}
	for _, f := range attachments {
		mixed.parts = append(mixed.parts, part{file: f})
	}
	return mixed
}

// boundary is unique in the mail and cannot occur in what stands between:
// "=_" is neither quoted-printable nor base64.
func boundary(seed string, n int) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("boundary %d of %s", n, seed)))
	return "=_" + hex.EncodeToString(sum[:12])
}
