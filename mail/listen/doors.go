package listen

import (
	"bytes"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// doors counts connections and lets no more in than allowed.
type doors struct {
	limits Limits

	mu     sync.Mutex
	open   map[*door]struct{}
	from   map[string]int // connections by address
	closed bool
}

func newDoors(limits Limits) *doors {
	return &doors{limits: limits, open: map[*door]struct{}{}, from: map[string]int{}}
}

func (d *doors) guard(l net.Listener) net.Listener { return &guarded{l, d} }

type guarded struct {
	net.Listener
	doors *doors
}

// Accept returns the next connection that is within the limits; others hear
// 421, which makes senders try again later.
func (g *guarded) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if door := g.doors.enter(conn); door != nil {
			return door, nil
		}
		_ = conn.SetWriteDeadline(time.Now().Add(time.Second))          // a small answer fits in the buffer
		_, _ = conn.Write([]byte("421 4.4.5 Too many connections\r\n")) // told or not, the connection ends
		conn.Close()
	}
}

func (d *doors) enter(conn net.Conn) *door {
	address, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
	perAddress := d.limits.PerAddress
	if perAddress <= 0 {
		perAddress = min(10, d.limits.Connections)
		if ip := net.ParseIP(address); ip == nil || ip.IsLoopback() {
			perAddress = d.limits.Connections
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.open) >= d.limits.Connections || d.from[address] >= perAddress {
		return nil
	}
	door := &door{Conn: conn, doors: d, address: address, limits: d.limits}
	d.open[door] = struct{}{}
	d.from[address]++
	return door
}

func (d *doors) leave(door *door) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.open[door]; !ok {
		return
	}
	delete(d.open, door)
	if d.from[door.address]--; d.from[door.address] == 0 {
		delete(d.from, door.address)
	}
}

// close lets nobody in any more and wakes the connections that carry no mail,
// so that they end.
func (d *doors) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for door := range d.open {
		door.leaving()
	}
}

// cut ends all connections at once.
func (d *doors) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for door := range d.open {
		door.Conn.Close()
	}
}

// door is one connection. It sets the deadlines, since those of the library
// are set once per command and would cut a large mail short, and bounds the
// lines outside of mails.
type door struct {
	net.Conn
	doors   *doors
	address string
	limits  Limits

	mu     sync.Mutex
	inMail bool
	ends   time.Time // of the mail under way at the latest
	last   bool      // no further command is awaited
	secret bool      // what Read sees is encrypted
	line   int       // bytes of the command line so far; if secret, since the last progress
}

var errLineTooLong = errors.New("command line too long")

// secretBytes bounds what may come between two steps of a mail while lines
// cannot be seen; chosen.
const secretBytes = 64 << 10

// entered says that the greeting is done, with TLS or without.
func (d *door) entered(secret bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.secret, d.line = secret, 0
}

// progress says that the talk has come nearer to a mail.
func (d *door) progress() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.secret {
		d.line = 0
	}
}

// begin says that a mail is being read, and finish that it is not.
func (d *door) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inMail, d.ends = true, time.Now().Add(d.limits.Mail)
	d.extend()
}

func (d *door) finish() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inMail, d.line = false, 0
}

func (d *door) leaving() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = true
	if !d.inMail {
		_ = d.Conn.SetReadDeadline(time.Now()) // fails only if it is closed, which is as good
	}
}

// extend moves the deadline; the caller holds mu.
func (d *door) extend() {
	deadline := time.Now().Add(d.limits.Idle)
	if d.inMail {
		deadline = time.Now().Add(d.limits.Stall)
		if d.ends.Before(deadline) {
			deadline = d.ends
		}
	}
	_ = d.Conn.SetReadDeadline(deadline) // fails only on a closed connection, which Read will say
}

// Read reads from the peer.
func (d *door) Read(b []byte) (int, error) {
	d.mu.Lock()
	if d.last && !d.inMail {
		d.mu.Unlock()
		return 0, os.ErrDeadlineExceeded
	}
	d.extend()
	d.mu.Unlock()
	n, err := d.Conn.Read(b)
	if err == nil && !d.lineFits(b[:n]) {
		return 0, errLineTooLong
	}
	return n, err
}

// lineFits counts bytes since the last line end while commands are awaited.
func (d *door) lineFits(b []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inMail {
		return true
	}
	if d.secret {
		d.line += len(b)
		return d.line <= secretBytes
	}
	if end := bytes.LastIndexByte(b, '\n'); end >= 0 {
		d.line = len(b) - end - 1
		return true
	}
	d.line += len(b)
	return d.line <= d.limits.CommandLine
}

// SetReadDeadline does nothing: deadlines are the door's own.
func (d *door) SetReadDeadline(time.Time) error { return nil }

// Close closes the connection.
func (d *door) Close() error {
	d.doors.leave(d)
	return d.Conn.Close()
}
