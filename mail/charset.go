package mail

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
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

// says nothing about the bytes: the text has to be looked at.
func vagueCharset(name string) bool {
	switch name {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "ansi_x3.110-1983", "iso646-us", "unknown-8bit", "x-unknown", "unknown", "default",
		"none", "binary", "7bit", "8bit", "us", "x-user-defined", "charset", "iso-ir-6", "cp367", "x-default", "_iso-2022-jp$esc":
		return true
	}
	return false
}

// lookupCharset returns the encoding of a charset name by the WHATWG table
// and some names that mails use, nil if unknown. UTF-8, UTF-7 and the vague
// names are not found here.
func lookupCharset(name string) encoding.Encoding {
	switch name {
	case "gb2312", "gbk", "gb18030", "gb_2312-80", "cp936", "ms936", "windows-936", "x-gbk", "euc-cn", "gb2312_charset", "chinese":
		return simplifiedchinese.GB18030
	case "hz-gb-2312", "hz":
		return simplifiedchinese.HZGB2312
	case "cp949", "ms949", "uhc", "x-windows-949", "windows-949", "ks_c_5601", "ks_c_5601-1989":
		return korean.EUCKR
	case "cp932", "ms932", "windows-932", "x-sjis-jp", "shift-jis", "sjis", "shift_jisx0213":
		name = "shift_jis"
	case "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "iso-2022-jp-ms", "cp50220", "cp50221", "csiso2022jp2", "jis":
		name = "iso-2022-jp"
	case "eucjp", "euc_jp", "eucjp-ms", "cp51932":
		name = "euc-jp"
	case "big5-hkscs", "big5hkscs", "cp950", "ms950", "windows-950", "big-5":
		name = "big5"
	case "utf-16", "utf16", "ucs-2", "unicode":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case "utf-32", "ucs-4":
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case "utf-32be":
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)
	case "utf-32le":
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)
	case "latin-1", "latin_1", "iso8859", "iso-8859", "8859-1", "8859_1", "windows", "ansi", "western", "iso_8859", "iso-latin-1", "windows-latin-1", "latin-iso8859-1", "iso-8859-1-windows-3.1-latin-1":
		return charmap.Windows1252
	case "cp1133", "iso-10646", "macce", "x-mac-ce", "replacement", "x-user-defined":
		return nil
	}
	if e, err := htmlindex.Get(name); err == nil {
		if n, _ := htmlindex.Name(e); n == "replacement" {
			return nil
		}
		return e
	}
	for _, fix := range []struct{ prefix, with string }{
		{"cp125", "windows-125"}, {"win-125", "windows-125"}, {"windows125", "windows-125"}, {"win125", "windows-125"},
		{"x-cp125", "windows-125"}, {"cp-125", "windows-125"}, {"ms-125", "windows-125"}, {"windows_125", "windows-125"},
		{"iso8859-", "iso-8859-"}, {"iso_8859_", "iso-8859-"}, {"iso8859_", "iso-8859-"}, {"8859-", "iso-8859-"}, {"iso-8859_", "iso-8859-"},
		{"koi8r", "koi8-r"}, {"koi8u", "koi8-u"}, {"cp8", "ibm8"}, {"dos-", "ibm"}, {"dos", "ibm"}, {"cp4", "ibm4"}, {"iso-8859-", "iso-8859-"},
	} {
		if rest, ok := strings.CutPrefix(name, fix.prefix); ok {
			if e, err := htmlindex.Get(fix.with + rest); err == nil {
				return e
			}
			name = fix.with + rest
			break
		}
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil {
		return e
	}
	if e, err := ianaindex.IANA.Encoding(name); err == nil && e != nil {
		return e
	}
	return nil
}

// isUTF8 says whether a folded charset name means UTF-8.
func isUTF8(name string) bool {
	switch name {
	case "utf-8", "utf8", "unicode-1-1-utf-8", "utf_8", "utf-8n", "utf8mb4", "cp65001", "x-utf-8", "unicode20utf8", "x-unicode20utf8", "utf-", "uft-8", "utf-8-sig":
		return true
	}
	return false
}

func isUTF7(name string) bool {
	switch name {
	case "utf-7", "utf7", "unicode-1-1-utf-7", "x-utf-7", "unicode-2-0-utf-7", "x-unicode-2-0-utf-7":
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
