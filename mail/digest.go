package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
)

// maxIDBytes bounds the Message-ID field that a digest keeps. Chosen: far
// above RFC 5322's 998 bytes a line.
const maxIDBytes = 4 << 10

// maxNameBytes is how much of a header line a digest looks at to find the name.
const maxNameBytes = 256

// Digest computes the [Stored] values of a raw mail that is written through
// it, in one pass and with bounded memory. The content hash covers the body
// and the header without the fields that transport adds; line ends count as
// LF, so one mail has one hash however it arrived.
type Digest struct {
	raw, content hash.Hash
	size         int64
	inBody       bool
	line         []byte // beginning of the current header line, until its field is known
	known        bool   // the current header line has been judged
	keep         bool   // the current field counts
	inID         bool   // the current field is the first Message-ID
	id           []byte
	haveID       bool
	begun        bool // a header line has been seen
	cr           int  // CRs held back
}

// NewDigest returns an empty digest.
func NewDigest() *Digest {
	return &Digest{raw: sha256.New(), content: sha256.New()}
}

// Write implements io.Writer; it never fails.
func (d *Digest) Write(p []byte) (int, error) {
	_, _ = d.raw.Write(p) // a hash does not fail
	d.size += int64(len(p))
	for rest := p; len(rest) > 0; {
		chunk := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			chunk = rest[:i+1]
		}
		rest = rest[len(chunk):]
		if d.inBody {
			d.hash(chunk)
		} else {
			d.header(chunk)
		}
	}
	return len(p), nil
}

// Sum ends the mail and returns what is known of it.
func (d *Digest) Sum() Stored {
	if !d.inBody && !d.known && len(d.line) > 0 {
		d.judge()
	}
	return Stored{
		SHA256:        hex.EncodeToString(d.raw.Sum(nil)),
		ContentSHA256: hex.EncodeToString(d.content.Sum(nil)),
		MessageID:     d.messageID(),
		Size:          d.size,
	}
}

// messageID reads the collected field as [Parse] does.
func (d *Digest) messageID() string {
	return firstID(oneLine(rawToUTF8(bytes.TrimSpace(d.id), "")))
}

// hash adds bytes to the content hash with line ends as LF.
func (d *Digest) hash(p []byte) {
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\r')
		if d.cr > 0 {
			if p[0] == '\r' {
				d.cr++
				p = p[1:]
				continue
			}
			if p[0] != '\n' {
				_, _ = d.content.Write(bytes.Repeat([]byte{'\r'}, min(d.cr, 1<<10)))
			}
			d.cr = 0
		}
		if i < 0 {
			_, _ = d.content.Write(p)
			return
		}
		_, _ = d.content.Write(p[:i])
		d.cr = 1
		p = p[i+1:]
	}
}

// header handles a piece of a header line.
func (d *Digest) header(chunk []byte) {
	ended := chunk[len(chunk)-1] == '\n'
	if d.known {
		d.take(chunk)
	} else {
		d.line = append(d.line, chunk...)
		if ended || len(d.line) >= maxNameBytes || bytes.IndexByte(d.line, ':') >= 0 {
			d.judge()
		}
	}
	if ended {
		d.known, d.line = false, d.line[:0]
	}
}

// judge decides about a header line whose beginning is in d.line.
func (d *Digest) judge() {
	d.known = true
	line := d.line
	body := trimEOL(line)
	name := fieldName(line)
	switch {
	case len(body) == 0 && !d.begun:
		return // blank lines before the header
	case len(body) == 0:
		d.inBody = true
		d.hash([]byte("\n"))
		return
	case body[0] == ' ' || body[0] == '\t':
	case name != "":
		d.keep = !traceField(name)
		d.inID = !d.haveID && strings.EqualFold(name, "message-id")
		if d.inID {
			d.haveID = true
			d.begun = true
			d.hash(line)
			d.collect(line[bytes.IndexByte(line, ':')+1:])
			return
		}
	case !d.begun && isFromLine(line):
		d.keep, d.inID = false, false
		return
	default:
		d.inID, d.keep = false, true
	}
	d.begun = true
	d.take(line)
}

// take handles bytes of the current field.
func (d *Digest) take(p []byte) {
	if d.keep {
		d.hash(p)
	}
	if d.inID {
		d.collect(p)
	}
}

func (d *Digest) collect(p []byte) {
	d.id = append(d.id, p[:min(len(p), maxIDBytes-len(d.id))]...)
	for i, c := range d.id {
		if c == '\r' || c == '\n' {
			d.id[i] = ' '
		}
	}
}

// traceField says whether a field is added by transport and says nothing
// about the content.
func traceField(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "return-path", "received", "delivered-to", "x-original-to", "authentication-results", "dkim-signature":
		return true
	}
	return strings.HasPrefix(name, "arc-") || strings.HasPrefix(name, "x-spam")
}
