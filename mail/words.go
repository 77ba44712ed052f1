package mail

import (
	"bytes"
	"strings"
	"unicode"
)

// word is one encoded word (RFC 2047) found in a header value.
type word struct {
	charset string
	base64  bool
	text    []byte
}

// decodeHeaderText decodes raw header bytes: 8-bit characters by guess, with
// fallback as the charset of the body, then encoded words. The result is
// valid UTF-8 in one line.
func decodeHeaderText(raw []byte, fallback string) string {
	return oneLine(decodeWords(rawToUTF8(raw, fallback), fallback))
}

// rawToUTF8 decodes 8-bit bytes of a header: UTF-8 (RFC 6532), then the
// charset of the body, then windows-1252.
func rawToUTF8(raw []byte, fallback string) string {
	return guess(raw, fallback)
}

// oneLine replaces control characters by blanks and trims.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\v' || r == '\f':
			return ' '
		case r < ' ' || r == 0x7f:
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// decodeWords decodes the encoded words in s. Blanks between two adjacent
// words are dropped, and bytes of adjacent words of one charset are joined
// before decoding, for characters that were cut in two.
func decodeWords(s, fallback string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	var out strings.Builder
	var run []word
	flush := func() {
		out.WriteString(decodeRun(run, fallback))
		run = run[:0]
	}
	for len(s) > 0 {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		w, n := scanWord(s[i:])
		if n == 0 {
			flush()
			out.WriteString(s[:i+2])
			s = s[i+2:]
			continue
		}
		if gap := s[:i]; len(run) > 0 && strings.TrimSpace(gap) != "" || len(run) == 0 {
			flush()
			out.WriteString(gap)
		}
		run = append(run, w)
		s = s[i+n:]
	}
	flush()
	out.WriteString(s)
	return out.String()
}

// scanWord reads the encoded word at the beginning of s and returns its
// length, 0 if there is none.
func scanWord(s string) (word, int) {
	rest := s[2:]
	q := strings.IndexByte(rest, '?')
	if q <= 0 || q > 80 || strings.ContainsAny(rest[:q], " \t\"") || len(rest) < q+3 || rest[q+2] != '?' {
		return word{}, 0
	}
	charset, enc := rest[:q], rest[q+1]
	if strings.IndexByte("bBqQ", enc) < 0 {
		return word{}, 0
	}
	body := rest[q+3:]
	end := strings.Index(body, "?=")
	if end < 0 {
		return word{}, 0
	}
	// "?=3D" inside a Q word is a question mark and an escape, not the end,
	// when the word goes on to a later "?=" without a blank.
	if enc == 'q' || enc == 'Q' {
		for isHexPair(body[end+2:]) {
			next := strings.Index(body[end+2:], "?=")
			if next < 0 || strings.ContainsAny(body[end+2:end+2+next], " \t") || strings.Contains(body[end+2:end+2+next], "=?") {
				break
			}
			end += 2 + next
		}
	}
	return word{charset, enc == 'b' || enc == 'B', []byte(body[:end])}, 2 + q + 3 + end + 2
}

func isHexPair(s string) bool {
	return len(s) >= 2 && unhex(s[0]) >= 0 && unhex(s[1]) >= 0
}

// decodeRun decodes adjacent words.
func decodeRun(run []word, fallback string) string {
	var out strings.Builder
	for i := 0; i < len(run); {
		charset := charsetName(run[i].charset)
		var joined, pending []byte
		j := i
		for ; j < len(run) && charsetName(run[j].charset) == charset; j++ {
			if !run[j].base64 {
				joined = append(append(joined, decodeBase64Bytes(pending)...), decodeQ(run[j].text)...)
				pending = nil
				continue
			}
			pending = append(pending, stripBlank(run[j].text)...)
			if len(pending)%4 == 0 || bytes.HasSuffix(pending, []byte("=")) {
				joined, pending = append(joined, decodeBase64Bytes(pending)...), nil
			}
		}
		joined = append(joined, decodeBase64Bytes(pending)...)
		out.WriteString(decodeCharset(joined, charset, fallback))
		i = j
	}
	return out.String()
}

func stripBlank(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, b)
}

// decodeQ decodes the Q encoding; what is not valid stays.
func decodeQ(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '_':
			out = append(out, ' ')
		case b[i] == '=' && i+2 < len(b) && unhex(b[i+1]) >= 0 && unhex(b[i+2]) >= 0:
			out = append(out, byte(unhex(b[i+1])<<4|unhex(b[i+2])))
			i += 2
		default:
			out = append(out, b[i])
		}
	}
	return out
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
