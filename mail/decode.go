package mail

import (
	"bufio"
	"bytes"
	"io"
)

// transferDecoder undoes a transfer encoding (the folded name). Bad input is
// skipped or passed through, never an error.
func transferDecoder(r io.Reader, encoding string) io.Reader {
	switch encoding {
	case "base64":
		return &base64Reader{src: bufio.NewReaderSize(r, 16<<10)}
	case "quoted-printable":
		return &qpReader{src: bufio.NewReaderSize(r, 16<<10)}
	case "uuencode":
		return newUUReader(r)
	}
	return r
}

// base64Reader decodes base64 and skips everything outside the alphabet.
type base64Reader struct {
	src  *bufio.Reader
	acc  uint32
	bits int
	err  error
}

// Read implements io.Reader.
func (b *base64Reader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && b.err == nil {
		c, err := b.src.ReadByte()
		if err != nil {
			b.err = err
			break
		}
		if c == '=' { // padding ends a stream; another may follow
			b.acc, b.bits = 0, 0
			continue
		}
		v := base64Value(c)
		if v < 0 {
			continue
		}
		b.acc = b.acc<<6 | uint32(v)
		if b.bits += 6; b.bits >= 8 {
			b.bits -= 8
			p[n] = byte(b.acc >> b.bits)
			n++
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, b.err
}

func base64Value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return -1
}

// decodeBase64Bytes decodes a short base64 text.
func decodeBase64Bytes(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	out, _ := io.ReadAll(&base64Reader{src: bufio.NewReader(bytes.NewReader(b))}) // reading memory does not fail
	return out
}

// qpReader decodes quoted-printable. Soft line breaks are removed, also with
// blanks after the =; what is not a valid escape stays.
type qpReader struct {
	src  *bufio.Reader
	out  []byte // decoded, not yet delivered
	buf  []byte
	held []byte // beginning of an escape that a long line was cut in
	err  error
}

// Read implements io.Reader.
func (q *qpReader) Read(p []byte) (int, error) {
	for len(q.out) == 0 {
		if q.err != nil {
			return 0, q.err
		}
		line, err := q.src.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			q.err = err
		}
		if len(q.held) > 0 {
			line = append(q.held, line...)
			q.held = nil
		}
		if err == bufio.ErrBufferFull {
			if i := bytes.LastIndexByte(line, '='); i >= len(line)-2 && i >= 0 {
				line, q.held = line[:i], bytes.Clone(line[i:])
			}
		}
		q.buf = decodeLine(q.buf[:0], line, err == bufio.ErrBufferFull)
		q.out = q.buf
	}
	n := copy(p, q.out)
	q.out = q.out[n:]
	return n, nil
}

// decodeLine appends the decoded line to out. A piece of a line that is not
// its end keeps its blanks and must not be cut inside an escape.
func decodeLine(out, line []byte, partial bool) []byte {
	body, eol := line, []byte(nil)
	if !partial {
		body = trimEOL(line)
		eol = line[len(body):]
		trimmed := bytes.TrimRight(body, " \t")
		if bytes.HasSuffix(trimmed, []byte("=")) {
			body, eol = trimmed[:len(trimmed)-1], nil
		} else if len(eol) > 0 {
			body = trimmed
		}
	}
	for i := 0; i < len(body); i++ {
		if body[i] == '=' && i+2 < len(body) && unhex(body[i+1]) >= 0 && unhex(body[i+2]) >= 0 {
			out = append(out, byte(unhex(body[i+1])<<4|unhex(body[i+2])))
			i += 2
			continue
		}
		out = append(out, body[i])
	}
	return append(out, eol...)
}
