package mail

import (
	"bytes"
	"strings"
)

// headerPiece adds a piece to the header block or ends it.
func (w *walker) headerPiece(p piece) {
	line := trimEOL(p.data)
	if p.first {
		switch {
		case len(line) == 0:
			if w.root == w.cur && len(w.head) == 0 && fieldName(w.lines.peekLine()) != "" {
				return // blank lines before the header
			}
			w.endHeader(p.start + int64(len(p.data)))
			return
		case line[0] == ' ' || line[0] == '\t':
		case fieldName(line) == "":
			if !w.badLine(line) { // looking ahead may overwrite the line: it is dropped or read again
				w.endHeader(p.start)
			}
			return
		}
	}
	w.keepHeader(p)
}

// badLine says whether a line that is no field may be skipped as damage,
// because fields follow; otherwise the body begins with it.
func (w *walker) badLine(line []byte) bool {
	if w.cur == w.root && len(w.head) == 0 && isFromLine(line) {
		return true
	}
	if w.looks++; w.looks > maxLooks {
		return false
	}
	for _, next := range bytes.Split(w.lines.peek(lookAhead), []byte("\n")) {
		if len(trimEOL(next)) == 0 {
			return false
		}
		if name := fieldName(next); name != "" && knownField(name) {
			w.notes.add(NoteMalformed)
			return true
		}
	}
	return false
}

// Bounds on the search for fields behind a bad line, so that a header of bad
// lines costs no more than others. Chosen.
const (
	lookAhead = 2 << 10
	maxLooks  = 200
)

// isFromLine recognises the separator line of an mbox.
func isFromLine(line []byte) bool {
	return bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))
}

// keepHeader stores header bytes up to the limit, and beyond it still the
// fields without which a mail is nothing.
func (w *walker) keepHeader(p piece) {
	if p.first && p.data[0] != ' ' && p.data[0] != '\t' {
		w.vital = vitalField(fieldName(p.data))
	}
	room := w.limits.Header - len(w.head)
	if w.cur != w.root {
		room = min(room, w.budget)
	}
	if len(p.data) > room {
		w.notes.add(NoteHeaderTooLarge)
		if !w.vital || w.extra+len(p.data) > maxVital {
			return
		}
		w.extra += len(p.data)
		if n := len(w.head); n > 0 && w.head[n-1] != '\n' {
			w.head = append(w.head, '\n')
		}
	} else if w.cur != w.root {
		w.budget -= len(p.data)
	}
	w.head = append(w.head, p.data...)
}

// maxVital bounds what is kept of vital fields beyond the limit. Chosen.
const maxVital = 64 << 10

// vitalField says whether a field is kept even when the header is too large.
func vitalField(name string) bool {
	switch strings.ToLower(name) {
	case "from", "subject", "date", "message-id", "content-type", "content-transfer-encoding", "content-disposition", "auto-submitted", "return-path", "in-reply-to",
		"reply-to", "precedence", "list-id", "x-deskbell-loop":
		return true
	}
	return false
}

// endHeader reads the header block; the body begins at start.
func (w *walker) endHeader(start int64) {
	w.inHead = false
	p := w.cur
	p.start = start
	if w.lines.delim == '\r' {
		w.head = bytes.ReplaceAll(w.head, []byte{'\r'}, []byte{'\n'})
	}
	p.header = parseHeader(w.head)
	p.describe(w.defaultType(p))
	if w.forwardedInline(p) {
		w.enter(p, start)
		return
	}
	if !p.multipart() {
		return
	}
	if p.depth >= w.limits.Depth {
		w.notes.add(NoteTooDeep)
		return
	}
	boundary := strings.TrimRight(p.params["boundary"], " \t")
	if boundary == "" {
		w.guess = true
		return
	}
	w.push(p, boundary)
}

// defaultType is the type of a part without Content-Type.
func (w *walker) defaultType(p *mimePart) string {
	if n := len(w.open); p != w.root && n > 0 && w.open[n-1].part.ctype == "multipart/digest" {
		return "message/rfc822"
	}
	return "text/plain"
}

// describe reads the MIME fields of the header.
func (p *mimePart) describe(def string) {
	p.ctype, p.params = parseParams(p.header.get("content-type"), "")
	p.declared = p.ctype != ""
	p.ctype = mediaType(p.ctype, def)
	p.disp, p.dispParams = parseParams(p.header.get("content-disposition"), "")
	p.encoding = transferEncoding(p.header.get("content-transfer-encoding"))
}

// mediaType repairs a media type; def stands for a missing one.
func mediaType(t, def string) string {
	switch t {
	case "":
		return def
	case "text", "text/", "plain", "text/text":
		return "text/plain"
	case "html", "text/xhtml":
		return "text/html"
	case "multipart", "multipart/":
		return "multipart/mixed"
	}
	return t
}
