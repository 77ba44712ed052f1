package probe_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/imapbox"
	"github.com/deskbell/deskbell/mail/link"
	"github.com/deskbell/deskbell/mail/listen"
	"github.com/deskbell/deskbell/mail/probe"
	"github.com/deskbell/deskbell/mail/relay"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWithPostfixAndDovecot does the network side of mail with real servers.
// They are started once, since that takes seconds.
func TestWithPostfixAndDovecot(t *testing.T) {
	s := startServers(t)
	t.Run("a right setting passes each step", s.testProbe)
	t.Run("OAuth tokens sign in", s.testTokens)
	t.Run("mail is taken once while workers are killed", s.testKills)
	t.Run("mail is moved", s.testMove)
	t.Run("a frozen worker is noticed", s.testFrozen)
	t.Run("new mail is noticed by IDLE", s.testIdle)
	t.Run("a folder made anew is taken again", s.testUIDValidity)
	t.Run("a large mail arrives whole, a larger one stays", s.testLarge)
	t.Run("Postfix delivers to the listener", s.testListener)
	t.Run("a wrong setting says which step", s.testTroubles) // last, for Dovecot slows down after a wrong password
}

func (s *servers) imap(user string) imapbox.Config {
	return imapbox.Config{
		Server:      link.Server{Host: "localhost", Port: s.port("IMAPS_PORT"), Security: link.TLS, CA: s.ca},
		Credentials: link.Credentials{Username: user, Password: s.env["IMAP_PASS"]},
		AfterFetch:  imapbox.Seen,
	}
}

func (s *servers) smtp() relay.Config {
	return relay.Config{
		Server:      link.Server{Host: "localhost", Port: s.port("SUBMISSION_PORT"), Security: link.STARTTLS, CA: s.ca},
		Credentials: link.Credentials{Username: s.env["SMTP_USER"], Password: s.env["SMTP_PASS"]},
	}
}

// watch runs a watcher until the subtest ends.
func watch(t *testing.T, cfg imapbox.Config, d *desk) <-chan imapbox.State {
	t.Helper()
	states := make(chan imapbox.State, 1000)
	w := &imapbox.Watcher{
		Config: cfg, Mailbox: "m", Vault: d, Ledger: d,
		OnState: func(s imapbox.State) {
			select {
			case states <- s:
			default:
			}
		},
		Jitter: func(pause time.Duration) time.Duration { return pause / 20 },
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.Run(ctx) // always the end of ctx
	}()
	t.Cleanup(func() { cancel(); <-done })
	return states
}

func await(t *testing.T, states <-chan imapbox.State, what string, fits func(imapbox.State) bool) imapbox.State {
	t.Helper()
	deadline := time.After(20 * time.Second)
	var last imapbox.State
	for {
		select {
		case last = <-states:
			if fits(last) {
				return last
			}
		case <-deadline:
			t.Fatalf("waited in vain for %s, at last %+v", what, last)
		}
	}
}

func taken(n int) func(imapbox.State) bool {
	return func(s imapbox.State) bool { return s.Phase == imapbox.Watching && s.Taken >= n }
}

func steps(t *testing.T, cfg probe.Config) (names []string, err error) {
	err = probe.Run(t.Context(), cfg, func(s link.Step) {
		names = append(names, strings.TrimSpace(fmt.Sprint(s.Server, " ", s.Name, " ", s.OK)))
		if !s.OK {
			assert.NotEmpty(t, s.Trouble.Cause)
			assert.NotEmpty(t, s.Trouble.Cure)
		}
	})
	return names, err
}

func (s *servers) testProbe(t *testing.T) {
	in, out := s.imap(s.env["IMAP_USER"]), s.smtp()
	in.Server.Port, in.Server.Security = s.port("IMAP_PORT"), link.STARTTLS
	names, err := steps(t, probe.Config{IMAP: &in, SMTP: &out, Address: s.env["IMAP_USER"]})
	require.NoError(t, err)
	assert.Equal(t, []string{
		"imap name true", "imap tls true", "imap sign_in true", "imap folder true",
		"smtp name true", "smtp tls true", "smtp sign_in true", "smtp send true", "receive true",
	}, names)
	d := newDesk()
	await(t, watch(t, in, d), "an empty folder", taken(0))
	assert.Empty(t, d.receipts, "the test mail is removed")
}

