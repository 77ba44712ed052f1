// Package safehtml makes HTML from strangers, and from agents, fit to be
// shown: only listed elements, attributes, properties and schemes are left,
// and nothing that is left makes a browser fetch anything. It is the single
// sanitiser for mail, replies and articles.
package safehtml

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/deskbell/deskbell/mail/markup"
)

// Bounds before parsing: SECURITY-REQUIREMENTS A7. Nodes and data images:
// chosen; the largest newsletters at hand hold about 10 000 nodes.
const (
	maxBytes     = 1 << 20
	maxDepth     = 200
	maxNodes     = 200_000
	maxStyle     = 2 << 10
	maxURL       = 8 << 10
	maxDataImage = 512 << 10
)

// Flags of a [Result].
const (
	TooLarge      = "too_large"       // more than 1 MiB or 200 000 nodes; HTML is ""
	TooDeep       = "too_deep"        // more than 200 open elements; HTML is ""
	StyleTooLarge = "style_too_large" // a style attribute over 2 KiB; HTML is ""
	ImageTooLarge = "image_too_large" // a data: image was left out
)

// Options says what the caller knows.
type Options struct {
	// CID maps a Content-ID, without < >, to the URL that shows the part, ""
	// if there is none; an image without a URL is dropped. The URL is written
	// as it is given. If CID is nil, references stay as src="cid:…".
	CID func(id string) string
}

// Result is what [Clean] found.
type Result struct {
	// HTML is safe to show; "" if a bound was hit (see Flags) or nothing was
	// left. Links carry their true host in data-host (an A-label, or the
	// address of a mailto:). Wrap it in an element with dir="auto".
	HTML         string
	RemoteImages int      // blocked; the address is in data-remote-src
	CIDs         []string // Content-IDs referred to, each once, in order
	Flags        []string // sorted by appearance, each once
}

// Clean sanitises src. It takes linear time and never fails: what is too
// large or too deep gives no HTML and a flag, so that the caller shows text.
// Cleaning a second time changes nothing, except that URLs of Options.CID are
// not known any more: store with CID nil, map when showing.
func Clean(src string, opt Options) Result {
	root, err := markup.Parse(src, markup.Limits{Bytes: maxBytes, Depth: maxDepth, Nodes: maxNodes})
	c := &cleaner{opt: opt, cids: map[string]bool{}}
	switch {
	case errors.Is(err, markup.ErrTooDeep):
		c.flag(TooDeep)
	case err != nil:
		c.flag(TooLarge)
	default:
		c.kids(root, 0)
	}
	if c.refused {
		return Result{Flags: c.res.Flags}
	}
	c.res.HTML = c.out.String()
	return c.res
}

type cleaner struct {
	opt     Options
	out     strings.Builder
	res     Result
	cids    map[string]bool
	refused bool
}

func (c *cleaner) flag(name string) {
	c.refused = c.refused || name != ImageTooLarge
	if !slices.Contains(c.res.Flags, name) {
		c.res.Flags = append(c.res.Flags, name)
	}
}

// kids writes the children of n; level counts the written elements around.
func (c *cleaner) kids(n *markup.Node, level int) {
	for _, k := range n.Kids {
		if c.refused {
			return
		}
		if k.Tag == "" {
			c.out.WriteString(html.EscapeString(plain(k.Text)))
			continue
		}
		c.element(k, level)
	}
}

func (c *cleaner) element(n *markup.Node, level int) {
	tag, attrs, ok := c.allowed(n, level)
	switch {
	case !ok && !markup.Void(n.Tag):
		c.kids(n, level)
	case ok && markup.Void(tag):
		c.open(tag, attrs)
	case ok:
		c.open(tag, attrs)
		c.kids(n, level+1)
		c.out.WriteString("</" + tag + ">")
	}
}

func (c *cleaner) open(tag string, attrs []markup.Attr) {
	c.out.WriteString("<" + tag)
	for _, a := range attrs {
		c.out.WriteString(" " + a.Key + `="` + html.EscapeString(a.Val) + `"`)
	}
	c.out.WriteString(">")
}

// plain drops what a text must not hold: controls other than tab and newline,
// and the overrides that make text read as other text (U+202D, U+202E).
// Directional marks, embeddings and isolates stay (MAIL.md, section 2).
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n':
			return r
		case r < ' ', r >= 0x7f && r < 0xa0, r == 0x202d, r == 0x202e:
			return -1
		}
		return r
	}, s)
}
