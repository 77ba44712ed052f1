package markup

import (
	"strings"

	"golang.org/x/net/html"
)

// Parse reads src. The error is [ErrTooLarge] or [ErrTooDeep]; broken HTML is
// no error, it is read as a browser would roughly do.
func Parse(src string, lim Limits) (*Node, error) {
	if len(src) > lim.Bytes {
		return nil, ErrTooLarge
	}
	root := &Node{}
	p := &parser{lim: lim, stack: []open{{root, 0}}, count: map[string]int{}}
	z := html.NewTokenizer(strings.NewReader(strings.ToValidUTF8(src, "\uFFFD")))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return root, nil
		}
		if err := p.token(kind, z); err != nil {
			return nil, err
		}
	}
}

type open struct {
	node  *Node
	depth int
}

type parser struct {
	lim   Limits
	stack []open // the root and the open elements
	count map[string]int
	nodes int
	body  bool   // a body was seen
	raw   string // inside an element whose text is dropped
	skip  string // inside an element that is dropped whole
	skips int    // how deep
}

func (p *parser) token(kind html.TokenType, z *html.Tokenizer) error {
	switch kind {
	case html.TextToken:
		if p.raw == "" && p.skip == "" {
			return p.add(&Node{Text: strings.ReplaceAll(string(z.Text()), "\x00", "")})
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		return p.start(z)
	case html.EndTagToken:
		name, _ := z.TagName()
		return p.end(string(name))
	}
	return nil
}

func (p *parser) start(z *html.Tokenizer) error {
	name, more := z.TagName()
	tag := string(name)
	if p.skipped(tag) {
		return nil
	}
	p.raw = ""
	switch {
	case rawTags[tag]:
		p.raw = tag
		return nil
	case skipTags[tag]:
		p.skip, p.skips = tag, 1
		return nil
	case tag == "html" || tag == "head" || tag == "body" && p.body:
		return nil
	}
	p.body = p.body || tag == "body"
	n := &Node{Tag: tag}
	for more {
		var key, val []byte
		key, val, more = z.TagAttr()
		n.Attr = append(n.Attr, Attr{string(key), string(val)})
	}
	p.implyEnds(tag)
	if err := p.add(n); err != nil || voidTags[tag] {
		return err
	}
	return p.push(n)
}

// skipped says whether a start tag lies inside a dropped element. HTML proper
// ends a drawing that was left open.
func (p *parser) skipped(tag string) bool {
	switch {
	case p.skip == "":
		return false
	case (p.skip == "svg" || p.skip == "math") && blockTags[tag]:
		p.skip = ""
		return false
	case tag == p.skip:
		p.skips++
	}
	return true
}

func (p *parser) add(n *Node) error {
	if p.nodes++; p.nodes > p.lim.Nodes {
		return ErrTooLarge
	}
	top := p.stack[len(p.stack)-1].node
	n.Parent = top
	top.Kids = append(top.Kids, n)
	return nil
}

func (p *parser) push(n *Node) error {
	depth := p.stack[len(p.stack)-1].depth + 1
	if depth > p.lim.Depth {
		return ErrTooDeep
	}
	p.stack = append(p.stack, open{n, depth})
	p.count[n.Tag]++
	return nil
}

// implyEnds closes what a start tag closes without saying so.
func (p *parser) implyEnds(tag string) {
	if closesP[tag] {
		p.closeIn("p", cellBounds)
	}
	switch tag {
	case "a":
		p.closeIn("a", cellBounds)
	case "li":
		p.closeIn("li", listBounds)
	case "dt", "dd":
		p.closeIn("dt", listBounds)
		p.closeIn("dd", listBounds)
	case "td", "th":
		p.closeIn("td", rowBounds)
		p.closeIn("th", rowBounds)
	case "tr":
		p.closeIn("tr", tableBounds)
	case "tbody", "thead", "tfoot":
		p.closeIn("tbody", tableBounds)
		p.closeIn("thead", tableBounds)
		p.closeIn("tfoot", tableBounds)
	}
}

var (
	listBounds  = set("ul ol dl menu table td th caption")
	rowBounds   = set("table tr")
	tableBounds = set("table")
)

// find returns the place of the innermost open tag, 0 if a bound comes first.
func (p *parser) find(tag string, bounds map[string]bool) int {
	if p.count[tag] == 0 {
		return 0
	}
	for i := len(p.stack) - 1; i > 0; i-- {
		t := p.stack[i].node.Tag
		if t == tag {
			return i
		}
		if bounds[t] {
			return 0
		}
	}
	return 0
}

func (p *parser) closeIn(tag string, bounds map[string]bool) {
	if i := p.find(tag, bounds); i > 0 {
		p.popTo(i)
	}
}

func (p *parser) popTo(i int) {
	for _, o := range p.stack[i:] {
		p.count[o.node.Tag]--
	}
	p.stack = p.stack[:i]
}

func (p *parser) end(tag string) error {
	switch {
	case p.skip != "":
		if tag == p.skip {
			if p.skips--; p.skips == 0 {
				p.skip = ""
			}
		}
		return nil
	case rawTags[tag]:
		p.raw = ""
		return nil
	case tag == "br":
		return p.add(&Node{Tag: "br"})
	case tag == "body" || tag == "html":
		return nil
	}
	bounds := cellBounds
	if tableTags[tag] {
		bounds = tableBounds
	}
	i := p.find(tag, bounds)
	if i == 0 {
		return nil
	}
	if inlineTags[tag] && p.blockAbove(i) {
		// Misnested: the blocks stay open, only the formatting ends.
		p.count[tag]--
		p.stack = append(p.stack[:i], p.stack[i+1:]...)
		return nil
	}
	p.popTo(i)
	return nil
}

func (p *parser) blockAbove(i int) bool {
	for _, o := range p.stack[i+1:] {
		if blockTags[o.node.Tag] {
			return true
		}
	}
	return false
}
