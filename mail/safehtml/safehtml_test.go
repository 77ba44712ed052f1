package safehtml_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/deskbell/deskbell/mail/safehtml"
)

// sane only catches what is not linear; the machine may be busy.
const sane = 20 * time.Second

func TestCleanKeepsWhatMailNeeds(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"text is escaped", `1 < 2 & "x"`, `1 &lt; 2 &amp; &#34;x&#34;`},
		{"a paragraph gets its own direction", `<p>שלום</p>`, `<p dir="auto">שלום</p>`},
		{"a given direction stays", `<div dir="RTL">a</div>`, `<div dir="rtl">a</div>`},
		{"a body becomes a div", `<html><body bgcolor="red" style="color:#111">a</body></html>`, `<div style="color: #111" dir="auto">a</div>`},
		{"harmless style stays", `<span style="COLOR: Red !important; padding:0 4px;font-family:'Segoe UI', Arial">a</span>`,
			`<span style="color: red; padding: 0 4px; font-family: &#39;Segoe UI&#39;, Arial">a</span>`},
		{"a link shows where it goes", `<a href="https://Example.COM/a?b=1&c">x</a>`,
			`<a href="https://example.com/a?b=1&amp;c" data-host="example.com" target="_blank" rel="noopener noreferrer">x</a>`},
		{"a link without a scheme to www works", `<a href="www.example.com/x">x</a>`,
			`<a href="http://www.example.com/x" data-host="www.example.com" target="_blank" rel="noopener noreferrer">x</a>`},
		{"a mail address", `<a href="mailto:a@b.de?subject=x">x</a>`,
			`<a href="mailto:a@b.de?subject=x" data-host="a@b.de" target="_blank" rel="noopener noreferrer">x</a>`},
		{"a phone number", `<a href="tel:+49 30 1">x</a>`,
			`<a href="tel:+49 30 1" data-host="+49 30 1" target="_blank" rel="noopener noreferrer">x</a>`},
		{"an unclosed list", `<ul><li>a<li>b`, `<ul dir="auto"><li>a</li><li>b</li></ul>`},
		{"a table", `<table border=1><tr><td colspan=2>a<td>b</table>`,
			`<table border="1" dir="auto"><tr><td colspan="2">a</td><td>b</td></tr></table>`},
		{"Word's own elements vanish", `<p class=MsoNormal>a<o:p>&nbsp;</o:p></p>`, "<p dir=\"auto\">a\u00a0</p>"},
		{"misnested formatting keeps the blocks", `<b>a<div>b</b>c</div>d`, `<b>a<div>bc</div></b>d`},
		{"a data image", `<img src="data:image/png;base64,iVBORw0KGgo=" alt=x>`, `<img alt="x" src="data:image/png;base64,iVBORw0KGgo=">`},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, safehtml.Clean(tt.in, safehtml.Options{}).HTML) })
	}
}

func TestCleanRemovesWhatHarms(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"script", `a<script>alert(1)</script>b`, `ab`},
		{"script that closes itself", `a<script src=//evil/x.js />b</script>c`, `ac`},
		{"split script", `<scr<script>ipt>alert(1)</scr</script>ipt>`, `ipt&gt;alert(1)ipt&gt;`},
		{"handler", `<b onclick=alert(1) ONLOAD=x id=a class=b>x</b>`, `<b>x</b>`},
		{"handler after a slash", `<img/src="x"/onerror=alert(1)>y`, `y`},
		{"title escape", `</title><img src=x onerror=alert(1)>`, ``},
		{"title content", `<title></title><img src=x onerror=alert(1)></title>a`, `a`},
		{"textarea escape", `<textarea></textarea><img src=x onerror=alert(1)>`, ``},
		{"mutation by noscript", `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `&#34;&gt;`},
		{"mutation by math and style", `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
			`<table dir="auto"></table>`},
		{"mutation by svg and style", `<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`, ``},
		{"mutation by form", `<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`, ``},
		{"svg", `<svg onload=alert(1)><script>1</script><text>x</text></svg>a`, `a`},
		{"an open svg ends at a paragraph", `<svg><g><p>a`, `<p dir="auto">a</p>`},
		{"iframe, object, embed", `<iframe src=x>a</iframe><object data=x>b</object><embed src=x>c`, `bc`},
		{"form controls", `<form action=x><input name=a value=b><button>c</button><select><option>d</select></form>`, `c`},
		{"base, meta, link", `<base href=//evil><meta http-equiv=refresh content=0><link rel=stylesheet href=x>a`, `a`},
		{"comment", `a<!-- <img src=x onerror=1> -->b<!--[if mso]><p>x</p><![endif]-->c`, `abc`},
		{"bogus comment", `a<!x><?php y ?>b`, `ab`},
		{"template", `<template><img src=x onerror=1></template>a`, `a`},
		{"javascript link", `<a href="javascript:alert(1)">x</a>`, `x`},
		{"javascript link in pieces", "<a href=\" \x01java\tscr\nipt:alert(1)\">x</a>", `x`},
		{"javascript link in entities", `<a href="&#106;avascript&colon;alert(1)">x</a>`, `x`},
		{"vbscript, data, file, blob", `<a href="vbscript:1">a</a><a href="data:text/html,x">b</a><a href="file:///x">c</a><a href="blob:x">d</a>`, `abcd`},
		{"relative links", `<a href="/admin">a</a><a href="//evil.com">b</a><a href="?x">c</a>`, `abc`},
		{"a link with a name before the host", `<a href="https://bank.com@evil.com/x">a</a>`,
			`<a href="https://evil.com/x" data-host="evil.com" target="_blank" rel="noopener noreferrer">a</a>`},
		{"a link with a backslash", `<a href="https://bank.com\@evil.com">a</a>`,
			`<a href="https://bank.com/@evil.com" data-host="bank.com" target="_blank" rel="noopener noreferrer">a</a>`},
		{"a host in look-alike letters", `<a href="https://аpple.com/">a</a>`,
			`<a href="https://xn--pple-43d.com/" data-host="xn--pple-43d.com" target="_blank" rel="noopener noreferrer">a</a>`},
		{"a host in escapes", `<a href="https://%65vil.com/">a</a>`, `a`},
		{"svg as a data image", `<img src="data:image/svg+xml;base64,PHN2Zz4=">a`, `a`},
		{"url() in a style", `<p style="background:url(http://x/y.png);color:red">a</p>`, `<p style="color: red" dir="auto">a</p>`},
		{"escapes in a style", `<p style="b\61ckground:u\72l(x);width:e\78pression(alert(1))">a</p>`, `<p dir="auto">a</p>`},
		{"comments in a style", `<p style="color:/**/red;background:ur/**/l(x)">a</p>`, `<p dir="auto">a</p>`},
		{"expression", `<p style="width:expression(alert(1));color:rgb(1,2,3)">a</p>`, `<p style="color: rgb(1,2,3)" dir="auto">a</p>`},
		{"an overlay", `<div style="position:fixed;top:0;left:0;z-index:9;margin:-99px;width:100%;display:flex">a</div>`,
			`<div style="width: 100%" dir="auto">a</div>`},
		{"quotes that end an attribute", `<font face='x" onload="y'>a</font>`, `<font>a</font>`},
		{"bidi overrides", "a\u202eb\u202dc\u200fd<bdo dir=rtl>e</bdo>", "abc\u200fde"},
		{"controls", "a\x00b\x08c&#1;d\u0085", `abcd`},
		{"remote sources of other kinds", `<img srcset="http://x 1x"><table background="http://x"><video poster=http://x></video>`, `<table dir="auto"></table>`},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, safehtml.Clean(tt.in, safehtml.Options{}).HTML) })
	}
}

