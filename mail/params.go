package mail

import (
	"bytes"
	"sort"
	"strconv"
	"strings"
)

// params are the parameters of a Content-Type or Content-Disposition field,
// names in lower case, values decoded.
type params map[string]string

// maxParams bounds the parameters that are read of one field. Chosen.
const maxParams = 200

// parseParams reads "value; name=value; …" and tolerates missing quotes,
// doubled semicolons and missing semicolons at a line's end. The first result
// is in lower case.
func parseParams(raw []byte, fallback string) (string, params) {
	s := rawToUTF8(raw, fallback)
	head, rest, _ := strings.Cut(s, ";")
	head = stripComments(head)
	if i := strings.IndexAny(head, " \t"); i > 0 {
		// "text/plain charset=x": a lost semicolon
		if strings.Contains(head[i:], "=") {
			rest = head[i:] + ";" + rest
		}
		head = head[:i]
	}
	ps := params{}
	sections := map[string][]section{}
	for n := 0; n < maxParams; n++ {
		var name, value string
		if name, value, rest = nextParam(rest); name == "" {
			break
		}
		if base, sec, ok := splitSection(name, value); ok {
			sections[base] = append(sections[base], sec)
		} else if _, dup := ps[name]; !dup {
			ps[name] = decodeParam(value, fallback)
		}
	}
	for base, secs := range sections {
		ps[base] = joinSections(secs, fallback)
	}
	return strings.ToLower(strings.Trim(strings.TrimSpace(head), `"'`)), ps
}

// nextParam cuts the next "name=value" off s; the name is "" at the end.
func nextParam(s string) (name, value, rest string) {
	for {
		s = strings.TrimLeft(s, "; \t")
		if s == "" {
			return "", "", ""
		}
		i := strings.IndexAny(s, "=;")
		if i < 0 {
			return "", "", ""
		}
		if s[i] == ';' || i == 0 {
			s = s[i+1:]
			continue
		}
		name = strings.ToLower(strings.TrimSpace(stripComments(s[:i])))
		if j := strings.LastIndexAny(name, " \t"); j >= 0 {
			name = name[j+1:]
		}
		value, rest = paramValue(strings.TrimLeft(s[i+1:], " \t"))
		if name != "" {
			return name, value, rest
		}
		s = rest
	}
}

// paramValue reads a quoted or a bare value.
func paramValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		i := strings.IndexByte(s, ';')
		if i < 0 {
			i = len(s)
		}
		return strings.TrimSpace(stripComments(s[:i])), s[i:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	// No closing quote: the value ends at the next semicolon.
	if i := strings.IndexByte(s, ';'); i >= 0 {
		return s[1:i], s[i:]
	}
	return b.String(), ""
}

// stripComments removes (comments) outside quotes.
func stripComments(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	if depth > 0 { // never closed: not a comment
		return s
	}
	return b.String()
}

// section is one piece of a parameter of RFC 2231.
type section struct {
	index   int
	encoded bool
	value   string
}

// splitSection recognises name*, name*1 and name*1*.
func splitSection(name, value string) (string, section, bool) {
	i := strings.IndexByte(name, '*')
	if i <= 0 {
		return "", section{}, false
	}
	base, tail := name[:i], name[i+1:]
	if tail == "" {
		return base, section{-1, true, value}, true
	}
	num, encoded := strings.CutSuffix(tail, "*")
	n, err := strconv.Atoi(num)
	if err != nil || n < 0 {
		return "", section{}, false
	}
	return base, section{n, encoded, value}, true
}

// joinSections puts the pieces in order, takes charset and language off the
// first and decodes.
func joinSections(secs []section, fallback string) string {
	sort.SliceStable(secs, func(i, j int) bool { return secs[i].index < secs[j].index })
	var raw []byte
	charset, encoded := "", false
	for i, s := range secs {
		v := s.value
		if s.encoded {
			if i == 0 {
				if parts := strings.SplitN(v, "'", 3); len(parts) == 3 {
					charset, v = parts[0], parts[2]
				}
			}
			encoded = true
			raw = append(raw, unpercent(v)...)
			continue
		}
		raw = append(raw, v...)
	}
	if encoded {
		return decodeWords(decodeCharset(raw, charset, fallback), fallback)
	}
	return decodeParam(string(raw), fallback)
}

func unpercent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}

// decodeParam decodes encoded words in a parameter value, where they are not
// allowed but common.
func decodeParam(v, fallback string) string {
	return strings.TrimSpace(decodeWords(v, fallback))
}

// transferEncoding folds the spelling of Content-Transfer-Encoding.
func transferEncoding(raw []byte) string {
	s := strings.ToLower(stripComments(string(bytes.TrimSpace(raw))))
	s = strings.Trim(s, `"' `)
	if i := strings.IndexAny(s, ";, \t"); i > 0 {
		s = s[:i]
	}
	switch {
	case strings.Contains(s, "base64") || s == "base-64":
		return "base64"
	case strings.HasPrefix(s, "quoted") || s == "qp":
		return "quoted-printable"
	case strings.Contains(s, "uue") || strings.Contains(s, "uuencode"):
		return "uuencode"
	case strings.Contains(s, "yenc"):
		return "yenc"
	}
	return ""
}
