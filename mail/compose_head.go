package mail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Line lengths, RFC 5322 §2.1.1: lines should stay below 78 characters and
// must below 998.
const (
	lineGoal  = 76
	wordLimit = 200 // a longer run without blank is cut into encoded words (chosen)
)

var errControl = errors.New("holds a control character")

// CleanHeader returns s as one line that [Compose] accepts: control
// characters and line separators become a blank, direction overrides go, outer
// blanks are taken off.
func CleanHeader(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return ' '
		case r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.TrimSpace(s)
}

// headWriter collects header fields and keeps the first error.
type headWriter struct {
	b   strings.Builder
	err error
}

func (h *headWriter) fail(field string, err error) {
	if h.err == nil {
		h.err = &HeaderError{field, err}
	}
}

// plain writes a value that is ASCII, and ours but for blanks to fold at.
func (h *headWriter) plain(field, value string) {
	if hasControl(value) {
		h.fail(field, errControl)
		return
	}
	h.b.WriteString(foldLine(field+": "+value) + "\r\n")
}

// unstructured writes free text.
func (h *headWriter) unstructured(field, value string) {
	h.plain(field, encodeText(strings.TrimSpace(strings.ToValidUTF8(value, "\ufffd"))))
}

// ids writes the ids that can be written; a foreign id that cannot is no
// reason to keep a mail back.
func (h *headWriter) ids(field string, ids ...string) {
	var out []string
	for _, id := range ids {
		if sendableID(id) {
			out = append(out, "<"+id+">")
		}
	}
	if len(out) > 0 {
		h.plain(field, strings.Join(out, " "))
	}
}

func (h *headWriter) addresses(field string, list []Address) {
	var out []string
	for _, a := range list {
		form, _, err := SendForm(a.Addr)
		if err != nil {
			h.fail(field, err)
			return
		}
		if hasControl(a.Name) {
			h.fail(field, errControl)
			return
		}
		name := strings.TrimSpace(strings.ToValidUTF8(a.Name, "\ufffd"))
		if name == "" {
			out = append(out, form)
		} else {
			out = append(out, encodePhrase(name)+" <"+form+">")
		}
	}
	if len(out) > 0 {
		h.plain(field, strings.Join(out, ", "))
	}
}

// encodeText writes text as it is if it is plain, else as encoded words.
func encodeText(s string) string {
	if plainHeader(s) {
		return s
	}
	return encodeWords(s)
}

// encodePhrase writes the display name of an address: atoms, a quoted string,
// or encoded words.
func encodePhrase(name string) string {
	if !plainHeader(name) {
		return encodeWords(name)
	}
	for i := 0; i < len(name); i++ {
		if !isAtom(name[i]) && name[i] != ' ' {
			return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
		}
	}
	return name
}

func isAtom(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// plainHeader says whether s comes through as it is: nothing to decode, and
// single blanks at which it can be folded.
func plainHeader(s string) bool {
	return isASCII(s) && !strings.Contains(s, "=?") && longestWord(s) <= wordLimit && !strings.Contains(s, "  ")
}

// encodeWords writes s as encoded words, each of whole characters, in the
// shorter of the two encodings. Q uses only what is allowed within a name.
//
// Source: RFC 2047 §2, §4 and §5 (3).
func encodeWords(s string) string {
	q := func(r rune) string {
		c := byte(r)
		switch {
		case r == ' ':
			return "_"
		case r < 0x80 && isAtom(c) && strings.IndexByte("=?_#$%&'^`{|}~", c) < 0:
			return string(r)
		}
		return strings.ReplaceAll(percentAll(string(r)), "%", "=")
	}
	size := 0
	for _, r := range s {
		size += len(q(r))
	}
	if size <= len(s)*4/3 {
		return cutWords(s, "q", q, func(piece string) string { return piece })
	}
	return cutWords(s, "b", func(r rune) string { return string(r) }, func(piece string) string {
		return base64.StdEncoding.EncodeToString([]byte(piece))
	})
}

// wordText is the payload of one encoded word, so short that the first one
// fits the line behind the field's name.
var wordText = map[string]int{"q": 48, "b": 36}

func cutWords(s, encoding string, spell func(rune) string, wrap func(string) string) string {
	var words []string
	piece := ""
	flush := func() {
		if piece != "" {
			words = append(words, "=?utf-8?"+encoding+"?"+wrap(piece)+"?=")
			piece = ""
		}
	}
	for _, r := range s {
		w := spell(r)
		if len(piece)+len(w) > wordText[encoding] {
			flush()
		}
		piece += w
	}
	flush()
	return strings.Join(words, " ")
}

func percentAll(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

// foldLine breaks a field at blanks so that lines stay short; the blanks
// remain, so unfolding gives the value back.
func foldLine(line string) string {
	if len(line) <= lineGoal {
		return line
	}
	words := strings.Split(line, " ")
	var b strings.Builder
	length := 0
	for i, w := range words {
		switch {
		case i > 1 && length+1+len(w) > lineGoal && w != "":
			b.WriteString("\r\n " + w)
			length = 1 + len(w)
		case i > 0:
			b.WriteString(" " + w)
			length += 1 + len(w)
		default:
			b.WriteString(w)
			length = len(w)
		}
	}
	return b.String()
}

func longestWord(s string) int {
	longest := 0
	for _, w := range strings.Split(s, " ") {
		longest = max(longest, len(w))
	}
	return longest
}

func hasControl(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) >= 0
}

// parameter writes a parameter of a MIME field, in pieces if it is long.
//
// Source: RFC 2231 §3 and §4, RFC 8187.
func parameter(name, value string) string {
	if isASCII(value) && len(value) <= 60 && !strings.ContainsAny(value, `"\%`) && !strings.Contains(value, "=?") {
		return fmt.Sprintf(";\r\n %s=\"%s\"", name, value)
	}
	var pieces []string
	piece := ""
	for _, r := range value {
		if len(piece) > 48 {
			pieces, piece = append(pieces, piece), ""
		}
		piece += percent(string(r))
	}
	pieces = append(pieces, piece)
	if len(pieces) == 1 {
		return fmt.Sprintf(";\r\n %s*=utf-8''%s", name, piece)
	}
	var b strings.Builder
	for i, p := range pieces {
		charset := ""
		if i == 0 {
			charset = "utf-8''"
		}
		fmt.Fprintf(&b, ";\r\n %s*%d*=%s%s", name, i, charset, p)
	}
	return b.String()
}

func percent(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
