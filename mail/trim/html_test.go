package trim_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/mail/markup"
	"github.com/deskbell/deskbell/mail/trim"
)

func sprint(m map[rune]int) string { return fmt.Sprint(m) }

func TestHTMLDropsTheQuotesOfMailPrograms(t *testing.T) {
	for _, tt := range []struct{ name, quote string }{
		{"Gmail", `<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Tue 4 Help Desk &lt;<a href="mailto:d@example.org">d@example.org</a>&gt; scripsit:<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex"><div>Old text</div></blockquote></div>`},
		{"Apple Mail", `<div><blockquote type="cite"><div>On 4 Mar 2025, at 10:11, Help Desk &lt;d@example.org&gt; wrote:</div><br><div>Old text</div></blockquote></div>`},
		{"Thunderbird", `<div class="moz-cite-prefix">An 4 Mar 2025 Help Desk dixit:<br></div><blockquote type="cite" cite="mid:x">Old text</blockquote>`},
		{"Outlook.com", `<div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><b>Xyz:</b> Help Desk<br><b>Abc:</b> x</div><div>Old text</div>`},
		{"Outlook, renamed ids", `<div id="x_divRplyFwdMsg"><b>Xyz:</b> Help Desk</div><div>Old text</div>`},
		{"Outlook on a phone", `<div id="mail-editor-reference-message-container"><div>Xyz: Help Desk</div><div>Old text</div></div>`},
		{"Outlook for Windows", `<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class=MsoNormal><b>Xyz:</b> Help Desk<br></p></div></div><p>Old text</p>`},
		{"Outlook, German, in one paragraph", `<p><b>Von:</b> Help Desk<br><b>Gesendet:</b> Dienstag<br><b>An:</b> Ann<br><b>Betreff:</b> x</p><p>Old text</p>`},
		{"Hotmail", `<hr id="stopSpelling">Date: Tue<br>From: d@example.org<br><div>Old text</div>`},
		{"Zimbra", `<hr id="zwchr"><b>From: </b>d@example.org<br>Old text`},
		{"Yahoo", `<div class="yahoo_quoted"><div>On Tuesday Help Desk wrote:</div><div>Old text</div></div>`},
		{"Proton", `<div class="protonmail_quote">Help Desk wrote:<blockquote class="protonmail_quote">Old text</blockquote></div>`},
		{"GMX", `<div name="quote" style="margin:10px"><div><b>Gesendet:</b> Dienstag<br><b>Von:</b> Help Desk</div><div>Old text</div></div>`},
		{"Yandex", `<div>04.03.2025, 10:11, "Help Desk" &lt;d@example.org&gt;:</div><blockquote><p>Old text</p></blockquote>`},
		{"marks as text", `<br>&gt; Subject: x<br>&gt; From: d@example.org<br>&gt; Old text<br>`},
		{"text in pre", "<pre>\nOn 4 Mar 2025 at 10:11, Help Desk &lt;d@example.org&gt; wrote:\n&gt; Old text\n</pre>"},
		{"a signature in between", `<div class="gmail_signature">Ann, ACME</div><blockquote type="cite">Old text</blockquote>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := trim.HTML(`<html><head><style>p{}</style></head><body bgcolor="#fff"><div><p>It <b>works</b>.</p></div>` + tt.quote + `</body></html>`)
			assert.Equal(t, "It works.", got.ReplyText)
			assert.Contains(t, got.Rest, "Old text")
			assert.True(t, strings.HasPrefix(got.Reply, `<body bgcolor="#fff"><div><p>It <b>works</b>.</p></div>`), got.Reply)
			assert.NotContains(t, got.Reply, "Old")
		})
	}
}

func TestHTMLKeepsContent(t *testing.T) {
	for _, tt := range []struct{ name, in, text string }{
		{"a forwarded mail of Gmail", `<div>FYI</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: <b>Bob</b><br>Date: Tue<br></div>Old</div>`,
			"FYI\n---------- Forwarded message ---------\nFrom: Bob\nDate: Tue\nOld"},
		{"a forwarded mail of Thunderbird", `<p>FYI</p><div class="moz-forward-container">-------- Weitergeleitete Nachricht --------<table><tr><th>Betreff: </th><td>x</td></tr></table>Old</div>`,
			"FYI\n-------- Weitergeleitete Nachricht --------\nBetreff:\nx\nOld"},
		{"answers between quotes", `<blockquote type="cite">One?</blockquote><p>Yes.</p><blockquote type="cite">Two?</blockquote><p>No.</p>`, "One?\nYes.\nTwo?\nNo."},
		{"an indented paragraph", `<p>Do</p><blockquote style="margin: 0 0 0 40px; border: none; padding: 0px;">this</blockquote>`, "Do\nthis"},
		{"a quote made with Gmail's button", `<p>He said</p><blockquote class="gmail_quote">Never</blockquote>`, "He said\nNever"},
		{"a quote when nothing else remains", `<blockquote type="cite">Old</blockquote>`, "Old"},
		{"an image above the quote", `<p><img src="cid:1"></p><blockquote type="cite">Old</blockquote>`, ""},
		{"a table", `<table><tr><td></td><td>b</td></tr></table>`, "b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := trim.HTML(tt.in)
			assert.Equal(t, tt.text, got.ReplyText)
		})
	}
	image := trim.HTML(`<p><img src="cid:1"></p><blockquote type="cite">Old</blockquote>`)
	assert.Equal(t, `<p><img src="cid:1"></p>`, image.Reply)
	assert.Equal(t, `<table><tr><td></td><td>b</td></tr></table>`, trim.HTML(`<table><tr><td></td><td>b</td></tr></table>`).Reply)
}

func TestHTMLTakesLinearTime(t *testing.T) {
	for _, unit := range []string{"<", "<p>", "<br>", "<p>a", "<b>a</b>", "<blockquote>a</blockquote>", "<blockquote>a</blockquote>b", "<pre>\n", "<div><b a=1>x</div>", "<td>",
		"<div class=gmail_quote>a</div>", "<div style='border-top:solid #e1e1e1'>a:</div>", "<div class=gmail_quote>", "<hr>", "<img>", "From: a<br>", "wrote:<br>"} {
		begun := time.Now()
		trim.HTML(strings.Repeat(unit, 1<<20/len(unit)))
		assert.Less(t, time.Since(begun), sane, "1 MiB of %q", unit)
	}
	deep := strings.Repeat("<div class=gmail_quote>a", 599)
	begun := time.Now()
	trim.HTML(strings.Repeat("b<br>", 1000) + deep)
	assert.Less(t, time.Since(begun), sane, "deep")
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{`<p>a</p><blockquote type=cite>b</blockquote>`, `a<br>On 1 Jan 2014, b wrote:<br><blockquote>c</blockquote>d`, "<pre>a\n&gt; b\n</pre>c",
		`<div id=appendonsend></div><hr>b`, `<table><tr><td>a<td><blockquote>b</table>`, `<div class=gmail_signature>x</div>a<img src=cid:1>`, `<svg>a<p>b`, `<title>a</title>b<b><div></b>c`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		got := trim.HTML(src)
		require.Equal(t, visible(words(t, src)), visible(words(t, got.Reply)+words(t, got.Rest)))
		require.Equal(t, visible(words(t, got.Reply)), visible(got.ReplyText))
		require.Equal(t, got.Quoted, got.Rest != "")
	})
}

// words returns all text of an HTML body.
func words(t *testing.T, src string) string {
	root, err := markup.Parse(src, markup.Limits{Bytes: 1 << 24, Depth: 600, Nodes: 1 << 20})
	if err != nil {
		t.Skip("too deep")
	}
	var b strings.Builder
	var walk func(*markup.Node)
	walk = func(n *markup.Node) {
		b.WriteString(n.Text)
		for _, k := range n.Kids {
			walk(k)
		}
	}
	walk(root)
	return b.String()
}

func TestHTMLKeepsWordsWrittenIntoGmailsAttribution(t *testing.T) {
	got := trim.HTML(`<div class="gmail_quote"><div class="gmail_attr">Hi, this is the sample.</div><div>More</div></div>`)
	assert.Equal(t, "Hi, this is the sample.\nMore", got.ReplyText)
}
