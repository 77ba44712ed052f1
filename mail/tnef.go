package mail

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"
)

// Outlook's winmail.dat is a list of attributes (MS-OXTNEF). It is read as a
// stream: only properties of moderate size are held.
const (
	tnefSignature = 0x223E9F78
	maxProps      = 2 << 20 // bytes of one property list that is looked into; chosen
	maxTNEFAttrs  = 10000   // attributes of one file; chosen
)

// Attribute ids.
const (
	attBody        = 0x0002800C
	attMAPIProps   = 0x00069003
	attRendData    = 0x00069002 // begins an attachment
	attTitle       = 0x00018010
	attData        = 0x0006800F
	attAttachment  = 0x00069005
	attOEMCodepage = 0x00069007
)

// Property ids.
const (
	prBody         = 0x1000
	prRTF          = 0x1009
	prBodyHTML     = 0x1013
	prInternetCPID = 0x3FDE
	prDisplayName  = 0x3001
	prFilename     = 0x3704
	prLongFilename = 0x3707
	prMimeTag      = 0x370E
	prContentID    = 0x3712
)

// isTNEF recognises Outlook's winmail.dat.
func isTNEF(p *mimePart) bool {
	switch p.ctype {
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return true
	}
	return strings.EqualFold(p.filename(), "winmail.dat")
}

// tnefFile is an attachment inside; its bytes lie at offset of the decoded part.
type tnefFile struct {
	name, ctype, cid string
	offset, size     int64
}

// tnef is what a winmail.dat holds.
type tnef struct {
	codepage   string
	text, html string
	files      []tnefFile
}

// unpackTNEF lists the files inside p and keeps its body for a mail that has
// no other.
func (c *content) unpackTNEF(p *mimePart) error {
	t, err := readTNEF(p.body(c.r))
	if err != nil {
		return err
	}
	for _, f := range t.files {
		if len(c.attachments) >= c.limits.Attachments {
			c.notes.add(NoteTooManyAttachments)
			break
		}
		c.attachments = append(c.attachments, Attachment{
			Name: cleanName(f.name), Declared: f.name, Type: f.ctype, Size: f.size, ContentID: f.cid, Unpacked: true,
			open: c.sliceOpener(p, f.offset, f.size),
		})
	}
	if c.tnefText == "" && c.tnefHTML == "" {
		c.tnefText, c.tnefHTML = t.text, t.html
	}
	return nil
}

// sliceOpener opens a range of the decoded bytes of p.
func (c *content) sliceOpener(p *mimePart, offset, size int64) func() (io.ReadCloser, error) {
	r := c.r
	return func() (io.ReadCloser, error) {
		body := p.body(r)
		if _, err := io.CopyN(io.Discard, body, offset); err != nil {
			return nil, err
		}
		return io.NopCloser(io.LimitReader(body, size)), nil
	}
}

// readTNEF reads the attributes; a damaged file gives what came before the
// damage. The error is one of r.
func readTNEF(r io.Reader) (*tnef, error) {
	s := &tnefStream{br: bufio.NewReader(r)}
	t := &tnef{}
	var head [9]byte
	if !s.full(head[:6]) || binary.LittleEndian.Uint32(head[:4]) != tnefSignature {
		return t, s.err()
	}
	for n := 0; n < maxTNEFAttrs && s.full(head[:9]); n++ {
		id := binary.LittleEndian.Uint32(head[1:5])
		size := int64(binary.LittleEndian.Uint32(head[5:9]))
		start := s.pos
		t.attribute(id, start, size, s)
		if !s.skip(start + size + 2 - s.pos) { // two bytes of checksum
			break
		}
	}
	return t, s.err()
}

