package main

import (
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/trim"
)

// replyOf returns what a mail says anew.
func replyOf(m *mail.Message) string {
	if m.TextMade {
		return replyOfHTML(m.HTML)
	}
	return replyOfText(m.Text)
}

// replyOfText strips quotes and signature from a plain text.
func replyOfText(s string) string { return trim.Text(s).ReplyText }

// replyOfHTML strips quotes and signature from an HTML body.
func replyOfHTML(html string) string { return trim.HTML(html).ReplyText }
