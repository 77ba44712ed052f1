package probe_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deskbell/deskbell/mail"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// servers are the real Postfix and Dovecot of ../shared/mailserver.
type servers struct {
	t   *testing.T
	env map[string]string
	ca  string
	dir string
}

// Ports and folder are this test's own, so that others may run beside it.
const (
	basePort = 26000
	lmtpPort = basePort + 924
	smtpPort = basePort + 925
	folder   = "/tmp/ms-transport"
)

// startServers starts both, or skips the test where that cannot be.
func startServers(t *testing.T) *servers {
	t.Helper()
	scripts := findScripts()
	switch {
	case scripts == "":
		t.Skip("no shared/mailserver above this folder and DESKBELL_SHARED is not set: the test with Postfix and Dovecot is left out")
	case os.Getuid() != 0:
		t.Skip("Postfix needs root: the test with Postfix and Dovecot is left out")
	}
	stop := func() { _ = exec.Command(filepath.Join(scripts, "stop.sh"), folder, "--wipe").Run() } // may not be running
	stop()
	t.Cleanup(stop)
	start := exec.Command(filepath.Join(scripts, "start.sh"), folder, strconv.Itoa(basePort))
	start.Env = append(os.Environ(), fmt.Sprintf("MS_ROUTE=lmtp.test=lmtp:%d smtp.test=smtp:%d", lmtpPort, smtpPort))
	var said bytes.Buffer
	start.Stderr = &said
	lines, err := start.Output()
	require.NoError(t, err, said.String())
	s := &servers{t: t, env: map[string]string{}, dir: folder}
	for word := range strings.FieldsSeq(string(lines)) {
		if name, value, ok := strings.Cut(word, "="); ok {
			s.env[name] = strings.Trim(value, `"`)
		}
	}
	ca, err := os.ReadFile(s.env["TLS_CA"])
	require.NoError(t, err)
	s.ca = string(ca)
	return s
}

func findScripts() string {
	if shared := os.Getenv("DESKBELL_SHARED"); shared != "" {
		return filepath.Join(shared, "mailserver")
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		scripts := filepath.Join(dir, "shared", "mailserver")
		if _, err := os.Stat(filepath.Join(scripts, "start.sh")); err == nil {
			return scripts
		}
	}
	return ""
}

func (s *servers) port(name string) int {
	s.t.Helper()
	port, err := strconv.Atoi(s.env[name])
	require.NoError(s.t, err, name)
	return port
}

// deliver puts mails straight into a Dovecot mailbox.
func (s *servers) deliver(to string, mails ...[]byte) {
	s.t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", s.env["LMTP_PORT"]))
	require.NoError(s.t, err)
	client := smtp.NewClientLMTP(conn)
	defer client.Close()
	for _, m := range mails {
		require.NoError(s.t, client.SendMail("sender@example.test", []string{to}, bytes.NewReader(m)))
		require.NoError(s.t, client.Reset()) // the client of 0.25 hangs without
	}
	require.NoError(s.t, client.Quit())
}

// signal sends a signal to the IMAP workers of Dovecot that a user has.
func (s *servers) signal(signal string) int {
	s.t.Helper()
	list, err := exec.Command("ps", "-o", "pid=,args=", "--ppid", s.env["DOVECOT_PID"]).Output()
	if err != nil {
		return 0 // there are none
	}
	hit := 0
	for line := range strings.Lines(string(list)) {
		pid, args, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.Contains(args, fmt.Sprintf("ms-%d/imap", basePort)) && !strings.Contains(args, "login") {
			if exec.Command("kill", "-"+signal, pid).Run() == nil {
				hit++
			}
		}
	}
	return hit
}

// kill kills IMAP workers at an interval until it has hit so many or stop is
// called; killed then says how many.
func (s *servers) kill(most int, every time.Duration) (stop func(), killed func() int) {
	ctx, cancel := context.WithCancel(context.Background())
	hits := make(chan int, 1)
	go func() {
		n := 0
		for n < most && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(every):
				n += s.signal("KILL")
			}
		}
		hits <- n
	}()
	return cancel, func() int { return <-hits }
}

