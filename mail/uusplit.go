package mail

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
)

// encodedFile is a file that stands uuencoded or yEncoded in a text.
type encodedFile struct {
	name   string
	yenc   bool
	offset int64 // of its first line in the decoded text
	size   int64
}

// open decodes the file again; text is the decoded text from its beginning.
func (f encodedFile) open(text io.Reader) (io.ReadCloser, error) {
	if _, err := io.CopyN(io.Discard, text, f.offset); err != nil {
		return nil, err
	}
	if f.yenc {
		return io.NopCloser(newYencReader(text)), nil
	}
	return io.NopCloser(newUUReader(text)), nil
}

// uuSplitter passes a text through without the files encoded in it, which it
// lists in files. It holds one line at a time.
type uuSplitter struct {
	src   *bufio.Reader
	files []encodedFile
	pos   int64
	out   []byte
	err   error
	mode  byte // 0 text, 'u' in uuencoded, 'y' in yEncoded
	cont  bool // inside a line longer than the buffer
}

// maxEncoded bounds the files that are unpacked from one text. Chosen.
const maxEncoded = 100

func newUUSplitter(r io.Reader) *uuSplitter {
	return &uuSplitter{src: bufio.NewReaderSize(r, 16<<10)}
}

// Read implements io.Reader.
func (u *uuSplitter) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		line, err := u.src.ReadSlice('\n')
		long := err == bufio.ErrBufferFull
		if err != nil && !long {
			u.err = err
		}
		u.out = u.pass(line)
		u.pos += int64(len(line))
		u.cont = long
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// pass returns what of the line is text.
func (u *uuSplitter) pass(line []byte) []byte {
	switch {
	case u.mode == 'u':
		return u.uuencoded(line)
	case u.mode == 'y':
		return u.yencoded(line)
	case u.cont || len(u.files) >= maxEncoded:
		return line
	}
	body := trimEOL(line)
	if name, ok := yencName(body); ok {
		u.begin(name, 'y')
		return nil
	}
	if uuName(body) == nil {
		return line
	}
	line = bytes.Clone(line) // looking ahead may overwrite it
	if !uuValid(u.peek()) {
		return line
	}
	u.begin(string(uuName(trimEOL(line))), 'u')
	return nil
}

// begin lists a file that begins with the current line.
func (u *uuSplitter) begin(name string, mode byte) {
	u.files = append(u.files, encodedFile{name: name, offset: u.pos, yenc: mode == 'y'})
	u.mode = mode
}

// uuencoded counts a line of a uuencoded file; a line that is none ends it.
func (u *uuSplitter) uuencoded(line []byte) []byte {
	body := trimEOL(line)
	switch {
	case bytes.Equal(body, []byte("end")):
		u.mode = 0
	case uuValid(body):
		u.files[len(u.files)-1].size += int64(len(uuLine(body)))
	case len(bytes.TrimSpace(body)) > 0:
		u.mode = 0
		return line
	}
	return nil
}

// yencoded counts a line of a yEncoded file.
func (u *uuSplitter) yencoded(line []byte) []byte {
	body := trimEOL(line)
	if bytes.HasPrefix(body, []byte("=yend")) {
		u.mode = 0
	} else if !bytes.HasPrefix(body, []byte("=ypart")) {
		u.files[len(u.files)-1].size += int64(len(yencLine(nil, body)))
	}
	return nil
}

// peek returns the following line if it is short.
func (u *uuSplitter) peek() []byte {
	next, _ := u.src.Peek(200) // fewer bytes at the end are enough
	if i := bytes.IndexByte(next, '\n'); i >= 0 {
		next = next[:i]
	}
	return trimEOL(next)
}

// yencName reads "=ybegin line=128 size=123 name=x".
func yencName(line []byte) (string, bool) {
	if !bytes.HasPrefix(line, []byte("=ybegin ")) {
		return "", false
	}
	i := bytes.Index(line, []byte(" name="))
	j := bytes.Index(line, []byte(" size="))
	if i < 0 || j < 0 {
		return "", false
	}
	digits := line[j+6:]
	if k := bytes.IndexByte(digits, ' '); k >= 0 {
		digits = digits[:k]
	}
	if _, err := strconv.ParseInt(string(digits), 10, 64); err != nil {
		return "", false
	}
	return string(bytes.TrimSpace(line[i+6:])), true
}

// yencLine appends the decoded bytes of a line of yEnc.
func yencLine(out, line []byte) []byte {
	for i := 0; i < len(line); i++ {
		c := line[i]
		if c == '=' && i+1 < len(line) {
			i++
			c = line[i] - 64
		}
		out = append(out, c-42)
	}
	return out
}

// yencReader decodes a yEncoded file.
type yencReader struct {
	src *bufio.Reader
	out []byte
	buf []byte
	err error
}

func newYencReader(r io.Reader) *yencReader {
	return &yencReader{src: bufio.NewReaderSize(r, 16<<10)}
}

// Read implements io.Reader.
func (y *yencReader) Read(p []byte) (int, error) {
	for len(y.out) == 0 {
		if y.err != nil {
			return 0, y.err
		}
		line, err := y.src.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			y.err = err
		}
		line = trimEOL(line)
		switch {
		case bytes.HasPrefix(line, []byte("=yend")):
			y.err = io.EOF
		case bytes.HasPrefix(line, []byte("=ybegin ")), bytes.HasPrefix(line, []byte("=ypart")):
		default:
			y.buf = yencLine(y.buf[:0], line)
			y.out = y.buf
		}
	}
	n := copy(p, y.out)
	y.out = y.out[n:]
	return n, nil
}
