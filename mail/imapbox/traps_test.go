package imapbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deskbell/deskbell/mail/imapbox"
	"github.com/deskbell/deskbell/mail/link"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// quick is the patience of tests with silent servers.
func quick(cfg imapbox.Config) imapbox.Config {
	d := 60 * time.Millisecond
	cfg.Timing = imapbox.Timing{Greeting: d, Command: d, SignIn: d, Fetch: d}
	return cfg
}

func isBodies(command string) bool {
	return strings.HasPrefix(command, "UID FETCH") && strings.Contains(command, "BODY.PEEK")
}

func one(uid int) []uint32 { return []uint32{uint32(uid)} }

func all(n int) (uids []uint32) {
	for uid := 1; uid <= n; uid++ {
		uids = append(uids, uint32(uid))
	}
	return uids
}

// Traps 1 and R3: the server goes away within a literal.
func TestWatcherCommitsNothingThatWasCutShort(t *testing.T) {
	for _, end := range []string{"close", "reset", "bye"} {
		t.Run(end, func(t *testing.T) {
			f := &folder{validity: 1, bodies: letters(60)}
			f.special = func(k *talk, tag, command string) bool {
				if k.n > 2 || !isBodies(command) {
					return false
				}
				f.fetched(k, 1, 1, true)
				k.say("* 2 FETCH (UID 2 RFC822.SIZE %d BODY[] {%d}\r\n%s", len(f.bodies[2]), len(f.bodies[2]), f.bodies[2][:20])
				switch end {
				case "reset":
					_ = k.Conn.(interface{ SetLinger(int) error }).SetLinger(0)
				case "bye":
					k.say("* BYE shutting down")
				}
				k.Close()
				return true
			}
			var committed []int
			r := start(t, config(play(t, f.serve)), func(w *imapbox.Watcher) {
				l, sleep := newLedger(), w.Sleep
				w.Ledger = l
				w.Sleep = func(ctx context.Context, d time.Duration) {
					committed = append(committed, len(l.all()))
					sleep(ctx, d)
				}
			})
			r.trouble("server_closed")
			r.watching(60)
			assert.Equal(t, []int{0, 0}, committed)
			whole, stubs := r.ledger.uids()
			assert.Equal(t, all(60), whole)
			assert.Empty(t, stubs)
			assert.Len(t, r.vault.mails, 60)
		})
	}
}

func TestWatcherSurvivesByeInTheMiddle(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(3)}
	f.special = func(k *talk, tag, command string) bool {
		if k.n == 1 && strings.HasPrefix(command, "UID STORE") {
			k.say("* BYE going down") // and no close: half-open
			k.hang()
			return true
		}
		return false
	}
	r := start(t, quick(config(play(t, f.serve))))
	r.trouble("server_silent")
	r.watching(3)
	assert.Len(t, r.ledger.settled, 3, "told after the reconnect")
}

// Trap 2.
func TestWatcherFindsMailWhoseUIDComesAfterItsBody(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(5)}
	f.special = func(k *talk, tag, command string) bool {
		bodies := isBodies(command) || strings.HasPrefix(command, "FETCH")
		for i, uid := range f.uids() {
			set := strings.Fields(command + " 0 0")
			here := strings.HasPrefix(command, "FETCH") && contains(set[1], i+1) || isBodies(command) && contains(set[2], uid)
			if bodies && here {
				text := f.bodies[uid]
				k.say("* %d FETCH (BODY[] {%d}\r\n%s RFC822.SIZE %d UID %d)", i+1, len(text), text, len(text), uid)
			}
		}
		if bodies {
			k.say("%s OK done", tag)
		}
		return bodies
	}
	r := start(t, config(play(t, f.serve)))
	r.watching(5)
	whole, stubs := r.ledger.uids()
	assert.Equal(t, all(5), whole)
	assert.Empty(t, stubs)
	assert.Empty(t, r.pauses)
}

// Trap 3.
func TestWatcherFetchesAgainWhenAFlagUpdateTakesThePlaceOfABody(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(5)}
	f.special = func(k *talk, tag, command string) bool {
		if isBodies(command) && strings.Contains(command, ":") {
			k.say(`* 3 FETCH (FLAGS (\Seen) UID 3)`)
		}
		return false
	}
	r := start(t, config(play(t, f.serve)))
	r.watching(5)
	whole, _ := r.ledger.uids()
	assert.Equal(t, all(5), whole)
}

