package imapbox_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/imapbox"
	"github.com/deskbell/deskbell/mail/link"
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/stretchr/testify/require"
)

// vault keeps mails in memory.
type vault struct {
	mu    sync.Mutex
	mails map[string]int // by hash: how often put
	fail  error
}

func (v *vault) Put(_ context.Context, r io.Reader) (mail.Stored, error) {
	hash := sha256.New()
	size, err := io.Copy(hash, r)
	if err != nil {
		return mail.Stored{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fail != nil {
		return mail.Stored{}, v.fail
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	if v.mails == nil {
		v.mails = map[string]int{}
	}
	v.mails[sum]++
	return mail.Stored{SHA256: sum, ContentSHA256: sum, Size: size}, nil
}

// ledger keeps receipts in memory, as the database would.
type ledger struct {
	mu       sync.Mutex
	receipts map[[2]uint32]mail.Receipt
	settled  map[[2]uint32]bool
	changed  chan struct{}
}

func newLedger() *ledger {
	return &ledger{receipts: map[[2]uint32]mail.Receipt{}, settled: map[[2]uint32]bool{}, changed: make(chan struct{}, 1)}
}

func (l *ledger) Commit(_ context.Context, receipts []mail.Receipt) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range receipts {
		key := [2]uint32{r.UIDValidity, r.UID}
		if _, ok := l.receipts[key]; !ok {
			l.receipts[key] = r
		}
	}
	return nil
}

func (l *ledger) HighWater(_ context.Context, _ string, validity uint32) (uint32, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var high uint32
	for key := range l.receipts {
		if key[0] == validity {
			high = max(high, key[1])
		}
	}
	return high, nil
}

func (l *ledger) Unsettled(_ context.Context, _ string, validity uint32) ([]uint32, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var uids []uint32
	for key, r := range l.receipts {
		if key[0] == validity && !l.settled[key] && r.Stub == "" {
			uids = append(uids, key[1])
		}
	}
	slices.Sort(uids)
	return uids, nil
}

func (l *ledger) Settle(_ context.Context, _ string, validity uint32, uids []uint32) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, uid := range uids {
		l.settled[[2]uint32{validity, uid}] = true
	}
	return nil
}

// all returns the receipts in order of UIDs.
func (l *ledger) all() []mail.Receipt {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []mail.Receipt
	for _, r := range l.receipts {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b mail.Receipt) int { return int(a.UID) - int(b.UID) })
	return all
}

// uids returns the UIDs with bytes and those of stubs.
func (l *ledger) uids() (whole, stubs []uint32) {
	for _, r := range l.all() {
		if r.Stub == "" {
			whole = append(whole, r.UID)
		} else {
			stubs = append(stubs, r.UID)
		}
	}
	return whole, stubs
}

// rig runs a watcher and keeps what it says.
type rig struct {
	t       testing.TB
	watcher *imapbox.Watcher
	vault   *vault
	ledger  *ledger
	states  chan imapbox.State
	pauses  chan time.Duration
	stop    func()
}

// start runs a watcher whose pauses between tries take no time.
func start(t testing.TB, cfg imapbox.Config, change ...func(*imapbox.Watcher)) *rig {
	r := &rig{t: t, vault: &vault{}, ledger: newLedger(), states: make(chan imapbox.State, 4096), pauses: make(chan time.Duration, 4096)}
	r.watcher = &imapbox.Watcher{
		Config: cfg, Mailbox: "m1", Vault: r.vault, Ledger: r.ledger,
		OnState: func(s imapbox.State) { offer(r.states, s) },
		Sleep:   func(_ context.Context, d time.Duration) { offer(r.pauses, d) },
		Jitter:  func(d time.Duration) time.Duration { return d },
	}
	for _, f := range change {
		f(r.watcher)
	}
	if l, ok := r.watcher.Ledger.(*ledger); ok {
		r.ledger = l
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.watcher.Run(ctx) // always ctx.Err()
	}()
	r.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			t.Error("the watcher does not stop")
		}
	})
	t.Cleanup(r.stop)
	return r
}

// offer drops what nobody has room for.
func offer[T any](c chan T, v T) {
	select {
	case c <- v:
	default:
	}
}