func TestCleanBlocksRemoteImages(t *testing.T) {
	got := safehtml.Clean(`<img src="HTTP://evil.com/p.gif?id=1" width=1><img src=//evil.com/x>`, safehtml.Options{})
	assert.Equal(t, `<img width="1" data-remote-src="http://evil.com/p.gif?id=1">`, got.HTML)
	assert.Equal(t, 1, got.RemoteImages)
	assert.Equal(t, got, safehtml.Clean(got.HTML, safehtml.Options{}))
}

func TestCleanMapsPartsOfTheMail(t *testing.T) {
	src := `<img src="cid:a%40b"><img src="cid:a@b"><img src="CID:none">`
	kept := safehtml.Clean(src, safehtml.Options{})
	assert.Equal(t, `<img src="cid:a@b"><img src="cid:a@b"><img src="cid:none">`, kept.HTML)
	assert.Equal(t, []string{"a@b", "none"}, kept.CIDs)

	mapped := safehtml.Clean(kept.HTML, safehtml.Options{CID: func(id string) string {
		return map[string]string{"a@b": "/files/1?t=x&y"}[id]
	}})
	assert.Equal(t, `<img src="/files/1?t=x&amp;y"><img src="/files/1?t=x&amp;y">`, mapped.HTML)
}

func TestCleanRefusesWhatIsTooMuch(t *testing.T) {
	for _, tt := range []struct{ name, in, flag string }{
		{"a long style attribute", `<p style="` + strings.Repeat("color:red;", 24_400) + `">a</p>`, safehtml.StyleTooLarge},
		{"nested elements", strings.Repeat("<div>", 12_000), safehtml.TooDeep},
		{"nested elements that show nothing", strings.Repeat("<x-y>", 12_000), safehtml.TooDeep},
		{"a long mail", strings.Repeat("a", 1<<20+1), safehtml.TooLarge},
		{"countless elements", strings.Repeat("<p>", 1<<20/3), safehtml.TooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, safehtml.Result{Flags: []string{tt.flag}}, safehtml.Clean(tt.in, safehtml.Options{}))
		})
	}
	big := safehtml.Clean(`a<img src="data:image/png;base64,`+strings.Repeat("AAAA", 200_000)+`">`, safehtml.Options{})
	assert.Equal(t, safehtml.Result{HTML: "a", Flags: []string{safehtml.ImageTooLarge}}, big)
}

// Each input is 1 MiB made to hurt; 2 s is the bar of A7, the usual is 0.1 s.
func TestCleanTakesLinearTime(t *testing.T) {
	for _, unit := range []string{"<", "<!--", "<a ", "<a b=", "</b>", "<b>", "<b><i>x</b>", "<p>x", "&amp;", "&", "<svg>", "<![CDATA[", "<title>",
		"<table><td>", "<img src=cid:", "<p style=color:red>", "<div><b a=1>x</div>", "\x00", "\xff", "<a href=//>", "<img src=cid:&#x10ffff;>"} {
		begun := time.Now()
		safehtml.Clean(strings.Repeat(unit, 1<<20/len(unit)), safehtml.Options{})
		assert.Less(t, time.Since(begun), sane, "1 MiB of %q", unit)
	}
}
