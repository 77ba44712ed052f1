package mail

import (
	"io"
	"slices"
	"strings"
)

// Report is what a delivery report tells.
type Report struct {
	Recipients []Recipient // every block, in order
	OriginalID string      // Message-ID of the mail it is about, "" if not told
	Hard       bool        // failed for good because the address is bad or closed
	Delayed    bool        // nothing has failed yet, the server goes on trying
	Delivered  bool        // nothing has failed: all that is told was delivered, relayed or expanded
}

// Recipient is one block of a delivery report.
type Recipient struct {
	Recipient  string // address
	Action     string // failed, delayed, delivered, relayed, expanded; lower case, "" if not told
	Status     string // enhanced status code such as 5.1.1, "" if not told
	Diagnostic string // what the other server said
}

// Bounds on what is read of a report. Chosen.
const (
	maxReport     = 256 << 10
	maxRecipients = 200
	maxDiagnostic = 2000
)

// findReport returns what a delivery report says, nil if m is none.
func findReport(m *Message, s signs) *Report {
	rep := &Report{}
	for _, a := range m.Attachments {
		if a.Type == "message/delivery-status" || a.Type == "message/global-delivery-status" {
			rep.add(readStatus(a))
		}
	}
	if !reported(rep, s) && !s.looksBounced(m) {
		return nil
	}
	if len(rep.Recipients) == 0 {
		rep.Recipients = recipientsOf(m)
	}
	rep.OriginalID = originalID(m)
	rep.judge(m)
	return rep
}

// add appends blocks that are not there yet.
func (rep *Report) add(blocks []Recipient) {
	for _, b := range blocks {
		if !slices.Contains(rep.Recipients, b) && len(rep.Recipients) < maxRecipients {
			rep.Recipients = append(rep.Recipients, b)
		}
	}
}

// reported says whether the machine part of a report is one: it names an
// action, or there is another sign of a mail system.
func reported(rep *Report, s signs) bool {
	for _, r := range rep.Recipients {
		switch r.Action {
		case "failed", "delayed", "delivered", "relayed", "expanded":
			return true
		}
	}
	return len(rep.Recipients) > 0 && (s.daemon || s.nullSender || strings.HasPrefix(s.autoSubmitted, "auto-") || s.bounceSubject)
}

// judge sets the flags of the whole report.
func (rep *Report) judge(m *Message) {
	failed, delayed, delivered := false, false, false
	for _, r := range rep.Recipients {
		switch r.Action {
		case "delayed":
			delayed = true
		case "delivered", "relayed", "expanded":
			delivered = true
		default:
			failed = true
		}
		rep.Hard = rep.Hard || r.hard()
	}
	if len(rep.Recipients) == 0 {
		failed = true
	}
	if failed && !hasPart(m, "message/delivery-status") && delayNotice(m) {
		failed, delayed = false, true
	}
	rep.Delayed = delayed && !failed
	rep.Delivered = delivered && !failed && !delayed
	rep.Hard = rep.Hard && !rep.Delayed && !rep.Delivered
}

// readStatus reads the recipient blocks of a delivery-status part (RFC 3464):
// blocks of fields between blank lines, the first about the message.
func readStatus(a Attachment) []Recipient {
	rc, err := a.Open()
	if err != nil {
		return nil // unreadable now: the mail is still a report by its other signs
	}
	defer func() { _ = rc.Close() }() // nothing was written
	raw, err := io.ReadAll(io.LimitReader(rc, maxReport))
	if err != nil {
		return nil
	}
	text := normalEOL(decodeCharset(raw, "utf-8", ""))
	var out []Recipient
	for _, block := range strings.Split(text, "\n\n") {
		h := parseHeader([]byte(block + "\n"))
		if r, ok := statusBlock(h); ok && len(out) < maxRecipients {
			out = append(out, r)
		}
	}
	return out
}

// statusBlock reads one block; ok is false for the one about the message.
func statusBlock(h rawHeader) (Recipient, bool) {
	text := func(name string) string { return strings.Join(strings.Fields(oneLine(string(h.get(name)))), " ") }
	final := text("final-recipient")
	if final == "" {
		final = text("original-recipient")
	}
	if final == "" && text("action") == "" && text("status") == "" {
		return Recipient{}, false
	}
	r := Recipient{
		Recipient:  typedAddress(final),
		Action:     keyword(text("action")),
		Status:     statusCode(text("status")),
		Diagnostic: cut(afterType(text("diagnostic-code")), maxDiagnostic),
	}
	switch {
	case strings.HasPrefix(r.Action, "fail"), r.Action == "error":
		r.Action = "failed"
	case strings.HasPrefix(r.Action, "delay"):
		r.Action = "delayed"
	}
	return r, true
}

// typedAddress takes "rfc822;" off an address.
func typedAddress(s string) string {
	return cleanAddr(afterType(s))
}

// afterType takes "type;" off a value.
func afterType(s string) string {
	if kind, rest, ok := strings.Cut(s, ";"); ok && len(kind) < 20 && !strings.ContainsAny(strings.TrimSpace(kind), " @<") {
		return strings.TrimSpace(rest)
	}
	return s
}

// cut shortens s to n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return clean(strings.ToValidUTF8(s[:n], ""))
}

// originalID finds the Message-ID of the mail that the report is about: in
// the returned mail or its header, else in the text.
func originalID(m *Message) string {
	for _, a := range m.Attachments {
		switch a.Type {
		case "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers":
			if id := idInside(a); id != "" {
				return id
			}
		}
	}
	return idInText(m.Text)
}

func idInside(a Attachment) string {
	rc, err := a.Open()
	if err != nil {
		return "" // the report is told without it
	}
	defer func() { _ = rc.Close() }() // nothing was written
	return firstID(oneLine(string(innerHeader(rc).get("message-id"))))
}

// idInText finds a line "Message-ID: <…>" in a text, quoted or not.
func idInText(text string) string {
	lines := strings.Split(cut(text, maxReport), "\n")
	for i, line := range lines {
		line = strings.TrimLeft(line, "> \t|")
		if len(line) < 11 || !strings.EqualFold(line[:11], "message-id:") {
			continue
		}
		value := line[11:]
		if strings.TrimSpace(value) == "" && i+1 < len(lines) {
			value = lines[i+1]
		}
		if id := firstID(strings.TrimSpace(value)); strings.Contains(id, "@") {
			return id
		}
	}
	return ""
}
