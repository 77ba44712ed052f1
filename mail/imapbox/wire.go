package imapbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/deskbell/deskbell/mail/link"
)

// wire is the connection under the protocol library. It counts silence only
// while an answer is due, refuses literals and lines beyond all reason before
// anything is allocated for them, and remembers whether the network failed.
// The library's own deadlines are ignored: they run while the disk is slow and
// do not run while the first byte is awaited.
type wire struct {
	net.Conn
	opening []byte // read before the connection: a greeting in place of the one before STARTTLS
	meter   meter

	mu       sync.Mutex
	patience time.Duration // silence allowed now, 0 without end
	failure  error         // the first error of the network, nil if none
	tooLarge *oversize     // the announcement that was refused, nil if none
}

func newWire(conn net.Conn, opening string, maxLiteral int64) *wire {
	return &wire{Conn: conn, opening: []byte(opening), meter: meter{maxBody: maxLiteral}}
}

// expect sets how long the server may be silent from now on, and closes the
// connection altogether after longest. The function it returns ends both.
func (w *wire) expect(silence, longest time.Duration) (done func()) {
	w.setPatience(silence)
	timer := time.AfterFunc(longest, func() { w.fail(context.DeadlineExceeded) })
	return func() {
		timer.Stop()
		w.setPatience(0)
	}
}

func (w *wire) setPatience(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.patience = d
	w.extend()
}

// extend moves the deadline; the caller holds mu, so that a reader that is
// late cannot set a deadline after an answer was complete.
func (w *wire) extend() {
	var deadline time.Time
	if w.patience > 0 {
		deadline = time.Now().Add(w.patience)
	}
	_ = w.Conn.SetReadDeadline(deadline) // fails only on a closed connection, which Read will say
}

// Read reads from the server.
func (w *wire) Read(b []byte) (int, error) {
	if len(w.opening) > 0 {
		n := copy(b, w.opening)
		w.opening = w.opening[n:]
		return n, nil
	}
	w.mu.Lock()
	w.extend()
	w.mu.Unlock()
	n, err := w.Conn.Read(b)
	if over := w.meter.scan(b[:n]); over != nil {
		w.mu.Lock()
		w.tooLarge = over
		w.mu.Unlock()
		w.Conn.Close()
		return 0, over
	}
	if err != nil {
		w.fail(err)
	}
	return n, err
}

// fail closes the connection for a reason of the network. Closing here, not
// through the client, unblocks everybody at once. Source: MAIL.md §6 trap 4.
func (w *wire) fail(err error) {
	w.mu.Lock()
	if w.failure == nil {
		w.failure = err
	}
	w.mu.Unlock()
	w.Conn.Close()
}

// SetReadDeadline does nothing: deadlines are the wire's own.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetDeadline does nothing.
func (w *wire) SetDeadline(time.Time) error { return nil }

// explain returns why a command failed: what the network met, if that is the
// cause, else err itself, which is then the fault of the protocol.
func (w *wire) explain(err error) error {
	if err == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.tooLarge != nil:
		return &link.Trouble{
			Code: "answer_too_large", Temporary: true,
			Cause: "The mail server announced far more than was asked for.",
			Cure:  "It is tried again; a mail that is too large is put aside and the others go on.",
			Err:   w.tooLarge,
		}
	case w.failure != nil && !errors.Is(err, w.failure):
		return fmt.Errorf("%w (%v)", w.failure, err)
	}
	return err
}

// networkFailed says whether the connection broke, as opposed to a server
// that talks nonsense.
func (w *wire) networkFailed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure != nil && w.tooLarge == nil
}

// Limits on what a server may announce.
const (
	maxLine       = 16 << 20 // bytes; a SEARCH answer holds up to a million UIDs in one line
	maxOtherBytes = 64 << 10 // of a literal that is no body
	tailBytes     = 64       // enough to see BODY[] and the announcement
)

// oversize is a literal or line that was refused.
type oversize struct{ size int64 }

// Error tells the size.
func (o *oversize) Error() string { return fmt.Sprintf("the server announced %d bytes", o.size) }

// meter follows the lines and literals of the server's talk.
type meter struct {
	maxBody int64
	literal int64  // bytes of a literal still to come
	line    int64  // bytes of the line so far
	tail    []byte // last bytes of the line so far
}

