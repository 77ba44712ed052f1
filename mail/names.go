package mail

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxName is the length of a shown file name in bytes: what file systems take.
const maxName = 200

// cleanName makes a declared file name safe to show and to store: the last
// element of a path, without control, bidi and invisible characters, without
// characters that file systems reserve, not a device name, not too long.
func cleanName(declared string) string {
	s := norm.NFKC.String(clean(declared))
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\\':
			return '/'
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return -1
		case strings.ContainsRune(`:*?"<>|`, r):
			return '_'
		}
		return r
	}, s)
	s = path.Base("/" + s)
	if s == "/" {
		return ""
	}
	s = strings.Trim(strings.Join(strings.Fields(s), " "), " .")
	if reservedName(s) {
		s = "_" + s
	}
	return shorten(s)
}

// reservedName recognises the device names of Windows.
func reservedName(s string) bool {
	base, _, _ := strings.Cut(strings.ToLower(s), ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(base) == 4 && (strings.HasPrefix(base, "com") || strings.HasPrefix(base, "lpt")) && base[3] >= '0' && base[3] <= '9'
}

// shorten cuts a long name before its extension.
func shorten(s string) string {
	if len(s) <= maxName {
		return s
	}
	ext := path.Ext(s)
	if len(ext) > 20 {
		ext = ""
	}
	stem := s[:maxName-len(ext)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return stem + ext
}
