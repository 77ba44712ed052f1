package mail

import (
	"io"
	"strings"
)

// body returns the decoded bytes of a leaf.
func (p *mimePart) body(r io.ReaderAt) io.Reader {
	return transferDecoder(io.NewSectionReader(r, p.start, max(p.end-p.start, 0)), p.encoding)
}

// charset of a text leaf as declared.
func (p *mimePart) charset() string { return p.params["charset"] }

// filename returns the declared name: Content-Disposition before Content-Type.
func (p *mimePart) filename() string {
	for _, name := range []string{p.dispParams["filename"], p.params["name"], p.params["filename"], p.dispParams["name"]} {
		if name != "" {
			return name
		}
	}
	return ""
}

// contentID without brackets.
func (p *mimePart) contentID() string {
	return firstID(clean(string(p.header.get("content-id"))))
}

// textual says whether a leaf can serve as body: plain text or HTML that is
// not given as an attachment.
func (p *mimePart) textual() bool {
	return (p.ctype == "text/plain" || p.ctype == "text/html") && p.disp != "attachment"
}

// walkLeaves calls fn for each part without children, in order.
func (p *mimePart) walkLeaves(fn func(*mimePart)) {
	stack := []*mimePart{p}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if len(top.children) == 0 {
			fn(top)
		}
		for i := len(top.children) - 1; i >= 0; i-- {
			stack = append(stack, top.children[i])
		}
	}
}

// bodyCharset is the charset of the first text leaf that declares one; raw
// header bytes are read with it.
func (p *mimePart) bodyCharset() string {
	found := ""
	p.walkLeaves(func(leaf *mimePart) {
		if found == "" && strings.HasPrefix(leaf.ctype, "text/") {
			found = leaf.charset()
		}
	})
	return found
}
