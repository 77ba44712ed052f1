package mail

import (
	"bufio"
	"bytes"
	"io"
)

// lineBuffer is the longest piece of a line that is looked at in one go;
// longer lines come in several pieces. Chosen: boundaries and header lines are
// far shorter.
const lineBuffer = 64 << 10

// piece is a line, or a part of one that is longer than the buffer.
type piece struct {
	data  []byte // with its line end; valid until the next call
	start int64  // offset in the mail
	first bool   // begins a line
}

// lineReader cuts a mail into lines that end with LF, CRLF or CRCRLF; in a
// mail without any LF a bare CR ends a line.
type lineReader struct {
	br    *bufio.Reader
	pos   int64
	delim byte
	fresh bool
}

func newLineReader(r io.Reader) *lineReader {
	l := &lineReader{br: bufio.NewReaderSize(r, lineBuffer), delim: '\n', fresh: true}
	head, _ := l.br.Peek(lineBuffer) // an error shows again at the read
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		l.delim = '\r'
	}
	return l
}

// next returns the next piece; the error is io.EOF at the end.
func (l *lineReader) next() (piece, error) {
	data, err := l.br.ReadSlice(l.delim)
	p := piece{data: data, start: l.pos, first: l.fresh}
	l.pos += int64(len(data))
	l.fresh = err == nil
	if len(data) > 0 && (err == io.EOF || err == bufio.ErrBufferFull) {
		err = nil
	}
	return p, err
}

// peekLine returns up to 256 bytes of the following line without moving on.
func (l *lineReader) peekLine() []byte {
	data, _ := l.br.Peek(256)
	if i := bytes.IndexByte(data, l.delim); i >= 0 {
		data = data[:i]
	}
	return data
}

// peek returns up to n of the following bytes without moving on.
func (l *lineReader) peek(n int) []byte {
	data, _ := l.br.Peek(n) // fewer at the end are enough
	return data
}

// lineEnd returns the length of the line end at the end of line.
func lineEnd(line []byte) int {
	return len(line) - len(trimEOL(line))
}

// trimEOL removes a line end: CR*LF or a bare CR.
func trimEOL(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	for len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	return line
}
