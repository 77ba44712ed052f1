package trim

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The signs of an attribution, found by hand because they are looked for in
// every line that ends in a colon: a pattern of this size costs Go's regexp
// some 50 µs a line (measured), these cost one.

func notLetter(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }

// hasVerb says whether a verb of writing occurs in s.
func hasVerb(s string) bool {
	for w := range strings.FieldsFuncSeq(s, notLetter) {
		if verbs[w] {
			return true
		}
	}
	for _, v := range verbsJoined {
		if strings.Contains(s, v) {
			return true
		}
	}
	return false
}

// endsInVerb says whether the last word of s is such a verb, an ending in
// brackets such as "(a)" apart.
func endsInVerb(s string) bool {
	s = strings.TrimRightFunc(s, func(r rune) bool { return notLetter(r) && r != ')' })
	if open := strings.LastIndexAny(s, "(/"); open > 0 && len(s)-open < 10 && (s[open] == '/' || s[len(s)-1] == ')') {
		s = s[:open]
	}
	for _, v := range verbsJoined {
		if strings.HasSuffix(s, v) {
			return true
		}
	}
	word := s
	if i := strings.LastIndexFunc(s, notLetter); i >= 0 {
		_, n := utf8.DecodeRuneInString(s[i:])
		word = s[i+n:]
	}
	return verbs[word]
}

// startsWithVerb says whether s begins with such a verb, or with a short
// auxiliary and the verb.
func startsWithVerb(s string) bool {
	for _, v := range verbsJoined {
		if strings.HasPrefix(s, v) {
			return true
		}
	}
	n := 0
	for w := range strings.FieldsFuncSeq(s, notLetter) {
		if verbs[w] {
			return true
		}
		if n++; n == 2 || utf8.RuneCountInString(w) > 3 {
			break
		}
	}
	return false
}

// hasAddress says whether s holds something like a mail address.
func hasAddress(s string) bool {
	for {
		i := strings.IndexByte(s, '@')
		if i < 0 {
			return false
		}
		if i > 0 && i+1 < len(s) && addressByte(s[i-1]) && addressByte(s[i+1]) {
			return true
		}
		s = s[i+1:]
	}
}

func addressByte(c byte) bool { return c > ' ' && !strings.ContainsRune("<>()[],;:@\"", rune(c)) }

// opening says whether s begins with a date, or with a word and a date within
// 60 characters.
func opening(s string) bool {
	s = strings.TrimLeft(s, "*_\"'( -")
	head, n := s, 0
	for i := range s {
		if n++; n > 60 {
			head = s[:i]
			break
		}
	}
	digit := strings.IndexAny(head, "0123456789")
	if digit < 0 {
		return false
	}
	first := leadingWords(head[:digit])
	if openers[first] || openers[firstOf(first)] {
		return true
	}
	for _, o := range openersJoined {
		if strings.HasPrefix(head, o) {
			return true
		}
	}
	return dateTop.MatchString(s)
}

// leadingWords returns the first two words of s, blanks folded.
func leadingWords(s string) string {
	list := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '.' || r == ':' })
	return strings.Join(list[:min(len(list), 2)], " ")
}

func firstOf(words string) string {
	first, _, _ := strings.Cut(words, " ")
	return first
}

// dated says whether s holds a year, a date in numbers or a time of day.
func dated(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		end := i
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		if n := s[i:end]; len(n) == 4 && (n[:2] == "19" || n[:2] == "20") || len(n) <= 2 && partOfDate(s[end:]) {
			return true
		}
		i = end
	}
	return false
}

// partOfDate says whether what follows one or two digits makes them a date or
// time.
func partOfDate(s string) bool {
	if strings.HasPrefix(s, "時") || strings.HasPrefix(s, "월") {
		return true
	}
	if len(s) < 3 || !strings.ContainsRune(":.h/-", rune(s[0])) || !digit(s[1]) {
		return false
	}
	if digit(s[2]) && (s[0] == ':' || s[0] == '.' || s[0] == 'h') {
		return true
	}
	rest := strings.TrimLeft(s[1:], "0123456789")
	return len(rest) >= 3 && (rest[0] == '.' || rest[0] == '/' || rest[0] == '-') && digit(rest[1]) && digit(rest[2])
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
