package mail

import (
	"regexp"
	"strings"
)

// patterns of a bounce's text. They are compiled at each use: bounces without
// a machine part are few.
const (
	addressPattern = `[A-Za-z0-9!#$%&'*+/=?^_{|}~.-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.?[A-Za-z0-9-]+`
	statusPattern  = `(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:[^\d.]|\.?$|\.\s)`
	replyPattern   = `(?:^|[^\d.@])([45]\d\d)[ -]`
)

// statusCode returns the first enhanced status code (RFC 3463) of s, "" if
// none.
func statusCode(s string) string {
	if m := regexp.MustCompile(statusPattern).FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// replyCode returns the first SMTP reply code of a failure in s, "" if none.
func replyCode(s string) string {
	if m := regexp.MustCompile(replyPattern).FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// maxFreeText is how much of a report's text is searched. Chosen.
const maxFreeText = 16 << 10

// recipientsOf finds the addresses that a free text says could not be reached.
func recipientsOf(m *Message) []Recipient {
	text := beforeOriginal(cut(m.Text, maxFreeText))
	status := statusCode(text)
	if status == "" {
		if code := replyCode(text); code != "" {
			status = code[:1] + ".0.0"
		}
	}
	action := "failed"
	if delayNotice(m) {
		action = "delayed"
	}
	found := failedHeader(m)
	if len(found) == 0 {
		found = addressesIn(text, ownSide(m))
	}
	var out []Recipient
	for _, a := range found {
		diag := lineAbout(text, a)
		r := Recipient{Recipient: a, Action: action, Status: status, Diagnostic: cut(diag, maxDiagnostic)}
		if s := statusCode(diag); s != "" {
			r.Status = s
		}
		out = append(out, r)
	}
	return out
}

// failedHeader reads X-Failed-Recipients.
func failedHeader(m *Message) []string {
	var out []string
	for _, a := range parseAddresses([]byte(m.Header.Get("X-Failed-Recipients")), "") {
		if strings.Contains(a.Addr, "@") && len(out) < maxRecipients {
			out = append(out, a.Addr)
		}
	}
	return out
}

// beforeOriginal cuts a report where it begins to repeat the mail.
func beforeOriginal(text string) string {
	low := strings.ToLower(text)
	if len(low) != len(text) {
		return text
	}
	end := len(text)
	for _, mark := range []string{
		"----- original message", "original message follows", "--- below this line", "------ this is a copy", "this is a copy of the message", "copy of your message", "-------- original message", "----- unsent message",
		"--- original message", "your original message", "original message header", "message headers follow", "message header follow", "------- returned message", "----- message header", "below is a copy of the original", "the header and top", "message details:",
		"--- message body follows", "-----original message", "the original mail follows", "copy of the original message", "\nreceived: from", "\nreturn-path:", "your message reads",
	} {
		if i := strings.Index(low, mark); i > 0 && i < end {
			end = i
		}
	}
	return text[:end]
}

// ownSide are addresses that a report names but that are not what failed.
func ownSide(m *Message) map[string]bool {
	own := map[string]bool{}
	for _, list := range [][]Address{m.From, m.To, m.Cc, m.ReplyTo} {
		for _, a := range list {
			own[Fold(a.Addr)] = true
		}
	}
	return own
}

// addressesIn lists the addresses of a text, without our own side and without
// those of the returned mail.
func addressesIn(text string, own map[string]bool) []string {
	re := regexp.MustCompile(addressPattern)
	seen := map[string]bool{}
	var out []string
	for _, line := range strings.Split(text, "\n") {
		if aboutTheMail(line) {
			continue
		}
		for _, a := range re.FindAllString(line, maxRecipients) {
			a = strings.Trim(strings.TrimPrefix(a, "SMTP="), "'.")
			key := Fold(a)
			local, _, _ := strings.Cut(key, "@")
			if seen[key] || own[key] || isDaemon(local) || len(out) >= maxRecipients {
				continue
			}
			seen[key] = true
			out = append(out, a)
		}
	}
	return out
}

// aboutTheMail says whether a line names addresses of the returned mail
// rather than of what failed.
func aboutTheMail(line string) bool {
	name := strings.ToLower(fieldName([]byte(strings.TrimLeft(line, " \t>"))))
	switch name {
	case "message-id", "from", "sender", "subject", "cc", "reply-to", "return-path", "date", "references", "in-reply-to", "received":
		return true
	}
	low := strings.ToLower(line)
	return strings.Contains(low, "postmaster") || strings.Contains(low, "please contact") || strings.Contains(low, "unsubscribe")
}

// lineAbout returns the line that names the address and what follows it up to
// a blank line.
func lineAbout(text, addr string) string {
	i := strings.Index(text, addr)
	if i < 0 {
		return ""
	}
	start := strings.LastIndexByte(text[:i], '\n') + 1
	rest := text[start:]
	if end := strings.Index(rest, "\n\n"); end >= 0 {
		if short := rest[:end]; len(strings.TrimSpace(short)) > len(addr)+4 {
			return oneLine(short)
		}
		tail := strings.TrimLeft(rest[end:], "\n")
		if end2 := strings.Index(tail, "\n\n"); end2 >= 0 {
			tail = tail[:end2]
		}
		rest = rest[:end] + "\n" + tail
	}
	return oneLine(cut(rest, maxDiagnostic))
}

// hard says whether a failure is for good and about the address itself: no
// such user or host, moved, or refused for good; not a full mailbox, a policy
// or a size.
func (r Recipient) hard() bool {
	if r.Action != "failed" && r.Action != "" || strings.HasPrefix(r.Status, "4.") {
		return false
	}
	diag := strings.ToLower(r.Diagnostic)
	if containsAny(diag, []string{
		"mailbox full", "mailbox is full", "over quota", "overquota", "quota exceeded", "exceeds quota", "access denied", "blacklist", "black list", "blocked", "sender rejected", "spam", "relaying denied", "too large", "exceed size",
		"sender address rejected", "not authorized", "policy",
	}) {
		return false
	}
	switch {
	case strings.HasPrefix(r.Status, "5.1."):
		return r.Status != "5.1.8" && r.Status != "5.1.7" // about the sender
	case r.Status == "5.2.1", r.Status == "5.4.4":
		return true
	}
	return containsAny(diag, []string{
		"user unknown", "unknown user", "no such user", "no such recipient", "does not exist", "doesn't exist", "not found", "unknown recipient", "no such address", "unrouteable address", "unknown local",
		"invalid recipient", "invalid address", "check if address is correct", "recipient unknown", "unknown address", "host unknown", "unknown host", "no such domain", "no mx record", "domain does not", "dns lookup failure", "domain not found", "not listed in", "no mailbox here", "account has been disabled", "account is disabled", "mailbox unavailable", "address rejected", "no longer valid", "user doesn't have", "not our customer",
	})
}