// letters makes n mails of about size bytes, each different.
func letters(prefix string, n, size int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		var m bytes.Buffer
		fmt.Fprintf(&m, "From: <sender@example.test>\r\nTo: <support@example.test>\r\nSubject: %s %d\r\nMessage-ID: <%s.%d@example.test>\r\n\r\n", prefix, i, prefix, i)
		for m.Len() < size {
			fmt.Fprintf(&m, "%016x %016x\r\n", rand.Uint64(), rand.Uint64())
		}
		out[i] = m.Bytes()
	}
	return out
}

// body is what a mail is recognised by after a server has added fields.
func body(m []byte) [32]byte {
	_, rest, _ := bytes.Cut(m, []byte("\r\n\r\n"))
	return sha256.Sum256(rest)
}

// desk is a vault and a ledger in memory.
type desk struct {
	mu       sync.Mutex
	bodies   map[string][32]byte // by raw hash
	receipts map[string]mail.Receipt
	settled  map[string]bool
	commits  int
	delay    time.Duration // of each Put
}

func newDesk() *desk {
	return &desk{bodies: map[string][32]byte{}, receipts: map[string]mail.Receipt{}, settled: map[string]bool{}}
}

func (d *desk) Put(_ context.Context, r io.Reader) (mail.Stored, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return mail.Stored{}, err
	}
	time.Sleep(d.delay)
	d.mu.Lock()
	defer d.mu.Unlock()
	sum := fmt.Sprintf("%x", sha256.Sum256(raw))
	d.bodies[sum] = body(raw)
	return mail.Stored{SHA256: sum, Size: int64(len(raw))}, nil
}

func key(validity, uid uint32) string { return fmt.Sprint(validity, " ", uid) }

func (d *desk) Commit(_ context.Context, receipts []mail.Receipt) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range receipts {
		d.commits++
		k := key(r.UIDValidity, r.UID)
		if r.UIDValidity == 0 {
			k = fmt.Sprint("listener ", d.commits)
		}
		if _, ok := d.receipts[k]; !ok {
			d.receipts[k] = r
		}
	}
	return nil
}

func (d *desk) HighWater(_ context.Context, _ string, validity uint32) (uint32, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var high uint32
	for _, r := range d.receipts {
		if r.UIDValidity == validity {
			high = max(high, r.UID)
		}
	}
	return high, nil
}

func (d *desk) Unsettled(_ context.Context, _ string, validity uint32) (uids []uint32, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for k, r := range d.receipts {
		if r.UIDValidity == validity && !d.settled[k] && r.Stub == "" {
			uids = append(uids, r.UID)
		}
	}
	return uids, nil
}

func (d *desk) Settle(_ context.Context, _ string, validity uint32, uids []uint32) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, uid := range uids {
		d.settled[key(validity, uid)] = true
	}
	return nil
}

// validity is the one UIDVALIDITY of the receipts.
func (d *desk) validity() uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.receipts {
		return r.UIDValidity
	}
	return 0
}

// count says how often each body has a receipt.
func (d *desk) count() (by map[[32]byte]int, stubs int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	by = map[[32]byte]int{}
	for _, r := range d.receipts {
		if r.Stub != "" {
			stubs++
			continue
		}
		by[d.bodies[r.Stored.SHA256]]++
	}
	return by, stubs
}

// renew gives the INBOX of a user a new UIDVALIDITY, as a restore on the
// server does. Dovecot takes it from the clock, in seconds.
func (s *servers) renew(user string) error {
	time.Sleep(1100 * time.Millisecond)
	found, err := filepath.Glob(filepath.Join(s.dir, "mail", user, "dovecot*"))
	if err != nil {
		return err
	}
	for _, file := range found {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	s.signal("KILL")
	return nil
}
