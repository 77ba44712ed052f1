package mail

import (
	"bytes"
	"html"
	"io"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// decodeHTML decodes the bytes of an HTML part; without a useful charset the
// page's own <meta> is asked.
func decodeHTML(raw []byte, declared string) string {
	fallback := ""
	if name := charsetName(declared); vagueCharset(name) || !isUTF8(name) && !isUTF7(name) && lookupCharset(name) == nil {
		fallback = metaCharset(raw)
		if fallback != "" && !isUTF8(charsetName(fallback)) {
			declared = fallback
		}
	}
	return normalEOL(decodeCharset(raw, declared, fallback))
}

// metaCharset finds charset=… in the first 4 KiB of a page.
func metaCharset(raw []byte) string {
	head := bytes.ToLower(raw[:min(len(raw), 4096)])
	for {
		i := bytes.Index(head, []byte("<meta"))
		if i < 0 {
			return ""
		}
		head = head[i+5:]
		end := bytes.IndexByte(head, '>')
		if end < 0 {
			return ""
		}
		if j := bytes.Index(head[:end], []byte("charset=")); j >= 0 {
			v := bytes.TrimLeft(head[j+8:end], `"' `)
			if k := bytes.IndexAny(v, "\"'; />"); k >= 0 {
				v = v[:k]
			}
			return string(v)
		}
	}
}

// textToHTML shows plain text as HTML.
func textToHTML(s string) string {
	return "<div>" + strings.ReplaceAll(html.EscapeString(strings.TrimRight(s, "\n")), "\n", "<br>\n") + "</div>"
}

// TextFromHTML makes readable text of HTML in one pass: blocks become lines,
// list items get a dash, scripts and styles vanish.
func TextFromHTML(src string) string {
	w := &textWriter{}
	z := nethtml.NewTokenizer(strings.NewReader(src))
	skip := 0
	for {
		switch z.Next() {
		case nethtml.ErrorToken:
			if z.Err() != io.EOF { // cannot happen: the source is memory
				w.text(string(z.Raw()))
			}
			return w.String()
		case nethtml.TextToken:
			if skip == 0 {
				w.text(string(z.Text()))
			}
		case nethtml.StartTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if hiddenElement(a) {
				skip++
			}
			w.start(a)
		case nethtml.SelfClosingTagToken:
			name, _ := z.TagName()
			w.start(atom.Lookup(name))
		case nethtml.EndTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if hiddenElement(a) && skip > 0 {
				skip--
			}
			w.end(a)
		}
	}
}

// hiddenElement holds text that is not for reading.
func hiddenElement(a atom.Atom) bool {
	switch a {
	case atom.Style, atom.Script, atom.Title, atom.Template, atom.Noscript:
		return true
	}
	return false
}

// textWriter lays text out in lines.
type textWriter struct {
	b       strings.Builder
	newline int  // line ends owed before the next text
	blank   bool // a blank is owed
	begun   bool
	pre     int
}

// String returns the text with one line end at its end.
func (w *textWriter) String() string {
	if !w.begun {
		return ""
	}
	return w.b.String() + "\n"
}

func (w *textWriter) text(s string) {
	if w.pre > 0 {
		w.preformatted(s)
		return
	}
	for s != "" {
		if isHTMLSpace(rune(s[0])) {
			w.blank = true
			s = strings.TrimLeftFunc(s, isHTMLSpace)
			continue
		}
		end := strings.IndexFunc(s, isHTMLSpace)
		if end < 0 {
			end = len(s)
		}
		w.flush()
		w.b.WriteString(s[:end])
		s = s[end:]
	}
}

func (w *textWriter) preformatted(s string) {
	for more := true; more; {
		var line string
		line, s, more = strings.Cut(s, "\n")
		if line != "" {
			w.flush()
			w.b.WriteString(line)
		}
		if more {
			w.newline++
		}
	}
}

func isHTMLSpace(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f'
}

// flush writes what is owed before text.
func (w *textWriter) flush() {
	if w.begun {
		switch {
		case w.newline > 0:
			w.b.WriteString(strings.Repeat("\n", w.newline))
		case w.blank:
			w.b.WriteByte(' ')
		}
	}
	w.begun, w.newline, w.blank = true, 0, false
}

func (w *textWriter) lines(n int) {
	w.newline = max(w.newline, n)
}

func (w *textWriter) start(a atom.Atom) {
	switch a {
	case atom.Br:
		w.newline = min(w.newline+1, 3)
	case atom.Pre, atom.Textarea:
		w.lines(1)
		w.pre++
	case atom.Li:
		w.lines(1)
		w.flush()
		w.b.WriteString("- ")
	case atom.Td, atom.Th:
		w.blank = true
	default:
		w.lines(blockGap(a))
	}
}

func (w *textWriter) end(a atom.Atom) {
	switch a {
	case atom.Pre, atom.Textarea:
		w.pre = max(w.pre-1, 0)
		w.lines(1)
	default:
		w.lines(blockGap(a))
	}
}

// blockGap is the number of line ends around an element.
func blockGap(a atom.Atom) int {
	switch a {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Blockquote, atom.Table, atom.Ul, atom.Ol, atom.Dl, atom.Hr:
		return 2
	case atom.Div, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center, atom.Address, atom.Dt, atom.Dd, atom.Form,
		atom.Fieldset, atom.Body, atom.Html, atom.Head, atom.Li, atom.Caption, atom.Tbody, atom.Thead, atom.Figure, atom.Main, atom.Nav:
		return 1
	}
	return 0
}
