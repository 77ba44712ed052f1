package listen_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/listen"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// store is a vault and a ledger in memory.
type store struct {
	mu       sync.Mutex
	bodies   []string
	receipts []mail.Receipt
	putErr   error
	comErr   error
	paused   bool
	gate     chan struct{} // Commit waits for it, if set
	reached  chan struct{} // closed when Commit waits
}

func (s *store) Put(_ context.Context, r io.Reader) (mail.Stored, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return mail.Stored{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.putErr != nil {
		return mail.Stored{}, s.putErr
	}
	s.bodies = append(s.bodies, string(body))
	return mail.Stored{SHA256: fmt.Sprint(len(s.bodies)), Size: int64(len(body))}, nil
}

func (s *store) Commit(_ context.Context, receipts []mail.Receipt) error {
	if s.gate != nil {
		close(s.reached)
		<-s.gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.comErr != nil {
		return s.comErr
	}
	s.receipts = append(s.receipts, receipts...)
	return nil
}

func (s *store) HighWater(context.Context, string, uint32) (uint32, error)   { return 0, nil }
func (s *store) Unsettled(context.Context, string, uint32) ([]uint32, error) { return nil, nil }
func (s *store) Settle(context.Context, string, uint32, []uint32) error      { return nil }

// start runs a listener that knows a@x, b@x (mailbox m1), c@x (mailbox m2).
func start(t *testing.T, s *store, change ...func(*listen.Config)) (*listen.Server, string) {
	t.Helper()
	boxes := map[string]string{"a@x": "m1", "b@x": "m1", "c@x": "m2", "ü@x": "m1"}
	cfg := listen.Config{
		Protocol: listen.SMTP, Name: "desk.test", Vault: s, Ledger: s,
		Accept: func(to string) (string, bool, error) { box, ok := boxes[mail.Fold(to)]; return box, ok, nil },
		Paused: func() bool { return s.paused },
		Now:    func() time.Time { return time.Unix(1000, 0) },
	}
	for _, f := range change {
		f(&cfg)
	}
	server := listen.New(cfg)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ctx) // a second time in the tests that stop it themselves
		assert.NoError(t, <-done)
	})
	return server, listener.Addr().String()
}

func lmtp(cfg *listen.Config) { cfg.Protocol = listen.LMTP }

// peer is the other side.
type peer struct {
	t *testing.T
	net.Conn
	lines *bufio.Reader
}

func dial(t *testing.T, address string) *peer {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	return &peer{t, conn, bufio.NewReader(conn)}
}

// hear reads one answer and returns its last line.
func (p *peer) hear() string {
	p.t.Helper()
	for {
		line, err := p.lines.ReadString('\n')
		if err != nil {
			return err.Error()
		}
		if len(line) > 3 && line[3] != '-' {
			return strings.TrimSpace(line)
		}
	}
}

// say sends commands one by one and checks how the answers begin.
func (p *peer) say(pairs ...string) *peer {
	p.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] != "" {
			fmt.Fprint(p.Conn, pairs[i]+"\r\n")
		}
		got := p.hear()
		require.True(p.t, strings.HasPrefix(got, pairs[i+1]), "%.60q is answered by %q, want %q", pairs[i], got, pairs[i+1])
	}
	return p
}

func (p *peer) greet() *peer { return p.say("", "220", "EHLO me", "250") }

func (p *peer) mail(to ...string) *peer {
	p.say("MAIL FROM:<from@y>", "250")
	for _, address := range to {
		p.say("RCPT TO:<"+address+">", "250")
	}
	return p.say("DATA", "354")
}

