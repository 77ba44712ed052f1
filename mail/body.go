package mail

import (
	"io"
	"slices"
	"strings"
)

// content chooses what of the parts is shown as body and lists the rest.
type content struct {
	r           io.ReaderAt
	limits      Limits
	notes       notes
	text, html  string
	made        bool // text was made from the HTML
	attachments []Attachment
	events      []string  // one line for each calendar part
	spare       *mimePart // an unusual text part that serves if there is no other text

	tnefText, tnefHTML string // body of a winmail.dat
}

// seg is a piece of the body; in an alternative it has both forms.
type seg struct{ plain, html string }

// read fills text, html and attachments from the tree.
func (c *content) read(root *mimePart) error {
	segs, err := c.collect(root, root)
	if err != nil {
		return err
	}
	c.compose(segs)
	if strings.TrimSpace(c.text) == "" && c.spare != nil {
		s, err := c.readSeg(c.spare)
		if err != nil {
			return err
		}
		c.text = s.plain
	}
	c.useTNEF()
	if len(c.events) > 0 {
		c.text = strings.TrimLeft(strings.TrimRight(c.text, "\n")+"\n\n"+strings.Join(c.events, "\n"), "\n")
	}
	c.markInline()
	c.markPGP()
	return nil
}

// useTNEF takes the body of a winmail.dat where the mail has none.
func (c *content) useTNEF() {
	if c.html == "" && c.tnefHTML != "" {
		c.html = c.tnefHTML
	}
	if strings.TrimSpace(c.text) != "" {
		return
	}
	c.text = c.tnefText
	if c.text == "" && c.tnefHTML != "" {
		c.text, c.made = TextFromHTML(c.tnefHTML), true
	}
}

// collect returns the body pieces below p and lists its attachments.
func (c *content) collect(p, root *mimePart) ([]seg, error) {
	c.markSecured(p)
	switch {
	case len(p.children) == 0:
		return c.leaf(p, root)
	case p.ctype == "multipart/alternative":
		return c.alternative(p, root)
	case p.ctype == "multipart/related":
		return c.related(p, root)
	case p.ctype == "message/rfc822":
		return c.forwarded(p, root)
	}
	var segs []seg
	for _, child := range p.children {
		s, err := c.collect(child, root)
		if err != nil {
			return nil, err
		}
		segs = append(segs, s...)
	}
	return segs, nil
}

// alternative merges the forms of one text.
func (c *content) alternative(p, root *mimePart) ([]seg, error) {
	var plain, rich []string
	for _, child := range p.children {
		child.form = true
		segs, err := c.collect(child, root)
		if err != nil {
			return nil, err
		}
		for _, s := range segs {
			if s.plain != "" {
				plain = append(plain, s.plain)
			}
			if s.html != "" {
				rich = append(rich, s.html)
			}
		}
	}
	if len(plain) == 0 && len(rich) == 0 {
		return nil, nil
	}
	return []seg{{strings.Join(plain, "\n"), strings.Join(rich, "\n")}}, nil
}

// related reads the root of a compound and takes the rest as its pieces.
func (c *content) related(p, root *mimePart) ([]seg, error) {
	first := p.children[0]
	if start := firstID(p.params["start"]); start != "" {
		for _, child := range p.children {
			if child.contentID() == start {
				first = child
				break
			}
		}
	}
	var segs []seg
	for _, child := range p.children {
		s, err := c.collect(child, root)
		if err != nil {
			return nil, err
		}
		if child == first {
			segs = append(s, segs...)
		} else {
			segs = append(segs, s...)
		}
	}
	return segs, nil
}

// forwarded reads a mail that is to be read in place: who wrote it, then its
// body. It is kept as an attachment too.
func (c *content) forwarded(p, root *mimePart) ([]seg, error) {
	n := len(c.attachments)
	if err := c.attach(p); err != nil {
		return nil, err
	}
	if len(c.attachments) > n {
		c.attachments[n].Shown = true
	}
	inner := p.children[0]
	segs, err := c.collect(inner, root)
	if head := preview(inner.header); head != "" {
		segs = append([]seg{{plain: head}}, segs...)
	}
	return segs, err
}

// leaf reads a text or lists an attachment.
func (c *content) leaf(p, root *mimePart) ([]seg, error) {
	if p.multipart() && p.depth < c.limits.Depth {
		p.ctype, p.encoding = "text/plain", "" // its boundary never came
		if p.end-p.start <= 2 {
			return nil, nil
		}
	}
	if p.textual() {
		if file, err := c.namedText(p, root); file || err != nil {
			return nil, err
		}
		s, err := c.readSeg(p)
		if err != nil || s == (seg{}) {
			return nil, err
		}
		return []seg{s}, nil
	}
	if c.spare == nil && strings.HasPrefix(p.ctype, "text/") && p.disp != "attachment" && p.ctype != "text/calendar" && p.ctype != "text/rfc822-headers" {
		c.spare = p
	}
	return nil, c.attach(p)
}

