package mail

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// addressLimit is the octets of a whole address, RFC 5321 §4.5.3.1.3 with its
// brackets taken off.
const addressLimit = 254

// CheckAddress says why addr cannot be sent to, nil if it can. It wants one
// addr-spec: a local part of dot-separated atoms (double or trailing dots are
// taken, real providers gave them out), or a plain quoted string, UTF-8 allowed;
// and a domain name, of one label also. Address literals, comments and
// routes are refused.
//
// Source: RFC 5321 §4.1.2, RFC 6531 §3.3; SECURITY-REQUIREMENTS C11.
func CheckAddress(addr string) error {
	local, domain, ok := cutAddress(addr)
	switch {
	case !ok:
		return fmt.Errorf("address %.80q: needs a name, @ and a domain", addr)
	case len(addr) > addressLimit || len(local) > localLimit:
		return fmt.Errorf("address %.80q: too long", addr)
	case !utf8.ValidString(addr):
		return fmt.Errorf("address %.80q: not UTF-8", addr)
	case !localPart(local):
		return fmt.Errorf("address %.80q: the part before @ holds a character that is not allowed", addr)
	}
	if _, err := asciiDomain(domain); err != nil {
		return fmt.Errorf("address %.80q: %w", addr, err)
	}
	return nil
}

// SendForm returns addr with its domain as A-label, and whether its local part
// needs SMTPUTF8. The error is that of [CheckAddress].
func SendForm(addr string) (form string, utf8Local bool, err error) {
	if err := CheckAddress(addr); err != nil {
		return "", false, err
	}
	local, domain, _ := cutAddress(addr)
	domain, err = asciiDomain(domain)
	return local + "@" + domain, !isASCII(local), err
}

func localPart(local string) bool {
	if len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"' {
		return plainQuoted(local[1 : len(local)-1])
	}
	if local[0] == '.' {
		return false
	}
	for _, r := range local {
		switch {
		case r == '.' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
		case r < 0x80 && strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r):
		case r >= 0x80 && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || unicode.IsSymbol(r)):
		default:
			return false
		}
	}
	return true
}

// plainQuoted takes what a quoted local part may hold without any character
// that could end a string, a path or a line.
func plainQuoted(s string) bool {
	for _, r := range s {
		if r < 0x20 || r > 0x7e || strings.ContainsRune("\"\\<>", r) {
			return false
		}
	}
	return true
}

func asciiDomain(domain string) (string, error) {
	ascii := domain
	if !isASCII(domain) {
		var err error
		if ascii, err = idna.Lookup.ToASCII(domain); err != nil {
			return "", fmt.Errorf("domain: %w", err)
		}
	}
	if len(ascii) > 253 {
		return "", fmt.Errorf("domain is too long")
	}
	for _, label := range strings.Split(ascii, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(lowerASCII(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return "", fmt.Errorf("domain %.80q is no host name", domain)
		}
	}
	return ascii, nil
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
