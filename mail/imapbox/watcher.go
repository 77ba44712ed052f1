package imapbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/deskbell/deskbell/mail/link"
	"github.com/emersion/go-imap/v2"
)

// Pauses between two tries. A server that comes back is found within 60 s
// (RELIABILITY-REQUIREMENTS R3), space on the disk within 30 s (R17); what only a person can mend is tried every
// 5 minutes, which stays below the lock-out rules of common servers.
const (
	pauseFirst   = time.Second
	pauseDisk    = 20 * time.Second
	pauseNetwork = 45 * time.Second
	pauseLongest = 4 * time.Minute // 5 min less the jitter
	pauseSignIn  = 30 * time.Second
)

// Run takes mail until ctx ends and returns the reason, which is ctx.Err().
// Every trouble with the server, the vault or the ledger is reported through
// OnState and tried again, a panic included; what is wrong in the settings is
// reported and tried again too, since servers change.
func (w *Watcher) Run(ctx context.Context) error {
	w.Config = w.Config.withDefaults()
	defer w.report(State{Phase: Stopped})
	for {
		w.report(State{Phase: Connecting})
		err := w.attempt(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.failures++
		trouble := link.AsTrouble(err)
		pause := w.pause(trouble)
		w.report(State{Phase: Waiting, Trouble: trouble, Next: w.now().Add(pause)})
		w.sleep(ctx, pause)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// pause is how long to wait after the last of w.failures.
func (w *Watcher) pause(t *link.Trouble) time.Duration {
	longest := pauseLongest
	switch {
	case t.Code == "vault_failed" || t.Code == "ledger_failed":
		longest = pauseDisk
	case t.Temporary:
		longest = pauseNetwork
	}
	pause := longest
	if doublings := w.failures - 1; doublings < 10 {
		pause = min(pauseFirst<<doublings, longest)
	}
	if t.Code == "sign_in_refused" || t.Code == "token_refused" {
		pause = max(pause, pauseSignIn)
	}
	return w.jitter(pause)
}

// attempt works on one connection until it fails.
func (w *Watcher) attempt(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &link.Trouble{Code: "panic", Cause: "Deskbell met an error of its own while fetching.", Cure: "It is tried again; please report it.", Temporary: true, Err: fmt.Errorf("%v\n%s", v, debug.Stack())}
		}
	}()
	s, err := open(ctx, w.Config)
	if err != nil {
		return err
	}
	defer s.close()
	w.untold, w.tellAfter = true, time.Time{}
	if w.suspect.validity != s.validity {
		w.suspect = suspicion{validity: s.validity}
	}
	soon := true
	for {
		select {
		case <-s.news:
		default:
		}
		taken := w.taken
		if err := w.catchUp(ctx, s); err != nil {
			return err
		}
		w.failures = 0
		w.report(State{Phase: Watching, Idle: s.caps.Has(imap.CapIdle)})
		pause := w.Config.rest()
		if soon || w.taken > taken {
			pause = min(pause, lookAgain)
		}
		soon = false
		if err := s.rest(ctx, pause); err != nil {
			return err
		}
	}
}

// lookAgain is how soon a folder is looked at once more after something came:
// there are servers that do not announce in IDLE what arrived between the
// last answer and the IDLE (go-imap's own among them). Chosen.
const lookAgain = 2 * time.Second

// rest waits for news or until d has passed.
func (s *session) rest(ctx context.Context, d time.Duration) error {
	defer s.watch(ctx)()
	timer := time.NewTimer(d)
	defer timer.Stop()
	if !s.caps.Has(imap.CapIdle) {
		return s.await(ctx, timer.C)
	}
	done := s.wire.expect(s.cfg.Timing.Command, s.cfg.Timing.Longest)
	idle, err := s.client.Idle()
	done()
	if err != nil {
		return fmt.Errorf("idle: %w", s.wire.explain(err))
	}
	waited := s.await(ctx, timer.C)
	defer s.wire.expect(s.cfg.Timing.Command, s.cfg.Timing.Longest)()
	if err := errors.Join(idle.Close(), idle.Wait()); err != nil {
		return fmt.Errorf("idle: %w", s.wire.explain(err))
	}
	return waited
}

func (s *session) await(ctx context.Context, timer <-chan time.Time) error {
	select {
	case <-s.news:
	case <-timer:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.client.Closed():
		return s.wire.explain(errClosed)
	}
	return nil
}

var errClosed = fmt.Errorf("connection closed: %w", io.EOF)
