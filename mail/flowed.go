package mail

import "strings"

// unflow joins the soft-broken lines of format=flowed (RFC 3676); delsp drops
// the blank that marks the break. The signature separator "-- " stays.
func unflow(s string, delsp bool) string {
	var out strings.Builder
	out.Grow(len(s))
	open, openDepth := false, 0
	for more := true; more; {
		var line string
		line, s, more = strings.Cut(s, "\n")
		depth := 0
		for depth < len(line) && line[depth] == '>' {
			depth++
		}
		body := strings.TrimPrefix(line[depth:], " ")
		if depth == 0 {
			body = strings.TrimPrefix(line, " ")
		}
		sig := body == "-- "
		if open && (depth != openDepth || sig) {
			out.WriteByte('\n')
			open = false
		}
		if !open {
			out.WriteString(strings.Repeat(">", depth))
			if depth > 0 && body != "" {
				out.WriteByte(' ')
			}
		}
		flowed := strings.HasSuffix(body, " ") && !sig && more
		if flowed && delsp {
			body = body[:len(body)-1]
		}
		out.WriteString(body)
		if open = flowed; open {
			openDepth = depth
			continue
		}
		if more {
			out.WriteByte('\n')
		}
	}
	return out.String()
}
