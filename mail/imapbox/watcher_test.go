package imapbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/imapbox"
	"github.com/deskbell/deskbell/mail/link"
	"github.com/emersion/go-imap/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWatcherTakesABacklogAndThenWhatArrives(t *testing.T) {
	m := newMemory(t)
	for n := range 120 {
		m.add(t, letter(n))
	}
	m.add(t, letter(500)+strings.Repeat("x", 300<<10)) // streamed
	r := start(t, m.config())
	s := r.watching(121)
	assert.True(t, s.Idle)
	_, unseen := m.count(t, "INBOX")
	assert.Zero(t, unseen)

	// The server in memory pushes only what arrives after IDLE began, and that
	// moment cannot be seen from here: so mail arrives until it is noticed.
	added := 121
	for noticed := false; !noticed; {
		m.add(t, letter(1000+added))
		added++
		select {
		case s := <-r.states:
			noticed = s.Phase == imapbox.Watching
		case <-time.After(20 * time.Millisecond):
		}
	}
	whole, stubs := r.ledger.uids()
	assert.Greater(t, len(whole), 121)
	assert.Empty(t, stubs)
	assert.Len(t, r.vault.mails, len(whole))
	first := r.ledger.all()[0]
	assert.Equal(t, "m1", first.Mailbox)
	assert.WithinDuration(t, time.Now(), first.ReceivedAt, time.Minute)
}

func TestWatcherDoesWithFetchedMailAsItIsTold(t *testing.T) {
	for _, tt := range []struct {
		name          string
		after         imapbox.AfterFetch
		without       []imap.Cap
		inbox, unseen uint32
		moved         int
	}{
		{"keeps", imapbox.Keep, nil, 3, 3, -1},
		{"flags", imapbox.Seen, nil, 3, 0, -1},
		{"moves", imapbox.Move, nil, 0, 0, 3},
		{"moves without MOVE", imapbox.Move, []imap.Cap{imap.CapMove}, 0, 0, 3},
		{"moves without MOVE and UIDPLUS", imapbox.Move, []imap.Cap{imap.CapMove, imap.CapUIDPlus}, 0, 0, 3},
		{"deletes", imapbox.Delete, nil, 0, 0, -1},
		{"deletes without UIDPLUS", imapbox.Delete, []imap.Cap{imap.CapUIDPlus}, 0, 0, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(t, tt.without...)
			for n := range 3 {
				m.add(t, letter(n))
			}
			cfg := m.config()
			cfg.AfterFetch, cfg.MoveTo = tt.after, "Processed"
			if tt.moved >= 0 {
				require.NoError(t, m.user.Create("Processed", nil))
			}
			r := start(t, cfg)
			r.watching(3)
			all, unseen := m.count(t, "INBOX")
			assert.Equal(t, tt.inbox, all)
			assert.Equal(t, tt.unseen, unseen)
			if tt.moved >= 0 {
				all, _ := m.count(t, "Processed")
				assert.EqualValues(t, tt.moved, all)
			}
			assert.Len(t, r.ledger.settled, 3)
		})
	}
}

func TestWatcherMakesTheTargetFolder(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(2)}
	made := make(chan string, 1)
	f.special = func(k *talk, tag, command string) bool {
		switch {
		case strings.HasPrefix(command, "UID MOVE") && len(made) == 0:
			k.say("%s NO [TRYCREATE] no such folder", tag)
			return true
		case strings.HasPrefix(command, "CREATE"):
			offer(made, command)
		}
		return false
	}
	cfg := config(play(t, f.serve))
	cfg.AfterFetch, cfg.MoveTo = imapbox.Move, "Done"
	r := start(t, cfg)
	r.watching(2)
	assert.Equal(t, "CREATE \"DONE\"", <-made)
	assert.Len(t, r.ledger.settled, 2)
}

func TestWatcherPollsWhenTheServerPushesNothing(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(1)}
	polls := 0
	f.special = func(k *talk, tag, command string) bool {
		if strings.HasPrefix(command, "UID SEARCH UID 2") {
			if polls++; polls == 3 {
				f.bodies[2] = letter(2)
			}
		}
		return false
	}
	cfg := config(play(t, f.serve))
	cfg.Poll = time.Millisecond
	r := start(t, cfg)
	assert.False(t, r.watching(1).Idle)
	r.watching(2)
}

