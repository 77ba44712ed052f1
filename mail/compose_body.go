package mail

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"path"
	"strings"
	"unicode"
)

// part is a node of the body: text, a file, or a multipart.
type part struct {
	kind   string // of text and multiparts
	text   string
	parts  []part
	file   File
	inline bool
}

// bodyWriter writes parts and keeps the first error.
type bodyWriter struct {
	w     *bufio.Writer
	seed  string
	count int
	err   error
}

func (b *bodyWriter) text(s string) {
	if b.err == nil {
		_, b.err = b.w.WriteString(s)
	}
}

// part writes the header of p, an empty line, and p without a last line end.
func (b *bodyWriter) part(p part) {
	switch {
	case len(p.parts) > 0:
		b.multipart(p)
	case p.kind != "":
		b.text("Content-Type: " + p.kind + "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
		b.quoted(p.text)
	default:
		b.attach(p)
	}
}

func (b *bodyWriter) multipart(p part) {
	mark := boundary(b.seed, b.count)
	b.count++
	kind := p.kind
	if kind == "multipart/related" {
		kind += `; type="text/html"` // RFC 2387 §3.1
	}
	b.text("Content-Type: " + kind + ";\r\n boundary=\"" + mark + "\"\r\n\r\n")
	for _, child := range p.parts {
		b.text("--" + mark + "\r\n")
		b.part(child)
		b.text("\r\n") // belongs to the boundary that follows, RFC 2046 §5.1.1
	}
	b.text("--" + mark + "--")
}

// quoted writes text as quoted-printable, lines ended by CRLF. NUL has no
// place in a mail.
func (b *bodyWriter) quoted(s string) {
	if b.err != nil {
		return
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
	q := quotedprintable.NewWriter(b.w)
	if _, b.err = io.WriteString(q, s); b.err == nil {
		b.err = q.Close()
	}
}

func (b *bodyWriter) attach(p part) {
	f := p.file
	name := fileName(f.Name)
	head := "Content-Type: " + fileType(f.Type)
	if name != "" {
		head += parameter("name", name)
	}
	head += "\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: " + pick(p.inline, "inline", "attachment")
	if name != "" {
		head += parameter("filename", name)
	}
	if sendableID(f.ContentID) {
		head += "\r\nContent-ID: <" + f.ContentID + ">"
	}
	b.text(head + "\r\n\r\n")
	if b.err == nil {
		if err := b.stream(f); err != nil {
			b.err = fmt.Errorf("attachment %q: %w", name, err)
		}
	}
}

// stream copies the file as base64 in lines of 76 characters.
func (b *bodyWriter) stream(f File) error {
	if f.Open == nil {
		return nil
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	lines := &lineBreaker{w: b.w}
	enc := base64.NewEncoder(base64.StdEncoding, lines)
	_, err = io.Copy(enc, r)
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = enc.Close()
	}
	return err
}

// lineBreaker begins a new line after 76 characters.
type lineBreaker struct {
	w      *bufio.Writer
	column int
}

func (l *lineBreaker) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if l.column == 76 {
			l.column = 0
			if _, err := l.w.WriteString("\r\n"); err != nil {
				return 0, err
			}
		}
		take := min(76-l.column, len(p))
		if _, err := l.w.Write(p[:take]); err != nil {
			return 0, err
		}
		p = p[take:]
		l.column += take
	}
	return n, nil
}

// fileType keeps a media type that can be written as base64; messages and
// multiparts cannot (RFC 2046 §5.2.1, RFC 2045 §6.4).
func fileType(declared string) string {
	t, _, err := mime.ParseMediaType(declared)
	major, minor, ok := strings.Cut(t, "/")
	if err != nil || !ok || minor == "" || len(t) > 127 || major == "message" || major == "multipart" {
		return "application/octet-stream"
	}
	return t
}

// fileName keeps the last element of a name without what could mislead or end
// a line (SECURITY-REQUIREMENTS D4).
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || strings.ContainsRune(`"<>|*?:`, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "\ufffd"))
	name = strings.TrimSpace(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if name == "." || name == "/" || name == ".." {
		return ""
	}
	if r := []rune(name); len(r) > 150 { // chosen: below what file systems take, in any script
		ext := []rune(path.Ext(name))
		if len(ext) > 20 {
			ext = nil
		}
		name = string(r[:150-len(ext)]) + string(ext)
	}
	return name
}
