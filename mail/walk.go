package mail

import (
	"bytes"
	"io"
	"strconv"
	"strings"
)

// mimePart is a node of the MIME tree. Its body is the bytes start..end of the
// mail.
type mimePart struct {
	header     rawHeader
	ctype      string // media type, lower case; the default of its place if none
	declared   bool   // a Content-Type was given
	params     params
	disp       string // "", "inline", "attachment", …
	dispParams params
	encoding   string
	start, end int64
	depth      int
	form       bool // one form of a multipart/alternative
	children   []*mimePart
}

func (p *mimePart) multipart() bool { return strings.HasPrefix(p.ctype, "multipart/") }

// frame is an open multipart whose boundary is looked for.
type frame struct {
	part     *mimePart
	boundary string
	outer    int // index+1 of an outer frame with the same boundary, 0 if none
}

// walker finds the parts of a mail in one pass. Work per line is constant:
// boundaries are looked up in a map.
type walker struct {
	lines  *lineReader
	limits Limits
	root   *mimePart
	open   []frame
	byName map[string]int // boundary -> index+1 in open
	cur    *mimePart      // whose header or body is being read; nil after a closing boundary
	inHead bool
	head   []byte // header block so far
	vital  bool   // the current field is kept beyond the limit
	extra  int    // bytes kept so
	budget int    // bytes left for the headers of inner parts
	parts  int
	guess  bool // cur is a multipart without boundary: take the first line that looks like one
	looks  int  // bad lines looked behind
	eol    int  // length of the line end before the current line
	notes  notes
}

// notes collects each note once, in order.
type notes []string

func (n *notes) add(note string) {
	for _, have := range *n {
		if have == note {
			return
		}
	}
	*n = append(*n, note)
}

// walk reads the structure of a mail. The error is one of r.
func walk(r io.ReaderAt, size int64, limits Limits) (*mimePart, notes, error) {
	w := &walker{
		limits: limits,
		root:   &mimePart{},
		byName: map[string]int{},
		inHead: true,
		budget: 4 * limits.Header,
	}
	if size > limits.Message {
		size = limits.Message
		w.notes.add(NoteTooLarge)
	}
	w.lines = newLineReader(io.NewSectionReader(r, 0, size))
	w.cur = w.root
	for {
		p, err := w.lines.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		eol := lineEnd(p.data) // before take, which may look ahead and so overwrite the piece
		if !w.take(p) {
			size = p.start
			break
		}
		if p.first || eol > 0 {
			w.eol = eol
		}
	}
	w.finish(size)
	return w.root, w.notes, nil
}

// take handles one piece; false ends the walk.
func (w *walker) take(p piece) bool {
	if p.first {
		if len(p.data) > 2 && p.data[0] == '-' && p.data[1] == '-' {
			if idx, closing := w.match(p.data); idx > 0 {
				return w.delimiter(idx-1, closing, p)
			}
		}
	}
	if w.inHead {
		w.headerPiece(p)
	}
	return true
}

// match looks a line up among the open boundaries.
func (w *walker) match(line []byte) (idx int, closing bool) {
	if len(line) > 2000 {
		return 0, false
	}
	t := bytes.TrimRight(trimEOL(line), " \t")[2:]
	if idx = w.byName[string(t)]; idx > 0 {
		return idx, false
	}
	if t, ok := bytes.CutSuffix(t, []byte("--")); ok {
		if idx = w.byName[string(t)]; idx == 0 {
			idx = w.byName[string(bytes.TrimRight(t, " \t"))]
		}
		return idx, idx > 0
	}
	if len(t) == 0 || len(t) > 200 || w.inHead {
		return 0, false
	}
	if name := string(t); w.standsFor(name) {
		w.guess = false
		w.notes.add(NoteMalformed)
		w.push(w.cur, name)
		return len(w.open), false
	}
	return 0, false
}

// standsFor says whether a line "--name" that no boundary announced begins
// the first part all the same: the multipart names no boundary, or a part's
// header follows.
func (w *walker) standsFor(name string) bool {
	if w.guess {
		return !strings.ContainsAny(name, " \t")
	}
	if w.cur == nil || !w.cur.multipart() || len(w.cur.children) > 0 || w.cur.depth >= w.limits.Depth {
		return false
	}
	if w.looks++; w.looks > maxLooks {
		return false
	}
	next := w.lines.peekLine()
	return len(next) > 8 && strings.EqualFold(string(next[:8]), "content-")
}

// delimiter ends the current part and all parts below the frame.
func (w *walker) delimiter(idx int, closing bool, p piece) bool {
	w.guess = false
	end := p.start - int64(w.eol)
	for w.inHead {
		w.endHeader(p.start)
	}
	w.closeTo(idx+1, end)
	w.endCurrent(end)
	if closing {
		w.cur = nil
		return true
	}
	parent := w.open[idx].part
	if w.parts >= w.limits.Parts {
		w.notes.add(NoteTooManyParts)
		w.cur = nil
		return false
	}
	w.parts++
	w.cur = &mimePart{depth: parent.depth + 1, start: p.start + int64(len(p.data))}
	parent.children = append(parent.children, w.cur)
	w.inHead, w.head = true, w.head[:0]
	return true
}

// closeTo closes the frames from n up.
func (w *walker) closeTo(n int, end int64) {
	for len(w.open) > n {
		f := w.open[len(w.open)-1]
		w.open = w.open[:len(w.open)-1]
		f.part.end = end
		if f.outer > 0 {
			w.byName[f.boundary] = f.outer
		} else {
			delete(w.byName, f.boundary)
		}
	}
}

func (w *walker) endCurrent(end int64) {
	if w.cur != nil {
		w.cur.end = max(end, w.cur.start)
	}
}

// push opens a multipart.
func (w *walker) push(p *mimePart, boundary string) {
	w.open = append(w.open, frame{p, boundary, w.byName[boundary]})
	w.byName[boundary] = len(w.open)
}

// finish closes everything at the end of the mail.
func (w *walker) finish(size int64) {
	for w.inHead {
		w.endHeader(size)
	}
	w.endCurrent(size)
	w.closeTo(0, size)
	w.root.end = size
}

// forwardedInline says whether p is a mail that its sender wants read in
// place. A mail returned in a report is not.
func (w *walker) forwardedInline(p *mimePart) bool {
	if p.ctype != "message/rfc822" || p.encoding != "" || p.depth >= w.limits.Depth || w.parts >= w.limits.Parts {
		return false
	}
	if p.disp != "inline" && p.declared {
		return false
	}
	for _, f := range w.open {
		if f.part.ctype == "multipart/report" {
			return false
		}
	}
	return true
}

// enter goes on with the header of the mail inside p.
func (w *walker) enter(p *mimePart, start int64) {
	w.parts++
	child := &mimePart{depth: p.depth + 1, start: start}
	p.children = []*mimePart{child}
	w.push(p, "\n"+strconv.Itoa(len(w.open))) // no line matches: it closes with what is around it
	w.cur, w.inHead, w.head = child, true, w.head[:0]
}