func (s *servers) testTroubles(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*imapbox.Config, *relay.Config)
		want   string
	}{
		{"IMAP password", func(in *imapbox.Config, _ *relay.Config) { in.Credentials.Password = "no" }, "sign_in_refused"},
		{"IMAP authority", func(in *imapbox.Config, _ *relay.Config) { in.Server.CA = "" }, "certificate_unknown"},
		{"IMAP folder", func(in *imapbox.Config, _ *relay.Config) { in.Folder = "Nowhere" }, "folder_missing"},
		{"TLS on the STARTTLS port", func(in *imapbox.Config, _ *relay.Config) { in.Server.Port = s.port("IMAP_PORT") }, "tls_not_spoken"},
		{"SMTP password", func(_ *imapbox.Config, out *relay.Config) { out.Credentials.Password = "no" }, "sign_in_refused"},
		{"SMTP sign-in missing", func(_ *imapbox.Config, out *relay.Config) { out.Credentials.Username = "" }, "sign_in_needed|refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in, out := s.imap(s.env["IMAP_USER"]), s.smtp()
			tt.change(&in, &out)
			// The address is outside, so that a mail sent by mistake goes nowhere.
			_, err := steps(t, probe.Config{IMAP: &in, SMTP: &out, Address: "nobody@slow.test"})
			require.Error(t, err)
			assert.Regexp(t, tt.want, link.AsTrouble(err).Code)
		})
	}
}

// token is a source that never renews.
type token string

func (o token) Token(context.Context) (string, error) { return string(o), nil }
func (token) Invalidate()                             {}

func (s *servers) testTokens(t *testing.T) {
	cfg := s.imap(s.env["IMAP_USER"])
	cfg.Credentials.Tokens = token(s.env["OAUTH_TOKEN"])
	require.NoError(t, imapbox.Test(t.Context(), cfg, func(link.Step) {}))
	cfg.Credentials.Tokens = token(s.env["OAUTH_TOKEN_EXPIRED"])
	err := imapbox.Test(t.Context(), cfg, func(link.Step) {})
	require.Error(t, err)
	assert.Equal(t, "token_refused", link.AsTrouble(err).Code)
}

// The mails are delivered before workers are killed, and not moved: a worker
// killed while it writes the list of UIDs leaves a lock behind that Dovecot
// itself obeys for two minutes.
func (s *servers) testKills(t *testing.T) {
	const n = 400
	sent := letters("kill", n, 6000)
	s.deliver("alice@example.test", sent...)
	d := newDesk()
	d.delay = 30 * time.Millisecond // so that the killers have time
	states := watch(t, s.imap("alice@example.test"), d)
	stop, killed := s.kill(5, 400*time.Millisecond)
	t.Cleanup(stop)
	await(t, states, "all mails", taken(n))
	stop()
	t.Logf("%d workers killed", killed())
	require.Eventually(t, func() bool { left, _ := d.Unsettled(t.Context(), "m", d.validity()); return len(left) == 0 }, 10*time.Second, 20*time.Millisecond)
	by, stubs := d.count()
	assert.Zero(t, stubs)
	assert.Len(t, by, n)
	for _, m := range sent {
		assert.Equal(t, 1, by[body(m)])
	}
}

func (s *servers) testMove(t *testing.T) {
	cfg := s.imap("alice@example.test")
	cfg.AfterFetch, cfg.MoveTo = imapbox.Move, "Archive"
	first := newDesk()
	await(t, watch(t, cfg, first), "all mails", taken(400))
	assert.Len(t, first.settled, 400)
	moved, inbox := newDesk(), newDesk()
	cfg.AfterFetch = imapbox.Keep
	await(t, watch(t, cfg, inbox), "the inbox", taken(0))
	cfg.Folder = cfg.MoveTo
	await(t, watch(t, cfg, moved), "the target folder", taken(400))
	assert.Empty(t, inbox.receipts)
	assert.Len(t, moved.receipts, 400)
}