func TestWatcherLeavesMailThatIsTooLargeOnTheServer(t *testing.T) {
	m := newMemory(t)
	m.add(t, letter(1))
	m.add(t, letter(2)+strings.Repeat("x", 4000))
	m.add(t, letter(3))
	cfg := m.config()
	cfg.MaxBytes, cfg.AfterFetch = 2000, imapbox.Delete
	r := start(t, cfg)
	r.watching(3)
	all, _ := m.count(t, "INBOX")
	assert.EqualValues(t, 1, all)
	stub := r.ledger.all()[1]
	assert.Equal(t, "too_large", stub.Stub)
	assert.Equal(t, int64(len(letter(2))+4000), stub.Size)
	assert.Zero(t, stub.Stored)
}

func TestWatcherTellsTheServerWhatACrashLeftUntold(t *testing.T) {
	m := newMemory(t)
	m.add(t, letter(1))
	first := start(t, m.config())
	first.watching(1)
	first.stop()
	clear(first.ledger.settled)
	cfg := m.config()
	cfg.AfterFetch = imapbox.Delete
	second := start(t, cfg, func(w *imapbox.Watcher) { w.Ledger = first.ledger })
	second.watching(0)
	all, _ := m.count(t, "INBOX")
	assert.Zero(t, all)
	assert.Len(t, first.ledger.settled, 1)
	assert.Empty(t, second.vault.mails, "nothing is fetched again")
}

func TestWatcherGoesOnWhenTheServerRefusesToFlag(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(60)}
	stores := make(chan string, 100)
	f.special = func(k *talk, tag, command string) bool {
		if strings.HasPrefix(command, "UID STORE") {
			offer(stores, command)
			k.say("%s NO [NOPERM] read-only", tag)
			return true
		}
		return false
	}
	cfg := config(play(t, f.serve))
	cfg.Poll = time.Millisecond
	r := start(t, cfg)
	r.watching(60)
	for range 5 {
		s := r.watching(60)
		require.NotNil(t, s.Trouble)
		assert.Equal(t, "seen_refused", s.Trouble.Code)
	}
	assert.Len(t, stores, 1, "no tight loop")
	assert.Empty(t, r.ledger.settled)
	assert.Empty(t, r.pauses, "the connection is kept")
}

func TestWatcherTakesAllAgainWhenUIDValidityChanges(t *testing.T) {
	f := &folder{validity: 7, bodies: letters(3)}
	drop := make(chan struct{})
	f.special = func(k *talk, tag, command string) bool {
		if strings.HasPrefix(command, "NOOP") {
			return false
		}
		if k.n == 1 && strings.HasPrefix(command, "UID SEARCH UID 4") {
			<-drop
			k.Close()
			return true
		}
		if k.n == 2 && strings.HasPrefix(command, "SELECT") {
			f.validity = 8
		}
		return false
	}
	cfg := config(play(t, f.serve))
	cfg.Poll = time.Millisecond
	r := start(t, cfg)
	r.watching(3)
	close(drop)
	r.watching(6)
	assert.Len(t, r.ledger.all(), 6)
	assert.Len(t, r.vault.mails, 3)
}

func TestWatcherStopsWhileTheVaultIsFullAndGoesOnLater(t *testing.T) {
	m := newMemory(t)
	m.add(t, letter(1))
	full := &vault{fail: errors.New("no space left on device")}
	r := start(t, m.config(), func(w *imapbox.Watcher) { w.Vault = full })
	r.trouble("vault_failed")
	_, unseen := m.count(t, "INBOX")
	assert.EqualValues(t, 1, unseen)
	full.mu.Lock()
	full.fail = nil
	full.mu.Unlock()
	r.watching(1)
}

// brokenLedger fails or panics.
type brokenLedger struct {
	*ledger
	commits int
	panics  bool
}

func (b *brokenLedger) Commit(ctx context.Context, receipts []mail.Receipt) error {
	b.commits++
	switch {
	case b.commits > 2:
		return b.ledger.Commit(ctx, receipts)
	case b.panics:
		panic("broken")
	}
	return errors.New("database is locked")
}

