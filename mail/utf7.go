package mail

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// decodeUTF7 reads UTF-7 (RFC 2152). What is not valid stays as it is.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] != '+' {
			out.WriteByte(b[i])
			continue
		}
		end := i + 1
		for end < len(b) && strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", b[end]) >= 0 {
			end++
		}
		run := string(b[i+1 : end])
		closed := end < len(b) && b[end] == '-'
		if run == "" {
			out.WriteByte('+')
			if closed {
				i = end
			}
			continue
		}
		out.WriteString(utf7Run(run))
		i = end - 1
		if closed {
			i = end
		}
	}
	return out.String()
}

// utf7Run decodes one run of modified base64, which holds UTF-16.
func utf7Run(run string) string {
	raw, err := base64.RawStdEncoding.DecodeString(run[:len(run)-len(run)%4])
	if rest := run[len(run)-len(run)%4:]; len(rest) > 1 {
		tail, _ := base64.RawStdEncoding.DecodeString(rest) // stray bits only: what was read counts
		raw = append(raw, tail...)
	}
	if err != nil {
		return "+" + run
	}
	units := make([]uint16, 0, len(raw)/2)
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
	}
	return string(utf16.Decode(units))
}
