// Package imapbox watches one folder of an IMAP server and takes what arrives:
// raw bytes into a vault, a receipt into a ledger, and only then a word to the
// server. It reads no mail.
//
// go-imap v2 is used for the protocol; what it leaves open — deadlines, sizes,
// answers left out — is closed here. Source of the traps: MAIL.md §6.
package imapbox

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/link"
)

// AfterFetch says what becomes of a mail on the server once it is ours.
type AfterFetch string

// What may become of a mail on the server.
const (
	Keep   AfterFetch = "keep"   // nothing; the folder is opened read-only
	Seen   AfterFetch = "seen"   // flagged \Seen
	Move   AfterFetch = "move"   // moved to Config.MoveTo
	Delete AfterFetch = "delete" // deleted
)

// Config describes one mailbox.
type Config struct {
	Server      link.Server
	Credentials link.Credentials
	Folder      string // "" is INBOX
	AfterFetch  AfterFetch
	MoveTo      string        // folder for Move; made when missing
	MaxBytes    int64         // larger mails become a stub and stay where they are; 0 is 50 MiB
	Poll        time.Duration // the folder is asked so often even while IDLE is silent; 0 is 55 s
	Timing      Timing
}

// Timing holds the patience with a server. The zero value is right for use;
// tests shorten it.
type Timing struct {
	Greeting time.Duration // silence allowed before the greeting
	Command  time.Duration // silence allowed while an answer is due
	SignIn   time.Duration // the same while signing in, selecting, flagging, moving
	Fetch    time.Duration // silence allowed within a fetch
	Longest  time.Duration // a command may take so long altogether
}

// Defaults. A frozen server is noticed after Poll + Command at most, which is
// below the 90 s of MAIL.md §9. Limits are those of SECURITY-REQUIREMENTS D1.
const (
	defaultMaxBytes = 50 << 20
	defaultPoll     = 55 * time.Second
	defaultGreeting = 30 * time.Second
	defaultCommand  = 25 * time.Second
	defaultSignIn   = 60 * time.Second
	defaultFetch    = 45 * time.Second
	defaultLongest  = 15 * time.Minute

	idleShortest = 5 * time.Minute // IDLE is issued anew after 5 to 9 minutes; MAIL.md §6 trap 7
	idleSpread   = 4 * time.Minute
)

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&c.Poll, defaultPoll)
	set(&c.Timing.Greeting, defaultGreeting)
	set(&c.Timing.Command, defaultCommand)
	set(&c.Timing.SignIn, defaultSignIn)
	set(&c.Timing.Fetch, defaultFetch)
	set(&c.Timing.Longest, defaultLongest)
	if c.MaxBytes <= 0 {
		c.MaxBytes = defaultMaxBytes
	}
	if c.Folder == "" {
		c.Folder = "INBOX"
	}
	if c.AfterFetch == "" {
		c.AfterFetch = Keep
	}
	return c
}

// rest is how long to stay in IDLE, or between two polls without it.
func (c Config) rest() time.Duration {
	return min(c.Poll, idleShortest+rand.N(idleSpread))
}

// Phase says what a watcher is doing.
type Phase string

// What a watcher may be doing.
const (
	Connecting Phase = "connecting" // reaching the server and signing in
	Fetching   Phase = "fetching"   // taking mails
	Watching   Phase = "watching"   // all is taken, waiting for news
	Waiting    Phase = "waiting"    // something failed, State.Trouble says what; tried again at State.Next
	Stopped    Phase = "stopped"    // Run has returned
)

// State is what a watcher tells of itself. Trouble may be set in the phases
// Fetching and Watching too: then mail comes in, but the server refuses to
// flag or move it, or a mail could not be taken.
type State struct {
	Phase   Phase
	At      time.Time
	Trouble *link.Trouble
	Next    time.Time // of the next try, in phase Waiting
	Taken   int       // mails committed since Run began, stubs included
	Idle    bool      // the server pushes news; otherwise the folder is polled
}

// Watcher takes the mail of one mailbox. Config, Mailbox, Vault and Ledger
// must be set; it may be run once.
type Watcher struct {
	Config  Config
	Mailbox string // id that goes into the receipts
	Vault   mail.Vault
	Ledger  mail.Ledger

	OnState func(State)                                // called from the goroutine of Run; must be quick; may be nil
	Now     func() time.Time                           // nil is time.Now
	Sleep   func(ctx context.Context, d time.Duration) // between two tries; nil is a timer
	Jitter  func(d time.Duration) time.Duration        // spreads a pause; nil is ± 20 %

	taken     int
	failures  int           // tries in a row without success
	listing   listing       // how much this server can be asked for in a list
	suspect   suspicion     // what failed in a fetch
	refusal   *link.Trouble // why the server was not told, nil if it was
	tellAfter time.Time     // not before then is a refused server asked again
	untold    bool          // the ledger may hold receipts of which the server does not know
}

// listing says what is asked for before bodies are fetched. The protocol
// library gives up the connection over an answer that it cannot read, so
// after a failure less is asked for.
type listing int

const (
	sizesAndDates listing = iota
	sizesOnly
	nothing
)

func (w *Watcher) now() time.Time {
	if w.Now != nil {
		return w.Now()
	}
	return time.Now()
}

func (w *Watcher) sleep(ctx context.Context, d time.Duration) {
	if w.Sleep != nil {
		w.Sleep(ctx, d)
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (w *Watcher) jitter(d time.Duration) time.Duration {
	if w.Jitter != nil {
		return w.Jitter(d)
	}
	return d*4/5 + rand.N(d*2/5+1)
}

func (w *Watcher) report(s State) {
	if w.OnState == nil {
		return
	}
	s.At, s.Taken = w.now(), w.taken
	if s.Trouble == nil && s.Phase != Stopped {
		s.Trouble = w.refusal
	}
	w.OnState(s)
}
