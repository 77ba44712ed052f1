package trim

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	dateTop = regexp.MustCompile(`^(?:\d{4}[-/.年년]\s?\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}\.?\s(?:de\s)?\pL{3,12}\.?,?\s(?:de\s)?\d{4}` +
		`|\pL{2,12}\.?,?\s+\d{1,2}\.?[\s/.-]+(?:de\s)?\pL{3,12}\.?,?\s+(?:de\s)?\d{4}|\pL{3,12}\.?,?\s+\pL{3,12}\.?\s\d{1,2},?\s+(?:\d{4}|\d{1,2}:\d\d))`)
	// inside finds an English attribution that begins behind other words.
	inside = regexp.MustCompile(`(?:^|[\s-])on (?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?(?:[a-z]{3,9}\.? \d{1,2}|\d{1,2}[ ./-][a-z0-9]|\d{4}-\d\d)`)
)

// maxLookBack is over how many lines an attribution is wrapped. Measured:
// three are seen; one more with a blank line between.
const maxLookBack = 4

// attributionAt says whether line i ends an attribution. It returns the line
// where it begins and the byte in that line (in s; 0 unless words of the
// reply stand before it).
func attributionAt(lines []line, i int) (first, at int, ok bool) {
	end := strings.TrimRight(lines[i].low, " *_\"'")
	c := ending{colon: strings.HasSuffix(end, ":") || strings.HasSuffix(end, ":>"), quoted: quotedBelow(lines, i)}
	if !c.colon && !c.quoted && !endsInVerb(end) {
		return 0, 0, false
	}
	top, joined := wrapped(lines, i)
	for k, s := range joined { // an opening such as "On" decides, however far above
		if opens(s, c) {
			for k+1 < len(joined) && unfinished(lines[i-k-1].low) && opens(joined[k+1], c) {
				k++
			}
			return i - k, 0, true
		}
		if at := startInside(lines[i-k], s); at > 0 {
			return i - k, at, true
		}
		if i-k == top {
			break
		}
	}
	for k, s := range joined {
		if named(s, k, c) {
			return i - k, 0, true
		}
	}
	return 0, 0, false
}

// wrapped joins line i with each of the lines above that it may be wrapped
// from: the k-th text begins k lines above.
func wrapped(lines []line, i int) (top int, joined []string) {
	s := ""
	for top = i; top >= 0 && top >= i-maxLookBack; top-- {
		l := lines[top]
		if l.kind == blank && strings.HasPrefix(lines[top+1].low, "<") {
			joined = append(joined, s)
			continue
		}
		if top < i && (l.kind != text || sentenceEnd(l.low)) || len(s) > maxLine {
			break
		}
		s = strings.TrimSpace(l.low + " " + s)
		joined = append(joined, s)
	}
	return top + 1, joined
}

// ending says how a line ends.
type ending struct {
	colon  bool
	quoted bool // a marked quote follows
}

// opens says whether s is an attribution that begins with a date or with a
// word before a date.
func opens(s string, c ending) bool {
	if long(s) || !dated(s) || !opening(s) {
		return false
	}
	return hasVerb(s) && (c.colon || c.quoted || endsInVerb(s)) || (c.colon || c.quoted) && hasAddress(s)
}

// unfinished says whether a line breaks off in an attribution: "On 4 May,".
func unfinished(low string) bool {
	return strings.HasSuffix(low, ",") && len(low) < 40
}

// named says whether s, wrapped over so many lines more than one, is an
// attribution that begins with a name.
func named(s string, more int, c ending) bool {
	if long(s) || strings.HasPrefix(s, "<") || !hasVerb(s) || startsWithVerb(s) || strings.Count(s, "<") < strings.Count(s, ">") {
		return false
	}
	mail, date := hasAddress(s), dated(s)
	switch {
	case mail && c.colon && strings.Contains(s, "<"):
		return date || endsInVerb(s)
	case more > 0:
		return false
	case mail && date && c.colon, strings.HasPrefix(s, "--") && strings.HasSuffix(s, "--"):
		return true
	case c.quoted && endsInVerb(s):
		return mail || date || strings.Count(s, " ") <= 6
	}
	return false
}

func long(s string) bool { return utf8.RuneCountInString(s) > 400 }

// startInside returns where an attribution begins in the first of its lines,
// 0 if it does not.
func startInside(l line, joined string) int {
	if !strings.Contains(l.low, "on ") {
		return 0
	}
	m := inside.FindStringIndex(l.low)
	if m == nil || m[0] == 0 || !endsInVerb(joined) {
		return 0
	}
	tail := strings.TrimSpace(joined[m[0]:])
	if !dated(tail) {
		return 0
	}
	return placeOf(l.s, l.low, m[0])
}

// placeOf returns the byte in s that stands for byte at of low, its folded
// form, moved before dashes. It is 0 if the two do not run in step.
func placeOf(s, low string, at int) int {
	end := min(at+4, len(low)) // " on "
	lead := len(s) - len(strings.TrimLeft(s, " \t"))
	if lead+end > len(s) || !strings.EqualFold(s[lead+at:lead+end], low[at:end]) {
		return 0
	}
	return len(strings.TrimRight(s[:lead+at+1], " -"))
}

// sentenceEnd says whether a line ends a sentence, and so cannot be the
// first line of a wrapped attribution.
func sentenceEnd(s string) bool {
	body := strings.TrimRight(s, ".!?")
	if body == s {
		return false
	}
	letters := 0
	for letters < 5 && body != "" {
		r, n := utf8.DecodeLastRuneInString(body)
		if !unicode.IsLetter(r) {
			break
		}
		body, letters = body[:len(body)-n], letters+1
	}
	return letters >= 5 || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?")
}

// quotedBelow says whether the next thing below line i is a marked quote.
func quotedBelow(lines []line, i int) bool {
	n := nextSeen(lines, i+1)
	return n < len(lines) && (lines[n].kind == quote || strings.HasPrefix(lines[n].low, "|"))
}