func TestListenerAnswersAfterTheCommit(t *testing.T) {
	s := &store{gate: make(chan struct{}), reached: make(chan struct{})}
	_, address := start(t, s)
	p := dial(t, address).greet().mail("a@x")
	fmt.Fprint(p.Conn, "Subject: x\r\n\r\n..dot\r\n.\r\n")
	<-s.reached
	require.NoError(t, p.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	assert.Contains(t, p.hear(), "timeout")
	close(s.gate)
	require.NoError(t, p.SetReadDeadline(time.Now().Add(5*time.Second)))
	p.say("", "250", "QUIT", "221")
	assert.Equal(t, []string{"Subject: x\r\n\r\n.dot\r\n"}, s.bodies)
	want := mail.Receipt{Mailbox: "m1", ReceivedAt: time.Unix(1000, 0).UTC(), EnvelopeFrom: "from@y", Recipients: []string{"a@x"}, Stored: mail.Stored{SHA256: "1", Size: 20}, Size: 20}
	assert.Equal(t, []mail.Receipt{want}, s.receipts)
}

func TestListenerMakesOneReceiptForEachMailbox(t *testing.T) {
	s := &store{}
	_, address := start(t, s)
	dial(t, address).greet().mail("a@x", "c@x", "B@x").say("x\r\n.", "250")
	require.Len(t, s.receipts, 2)
	assert.Equal(t, []string{"a@x", "B@x"}, s.receipts[0].Recipients)
	assert.Equal(t, "m2", s.receipts[1].Mailbox)
	assert.Len(t, s.bodies, 1)
}

func TestListenerRefusesStrangers(t *testing.T) {
	s := &store{}
	_, address := start(t, s, func(c *listen.Config) { c.Limits.BadRecipients = 2 })
	p := dial(t, address).greet()
	p.say("MAIL FROM:<>", "250", "RCPT TO:<nobody@x>", "550", "RCPT TO:<a@elsewhere>", "550", "RCPT TO:<a@x>", "421")
}

func TestListenerTakesNullSendersUTF8AndLongLines(t *testing.T) {
	s := &store{}
	_, address := start(t, s)
	p := dial(t, address).greet()
	p.say("MAIL FROM:<> SMTPUTF8 BODY=8BITMIME", "250", "RCPT TO:<ü@x>", "250", "DATA", "354")
	p.say(strings.Repeat("x", 300<<10)+"\r\n.", "250")
	assert.Empty(t, s.receipts[0].EnvelopeFrom)
	assert.Len(t, s.bodies[0], 300<<10+2)
	p.say("MAIL FROM:<f@y>", "250", "RCPT TO:<a@x>", "250")
	fmt.Fprint(p.Conn, "BDAT 3\r\nabc")
	p.say("", "250")
	fmt.Fprint(p.Conn, "BDAT 2 LAST\r\n\r\n")
	p.say("", "250")
	assert.Equal(t, "abc\r\n", s.bodies[1])
}

func TestListenerKeepsMailWithItsSenderWhenItCannotStore(t *testing.T) {
	for _, tt := range []struct {
		name        string
		vault, book error
	}{
		{"vault fails", errors.New("disk full"), nil},
		{"ledger fails", nil, errors.New("busy")},
	} {
		for _, protocol := range []listen.Protocol{listen.SMTP, listen.LMTP} {
			t.Run(fmt.Sprint(tt.name, " ", protocol), func(t *testing.T) {
				s := &store{putErr: tt.vault, comErr: tt.book}
				var logged []string
				_, address := start(t, s, func(c *listen.Config) {
					c.Protocol = protocol
					c.Log = func(what string, _ error) { logged = append(logged, what) }
				})
				p := dial(t, address).say("", "220", hello(protocol), "250").mail("a@x")
				p.say(strings.Repeat("y", 40<<10)+"\r\n.", "451", "NOOP", "250")
				assert.NotEmpty(t, logged)
				assert.Empty(t, s.receipts)
			})
		}
	}
}

func hello(p listen.Protocol) string {
	if p == listen.LMTP {
		return "LHLO me"
	}
	return "EHLO me"
}

func TestListenerPutsMailOffWhilePaused(t *testing.T) {
	s := &store{paused: true}
	_, address := start(t, s)
	dial(t, address).greet().say("MAIL FROM:<a@y>", "451")
}

// The rest of a mail that is too large must not be taken for commands.
func TestListenerRefusesMailThatIsTooLarge(t *testing.T) {
	for _, protocol := range []listen.Protocol{listen.SMTP, listen.LMTP} {
		t.Run(string(protocol), func(t *testing.T) {
			s := &store{}
			_, address := start(t, s, func(c *listen.Config) { c.Protocol, c.Limits.MaxBytes = protocol, 1000 })
			p := dial(t, address).say("", "220", hello(protocol), "250")
			p.say("MAIL FROM:<f@y> SIZE=1001", "552")
			p.mail("a@x").say(strings.Repeat("x", 998)+"\r\n.", "250")
			p.mail("a@x").say(strings.Repeat("x", 2000)+"\r\nMAIL FROM:<smuggled@y>\r\nRCPT TO:<a@x>\r\n.", "552")
			p.say("NOOP", "250", "RCPT TO:<a@x>", "502")
			p.mail("a@x").say("small\r\n.", "250")
			assert.Len(t, s.receipts, 2)
		})
	}
}

func TestListenerKeepsNothingOfMailThatWasCutShort(t *testing.T) {
	s := &store{}
	server, address := start(t, s)
	p := dial(t, address).greet().mail("a@x")
	fmt.Fprint(p.Conn, "Subject: half\r\n\r\nbo")
	p.Close()
	require.NoError(t, server.Shutdown(t.Context()))
	assert.Empty(t, s.bodies)
	assert.Empty(t, s.receipts)
}

func TestListenerAnswersEachLMTPRecipient(t *testing.T) {
	s := &store{}
	_, address := start(t, s, lmtp)
	p := dial(t, address).say("", "220", "LHLO me", "250", "MAIL FROM:<f@y>", "250", "RCPT TO:<a@x>", "250", "RCPT TO:<no@x>", "550", "RCPT TO:<c@x>", "250", "RCPT TO:<a@x>", "250", "DATA", "354")
	p.say("x\r\n.", "250", "", "250", "", "250", "NOOP", "250")
	require.Len(t, s.receipts, 2)
	assert.Equal(t, []string{"a@x"}, s.receipts[0].Recipients)
}

func TestListenerBoundsItsPeers(t *testing.T) {
	s := &store{}
	_, address := start(t, s, func(c *listen.Config) {
		c.Limits = listen.Limits{Connections: 2, Recipients: 2, CommandLine: 1000, Idle: 100 * time.Millisecond}
	})
	first := dial(t, address).greet()
	first.say("MAIL FROM:<f@y>", "250", "RCPT TO:<a@x>", "250", "RCPT TO:<b@x>", "250", "RCPT TO:<c@x>", "452")
	dial(t, address).greet()
	dial(t, address).say("", "421")
	first.say("", "421") // silence
	long := dial(t, address).greet()
	long.say(strings.Repeat("A", 20000), "421")
}

func TestListenerBoundsSlowMail(t *testing.T) {
	s := &store{}
	_, address := start(t, s, func(c *listen.Config) { c.Limits = listen.Limits{Stall: time.Minute, Mail: 100 * time.Millisecond} })
	p := dial(t, address).greet().mail("a@x")
	fmt.Fprint(p.Conn, "drip")
	p.say("", "451")
}

func TestShutdownFinishesTheMailUnderWay(t *testing.T) {
	s := &store{gate: make(chan struct{}), reached: make(chan struct{})}
	server, address := start(t, s)
	idle := dial(t, address).greet()
	busy := dial(t, address).greet().mail("a@x")
	fmt.Fprint(busy.Conn, "x\r\n.\r\n")
	<-s.reached
	done := make(chan error)
	go func() { done <- server.Shutdown(t.Context()) }()
	idle.say("", "421")
	close(s.gate)
	busy.say("", "250", "", "421")
	require.NoError(t, <-done)
	assert.Len(t, s.receipts, 1)
}

func TestShutdownCutsOffWhoeverIsTooSlow(t *testing.T) {
	s := &store{}
	server, address := start(t, s)
	p := dial(t, address).greet().mail("a@x")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, server.Shutdown(ctx), context.DeadlineExceeded)
	assert.NotContains(t, p.hear(), "250")
	assert.Empty(t, s.receipts)
}
