package markup_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/mail/markup"
)

func TestParseMendsWhatMailProgramsBreak(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"open paragraphs", `<p>a<p>b`, `(p a)(p b)`},
		{"open list items", `<ul><li>a<ul><li>b</ul><li>c</ul>`, `(ul (li a(ul (li b)))(li c))`},
		{"open cells", `<table><tr><td>a<td>b<tr><td>c</table>d`, `(table (tr (td a)(td b))(tr (td c)))d`},
		{"formatting across a block", `<b>a<div>b</b>c</div>d`, `(b a(div bc))d`},
		{"an end that closes others", `<div><b>a</div>b`, `(div (b a))b`},
		{"an end outside its cell", `<div><table><tr><td>a</div>b</td></tr></table>c</div>`, `(div (table (tr (td ab)))c)`},
		{"an end without a start", `a</div></p>b`, `ab`},
		{"links in links", `<a>b<a>c</a>d`, `(a b)(a c)d`},
		{"one body", `<html><head><title>x</title></head><body>a<body>b</body>c</html>d`, `(body abcd)`},
		{"void elements", `a<br>b<br/>c</br>d`, `a(br )b(br )c(br )d`},
		{"no script, style, comment or drawing", `a<script>x</script><style>x</style><!-- x --><svg>x<svg>x</svg>x</svg>b`, `ab`},
		{"a drawing that is left open", `a<svg>x<p>b`, `a(p b)`},
		{"entities", `&lt;p&gt;&nbsp;`, "<p>\u00a0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root, err := markup.Parse(tt.in, markup.Limits{Bytes: 1000, Depth: 20, Nodes: 100})
			require.NoError(t, err)
			assert.Equal(t, tt.want, show(root))
		})
	}
}

func TestParseKeepsItsLimits(t *testing.T) {
	lim := markup.Limits{Bytes: 1000, Depth: 20, Nodes: 100}
	_, err := markup.Parse(strings.Repeat("a", 1001), lim)
	assert.ErrorIs(t, err, markup.ErrTooLarge)
	_, err = markup.Parse(strings.Repeat("<br>", 101), lim)
	assert.ErrorIs(t, err, markup.ErrTooLarge)
	_, err = markup.Parse(strings.Repeat("<b>", 21), lim)
	assert.ErrorIs(t, err, markup.ErrTooDeep)
	_, err = markup.Parse(strings.Repeat("<b><div></b>", 21), lim)
	assert.ErrorIs(t, err, markup.ErrTooDeep, "the depth of the tree counts, not of the open elements")
}

func show(n *markup.Node) string {
	s := n.Text
	for _, k := range n.Kids {
		s += show(k)
	}
	if n.Tag != "" {
		return "(" + n.Tag + " " + s + ")"
	}
	return s
}
