// Package witness plays the mail servers in a fault run and writes down all
// that they are asked to do. It shares no code with the desk: what it logs is
// evidence against the desk's own records.
package witness

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// Act is something that the desk did to a mail on the server.
type Act struct {
	At       time.Time
	What     string // "fetched", "seen", "moved", "expunged"
	Validity uint32
	UID      uint32
}

// Mail is a mail on the server.
type Mail struct {
	UID      uint32
	Raw      []byte
	Announce int64 // length that is claimed for the body, 0 for the true one
	Seen     bool
	Deleted  bool
}

// IMAP is a server with one user and one folder. Its address stays the same
// while it is down.
type IMAP struct {
	addr string

	mu       sync.Mutex
	listener net.Listener
	accept   func(mechanism, user, secret string) bool
	validity uint32
	next     uint32
	mails    []*Mail
	acts     []Act
	talks    map[*talk]struct{}
	logins   int
	refused  int
	cutAt    int // bytes of the next body after which the connection closes; 0 is never
	cuts     int
}

// NewIMAP starts a server that lets everybody in.
func NewIMAP() (*IMAP, error) {
	s := &IMAP{validity: 1000, next: 1, talks: map[*talk]struct{}{}}
	return s, s.listen("127.0.0.1:0")
}

func (s *IMAP) listen(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	s.mu.Lock()
	s.listener, s.addr = l, l.Addr().String()
	s.mu.Unlock()
	go s.serve(l)
	return nil
}

func (s *IMAP) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		t := &talk{server: s, conn: conn, news: make(chan struct{}, 1)}
		s.mu.Lock()
		s.talks[t] = struct{}{}
		s.mu.Unlock()
		go func() {
			defer func() {
				s.mu.Lock()
				delete(s.talks, t)
				s.mu.Unlock()
				conn.Close()
			}()
			t.run()
		}()
	}
}

// Port is where the server listens.
func (s *IMAP) Port() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return port(s.addr)
}

// Empty makes the folder new, and forgets what was written down.
func (s *IMAP) Empty() {
	s.Hang("bye")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.validity++
	s.next, s.mails, s.acts, s.cutAt, s.cuts, s.accept, s.logins, s.refused = 1, nil, nil, 0, 0, nil, 0, 0
}

// Accept says who may sign in; nil is everybody.
func (s *IMAP) Accept(f func(mechanism, user, secret string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accept = f
}

// Deliver puts a mail into the folder and tells everybody who listens.
func (s *IMAP) Deliver(raw []byte, announce int64) (validity, uid uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &Mail{UID: s.next, Raw: raw, Announce: announce}
	s.next++
	s.mails = append(s.mails, m)
	for t := range s.talks {
		if t.frozen != nil {
			continue
		}
		select {
		case t.news <- struct{}{}:
		default:
		}
	}
	return s.validity, m.UID
}

// Renumber gives the folder a new UIDVALIDITY and its mails new UIDs, as a
// rebuilt index does, and ends the connections. It returns what each old UID
// became.
func (s *IMAP) Renumber() (validity uint32, became map[uint32]uint32) {
	s.mu.Lock()
	s.validity++
	became = map[uint32]uint32{}
	s.next = 1
	for _, m := range s.mails {
		became[m.UID] = s.next
		m.UID = s.next
		s.next++
	}
	validity = s.validity
	s.mu.Unlock()
	s.Hang("bye")
	return validity, became
}

// Recreate removes the folder with its mails and makes a new one.
func (s *IMAP) Recreate() {
	s.mu.Lock()
	s.validity++
	s.next, s.mails = 1, nil
	s.mu.Unlock()
	s.Hang("bye")
}

// Forget makes the folder anew under the same UIDVALIDITY, as a server does
// that keeps its mails in memory and was started again.
func (s *IMAP) Forget() {
	s.mu.Lock()
	s.next, s.mails, s.acts = 1, nil, nil
	s.mu.Unlock()
	s.Hang("bye")
}

// Hang ends all connections: by a "bye", or by a "reset" without a word.
func (s *IMAP) Hang(how string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.talks {
		if how == "reset" {
			if c, ok := t.conn.(*net.TCPConn); ok {
				_ = c.SetLinger(0) // a reset instead of an orderly end
			}
		} else {
			t.say("* BYE going down")
		}
		t.conn.Close()
	}
}

// Down stops listening and ends the connections; Up starts again.
func (s *IMAP) Down() {
	s.mu.Lock()
	l := s.listener
	s.mu.Unlock()
	l.Close()
	s.Hang("reset")
}

// Up listens again at the old address.
func (s *IMAP) Up() error { return s.listen(s.addr) }

// Freeze lets every open connection hang half-open: nothing is answered any
// more, nothing is closed, until the function that it returns is called. New
// connections work.
func (s *IMAP) Freeze() (thaw func()) {
	gate := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.talks {
		t.frozen = gate
	}
	return func() { close(gate) }
}

// Cut closes the connection after n bytes of the next body, times in a row.
func (s *IMAP) Cut(n, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cutAt, s.cuts = n, times
}

// Acts lists what was done so far.
func (s *IMAP) Acts() []Act {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.acts)
}

// Left lists the mails that are in the folder.
func (s *IMAP) Left() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []Mail
	for _, m := range s.mails {
		left = append(left, *m)
	}
	return left
}

// Signs counts the sign-ins that were accepted and refused.
func (s *IMAP) Signs() (accepted, refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins, s.refused
}

// note writes an act down; s.mu must be held.
func (s *IMAP) note(what string, uid uint32) {
	s.acts = append(s.acts, Act{time.Now(), what, s.validity, uid})
}

func port(addr string) int {
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return 0
	}
	return a.Port
}
