package mail

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// charsetName folds the spelling of a charset: lower case, no quotes, no
// language, no comment.
func charsetName(s string) string {
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), `"'<>`))
	if i := strings.IndexAny(s, "*;( \t,"); i > 0 {
		s = s[:i]
	}
	return strings.Trim(s, `"' `)
}

// vagueCharset says whether a folded name says nothing about the bytes, so
// that the text has to be looked at.
func vagueCharset(name string) bool {
	switch name {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "ansi_x3.110-1983", "iso646-us", "unknown-8bit", "x-unknown", "unknown", "default",
		"none", "binary", "7bit", "8bit", "us", "x-user-defined", "charset", "iso-ir-6", "cp367", "x-default", "_iso-2022-jp$esc":
		return true
	}
	return false
}

// decodeCharset turns bytes of a declared charset into valid UTF-8 without
// NUL. What cannot be decoded becomes U+FFFD; a charset that is unknown,
// vague or plainly false is guessed, with fallback (a charset name) tried
// before windows-1252.
func decodeCharset(b []byte, declared, fallback string) string {
	name := charsetName(declared)
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) && !isUTF8(name) && utf8.Valid(b):
		return clean(string(b[3:]))
	case isUTF7(name):
		return clean(decodeUTF7(b))
	case isUTF8(name):
		if utf8.Valid(b) || mostlyUTF8(b) {
			return clean(string(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
		}
		return guess(b, fallback)
	case name == "iso-2022-kr":
		return clean(decodeShifted(b, korean.EUCKR))
	case name == "iso-2022-cn", name == "iso-2022-cn-ext":
		return clean(decodeShifted(b, simplifiedchinese.GB18030))
	case vagueCharset(name):
		return guess(b, fallback)
	}
	if e := lookupCharset(name); e != nil {
		return decodeWith(e, b)
	}
	return guess(b, fallback)
}

func decodeWith(e encoding.Encoding, b []byte) string {
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return clean(string(out)) + clean(string(b[min(len(out), len(b)):]))
	}
	return clean(string(out))
}

// guess decodes bytes of which nothing reliable is known.
func guess(b []byte, fallback string) string {
	if utf16le := bytes.HasPrefix(b, []byte("\xff\xfe")); utf16le || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return decodeWith(unicode.UTF16(unicode.BigEndian, unicode.UseBOM), b)
	}
	if bytes.Contains(b, []byte("\x1b$")) && !hasHigh(b) {
		if e, err := htmlindex.Get("iso-2022-jp"); err == nil {
			return decodeWith(e, b)
		}
	}
	if utf8.Valid(b) {
		return clean(string(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	}
	if fb := charsetName(fallback); fb != "" && !vagueCharset(fb) && !isUTF8(fb) && !isUTF7(fb) {
		if e := lookupCharset(fb); e != nil {
			return decodeWith(e, b)
		}
	}
	if mostlyUTF8(b) {
		return clean(string(b))
	}
	return decodeWith(charmap.Windows1252, b)
}

func hasHigh(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return true
		}
	}
	return false
}

// mostlyUTF8 says whether b is UTF-8 with some damage: more good multi-byte
// characters than bad bytes.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return good > bad || bad == 0
}

// clean makes s valid UTF-8 without NUL.
func clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return s
}

// decodeShifted reads the 7-bit forms ISO-2022-KR and ISO-2022-CN: between SO
// and SI stand two-byte characters without their high bits.
func decodeShifted(b []byte, e encoding.Encoding) string {
	out := make([]byte, 0, len(b))
	shifted := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == 0x0e:
			shifted = true
		case c == 0x0f:
			shifted = false
		case c == 0x1b && i+3 < len(b) && b[i+1] == '$':
			i += 3
		case c == '\n':
			shifted = false
			out = append(out, c)
		case shifted && c > ' ' && c < 0x7f:
			out = append(out, c|0x80)
		default:
			out = append(out, c)
		}
	}
	return decodeWith(e, out)
}
