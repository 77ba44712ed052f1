// Package markup reads the HTML of mail into a small tree, in linear time and
// within stated bounds. It is no browser: formatting elements are never
// reopened, so a page cannot make the tree larger than its own text. What
// never shows as text of the mail (scripts, style sheets, comments, drawings)
// is left out.
package markup

import (
	"errors"
	"strings"
)

// ErrTooDeep says that elements are nested beyond [Limits].
var ErrTooDeep = errors.New("markup: nested too deep")

// ErrTooLarge says that the text or the number of nodes is beyond [Limits].
var ErrTooLarge = errors.New("markup: too large")

// Limits bounds what [Parse] accepts.
type Limits struct {
	Bytes int // of the source
	Depth int // open elements
	Nodes int // elements and texts
}

// Attr is one attribute; its key is in lower case, its value is decoded.
type Attr struct{ Key, Val string }

// Node is an element (Tag set) or a text. The root has neither.
type Node struct {
	Tag    string // lower case, "" for a text and for the root
	Attr   []Attr
	Text   string // decoded; only if Tag is ""
	Kids   []*Node
	Parent *Node
}

// Get returns the first attribute of that name, "" if absent.
func (n *Node) Get(key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// Void says whether an element has no content and no end tag.
func Void(tag string) bool { return voidTags[tag] }

// Block says whether an element begins on a line of its own.
func Block(tag string) bool { return blockTags[tag] }

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// The tables of the HTML standard, section 13.1.2 and 13.2.6, as far as mail
// needs them; they are read only.
var (
	voidTags  = set("area base br col embed frame hr img input keygen link meta param source track wbr")
	blockTags = set("address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption " +
		"figure footer form h1 h2 h3 h4 h5 h6 header hr li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul")
	closesP = set("address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer " +
		"form h1 h2 h3 h4 h5 h6 header hr li main menu nav ol p pre section summary table ul")
	rawTags    = set("script style title textarea xmp noembed noframes noscript iframe plaintext")
	skipTags   = set("svg math template select datalist")
	tableTags  = set("table caption colgroup thead tbody tfoot tr td th")
	cellBounds = set("table td th caption")
	inlineTags = set("a abbr b bdi bdo big cite code em font i ins del kbd mark q s samp small span strike strong sub sup tt u var")
)
