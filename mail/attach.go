package mail

import (
	"io"
	"strings"
)

// attach lists a leaf as attachment.
func (c *content) attach(p *mimePart) error {
	if len(c.attachments) >= c.limits.Attachments {
		c.notes.add(NoteTooManyAttachments)
		return nil
	}
	size := max(p.end-p.start, 0)
	if p.encoding != "" {
		var err error
		if size, err = io.Copy(io.Discard, p.body(c.r)); err != nil {
			return err
		}
	}
	a := Attachment{
		Declared:  p.filename(),
		Type:      p.ctype,
		Size:      size,
		ContentID: p.contentID(),
		open:      c.opener(p),
	}
	a.Name = cleanName(a.Declared)
	if p.ctype == "message/rfc822" {
		h := innerHeader(p.body(c.r))
		a.Preview = preview(h)
		if a.Name == "" {
			a.Name = mailName(h)
		}
	}
	c.attachments = append(c.attachments, a)
	switch {
	case isTNEF(p):
		return c.unpackTNEF(p)
	case p.ctype == "text/calendar" || p.ctype == "application/ics":
		return c.describeEvent(p)
	}
	return nil
}

// opener returns a function that decodes the part again.
func (c *content) opener(p *mimePart) func() (io.ReadCloser, error) {
	r := c.r
	return func() (io.ReadCloser, error) { return io.NopCloser(p.body(r)), nil }
}

// attachEncoded lists a file that stood in the text of p.
func (c *content) attachEncoded(p *mimePart, f encodedFile) {
	if len(c.attachments) >= c.limits.Attachments {
		c.notes.add(NoteTooManyAttachments)
		return
	}
	r := c.r
	name := decodeCharset([]byte(f.name), p.charset(), "")
	c.attachments = append(c.attachments, Attachment{
		Name:     cleanName(name),
		Declared: name,
		Type:     "application/octet-stream",
		Size:     f.size,
		Unpacked: true,
		open:     func() (io.ReadCloser, error) { return f.open(p.body(r)) },
	})
}

// maxInnerHeader bounds what is read of an attached mail's header. Chosen.
const maxInnerHeader = 16 << 10

// innerHeader reads the header of an attached mail.
func innerHeader(r io.Reader) rawHeader {
	head, err := io.ReadAll(io.LimitReader(r, maxInnerHeader))
	if err != nil {
		return nil // the name of an attachment is not worth an error; reading it will show it
	}
	s := strings.ReplaceAll(string(head), "\r\n", "\n")
	if i := strings.Index(strings.TrimLeft(s, "\n"), "\n\n"); i >= 0 {
		s = strings.TrimLeft(s, "\n")[:i+1]
	}
	return parseHeader([]byte(s))
}

// mailName names an attached mail by its subject.
func mailName(h rawHeader) string {
	subject := decodeHeaderText(h.get("subject"), "")
	if name := cleanName(strings.NewReplacer("/", "_", `\`, "_").Replace(subject)); name != "" {
		return name + ".eml"
	}
	return "message.eml"
}

// preview tells who wrote an attached mail, when and about what.
func preview(h rawHeader) string {
	var b strings.Builder
	for _, name := range []string{"From", "Date", "To", "Subject"} {
		if v := decodeHeaderText(h.get(strings.ToLower(name)), ""); v != "" {
			b.WriteString(name + ": " + cut(v, 500) + "\n")
		}
	}
	return b.String()
}
