package trim

import "strings"

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
