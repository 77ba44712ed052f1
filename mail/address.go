package mail

import "strings"

// maxAddresses bounds the addresses that are read of one field. Chosen.
const maxAddresses = 1000

// parseAddresses reads an address list as tolerantly as people's mailers
// write it: groups, comments as names, missing quotes and brackets, encoded
// words anywhere. A text without any address becomes a name without one.
func parseAddresses(raw []byte, fallback string) []Address {
	s := oneLine(rawToUTF8(raw, fallback))
	var out []Address
	for _, tok := range splitAddresses(s) {
		if a, ok := oneAddress(tok, fallback); ok {
			out = append(out, a)
		}
		if len(out) >= maxAddresses {
			break
		}
	}
	return out
}

// splitAddresses cuts a list at commas and semicolons outside quotes, comments
// and brackets, and unwraps groups.
func splitAddresses(s string) []string {
	var out []string
	var quote, angle bool
	comment, start := 0, 0
	lastQuote, lastParen, lastAngle := strings.LastIndexByte(s, '"'), strings.LastIndexByte(s, ')'), strings.LastIndexByte(s, '>')
	cut := func(end, next int) {
		if t := strings.TrimSpace(s[start:end]); t != "" {
			out = append(out, t)
		}
		start = next
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && (quote || comment > 0):
			i++
		case c == '"' && comment == 0:
			if quote || i < lastQuote {
				quote = !quote
			}
		case quote:
		case c == '(' && (comment > 0 || i < lastParen):
			comment++
		case c == ')' && comment > 0:
			comment--
		case comment > 0:
		case c == '<':
			angle = i < lastAngle
		case c == '>':
			angle = false
		case c == ',' || c == ';':
			if !angle {
				cut(i, i+1)
			}
		case c == ':' && !angle && isGroup(s[start:i]):
			start = i + 1
		}
	}
	cut(len(s), len(s))
	return out
}

// isGroup says whether the text before a colon names a group: it holds no
// address and is not the beginning of a link or a word like "mailto".
func isGroup(name string) bool {
	name = strings.TrimSpace(name)
	return name != "" && !strings.ContainsAny(name, "@<[") && !strings.EqualFold(name, "mailto") && !strings.HasSuffix(name, "=?")
}

// oneAddress reads one mailbox; ok is false if there is nothing in it.
func oneAddress(s, fallback string) (Address, bool) {
	if i, j := lastAngle(s); i >= 0 {
		addr := cleanAddr(s[i+1 : j])
		rest := s[:i]
		if strings.TrimSpace(rest) == "" && j < len(s) {
			rest = s[j+1:]
		}
		name := displayName(rest, fallback)
		return Address{Name: name, Addr: addr}, name != "" || addr != ""
	}
	plain, comment := cutComment(s)
	plain = strings.TrimSpace(plain)
	if decoded := decodeWords(plain, fallback); decoded != plain && !strings.Contains(plain, "@") && strings.Contains(decoded, "@") {
		if i, _ := lastAngle(decoded); i >= 0 {
			return oneAddress(decoded, fallback)
		}
		plain = decoded
	}
	if strings.Contains(plain, "@") {
		return bareAddress(plain, comment, fallback)
	}
	name := displayName(plain, fallback)
	if name == "" {
		name = displayName(comment, fallback)
	}
	return Address{Name: name}, name != ""
}

// lastAngle finds the last <…> outside quotes; a missing > reaches to the end.
func lastAngle(s string) (int, int) {
	open, quote := -1, false
	lastQuote := strings.LastIndexByte(s, '"')
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quote:
			i++
		case s[i] == '"' && (quote || i < lastQuote):
			quote = !quote
		case s[i] == '<' && !quote:
			open = i
		}
	}
	if open < 0 {
		return -1, -1
	}
	if n := strings.IndexByte(s[open:], '>'); n >= 0 {
		return open, open + n
	}
	return open, len(s)
}

// bareAddress reads an address without brackets: "a@b (Name)" or words around
// the one that holds the @.
func bareAddress(s, comment, fallback string) (Address, bool) {
	if strings.HasPrefix(s, `"`) { // "quoted local"@domain
		return Address{Name: displayName(comment, fallback), Addr: cleanAddr(s)}, true
	}
	addr, words := "", []string{}
	for _, w := range strings.Fields(s) {
		if addr == "" && strings.Contains(w, "@") {
			addr = cleanAddr(w)
			continue
		}
		words = append(words, w)
	}
	name := displayName(strings.Join(words, " "), fallback)
	if name == "" {
		name = displayName(comment, fallback)
	}
	return Address{Name: name, Addr: addr}, true
}

// cutComment takes (comments) out of s and returns their text too.
func cutComment(s string) (rest, comment string) {
	var r, c strings.Builder
	depth, quote := 0, false
	for i := 0; i < len(s); i++ {
		ch := s[i]
		switch {
		case ch == '\\' && i+1 < len(s) && (depth > 0 || quote):
			i++
			if depth > 0 {
				c.WriteByte(s[i])
			} else {
				r.WriteByte(ch)
				r.WriteByte(s[i])
			}
			continue
		case ch == '"' && depth == 0:
			quote = !quote
		case ch == '(' && !quote:
			if depth++; depth == 1 {
				continue
			}
		case ch == ')' && depth > 0:
			if depth--; depth == 0 {
				c.WriteByte(' ')
				continue
			}
		}
		if depth > 0 {
			c.WriteByte(ch)
		} else {
			r.WriteByte(ch)
		}
	}
	return r.String(), strings.TrimSpace(c.String())
}

// displayName unquotes and decodes a name.
func displayName(s, fallback string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	if strings.IndexByte(s, '"') >= 0 {
		s = unquote(s)
	} else if bare, comment := cutComment(s); strings.TrimSpace(bare) == "" {
		s = comment
	}
	name := strings.TrimSpace(oneLine(decodeWords(s, fallback)))
	if len(name) > 1 && (name[0] == '\'' && name[len(name)-1] == '\'' || name[0] == '"' && name[len(name)-1] == '"') {
		name = strings.TrimSpace(name[1 : len(name)-1])
	}
	return name
}

// unquote removes quotes and backslashes of quoted strings.
func unquote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] != '"':
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// cleanAddr trims an address: blanks and comments gone, a source route and
// "mailto:" cut off. Case is kept.
func cleanAddr(s string) string {
	s, _ = cutComment(s)
	s = strings.Trim(strings.TrimSpace(s), "<>,; \t")
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if strings.HasPrefix(s, "@") { // source route: <@a,@b:user@c>
		if i := strings.IndexByte(s, ':'); i >= 0 {
			s = s[i+1:]
		}
	}
	if !strings.HasPrefix(s, `"`) {
		s = strings.Join(strings.Fields(s), "")
	}
	if strings.HasPrefix(s, "'") && strings.HasSuffix(s, "'") && len(s) > 2 {
		s = s[1 : len(s)-1]
	}
	return s
}
