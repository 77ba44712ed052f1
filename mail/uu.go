package mail

import (
	"bufio"
	"bytes"
	"io"
)

// uuReader decodes a uuencoded part.
type uuReader struct {
	src     *bufio.Reader
	out     []byte
	started bool
	err     error
}

func newUUReader(r io.Reader) *uuReader {
	return &uuReader{src: bufio.NewReaderSize(r, 16<<10)}
}

// Read implements io.Reader.
func (u *uuReader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		line, err := u.src.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			u.err = err
		}
		line = trimEOL(line)
		switch {
		case !u.started:
			u.started = isUUBegin(line)
		case bytes.Equal(line, []byte("end")):
			u.err = io.EOF
		case uuValid(line):
			u.out = uuLine(line)
		case len(bytes.TrimSpace(line)) > 0:
			u.err = io.EOF
		}
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// isUUBegin recognises "begin 644 name".
func isUUBegin(line []byte) bool {
	return len(uuName(line)) > 0
}

// uuName returns the file name of a "begin 644 name" line, nil if it is none.
func uuName(line []byte) []byte {
	rest, ok := bytes.CutPrefix(line, []byte("begin "))
	if !ok {
		return nil
	}
	i := 0
	for i < len(rest) && rest[i] >= '0' && rest[i] <= '7' {
		i++
	}
	if i < 3 || i > 4 || i >= len(rest) || rest[i] != ' ' {
		return nil
	}
	return bytes.TrimSpace(rest[i:])
}

// uuValid says whether a line can be data of a uuencoded file.
func uuValid(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	n := int(line[0]-' ') & 63
	need := (n + 2) / 3 * 4
	if line[0] < ' ' || line[0] > '`' || len(line)-1 > need+2 || len(line)-1 < need-3 {
		return false
	}
	for _, c := range line[1:] {
		if c < ' ' || c > '`' {
			return false
		}
	}
	return true
}

// uuLine decodes one line of data.
func uuLine(line []byte) []byte {
	if len(line) == 0 || line[0] < ' ' || line[0] > '`' {
		return nil
	}
	n := int(line[0]-' ') & 63
	out := make([]byte, 0, n+2)
	at := func(i int) byte {
		if i < len(line) {
			return (line[i] - ' ') & 63
		}
		return 0
	}
	for i := 1; len(out) < n && i < len(line); i += 4 {
		a, b, c, d := at(i), at(i+1), at(i+2), at(i+3)
		out = append(out, a<<2|b>>4, b<<4|c>>2, c<<6|d)
	}
	return out[:min(n, len(out))]
}