func (m *meter) scan(b []byte) *oversize {
	for len(b) > 0 {
		if m.literal > 0 {
			n := min(m.literal, int64(len(b)))
			m.literal -= n
			b = b[n:]
			continue
		}
		end := bytes.IndexByte(b, '\n')
		part := b
		if end >= 0 {
			part = b[:end]
		}
		b = b[len(part):]
		m.keepTail(part)
		if m.line += int64(len(part)); m.line > maxLine {
			return &oversize{m.line}
		}
		if end < 0 {
			return nil
		}
		b = b[1:]
		m.line = 0
		if over := m.announce(); over != nil {
			return over
		}
	}
	return nil
}

func (m *meter) keepTail(part []byte) {
	if len(part) >= tailBytes {
		m.tail = append(m.tail[:0], part[len(part)-tailBytes:]...)
		return
	}
	if over := len(m.tail) + len(part) - tailBytes; over > 0 {
		m.tail = append(m.tail[:0], m.tail[over:]...)
	}
	m.tail = append(m.tail, part...)
}

// announce reads {123} at the end of a line.
func (m *meter) announce() *oversize {
	line := bytes.TrimSuffix(m.tail, []byte("\r"))
	m.tail = m.tail[:0]
	open := bytes.LastIndexByte(line, '{')
	if open < 0 || !bytes.HasSuffix(line, []byte("}")) {
		return nil
	}
	digits := bytes.TrimSuffix(line[open+1:len(line)-1], []byte("+"))
	size, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return nil // not an announcement; the parser will say so if it should be one
	}
	limit := int64(maxOtherBytes)
	if bytes.Contains(bytes.ToUpper(line), []byte("BODY[")) {
		limit = m.maxBody
	}
	if size > limit {
		return &oversize{size}
	}
	m.literal = size
	return nil
}

// startTLS asks for STARTTLS itself, byte by byte, so that nothing sent before
// TLS is taken for something sent within it, and a server without STARTTLS
// gets no secret.
func startTLS(ctx context.Context, cfg Config, conn net.Conn) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := conn.SetDeadline(time.Now().Add(cfg.Timing.Greeting)); err != nil {
		return nil, err
	}
	greeting, err := readLine(conn)
	if err != nil {
		return nil, greetingTrouble(err)
	}
	if err := checkGreeting(greeting); err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte("S1 STARTTLS\r\n")); err != nil {
		return nil, err
	}
	for {
		line, err := readLine(conn)
		if err != nil {
			return nil, err
		}
		switch {
		case bytes.HasPrefix(line, []byte("S1 OK")):
			if err := conn.SetDeadline(time.Time{}); err != nil {
				return nil, err
			}
			return cfg.Server.Secure(ctx, conn)
		case bytes.HasPrefix(line, []byte("S1 ")):
			return nil, &link.Trouble{
				Code:  "starttls_missing",
				Cause: "The mail server does not offer STARTTLS, so nothing secret was sent.",
				Cure:  "Choose TLS and port 993, or allow STARTTLS on the mail server.",
				Err:   fmt.Errorf("%q", line),
			}
		}
	}
}

func checkGreeting(line []byte) error {
	switch {
	case bytes.HasPrefix(line, []byte("* OK")):
		return nil
	case bytes.HasPrefix(line, []byte("* BYE")):
		return &link.Trouble{Code: "server_busy", Cause: "The mail server turned the connection away.", Cure: "It is tried again; perhaps too many programs are connected.", Temporary: true, Err: fmt.Errorf("%q", line)}
	case bytes.HasPrefix(line, []byte("* PREAUTH")):
		return &link.Trouble{Code: "starttls_missing", Cause: "The mail server skips the sign-in and with it the protection.", Cure: "Choose TLS and port 993.", Err: fmt.Errorf("%q", line)}
	}
	return &link.Trouble{Code: "not_imap", Cause: "What answers is no IMAP server.", Cure: "Check the port; 143 is usual with STARTTLS.", Err: fmt.Errorf("%q", line)}
}

// readLine reads up to a line end, one byte at a time and at most 8 kB.
func readLine(conn net.Conn) ([]byte, error) {
	line := make([]byte, 0, 128)
	var b [1]byte
	for len(line) < 8<<10 {
		if _, err := conn.Read(b[:]); err != nil {
			return nil, err
		}
		if b[0] == '\n' {
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		line = append(line, b[0])
	}
	return nil, &oversize{int64(len(line))}
}