// Trap 2: a mail is passed only if it is gone.
func TestWatcherPassesAMailThatIsGone(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(5)}
	f.special = func(k *talk, tag, command string) bool {
		if isBodies(command) {
			delete(f.bodies, 3)
		}
		return false
	}
	r := start(t, config(play(t, f.serve)))
	r.watching(4)
	whole, stubs := r.ledger.uids()
	assert.Equal(t, []uint32{1, 2, 4, 5}, whole)
	assert.Empty(t, stubs)
}

// Trap 5: an answer that the library cannot read ends the connection.
func TestWatcherPutsAsideAMailThatFailsAlone(t *testing.T) {
	for _, tt := range []struct{ name, answer string }{
		{"unknown attribute", "* %d FETCH (UID %d X-GM-MSGID 17 BODY[] {1}\r\nx)"},
		{"no body", "* %d FETCH (UID %d BODY[] NIL)"},
		{"refused", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &folder{validity: 1, bodies: letters(70)}
			f.special = func(k *talk, tag, command string) bool {
				words := strings.Fields(command)
				byUID := isBodies(command) && contains(words[2], 7)
				byNumber := words[0] == "FETCH" && contains(words[1], 7)
				if !byUID && !byNumber {
					return false
				}
				if tt.answer == "" {
					k.say("%s NO cannot read message", tag)
					return true
				}
				k.say(tt.answer, 7, 7)
				if byUID {
					for i, uid := range f.uids() {
						if uid != 7 && contains(words[2], uid) {
							f.fetched(k, i+1, uid, true)
						}
					}
				}
				k.say("%s OK done", tag)
				return true
			}
			r := start(t, config(play(t, f.serve)))
			r.watching(70)
			whole, stubs := r.ledger.uids()
			assert.Len(t, whole, 69)
			assert.Equal(t, one(7), stubs)
			assert.Equal(t, "unfetchable", r.ledger.all()[6].Stub)
			assert.Len(t, r.ledger.settled, 70)
		})
	}
}

// A broken connection is not the fault of the mail that was under way.
func TestWatcherBlamesNoMailForAFailingServer(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(1)}
	f.special = func(k *talk, tag, command string) bool {
		if k.n <= 6 && isBodies(command) {
			k.Close()
			return true
		}
		return false
	}
	r := start(t, config(play(t, f.serve)))
	r.watching(1)
	whole, stubs := r.ledger.uids()
	assert.Equal(t, one(1), whole)
	assert.Empty(t, stubs)
}

func TestWatcherGivesUpAMailThatKillsTheServerForMinutes(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(2)}
	f.special = func(k *talk, tag, command string) bool {
		if isBodies(command) && contains(strings.Fields(command)[2], 1) {
			k.Close()
			return true
		}
		return false
	}
	var clock atomic.Int64
	r := start(t, config(play(t, f.serve)), func(w *imapbox.Watcher) {
		w.Now = func() time.Time { return time.Unix(clock.Add(10), 0) }
	})
	r.watching(2)
	whole, stubs := r.ledger.uids()
	assert.Equal(t, one(2), whole)
	assert.Equal(t, one(1), stubs)
}

// Some servers state RFC822.SIZE loosely; the literal decides.
func TestWatcherTakesMailWhoseSizeWasStatedWrongly(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(5)}
	f.special = func(k *talk, tag, command string) bool {
		if strings.HasPrefix(command, "UID FETCH") && !isBodies(command) {
			for _, uid := range f.uids() {
				k.say("* %d FETCH (UID %d RFC822.SIZE %d)", uid, uid, len(f.bodies[uid])+uid%2)
			}
			k.say("%s OK done", tag)
			return true
		}
		return false
	}
	r := start(t, config(play(t, f.serve)))
	r.watching(5)
	whole, _ := r.ledger.uids()
	assert.Equal(t, all(5), whole)
}

// Trap 5: one bad date must not stop the mailbox.
func TestWatcherDoesWithoutDatesThatCannotBeRead(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(5)}
	f.special = func(k *talk, tag, command string) bool {
		if strings.Contains(command, "INTERNALDATE") {
			k.say(`* 1 FETCH (UID 1 RFC822.SIZE 9 INTERNALDATE "yesterday")`)
			k.say("%s OK done", tag)
			return true
		}
		if strings.Contains(command, "(UID RFC822.SIZE)") {
			k.say(`* 1 FETCH (UID 1 RFC822.SIZE many)`)
			k.say("%s OK done", tag)
			return true
		}
		return false
	}
	r := start(t, config(play(t, f.serve)))
	r.watching(5)
	assert.Len(t, r.pauses, 2)
}

