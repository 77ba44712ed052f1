package mail

import (
	"fmt"
	"io"
	"strings"
)

// Parse reads a mail of size bytes. It repairs what it can and never refuses
// a mail: the error is only one of r. Attachments keep r and are decoded when
// they are opened. Time is linear in size, memory bounded by limits; what is
// not set in limits is taken from [DefaultLimits].
func Parse(r io.ReaderAt, size int64, limits Limits) (*Message, error) {
	limits = limits.orDefault()
	root, found, err := walk(r, size, limits)
	if err != nil {
		return nil, fmt.Errorf("read structure: %w", err)
	}
	m := &Message{}
	m.readHeader(root.header, root.bodyCharset())
	c := &content{r: r, limits: limits, notes: found}
	if err := c.read(root); err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	m.Text, m.HTML, m.TextMade, m.Attachments, m.Notes = c.text, c.html, c.made, c.attachments, c.notes
	return m, nil
}

// readHeader fills the fields that come from the header.
func (m *Message) readHeader(h rawHeader, fallback string) {
	for _, f := range h {
		m.Header = append(m.Header, Field{f.name, oneLine(rawToUTF8(f.value, fallback))})
	}
	text := func(name string) string { return decodeHeaderText(h.get(name), fallback) }
	m.Subject = text("subject")
	m.MessageID = firstID(m.Header.Get("Message-ID"))
	m.InReplyTo = allIDs(m.Header.Get("In-Reply-To"))
	m.References = allIDs(m.Header.Get("References"))
	m.Date = parseDate(m.Header.Get("Date"))
	for _, f := range []struct {
		name string
		to   *[]Address
	}{{"from", &m.From}, {"sender", &m.Sender}, {"reply-to", &m.ReplyTo}, {"to", &m.To}, {"cc", &m.Cc}} {
		for i, raw := range h.all(f.name) {
			if i > 0 && f.name == "from" {
				break // a second From is not the author
			}
			*f.to = append(*f.to, parseAddresses(raw, fallback)...)
		}
		if len(*f.to) > maxAddresses {
			*f.to = (*f.to)[:maxAddresses]
		}
	}
	m.Subject = strings.Join(strings.Fields(m.Subject), " ")
}