func (s *servers) testFrozen(t *testing.T) {
	cfg := s.imap("bob@example.test")
	cfg.Poll = 300 * time.Millisecond
	cfg.Timing.Command = 700 * time.Millisecond
	d := newDesk()
	states := watch(t, cfg, d)
	await(t, states, "the folder", taken(0))
	require.NotZero(t, s.signal("STOP"))
	t.Cleanup(func() { s.signal("CONT") })
	frozen := await(t, states, "the notice", func(s imapbox.State) bool { return s.Phase == imapbox.Waiting })
	assert.Equal(t, "server_silent", frozen.Trouble.Code)
	s.signal("KILL") // the next connection might meet the frozen worker again
	sent := letters("frozen", 1, 500)
	s.deliver("bob@example.test", sent...)
	await(t, states, "the mail", taken(1))
}

func (s *servers) testIdle(t *testing.T) {
	cfg := s.imap("bob@example.test")
	cfg.Poll = time.Hour
	d := newDesk()
	states := watch(t, cfg, d)
	first := await(t, states, "the folder", taken(0))
	assert.True(t, first.Idle)
	sent := time.Now()
	s.deliver("bob@example.test", letters("idle", 1, 500)...)
	await(t, states, "the mail", taken(first.Taken+1))
	t.Logf("noticed after %v", time.Since(sent).Round(time.Millisecond))
	assert.Less(t, time.Since(sent), 5*time.Second)
}

func (s *servers) testUIDValidity(t *testing.T) {
	mails := letters("validity", 3, 500)
	s.deliver("agent@example.test", mails...)
	cfg := s.imap("agent@example.test")
	d := newDesk()
	states := watch(t, cfg, d)
	await(t, states, "three mails", taken(3))
	require.NoError(t, s.renew("agent@example.test"))
	await(t, states, "them again", taken(6))
	by, _ := d.count()
	require.Len(t, by, 3)
	for _, m := range mails {
		assert.Equal(t, 2, by[body(m)], "one receipt under each UIDVALIDITY")
	}
}

func (s *servers) testLarge(t *testing.T) {
	const mib = 1 << 20
	sent := [][]byte{letters("small", 1, 500)[0], letters("large", 1, 12*mib)[0], letters("larger", 1, 13*mib)[0], letters("last", 1, 500)[0]}
	s.deliver("vacation@example.test", sent...)
	cfg := s.imap("vacation@example.test")
	cfg.AfterFetch = imapbox.Delete
	cfg.MaxBytes = 12*mib + mib/2
	d := newDesk()
	await(t, watch(t, cfg, d), "four mails", taken(4))
	by, stubs := d.count()
	assert.Equal(t, 1, stubs)
	for i, m := range sent {
		assert.Equal(t, i != 2, by[body(m)] == 1, i)
	}
	left := newDesk()
	cfg.AfterFetch, cfg.MaxBytes = imapbox.Keep, 0
	await(t, watch(t, cfg, left), "the one left", taken(1))
	by, _ = left.count()
	assert.Equal(t, 1, by[body(sent[2])])
}

func (s *servers) testListener(t *testing.T) {
	for protocol, port := range map[listen.Protocol]int{listen.LMTP: lmtpPort, listen.SMTP: smtpPort} {
		t.Run(string(protocol), func(t *testing.T) {
			d := newDesk()
			address := "desk@" + string(protocol) + ".test"
			server := listen.New(listen.Config{Protocol: protocol, Vault: d, Ledger: d, Accept: func(to string) (string, bool, error) {
				return "m", mail.Fold(to) == address, nil
			}})
			listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			require.NoError(t, err)
			go server.Serve(listener)
			sent := letters("listen", 20, 3000)
			client := relay.New(s.smtp())
			for _, m := range sent {
				result, err := client.Send(t.Context(), relay.Envelope{From: s.env["SMTP_USER"], To: []string{address}}, relay.From(strings.NewReader(string(m))))
				require.NoError(t, err)
				assert.NotEmpty(t, result.ServerID, result.Answer)
			}
			client.Close()
			require.Eventually(t, func() bool { by, _ := d.count(); return len(by) == len(sent) }, 10*time.Second, 20*time.Millisecond)
			require.NoError(t, server.Shutdown(t.Context()))
			by, _ := d.count()
			for _, m := range sent {
				assert.Equal(t, 1, by[body(m)])
			}
		})
	}
}