// R9: nothing is allocated for what a server only announces.
func TestWatcherRefusesAHugeLiteral(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(3)}
	f.special = func(k *talk, tag, command string) bool {
		if isBodies(command) && contains(strings.Fields(command)[2], 2) {
			k.say("* 2 FETCH (UID 2 RFC822.SIZE 100 BODY[] {2147483648}")
			_, _ = io.CopyN(k.Conn, letterA{}, 64<<20)
			return true
		}
		return false
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := start(t, config(play(t, f.serve)))
	r.watching(3)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
	whole, stubs := r.ledger.uids()
	assert.Equal(t, []uint32{1, 3}, whole)
	assert.Equal(t, one(2), stubs)
	assert.Equal(t, "too_large", r.ledger.all()[1].Stub)
	assert.EqualValues(t, 2147483648, r.ledger.all()[1].Size)
}

type letterA struct{}

func (letterA) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'A'
	}
	return len(b), nil
}

func TestWatcherRefusesAHugeLine(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(1)}
	f.special = func(k *talk, tag, command string) bool {
		if k.n == 1 && strings.HasPrefix(command, "UID SEARCH") {
			_, _ = io.WriteString(k.Conn, "* OK ")
			_, _ = io.CopyN(k.Conn, letterA{}, 64<<20)
			return true
		}
		return false
	}
	r := start(t, config(play(t, f.serve)))
	r.trouble("answer_too_large")
	r.watching(1)
}

// Trap 4: a server that falls silent is noticed at each point.
func TestWatcherNoticesAFrozenServer(t *testing.T) {
	for _, at := range []string{"greeting", "CAPABILITY", "AUTHENTICATE", "SELECT", "UID SEARCH", "UID FETCH", "literal", "UID STORE", "IDLE", "idling"} {
		t.Run(at, func(t *testing.T) {
			f := &folder{validity: 1, bodies: letters(3)}
			f.special = func(k *talk, tag, command string) bool {
				frozen := k.n == 1 && strings.HasPrefix(command, at) || k.n == 1 && at == "idling" && command == "IDLE"
				switch {
				case k.n == 1 && at == "literal" && isBodies(command):
					k.say("* 1 FETCH (UID 1 RFC822.SIZE %d BODY[] {%d}\r\nMess", len(f.bodies[1]), len(f.bodies[1]))
					frozen = true
				case command == "CAPABILITY":
					k.say("* CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN SASL-IR")
				case frozen && at == "idling":
					k.say("+ idling")
				case command == "IDLE" && !frozen:
					k.say("+ idling")
					k.next()
				}
				if frozen {
					k.hang()
				} else if command == "CAPABILITY" || command == "IDLE" {
					k.say("%s OK done", tag)
					return true
				}
				return frozen
			}
			port := play(t, func(k *talk) {
				if k.n == 1 && at == "greeting" {
					k.hang()
					return
				}
				f.serve(k)
			})
			cfg := quick(config(port))
			cfg.Poll = 20 * time.Millisecond
			r := start(t, cfg)
			s := r.until("trouble", func(s imapbox.State) bool { return s.Phase == imapbox.Waiting })
			assert.Contains(t, []string{"server_silent", "greeting_missing"}, s.Trouble.Code, s.Trouble)
			r.until("recovery", func(s imapbox.State) bool { return s.Phase == imapbox.Watching })
			whole, _ := r.ledger.uids()
			assert.Equal(t, all(3), whole)
		})
	}
}

// Trap 8.
func TestWatcherIsNotFooledByTheLastMailInASearch(t *testing.T) {
	f := &folder{validity: 1, bodies: letters(3)}
	searches := 0
	f.special = func(k *talk, tag, command string) bool {
		if strings.HasPrefix(command, "UID SEARCH UID 4") {
			searches++
			k.say("* SEARCH 3")
			k.say("%s OK done", tag)
			return true
		}
		return false
	}
	cfg := config(play(t, f.serve))
	cfg.Poll = time.Millisecond
	r := start(t, cfg)
	for range 5 {
		r.watching(3)
	}
	assert.Len(t, r.vault.mails, 3)
	for _, n := range r.vault.mails {
		assert.Equal(t, 1, n)
	}
}

