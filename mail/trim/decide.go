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

// maxNamed is how many quotes are looked into for what they begin with.
const maxNamed = 50

// decide says of every line whether it goes to Rest. It may divide a line in
// two where an attribution begins behind words of the reply; split says
// whether it may.
func decide(lines []line, split bool) []line {
	lines = classify(lines, split)
	begin, end := 0, len(lines)
	for i := range lines {
		if lines[i].kind == forward {
			end = i
			break
		}
	}
	begin, end = cutUnmarked(lines, begin, end)
	dropQuotes(lines, begin, end)
	dropSignatures(lines, begin, end)
	dropRules(lines)
	if !anyKept(lines) {
		for i := range lines {
			lines[i].drop = false
		}
	}
	return lines
}

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
			for lines[i].kind == header && i+1 < len(lines) && lines[i+1].kind == text && fieldOf(lines[i+1].low) != 0 {
				i++
				lines[i].kind = header
			}
			if end := headerEnd(lines, i); end > 0 && lines[i].kind != attribution {
				markHeader(lines[i:end])
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
	case l.hint == attribution || l.hint == header:
		return l.hint
	case original(lines, i):
		return header
	case onlyOf(l.low, ruleRunes, 2):
		return rule
	case mobileLine(l.low):
		return mobile
	}
	return text
}

func markHeader(lines []line) {
	for i := range lines {
		if lines[i].kind != blank {
			lines[i].kind = header
		}
	}
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

// cutUnmarked deals with quotes without marks: from the first such header on
// all is Rest, if there is a reply before it. It returns the bounds in which
// the reply lies.
func cutUnmarked(lines []line, begin, end int) (int, int) {
	for i := begin; i < end; i++ {
		if !lines[i].solo || lines[i].drop {
			continue
		}
		last := lastOf(lines, i)
		switch {
		case wrote(lines, begin, i):
			dropFrom(lines, i, len(lines))
			return begin, i
		case lines[i].kind == attribution:
			// Only the line above is foreign: the quote is all there is.
			dropFrom(lines, i, last+1)
			begin, i = last+1, last
		default:
			return begin, i
		}
	}
	return begin, end
}

// wrote says whether the lines from begin to i hold words of the writer.
func wrote(lines []line, begin, i int) bool {
	for _, l := range lines[begin:i] {
		if l.kind == text && l.hint != signature {
			return true
		}
	}
	return false
}

// dropQuotes drops marked quotes unless they are answered in between.
func dropQuotes(lines []line, begin, end int) {
	if !wrote(lines, begin, end) {
		return
	}
	blocks := quoteBlocks(lines, begin, end)
	// The quote of the whole mail at the end, with its attribution.
	tail, cut := end, end < len(lines) && lines[end].drop
	for n := len(blocks); n > 0 && blocks[n-1].named && !wrote(lines, blocks[n-1].end, tail); n-- {
		b := blocks[n-1]
		dropFrom(lines, b.begin, b.end)
		blocks, tail, cut = blocks[:n-1], b.begin, true
	}
	if answered(lines, blocks) {
		return
	}
	first, last := textBounds(lines, begin, tail)
	for _, b := range blocks {
		if b.named || !cut && last < b.end && first < b.begin && lines[b.begin].hint != quote {
			dropFrom(lines, b.begin, b.end)
		}
	}
}

// textBounds returns the first and the last line of the writer's words.
func textBounds(lines []line, begin, end int) (first, last int) {
	first, last = end, begin-1
	for i := begin; i < end; i++ {
		if wrote(lines, i, i+1) {
			first, last = min(first, i), i
		}
	}
	return first, last
}

// block is a marked quote with the attribution above it, if any.
type block struct {
	begin, end int
	named      bool // by an attribution, or by a header inside
}

func quoteBlocks(lines []line, begin, end int) []block {
	var out []block
	for i := begin; i < end; i++ {
		k := lines[i].kind
		if k != quote && k != attribution && k != header {
			continue
		}
		b := block{begin: i, named: k != quote}
		if k == header {
			i = lastOf(lines, i)
		}
		b.end = blockEnd(lines, i, end)
		i = b.end - 1
		b.named = b.named || len(out) < maxNamed && namedInside(lines, b)
		out = append(out, b)
	}
	return out
}

// blockEnd returns where the quote ends that begins at or, under an
// attribution, below line i.
func blockEnd(lines []line, i, end int) int {
	out, marked := i+1, false
	for ; i < end; i++ {
		switch k := lines[i].kind; {
		case k == quote:
			marked = true
		case k == blank:
			continue
		case k != attribution && k != header || marked:
			return out
		}
		out = i + 1
	}
	return out
}

// namedInside says whether a quote holds an attribution or header near its
// top.
func namedInside(lines []line, b block) bool {
	var inner []line
	for i := b.begin; i < b.end && len(inner) < 12; i++ {
		inner = append(inner, newLine(strings.TrimLeft(lines[i].s, "> \t")))
	}
	for i := range inner {
		if inner[i].kind != text {
			continue
		}
		// Gmail writes a header into a quote only when it forwards.
		if lines[b.begin].hint != quote && (headerEnd(inner, i) > 0 || original(inner, i)) {
			return true
		}
		if _, _, ok := attributionAt(inner, i); ok {
			return true
		}
	}
	return false
}

// answered says whether words stand between two of the quotes.
func answered(lines []line, blocks []block) bool {
	for n := 1; n < len(blocks); n++ {
		if wrote(lines, blocks[n-1].end, blocks[n].begin) {
			return true
		}
	}
	return false
}

// dropRules drops lines of dashes next to what was dropped.
func dropRules(lines []line) {
	dropped := false
	for i := len(lines) - 1; i >= 0; i-- {
		switch {
		case lines[i].kind == rule && dropped:
			lines[i].drop = true
		case lines[i].kind != blank:
			dropped = lines[i].drop
		}
	}
}

func anyKept(lines []line) bool {
	for _, l := range lines {
		if !l.drop && l.kind != blank && l.kind != rule {
			return true
		}
	}
	return false
}
