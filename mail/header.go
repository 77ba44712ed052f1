package mail

import (
	"bytes"
	"strings"
)

// rawField is a header field as it stands in the mail, unfolded.
type rawField struct {
	name  string
	value []byte
}

// rawHeader is a header in its order.
type rawHeader []rawField

// get returns the first value of a field, nil if absent. name is in lower case.
func (h rawHeader) get(name string) []byte {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return nil
}

// all returns every value of a field.
func (h rawHeader) all(name string) [][]byte {
	var out [][]byte
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			out = append(out, f.value)
		}
	}
	return out
}

// fieldName returns the name of the field that begins on line, "" if line
// does not begin one. A blank before the colon is accepted.
func fieldName(line []byte) string {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || i > 255 {
		return ""
	}
	name := bytes.TrimRight(line[:i], " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return ""
		}
	}
	return string(name)
}

// knownField says whether name is a field that mails really have, so that a
// bad line before it is damage and not the beginning of the body.
func knownField(name string) bool {
	name = strings.ToLower(name)
	for _, p := range []string{"content-", "x-", "list-", "resent-", "arc-", "dkim-"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	switch name {
	case "from", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version", "received", "reply-to",
		"sender", "return-path", "in-reply-to", "references", "delivered-to", "importance", "user-agent", "organization",
		"authentication-results", "thread-topic", "thread-index", "precedence", "auto-submitted", "errors-to":
		return true
	}
	return false
}

// parseHeader reads the fields of a header block. Lines that belong to no
// field are left out.
func parseHeader(block []byte) rawHeader {
	var h rawHeader
	for len(block) > 0 {
		line := block
		if i := bytes.IndexByte(block, '\n'); i >= 0 {
			line, block = block[:i+1], block[i+1:]
		} else {
			block = nil
		}
		line = trimEOL(line)
		if len(line) == 0 {
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if n := len(h); n > 0 {
				h[n-1].value = append(h[n-1].value, line...)
			}
			continue
		}
		name := fieldName(line)
		if name == "" {
			continue
		}
		value := line[bytes.IndexByte(line, ':')+1:]
		h = append(h, rawField{name, append(make([]byte, 0, len(value)), value...)})
	}
	for i := range h {
		h[i].value = bytes.TrimSpace(h[i].value)
	}
	return h
}
