package hooks

import (
	"sync"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/safehtml"
	"github.com/deskbell/deskbell/mail/trim"
)

// content is what a message shows, sanitised.
type content struct {
	text, html string
	images     int      // remote ones, blocked
	trimmed    bool     // quoted text was folded away
	flags      []string // bounds that the HTML hit
}

// read sanitises what the mail says. It runs before the transaction: a
// hostile mail may take long, and there is only one writer.
func (a *arrival) read() {
	a.whole = clean(a.mail.Text, a.mail.HTML)
	a.anew = sync.OnceValue(func() content { return anew(a.mail) })
	if len(a.mail.InReplyTo)+len(a.mail.References) > 0 {
		a.anew() // it will be needed
	}
}

func clean(text, html string) content {
	r := safehtml.Clean(html, safehtml.Options{})
	return content{text: cutRunes(text, 400_000), html: r.HTML, images: r.RemoteImages, flags: r.Flags}
}

// anew is what the person wrote; what was quoted stays one click away in the
// raw mail.
func anew(m *mail.Message) content {
	t := trim.Text(m.Text)
	if m.HTML == "" {
		c := clean(t.Reply, "")
		c.trimmed = t.Quoted
		return c
	}
	h := trim.HTML(m.HTML)
	c := clean(t.Reply, h.Reply)
	c.trimmed = t.Quoted || h.Quoted
	if h.ReplyText != "" {
		c.text = cutRunes(h.ReplyText, 400_000)
	}
	return c
}

// body gives the message its content: all of a first mail, the new part of an
// answer.
func (a *arrival) body(m collections.Message, answers bool) {
	c := a.whole
	if answers {
		c = a.anew()
	}
	m.Set("text", c.text)
	m.Set("html", c.html)
	m.Set("blocked_images", c.images)
	m.Set("trimmed", c.trimmed)
	m.Set("flags", append(m.Flags(), c.flags...))
	collections.MarkClean(m.Record)
}