func TestWatcherOutlivesItsLedger(t *testing.T) {
	for _, panics := range []bool{false, true} {
		t.Run(fmt.Sprintf("panics %v", panics), func(t *testing.T) {
			m := newMemory(t)
			for n := range 120 {
				m.add(t, letter(n))
			}
			broken := &brokenLedger{ledger: newLedger(), panics: panics}
			r := start(t, m.config(), func(w *imapbox.Watcher) { w.Ledger = broken })
			r.watching(120)
			assert.Len(t, broken.ledger.settled, 120)
		})
	}
}

func TestWatcherWaitsLongerAndLonger(t *testing.T) {
	port := play(t, func(k *talk) {})
	r := start(t, config(port))
	var got []time.Duration
	for range 9 {
		got = append(got, <-r.pauses)
	}
	second := time.Second
	assert.Equal(t, []time.Duration{second, 2 * second, 4 * second, 8 * second, 16 * second, 32 * second, 45 * second, 45 * second, 45 * second}, got)
}

func TestWatcherStartsOverAfterSuccess(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(1)}
	f.special = func(k *talk, tag, command string) bool {
		if k.n < 3 || k.n > 3 && strings.HasPrefix(command, "UID SEARCH") {
			k.Close()
			return true
		}
		if strings.HasPrefix(command, "UID SEARCH UID 2") {
			k.Close() // after the mail was taken and the folder was watched
			return true
		}
		return false
	}
	cfg := config(play(t, f.serve))
	cfg.Poll = time.Millisecond
	r := start(t, cfg)
	for _, want := range []time.Duration{1, 2, 1, 2, 4} {
		assert.Equal(t, want*time.Second, <-r.pauses)
	}
}

func TestWatcherSaysWhatIsWrong(t *testing.T) {
	m := newMemory(t)
	for _, tt := range []struct {
		name   string
		change func(*imapbox.Config)
		want   string
	}{
		{"wrong password", func(c *imapbox.Config) { c.Credentials.Password = "nope" }, "sign_in_refused"},
		{"no such folder", func(c *imapbox.Config) { c.Folder = "Missing" }, "folder_missing"},
		{"no such host", func(c *imapbox.Config) { c.Server.Host = "nowhere.invalid" }, "name_"},
		{"nobody listens", func(c *imapbox.Config) { c.Server.Port = 1 }, "connection_refused"},
		{"no STARTTLS", func(c *imapbox.Config) { c.Server.Security = link.STARTTLS }, "starttls_missing"},
		{"no TLS", func(c *imapbox.Config) { c.Server.Security = link.TLS }, "tls_not_spoken"},
		{"no host", func(c *imapbox.Config) { c.Server.Host = "" }, "host_empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := m.config()
			tt.change(&cfg)
			var steps []link.Step
			err := imapbox.Test(context.Background(), cfg, func(s link.Step) { steps = append(steps, s) })
			require.Error(t, err)
			last := steps[len(steps)-1]
			assert.False(t, last.OK)
			assert.Contains(t, last.Trouble.Code, tt.want)
			assert.NotEmpty(t, last.Trouble.Cause)
			assert.NotEmpty(t, last.Trouble.Cure)
			s := start(t, cfg).until("trouble", func(s imapbox.State) bool { return s.Phase == imapbox.Waiting })
			assert.Contains(t, s.Trouble.Code, tt.want)
		})
	}
}

func TestTestReportsEachStep(t *testing.T) {
	m := newMemory(t)
	m.add(t, letter(1))
	var names []string
	err := imapbox.Test(context.Background(), m.config(), func(s link.Step) {
		assert.True(t, s.OK)
		names = append(names, s.Name)
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"name", "tls", "sign_in", "folder"}, names)
	_, unseen := m.count(t, "INBOX")
	assert.EqualValues(t, 1, unseen)
}

func TestAwaitFindsAndRemovesTheTestMail(t *testing.T) {
	m := newMemory(t)
	m.add(t, letter(1))
	m.add(t, letter(2))
	cfg := m.config()
	cfg.AfterFetch = imapbox.Keep
	require.NoError(t, imapbox.Await(context.Background(), cfg, "2@example.test", nil))
	all, _ := m.count(t, "INBOX")
	assert.EqualValues(t, 1, all)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err := imapbox.Await(ctx, cfg, "absent@example.test", nil)
	require.Error(t, err)
	assert.Equal(t, "test_mail_missing", link.AsTrouble(err).Code)
	require.NoError(t, imapbox.Await(context.Background(), cfg, "absent@example.test", func() bool { return true }))
}
