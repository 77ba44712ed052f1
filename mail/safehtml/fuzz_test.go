package safehtml_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/deskbell/deskbell/mail/safehtml"
)

// The test's own lists, written down a second time so that a slip in the
// package's lists shows.
const (
	tags = " html head body a abbr acronym address article aside b bdi big blockquote br caption center cite code col colgroup dd del dfn div " +
		"dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q rp rt ruby s samp " +
		"section small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr "
	attributes = " style dir lang title align valign href data-host target rel src data-remote-src alt width height border color face size " +
		"start type reversed value cellpadding cellspacing bgcolor colspan rowspan span nowrap scope "
)

func FuzzClean(f *testing.F) {
	for _, s := range []string{
		`<p style="color:red;x:y">a<a href="http://x/?a&b">b</a><img src=cid:1><b>c<div>d</b>e`, `<table><p><tr><td><a href=tel:1><td></a>`,
		`<svg><style><img src=x onerror=1></style>`, `<math><a xlink:href=javascript:1>`, `<a href="&#106;avascript:1">`, "<pre>\n\n&#13;x",
		`<body dir=rtl><body onload=1><li><ul><li></body>x`, `<img src="data:image/png;base64,AAAA"><img data-remote-src=http://x>`,
		`<noscript><style></noscript><img src=x onerror=1>`, `<select><template><b></select>`, `<font face="a', b">`, `<a href=http://[::1]:80/>x`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		once := safehtml.Clean(src, safehtml.Options{})
		require.Equal(t, once.HTML, safehtml.Clean(once.HTML, safehtml.Options{}).HTML, "a second pass changes it")
		doc, err := html.Parse(strings.NewReader(once.HTML))
		require.NoError(t, err)
		inspect(t, doc)
	})
}

func inspect(t *testing.T, n *html.Node) {
	switch n.Type {
	case html.ElementNode:
		require.Contains(t, tags, " "+n.Data+" ")
		require.Empty(t, n.Namespace)
		for _, a := range n.Attr {
			require.Contains(t, attributes, " "+a.Key+" ")
			harmless(t, a.Key, a.Val)
		}
	case html.CommentNode, html.DoctypeNode:
		t.Fatalf("node %v", n)
	}
	for k := range n.ChildNodes() {
		inspect(t, k)
	}
}

func harmless(t *testing.T, key, val string) {
	schemes := map[string][]string{"href": {"http://", "https://", "mailto:", "tel:"}, "data-remote-src": {"http://", "https://"},
		"src": {"cid:", "data:image/png;base64,", "data:image/jpeg;base64,", "data:image/jpg;base64,", "data:image/gif;base64,", "data:image/webp;base64,"}}
	if list, ok := schemes[key]; ok {
		for _, s := range list {
			if strings.HasPrefix(val, s) {
				return
			}
		}
		t.Fatalf("%s=%q", key, val)
	}
	if key == "style" {
		for _, bad := range []string{"url", "expression", "position", "\\", "/*", "@", "<", "behavior", "-moz", "image"} {
			require.NotContains(t, strings.ReplaceAll(val, "font-family", ""), bad)
		}
	}
}