// attribute reads one attribute that lies at start.
func (t *tnef) attribute(id uint32, start, size int64, s *tnefStream) {
	switch id {
	case attData:
		if n := len(t.files); n > 0 {
			t.files[n-1].offset, t.files[n-1].size = start, size
		}
		return
	case attRendData:
		t.files = append(t.files, tnefFile{ctype: "application/octet-stream"})
		return
	case attBody, attTitle, attMAPIProps, attAttachment, attOEMCodepage:
	default:
		return
	}
	if size > maxProps {
		return
	}
	data := s.take(size)
	switch id {
	case attOEMCodepage:
		if len(data) >= 4 {
			t.codepage = "cp" + strconv.Itoa(int(binary.LittleEndian.Uint32(data)))
		}
	case attBody:
		t.text = t.decode(data)
	case attTitle:
		if n := len(t.files); n > 0 && t.files[n-1].name == "" {
			t.files[n-1].name = t.decode(data)
		}
	case attMAPIProps:
		t.messageProps(readProps(data))
	case attAttachment:
		t.fileProps(readProps(data))
	}
}

// decode reads a string in the code page of the file.
func (t *tnef) decode(b []byte) string {
	return strings.TrimRight(decodeCharset(b, t.codepage, ""), "\x00\r\n")
}

// messageProps takes the body.
func (t *tnef) messageProps(props []prop) {
	charset := t.codepage
	for _, p := range props {
		if p.id == prInternetCPID && len(p.data) >= 4 {
			charset = codepageName(int(binary.LittleEndian.Uint32(p.data)))
		}
	}
	for _, p := range props {
		switch p.id {
		case prBody:
			if t.text == "" {
				t.text = p.text(t)
			}
		case prBodyHTML:
			if p.kind == 0x1F {
				t.html = p.text(t)
			} else {
				t.html = decodeHTML(p.data, charset)
			}
		case prRTF:
			rtf := decompressRTF(p.data)
			if html, text := readRTF(rtf); html != "" && t.html == "" {
				t.html = html
			} else if t.text == "" {
				t.text = text
			}
		}
	}
}

// fileProps takes name, type and id of the current attachment.
func (t *tnef) fileProps(props []prop) {
	if len(t.files) == 0 {
		return
	}
	f := &t.files[len(t.files)-1]
	for _, p := range props {
		switch v := p.text(t); p.id {
		case prLongFilename:
			f.name = v
		case prFilename, prDisplayName:
			if f.name == "" {
				f.name = v
			}
		case prMimeTag:
			f.ctype = strings.ToLower(v)
		case prContentID:
			f.cid = firstID(v)
		}
	}
}

// codepageName names a Windows code page.
func codepageName(cp int) string {
	switch cp {
	case 65001:
		return "utf-8"
	case 20127:
		return "us-ascii"
	case 28591, 28592, 28593, 28594, 28595, 28596, 28597, 28598, 28599, 28603, 28605:
		return "iso-8859-" + strconv.Itoa(cp-28590)
	case 20866:
		return "koi8-r"
	case 50220, 50221, 50222:
		return "iso-2022-jp"
	case 51932:
		return "euc-jp"
	case 51949:
		return "euc-kr"
	case 54936:
		return "gb18030"
	}
	return "cp" + strconv.Itoa(cp)
}

// tnefStream reads and counts.
type tnefStream struct {
	br   *bufio.Reader
	pos  int64
	fail error
}

func (s *tnefStream) full(b []byte) bool {
	n, err := io.ReadFull(s.br, b)
	s.pos += int64(n)
	s.fail = err
	return err == nil
}

func (s *tnefStream) take(n int64) []byte {
	b, err := io.ReadAll(io.LimitReader(s.br, n))
	s.pos += int64(len(b))
	s.fail = err
	return b
}

func (s *tnefStream) skip(n int64) bool {
	if n < 0 || s.fail != nil {
		return false
	}
	m, err := io.CopyN(io.Discard, s.br, n)
	s.pos += m
	s.fail = err
	return err == nil
}

// err is a real error, not the end of the data.
func (s *tnefStream) err() error {
	if s.fail == nil || errors.Is(s.fail, io.EOF) || errors.Is(s.fail, io.ErrUnexpectedEOF) {
		return nil
	}
	return s.fail
}
