package trim

import (
	"strings"

	"github.com/deskbell/deskbell/mail/markup"
)

// within returns the place inside element n.
func (at place) within(n *markup.Node) place {
	at.pre = at.pre || n.Tag == "pre" || strings.Contains(n.Get("style"), "white-space: pre") || strings.Contains(n.Get("style"), "white-space:pre")
	names := names(n)
	switch {
	case at.quoted:
	case n.Tag == "blockquote" && names.any("gmail_quote") && at.hint != attribution:
		at.quoted, at.hint = true, quote // Gmail's button or forward, unless an attribution stands above or inside
	case (n.Tag == "blockquote" && !indent(n) || names.any(quoteNames)) && !passesOn(n):
		at.quoted, at.hint = true, text
	case names.any("moz-cite-prefix gmail_attr") && !passesOn(n):
		at.hint = attribution
	case names.any(signatureNames):
		at.hint = signature
	}
	return at
}

// The classes, ids and names by which mail programs mark their parts. Source:
// MAIL.md, section 3, and the programs' own mails.
const (
	quoteNames = "yahoo_quoted protonmail_quote tutanota_quote zmail_extra zmail mailru-blockquote nylas-quote mailspring-quote " +
		"front-blockquote quote ms-outlook-mobile-reference-message hotmail_quote freebirdEmailQuote qmbox_quote tmail-quote"
	signatureNames = "gmail_signature gmail_signature_prefix applemailsignature moz-signature moz-txt-sig signature protonmail_signature_block " +
		"ms-outlook-mobile-signature ymail_signature zimbra-signature"
	// startNames stand at or above the header of a quoted message.
	startNames = "divrplyfwdmsg appendonsend mail-editor-reference-message-container stopspelling zwchr olk_src_body_section " +
		"outlookmessageheader isforwardcontent_reply reply-intro replyheader"
)

// nameList is what an element is called: its classes, id and name, in lower
// case and without the x_ that Outlook puts before foreign ones.
type nameList []string

func names(n *markup.Node) nameList {
	var out nameList
	for _, key := range []string{"class", "id", "name", "data-marker"} {
		if v := n.Get(key); v != "" && len(v) < 500 {
			for w := range strings.FieldsSeq(strings.ToLower(v)) {
				out = append(out, strings.TrimPrefix(strings.Trim(w, `"'\`), "x_"))
			}
		}
	}
	return out
}

// any says whether one of the names is in the list of words.
func (names nameList) any(list string) bool {
	for _, name := range names {
		for w := range strings.FieldsSeq(list) {
			if strings.EqualFold(w, name) {
				return true
			}
		}
	}
	return false
}

// startsQuote says whether an unmarked quote begins at element n.
func startsQuote(n *markup.Node) bool {
	if (n.Tag == "div" || n.Tag == "hr" || n.Tag == "span" || n.Tag == "table") && names(n).any(startNames+" __divider__") {
		return true
	}
	style := strings.ToLower(strings.Join(strings.Fields(n.Get("style")), ""))
	if n.Tag != "div" || !strings.Contains(style, "border-top:solid#e1e1e1") && !strings.Contains(style, "border-top:solid#b5c4df") {
		return false
	}
	first := folded(firstWords(n, 200))
	return strings.IndexByte(first, ':') > 0
}

// passesOn says whether an element begins with the title of a forwarded
// message.
func passesOn(n *markup.Node) bool {
	first := folded(firstWords(n, 300))
	for title := range forwards {
		if at := strings.Index(first, title); at >= 0 && at < 40 {
			return true
		}
	}
	return false
}

// indent says whether a blockquote is the "increase indent" of an editor.
func indent(n *markup.Node) bool {
	style := strings.ToLower(strings.Join(strings.Fields(n.Get("style")), ""))
	return n.Get("type") == "" && strings.Contains(style, "margin:00040px") && strings.Contains(style, "border:none")
}

// firstWords returns about the first so many bytes of the text of n.
func firstWords(n *markup.Node, most int) string {
	var b strings.Builder
	var walk func(*markup.Node)
	walk = func(n *markup.Node) {
		b.WriteString(n.Text)
		for _, k := range n.Kids {
			if b.Len() > most {
				return
			}
			if k.Tag != "" {
				b.WriteString(" ")
			}
			walk(k)
		}
	}
	walk(n)
	return b.String()
}
