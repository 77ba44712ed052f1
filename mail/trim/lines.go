package trim

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind says what a line is.
type kind byte

const (
	text        kind = iota
	blank            // nothing to see
	quote            // of an earlier message, marked as such
	attribution      // "On … wrote:"
	header           // From:, Sent:, … or "Original Message": what follows is quoted without marks
	forward          // "Forwarded message": what follows is content
	mobile           // "Sent from my …"
	rule             // only dashes or the like
	signature        // marked as signature by the mail program (HTML only)
)

// line is a line of a body: what it says, and what is decided about it.
type line struct {
	s    string // as written, without the line end
	low  string // for comparing: lower case, blanks folded, marks gone; empty if blank
	kind kind
	hint kind // by the HTML around it; text if none; quote for one that an editor's button made
	drop bool // goes to Rest
	solo bool // attribution that no marked quote follows
}

func newLine(s string) line {
	l := line{s: s, low: folded(s)}
	if l.low == "" && len(s) > maxLine {
		l.low = "\ufffc" // something may stand behind what was looked at
	}
	switch {
	case l.low == "":
		l.kind = blank
	case quoteMark(l.low):
		l.kind = quote
	}
	return l
}

func quoteMark(s string) bool {
	return s[0] == '>' || strings.HasPrefix(s, "＞")
}

// folded makes the form of a line that patterns are held against. Lines that
// are quotes are not folded further, because nobody looks into them.
func folded(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || s[0] == '>' {
		return s
	}
	if len(s) > maxLine {
		s = s[:maxLine]
	}
	var b strings.Builder
	gap := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			gap = b.Len() > 0
			continue
		case invisible(r):
			continue
		case r == '’' || r == '´':
			r = '\''
		case r == '：':
			r = ':'
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		if r >= 'A' && (r <= 'Z' || r > 0x7f) {
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// invisible says whether r only steers direction or joining.
func invisible(r rune) bool {
	return r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x2069 || r == 0xfeff || r == 0xad ||
		r == utf8.RuneError || r == 0xfffc
}

// maxLine is how much of a line is looked at, in bytes. Chosen: an
// attribution with two long addresses stays below.
const maxLine = 600

func splitLines(s string) []line {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	lines := make([]line, 0, strings.Count(s, "\n")+1)
	for part := range strings.SplitSeq(s, "\n") {
		lines = append(lines, newLine(part))
	}
	return lines
}

// nextSeen returns the first line from i on that is not blank, len(lines) if
// none.
func nextSeen(lines []line, i int) int {
	for i < len(lines) && lines[i].kind == blank {
		i++
	}
	return i
}

// prevSeen returns the last line before i that is not blank, -1 if none.
func prevSeen(lines []line, i int) int {
	for i--; i >= 0 && lines[i].kind == blank; i-- {
	}
	return i
}

// onlyOf says whether s is made of the given runes and blanks, with at least
// least of them.
func onlyOf(s, runes string, least int) bool {
	n := 0
	for _, r := range s {
		if r == ' ' {
			continue
		}
		if !strings.ContainsRune(runes, r) {
			return false
		}
		n++
	}
	return n >= least
}
