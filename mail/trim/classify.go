package trim

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPatterns is how many lines are held against the costly patterns; the
// lines beyond are text. Chosen: 10 000 lines of unquoted text are no mail.
const maxPatterns = 10_000

// maxDivides is how many lines are divided. Chosen: one is usual.
const maxDivides = 8

// classify names the kind of every line up to the first forwarded message.
func classify(lines []line, split bool) []line {
	fences := fenced(lines)
	budget, divides := maxPatterns, 0
	for i := 0; i < len(lines); i++ {
		if fences[i] && lines[i].kind != blank {
			lines[i].kind, lines[i].low = text, "`"+lines[i].low
		}
		if lines[i].kind == blank || fences[i] || budget <= 0 {
			continue
		}
		was := lines[i].kind
		if was != quote {
			budget--
			lines[i].kind = kindOf(lines, i)
			if end := markHeader(lines, i); end > i {
				i = end - 1
				continue
			}
		}
		if passed(lines, i, was) {
			lines[i].kind = forward
			break
		}
		if tornVerb(lines, i) && lines[i-1].kind == attribution {
			lines[i].kind = attribution
		}
		if lines[i].kind != text && !tornVerb(lines, i) {
			continue
		}
		first, at, ok := attributionAt(lines, i)
		if !ok || at > 0 && (!split || divides == maxDivides) {
			continue
		}
		if at > 0 {
			lines = divide(lines, first, at)
			divides, first, i = divides+1, first+1, i+1
		}
		for k := first; k <= i; k++ {
			lines[k].kind = attribution
		}
	}
	joinQuotes(lines)
	markSolo(lines)
	return lines
}

// passed says whether a forwarded message begins at line i. Inside a quote it
// counts only at its beginning and without an attribution.
func passed(lines []line, i int, was kind) bool {
	if was == quote {
		if p := prevSeen(lines, i); p >= 0 && lines[p].kind != text {
			return false
		}
	}
	return lines[i].hint != header && forwarded(lines, i)
}

// tornVerb says whether line i is the end of an attribution whose address was
// wrapped so that its closing bracket looks like the mark of a quote.
func tornVerb(lines []line, i int) bool {
	return i > 0 && lines[i].kind == quote && (lines[i-1].kind == text || lines[i-1].kind == attribution) && len(lines[i].low) < 40 &&
		startsWithVerb(strings.TrimLeft(lines[i].low, "> ")) && strings.HasSuffix(lines[i].low, ":")
}

// markSolo finds the attributions and headers that no marked quote follows.
func markSolo(lines []line) {
	for i := 0; i < len(lines); i++ {
		if lines[i].kind == attribution || lines[i].kind == header {
			last := lastOf(lines, i)
			lines[i].solo = !quotedBelow(lines, last)
			i = last
		}
	}
}

func kindOf(lines []line, i int) kind {
	l := lines[i]
	switch {
	case l.hint == header:
		return header
	case l.hint == attribution && (hasAddress(l.low) || dated(l.low) || strings.HasSuffix(l.low, ":")):
		return attribution // people also write into the element that Gmail made for it
	case original(lines, i):
		return header
	case onlyOf(l.low, ruleRunes, 2):
		return rule
	case mobileLine(l.low):
		return mobile
	}
	return text
}

// markHeader marks the header of a quoted message at line i, with its title
// or without. It returns the line after it, i if there is none.
func markHeader(lines []line, i int) int {
	if lines[i].kind == attribution {
		return i
	}
	end := headerEnd(lines, i)
	if lines[i].kind == header {
		for end = max(end, i+1); end < len(lines) && lines[end].kind == text && fieldOf(lines[end].low) != 0; end++ {
		}
	}
	for k := i; k < end; k++ {
		if lines[k].kind != blank {
			lines[k].kind = header
		}
	}
	return max(i, end)
}

// lastOf returns the last line of the attribution or header that i is in: a
// title, the fields below it, the blank lines between.
func lastOf(lines []line, i int) int {
	k, last := lines[i].kind, i
	for i++; i < len(lines); i++ {
		switch {
		case lines[i].kind == k:
			last = i
		case lines[i].kind != blank || k == attribution:
			return last
		}
	}
	return last
}

func divide(lines []line, i, at int) []line {
	head, tail := newLine(lines[i].s[:at]), newLine(lines[i].s[at:])
	out := make([]line, 0, len(lines)+1)
	out = append(append(out, lines[:i]...), head, tail)
	return append(out, lines[i+1:]...)
}

// fenced marks the lines inside ``` blocks: code is text, whatever it looks
// like.
func fenced(lines []line) []bool {
	in := make([]bool, len(lines)+maxDivides)
	open := -1
	for i, l := range lines {
		if !strings.HasPrefix(l.low, "```") {
			continue
		}
		if open < 0 {
			open = i
			continue
		}
		for k := open; k <= i; k++ {
			in[k] = true
		}
		open = -1
	}
	return in
}

// joinQuotes makes quotes of lines that lost their mark when a mail program
// wrapped them, and of lines marked with | under an attribution.
func joinQuotes(lines []line) {
	bars := false
	for i := range lines {
		l := &lines[i]
		switch {
		case l.kind == attribution:
			bars = true
		case bars && l.kind != blank && strings.HasPrefix(l.low, "|"):
			l.kind = quote
		case l.kind == text:
			bars = false
			if i > 0 && i+1 < len(lines) && lines[i-1].kind == quote && quotesOn(lines, i) && leftOver(lines[i-1].low, l.low) {
				l.kind = quote
			}
		}
	}
}

// quotesOn says whether the line below i, or the one below that, is marked.
func quotesOn(lines []line, i int) bool {
	return lines[i+1].kind == quote || i+2 < len(lines) && lines[i+1].kind == text && lines[i+2].kind == quote &&
		strings.HasSuffix(lines[i+2].low, ">")
}

// leftOver says whether an unmarked line looks like the wrapped end of the
// marked line above it, and not like an answer.
func leftOver(above, l string) bool {
	if !strings.Contains(l, " ") && strings.ContainsAny(l, "/<>()@=") || strings.HasPrefix(l, "(http") || strings.HasPrefix(l, "<http") {
		return true
	}
	if utf8.RuneCountInString(above) < 58 || strings.ContainsAny(above[len(above)-1:], ".?!:;") {
		return false
	}
	first, _ := utf8.DecodeRuneInString(l)
	return !unicode.IsUpper(first)
}