// maxNamedText is the size from which a text with a file name is a file only.
// Chosen: more than people type, less than a log.
const maxNamedText = 64 << 10

// namedText lists an inline text that has a file name, so that it can be
// saved; file says that it is too large to be shown too.
func (c *content) namedText(p, root *mimePart) (file bool, err error) {
	if p == root || p.form || p.filename() == "" {
		return false, nil
	}
	n := len(c.attachments)
	if err := c.attach(p); err != nil {
		return false, err
	}
	file = p.end-p.start > maxNamedText
	if len(c.attachments) > n {
		c.attachments[n].Shown = !file
	}
	return file, nil
}

// readSeg reads a text leaf and unpacks files that are encoded in it.
func (c *content) readSeg(p *mimePart) (seg, error) {
	isHTML := p.ctype == "text/html"
	room := &c.limits.Text
	if isHTML {
		room = &c.limits.html
	}
	src := newUUSplitter(p.body(c.r))
	raw, cut, err := readUpTo(src, *room)
	if err != nil {
		return seg{}, err
	}
	*room -= len(raw)
	if cut {
		c.notes.add(NoteTruncated)
	}
	for _, f := range src.files {
		c.attachEncoded(p, f)
	}
	if isHTML {
		return seg{html: decodeHTML(raw, p.charset())}, nil
	}
	text := normalEOL(decodeCharset(raw, p.charset(), ""))
	if strings.EqualFold(p.params["format"], "flowed") {
		text = unflow(text, strings.EqualFold(p.params["delsp"], "yes"))
	}
	return seg{plain: text}, nil
}

// readUpTo reads limit bytes and drains the rest.
func readUpTo(r io.Reader, limit int) (raw []byte, cut bool, err error) {
	limit = max(limit, 0)
	raw, err = io.ReadAll(io.LimitReader(r, int64(limit)))
	if err != nil {
		return nil, false, err
	}
	n, err := io.Copy(io.Discard, r)
	return raw, n > 0, err
}

// normalEOL makes every line end LF.
func normalEOL(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\r' {
			b.WriteByte(s[i])
			continue
		}
		j := i
		for j < len(s) && s[j] == '\r' {
			j++
		}
		if j == len(s) || s[j] != '\n' {
			b.WriteByte('\n')
		}
		i = j - 1
	}
	return b.String()
}

// compose joins the pieces to one text and one HTML.
func (c *content) compose(segs []seg) {
	var text, rich []string
	hasHTML := false
	for _, s := range segs {
		hasHTML = hasHTML || s.html != ""
	}
	made, own := 0, 0
	for _, s := range segs {
		plain := s.plain
		if s.html != "" {
			if from := TextFromHTML(s.html); unusable(plain, from) {
				plain = from
				made++
			}
			rich = append(rich, s.html)
		} else if hasHTML && strings.TrimSpace(plain) != "" {
			rich = append(rich, textToHTML(plain))
		}
		if strings.TrimSpace(plain) != "" {
			text = append(text, strings.TrimRight(plain, "\n"))
			own++
		}
	}
	c.text = strings.Join(text, "\n\n")
	if len(text) == 1 {
		c.text += "\n"
	}
	c.html = strings.Join(rich, "\n")
	c.made = made > 0 && made >= own
}

// markInline finds the attachments that the HTML shows.
func (c *content) markInline() {
	if c.html == "" || !slices.ContainsFunc(c.attachments, func(a Attachment) bool { return a.ContentID != "" }) {
		return
	}
	used := cidsOf(c.html)
	for i := range c.attachments {
		if id := c.attachments[i].ContentID; id != "" && used[strings.ToLower(id)] {
			c.attachments[i].Inline = true
		}
	}
}

// maxCID bounds the length of a cid: link. Chosen.
const maxCID = 300

// cidsOf collects the ids of all cid: links, in lower case.
func cidsOf(html string) map[string]bool {
	ids := map[string]bool{}
	low := strings.ToLower(html)
	for {
		i := strings.Index(low, "cid:")
		if i < 0 {
			return ids
		}
		low = low[i+4:]
		if j := strings.IndexAny(low[:min(len(low), maxCID)], "\"'<> )\t\n&"); j > 0 {
			ids[strings.ReplaceAll(low[:j], "%40", "@")] = true
		}
	}
}
