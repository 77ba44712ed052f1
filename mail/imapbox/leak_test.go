package imapbox_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/imapbox"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// panics is a vault with an error of its own.
type panics struct{}

func (panics) Put(_ context.Context, r io.Reader) (mail.Stored, error) {
	_, _ = r.Read(make([]byte, 1))
	panic("vault")
}

// Invariant I9: connections that end badly leave no goroutine behind.
func TestWatcherLeavesNoGoroutineBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, end := range []string{"literal", "vault", "garbage", "panic"} {
		f := &folder{validity: 1, bodies: letters(20)}
		f.bodies[9] += strings.Repeat("large ", 100_000)
		f.special = func(k *talk, tag, command string) bool {
			switch {
			case !isBodies(command) || k.n > 20:
				return false
			case end == "literal":
				k.say("* 1 FETCH (UID 1 RFC822.SIZE 59 BODY[] {59}\r\nhalf")
				k.Close()
				return true
			case end == "garbage":
				f.fetched(k, 1, 1, true)
				k.say("* 2 FETCH (UID 2 GARBAGE)")
			}
			return false
		}
		broken := &vault{}
		if end == "vault" {
			broken.fail = errors.New("full")
		}
		r := start(t, config(play(t, f.serve)), func(w *imapbox.Watcher) {
			w.Vault = broken
			if end == "panic" {
				w.Vault = panics{}
			}
		})
		for range 15 {
			<-r.pauses
		}
		r.stop()
	}
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+8 }, 5*time.Second, 10*time.Millisecond)
	assert.LessOrEqual(t, runtime.NumGoroutine(), before+8, "four played servers of two goroutines each remain until the end")
}