// until waits for a state that fits.
func (r *rig) until(what string, fits func(imapbox.State) bool) imapbox.State {
	r.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case s := <-r.states:
			if fits(s) {
				return s
			}
		case <-deadline:
			r.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (r *rig) watching(taken int) imapbox.State {
	r.t.Helper()
	return r.until(fmt.Sprintf("%d mails", taken), func(s imapbox.State) bool {
		return s.Phase == imapbox.Watching && s.Taken >= taken
	})
}

func (r *rig) trouble(code string) imapbox.State {
	r.t.Helper()
	return r.until(code, func(s imapbox.State) bool { return s.Trouble != nil && s.Trouble.Code == code })
}

// memory is go-imap's server in memory, with one user and an INBOX.
type memory struct {
	user *imapmemserver.User
	port int
	caps imap.CapSet
}

func newMemory(t *testing.T, without ...imap.Cap) *memory {
	m := &memory{user: imapmemserver.NewUser("support", "secret"), caps: imap.CapSet{
		imap.CapIMAP4rev1: {}, imap.CapIdle: {}, imap.CapMove: {}, imap.CapUIDPlus: {}, imap.CapESearch: {},
	}}
	require.NoError(t, m.user.Create("INBOX", nil))
	for _, c := range without {
		delete(m.caps, c)
	}
	store := imapmemserver.New()
	store.AddUser(m.user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return store.NewSession(), nil, nil
		},
		Caps: m.caps, InsecureAuth: true,
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m.port = listener.Addr().(*net.TCPAddr).Port
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return m
}

func (m *memory) config() imapbox.Config { return config(m.port) }

func config(port int) imapbox.Config {
	return imapbox.Config{
		Server:      link.Server{Host: "127.0.0.1", Port: port, Security: link.None},
		Credentials: link.Credentials{Username: "support", Password: "secret"},
		AfterFetch:  imapbox.Seen,
		Poll:        time.Hour,
	}
}

func (m *memory) add(t *testing.T, text string) {
	t.Helper()
	_, err := m.user.Append("INBOX", bytes.NewReader([]byte(text)), &imap.AppendOptions{})
	require.NoError(t, err)
}

func (m *memory) count(t *testing.T, folder string) (all, unseen uint32) {
	t.Helper()
	data, err := m.user.Status(folder, &imap.StatusOptions{NumMessages: true, NumUnseen: true})
	require.NoError(t, err)
	return *data.NumMessages, *data.NumUnseen
}

func letter(n int) string {
	return fmt.Sprintf("Message-ID: <%d@example.test>\r\nSubject: letter %d\r\n\r\nbody %d\r\n", n, n, n)
}

// talk is one connection to a server that a test plays itself.
type talk struct {
	net.Conn
	lines *bufio.Reader
	n     int // of the connection, from 1
}

// play serves connections with f, each in turn or at once.
func play(t testing.TB, f func(*talk)) (port int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	t.Cleanup(func() { listener.Close(); wg.Wait() })
	wg.Go(func() {
		for n := 1; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				f(&talk{Conn: conn, lines: bufio.NewReader(conn), n: n})
			})
		}
	})
	return listener.Addr().(*net.TCPAddr).Port
}

func (k *talk) say(format string, args ...any) { fmt.Fprintf(k.Conn, format+"\r\n", args...) }

// next reads a command: its tag, and the rest in upper case.
func (k *talk) next() (tag, command string, ok bool) {
	line, err := k.lines.ReadString('\n')
	if err != nil {
		return "", "", false
	}
	tag, command, _ = strings.Cut(strings.TrimSpace(line), " ")
	return tag, strings.ToUpper(command), true
}

// hang reads until the other side gives up.
func (k *talk) hang() { _, _ = io.Copy(io.Discard, k.lines) }

// folder is an INBOX that a played server speaks of.
type folder struct {
	validity int
	bodies   map[int]string // by UID
	// special answers a command instead of the usual way, if it returns true.
	special func(k *talk, tag, command string) bool
}

func (f *folder) uids() []int {
	var uids []int
	for uid := range f.bodies {
		uids = append(uids, uid)
	}
	slices.Sort(uids)
	return uids
}

// serve answers like an ordinary, small IMAP server.
func (f *folder) serve(k *talk) {
	k.say("* OK ready")
	for {
		tag, command, ok := k.next()
		if !ok {
			return
		}
		if f.special != nil && f.special(k, tag, command) {
			continue
		}
		f.answer(k, tag, command)
	}
}

func (f *folder) answer(k *talk, tag, command string) {
	words := strings.Fields(command)
	switch {
	case words[0] == "CAPABILITY":
		k.say("* CAPABILITY IMAP4rev1 UIDPLUS MOVE AUTH=PLAIN SASL-IR")
	case words[0] == "SELECT" || words[0] == "EXAMINE":
		k.say("* %d EXISTS", len(f.bodies))
		k.say("* OK [UIDVALIDITY %d] ok", f.validity)
	case strings.HasPrefix(command, "UID SEARCH"):
		k.say("* SEARCH%s", f.found(words[len(words)-1]))
	case strings.HasPrefix(command, "SEARCH"):
		for i, uid := range f.uids() {
			if contains(words[len(words)-1], uid) {
				k.say("* SEARCH %d", i+1)
			}
		}
	case strings.HasPrefix(command, "UID FETCH"):
		for i, uid := range f.uids() {
			if contains(words[2], uid) {
				f.fetched(k, i+1, uid, strings.Contains(command, "BODY.PEEK"))
			}
		}
	case words[0] == "FETCH":
		for i, uid := range f.uids() {
			if contains(words[1], i+1) {
				f.fetched(k, i+1, uid, true)
			}
		}
	}
	k.say("%s OK done", tag)
}

func (f *folder) found(set string) string {
	var found strings.Builder
	for _, uid := range f.uids() {
		if contains(set, uid) {
			fmt.Fprintf(&found, " %d", uid)
		}
	}
	return found.String()
}

func (f *folder) fetched(k *talk, number, uid int, body bool) {
	text := f.bodies[uid]
	if body {
		k.say("* %d FETCH (UID %d RFC822.SIZE %d BODY[] {%d}\r\n%s)", number, uid, len(text), len(text), text)
		return
	}
	k.say(`* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE "01-Feb-2026 10:00:00 +0000")`, number, uid, len(text))
}

// contains reads sets like 1:3,7,9:*.
func contains(set string, n int) bool {
	for part := range strings.SplitSeq(set, ",") {
		low, high, ranged := strings.Cut(part, ":")
		var a, b int
		fmt.Sscan(low, &a)
		b = a
		if high == "*" {
			b = 1 << 31
		} else if ranged {
			fmt.Sscan(high, &b)
		}
		if a <= n && n <= b {
			return true
		}
	}
	return false
}

func letters(n int) map[int]string {
	bodies := map[int]string{}
	for i := 1; i <= n; i++ {
		bodies[i] = letter(i)
	}
	return bodies
}
