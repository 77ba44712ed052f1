package trim

import (
	"strings"

	"golang.org/x/net/html"

	"github.com/deskbell/deskbell/mail/markup"
)

// Bounds of the HTML that is looked into; beyond, all is Reply. Bytes are
// those of safehtml. The depth is larger, because long exchanges nest deeply
// and are shallow once the quotes are gone. Chosen.
const (
	maxDepth = 600
	maxNodes = 200_000
)

// HTML separates an HTML body. The cut is made on the tree, so both parts
// are whole elements. Neither is sanitised: pass them to safehtml.Clean.
// ReplyText is "" if the body is too large or too deep to be looked into.
func HTML(src string) Result {
	root, err := markup.Parse(src, markup.Limits{Bytes: maxBytes, Depth: maxDepth, Nodes: maxNodes})
	if err != nil {
		return Result{Reply: src}
	}
	p := &page{}
	p.walk(root, place{})
	p.endLine()
	lines := decide(p.lines, false)
	kept := map[*markup.Node]bool{}
	rest := map[*markup.Node]bool{}
	torn := false
	for i, l := range lines {
		torn = torn || l.drop
		for _, n := range p.leaves[i] {
			kept[n] = !l.drop
			rest[n] = l.drop
		}
	}
	r := Result{Reply: render(root, kept), ReplyText: assemble(lines, false, 1)}
	if torn {
		r.Rest = render(root, rest)
		r.Quoted = r.Rest != ""
	}
	return r
}

// page collects the lines of a tree and the leaves that each is made of.
type page struct {
	lines  []line
	leaves [][]*markup.Node
	text   strings.Builder
	nodes  []*markup.Node
	object bool // the line shows an image
	rule   bool // the line is a horizontal rule
	from   place
	hard   bool // the next line begins an unmarked quote
}

// place is what the elements around a leaf say about it.
type place struct {
	quoted, pre bool
	hint        kind
}

func (p *page) walk(n *markup.Node, at place) {
	for _, k := range n.Kids {
		switch {
		case k.Tag == "":
			p.words(k, at)
		case markup.Void(k.Tag):
			p.void(k, at)
		default:
			p.element(k, at)
		}
	}
}

func (p *page) element(n *markup.Node, at place) {
	if startsQuote(n) {
		p.hard = true
	}
	inner := at.within(n)
	block := markup.Block(n.Tag) || inner != at
	if block {
		p.endLine()
	}
	p.walk(n, inner)
	if block {
		p.endLine()
	}
}

func (p *page) void(n *markup.Node, at place) {
	if startsQuote(n) {
		p.hard = true
	}
	switch n.Tag {
	case "hr":
		p.endLine()
		p.take(n, at)
		p.rule = true
		p.endLine()
	case "br":
		p.take(n, at)
		p.endLine()
	case "img":
		p.take(n, at)
		p.object = p.object || shown(n)
	default:
		p.take(n, at)
	}
}

// words adds a text. Inside pre its newlines end lines, and the text is
// divided into as many nodes.
func (p *page) words(n *markup.Node, at place) {
	if !at.pre || !strings.Contains(n.Text, "\n") {
		p.take(n, at)
		p.text.WriteString(n.Text)
		return
	}
	parts := strings.SplitAfter(n.Text, "\n")
	n.Tag, n.Text = pieces, ""
	for _, part := range parts {
		piece := &markup.Node{Text: part, Parent: n}
		n.Kids = append(n.Kids, piece)
		p.take(piece, at)
		p.text.WriteString(part)
		if strings.HasSuffix(part, "\n") {
			p.endLine()
		}
	}
}

// pieces is the tag of a text that was divided; it is not written.
const pieces = "#pieces"

func (p *page) take(n *markup.Node, at place) {
	if strings.TrimSpace(p.text.String()) == "" {
		p.from = at
	}
	p.nodes = append(p.nodes, n)
}

func (p *page) endLine() {
	if len(p.nodes) == 0 {
		return
	}
	l := newLine(strings.Join(strings.Fields(p.text.String()), " "))
	if p.from.pre {
		l.s = strings.TrimRight(p.text.String(), "\n")
	}
	switch {
	case p.rule:
		l.kind, l.low = rule, "---"
	case p.object && l.kind == blank:
		l.kind, l.low = text, "\ufffc"
	}
	if l.kind != blank {
		p.judge(&l)
	}
	p.lines = append(p.lines, l)
	p.leaves = append(p.leaves, p.nodes)
	p.nodes, p.object, p.rule = nil, false, false
	p.text.Reset()
}

// judge applies what the HTML says about a line.
func (p *page) judge(l *line) {
	switch {
	case p.from.quoted:
		if l.kind != quote && !strings.HasPrefix(l.low, ">") {
			l.low = "> " + l.low
		}
		l.kind, l.hint = quote, p.from.hint
	case p.hard && l.kind != rule:
		l.hint = header
	default:
		l.hint = p.from.hint
	}
	if l.kind != rule {
		p.hard = false
	}
}

// shown says whether an image is more than a counter of readers.
func shown(n *markup.Node) bool {
	w, h := n.Get("width"), n.Get("height")
	tiny := func(s string) bool { return s == "0" || s == "1" || s == "0px" || s == "1px" }
	return !tiny(w) && !tiny(h) && !strings.Contains(n.Get("style"), "display:none") && n.Get("src") != ""
}

// render writes the leaves of n that are in the set, and the elements around
// them. A row of a table keeps the place of its empty cells.
func render(n *markup.Node, in map[*markup.Node]bool) string {
	var b strings.Builder
	seen := map[*markup.Node]bool{}
	for leaf, ok := range in {
		for up := leaf; ok && up != nil && !seen[up]; up = up.Parent {
			seen[up] = true
		}
	}
	write(&b, n, seen)
	return strings.TrimSpace(b.String())
}

func write(b *strings.Builder, n *markup.Node, seen map[*markup.Node]bool) {
	for _, k := range n.Kids {
		cell := (k.Tag == "td" || k.Tag == "th") && n.Tag == "tr"
		switch {
		case !seen[k] && !cell:
		case k.Tag == "":
			b.WriteString(html.EscapeString(k.Text))
		case k.Tag == pieces:
			write(b, k, seen)
		default:
			openTag(b, k)
			if !markup.Void(k.Tag) {
				write(b, k, seen)
				b.WriteString("</" + k.Tag + ">")
			}
		}
	}
}

func openTag(b *strings.Builder, n *markup.Node) {
	b.WriteString("<" + n.Tag)
	for _, a := range n.Attr {
		b.WriteString(" " + a.Key + `="` + html.EscapeString(a.Val) + `"`)
	}
	b.WriteString(">")
}