func TestWatcherSendsNoPasswordWithoutTLS(t *testing.T) {
	for _, tt := range []struct{ name, greeting, answer, want string }{
		{"STARTTLS is unknown", "* OK hello", "NO unknown", "starttls_missing"},
		{"the sign-in is skipped", "* PREAUTH hello", "OK", "starttls_missing"},
		{"answers wait behind the OK", "* OK hello", "OK begin\r\n* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] injected", "tls_"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			heard := make(chan string, 10)
			port := play(t, func(k *talk) {
				k.say("%s", tt.greeting)
				tag, command, _ := k.next()
				offer(heard, command)
				k.say("%s %s", tag, tt.answer)
				rest, _ := io.ReadAll(io.LimitReader(k.lines, 2000))
				offer(heard, string(rest))
			})
			cfg := quick(config(port))
			cfg.Server.Security = link.STARTTLS
			r := start(t, cfg)
			s := r.until("refusal", func(s imapbox.State) bool { return s.Phase == imapbox.Waiting })
			assert.Contains(t, s.Trouble.Code, tt.want)
			assert.NotContains(t, <-heard, "secret")
			r.stop()
			assert.NotContains(t, <-heard, "AUTHENTICATE")
		})
	}
}

func TestNoTLSIsForLoopbackOnly(t *testing.T) {
	cfg := config(143)
	cfg.Server.Host, cfg.Server.Timeout = "192.0.2.1", 50*time.Millisecond
	err := imapbox.Test(t.Context(), cfg, func(link.Step) {})
	require.Error(t, err) // the documentation network answers nobody, so this is a timeout or "unreachable"
	assert.NotEmpty(t, link.AsTrouble(err).Code)
}

// fakeTokens counts.
type fakeTokens struct{ n, invalid atomic.Int32 }

func (o *fakeTokens) Token(context.Context) (string, error) {
	return fmt.Sprint("t", o.n.Add(1)), nil
}

func (o *fakeTokens) Invalidate() { o.invalid.Add(1) }

// Trap 10: the server refuses the first token; it is replaced once.
func TestWatcherReplacesARefusedToken(t *testing.T) {
	for _, mechanism := range []string{"XOAUTH2", "OAUTHBEARER"} {
		t.Run(mechanism, func(t *testing.T) {
			f := &folder{validity: 1, bodies: letters(1)}
			f.special = func(k *talk, tag, command string) bool {
				switch {
				case command == "CAPABILITY":
					k.say("* CAPABILITY IMAP4rev1 SASL-IR AUTH=%s", mechanism)
				case strings.HasPrefix(command, "AUTHENTICATE "+mechanism) && k.n == 1:
					k.say("+ eyJzdGF0dXMiOiI0MDAifQ==")
					k.next()
					k.say("%s NO refused", tag)
					return true
				default:
					return false
				}
				k.say("%s OK done", tag)
				return true
			}
			source := &fakeTokens{}
			cfg := config(play(t, f.serve))
			cfg.Credentials = link.Credentials{Username: "support", Tokens: source}
			r := start(t, cfg)
			r.watching(1)
			assert.EqualValues(t, 1, source.invalid.Load())
			assert.EqualValues(t, 2, source.n.Load())
			assert.Empty(t, r.pauses)
		})
	}
}

func TestWatcherSaysThatAMailboxMayNotBeOpened(t *testing.T) {
	f := &folder{validity: 1}
	f.special = func(k *talk, tag, command string) bool {
		if strings.HasPrefix(command, "SELECT") {
			k.say("%s BAD User is authenticated but not connected.", tag)
			return true
		}
		return false
	}
	r := start(t, config(play(t, f.serve)))
	assert.Equal(t, "mailbox_forbidden", r.trouble("mailbox_forbidden").Trouble.Code)
}

func TestTroubleKeepsWhatLiesUnderneath(t *testing.T) {
	inner := errors.New("inner")
	err := fmt.Errorf("outer: %w", &link.Trouble{Code: "c", Cause: "cause", Err: inner})
	assert.ErrorIs(t, err, inner)
	assert.Equal(t, "c", link.AsTrouble(err).Code)
	assert.Nil(t, link.AsTrouble(nil))
	assert.Equal(t, "server_closed", link.AsTrouble(io.EOF).Code)
}
