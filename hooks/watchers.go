package hooks

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/imapbox"
	"github.com/deskbell/deskbell/mail/link"
)

// Watchers runs one IMAP watcher for each mailbox that fetches, and follows
// the mailboxes when they are edited.
type Watchers struct {
	desk    *Desk
	app     core.App
	servers *Servers
	vault   mail.Vault
	ledger  mail.Ledger

	mu      sync.Mutex
	running map[string]*watching
}

type watching struct {
	print string
	stop  context.CancelFunc
	done  chan struct{}
	state imapbox.State
	code  string // of the trouble that was told last, "" if all was well
	noted time.Time

	since   time.Time // trouble lasts since then, zero if all is well
	alarmed bool      // the leads know of it
}

// lasting is how long trouble that passes by itself may last until a person
// should know. Chosen: longer than a restart of a mail server.
const lasting = 15 * time.Minute

// NewWatchers returns the watchers of a desk.
func (d *Desk) NewWatchers(app core.App, servers *Servers, vault mail.Vault, ledger mail.Ledger) *Watchers {
	return &Watchers{desk: d, app: app, servers: servers, vault: vault, ledger: ledger, running: map[string]*watching{}}
}

// Run works until ctx ends.
func (w *Watchers) Run(ctx context.Context) error {
	defer w.stopAll()
	for {
		if err := w.follow(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.desk.mailboxes:
		case <-time.After(time.Minute): // an edit by another path, such as a restore
		}
	}
}

// follow starts, restarts and stops watchers so that they fit the mailboxes.
func (w *Watchers) follow(ctx context.Context) error {
	boxes, err := collections.FindMailboxes(w.app)
	if err != nil {
		return fmt.Errorf("read mailboxes: %w", err)
	}
	wanted := map[string]bool{}
	for _, b := range boxes {
		if !b.Fetches() {
			continue
		}
		wanted[b.Id] = true
		if r := w.find(b.Id); r != nil && r.print == w.servers.print(b) {
			continue
		}
		w.end(b.Id)
		w.start(ctx, b)
	}
	for _, id := range w.ids() {
		if !wanted[id] {
			w.end(id)
		}
	}
	return nil
}

func (w *Watchers) start(ctx context.Context, b collections.Mailbox) {
	cfg, err := w.servers.IMAP(b)
	if err != nil {
		stopped := &watching{print: w.servers.print(b), stop: func() {}, done: make(chan struct{})} // until the mailbox is edited
		close(stopped.done)
		w.mu.Lock()
		w.running[b.Id] = stopped
		w.mu.Unlock()
		w.tell(b.Id, imapbox.State{Phase: imapbox.Stopped, At: w.desk.now(), Trouble: link.AsTrouble(err)})
		return
	}
	ctx, stop := context.WithCancel(ctx)
	r := &watching{print: w.servers.print(b), stop: stop, done: make(chan struct{})}
	w.mu.Lock()
	w.running[b.Id] = r
	w.mu.Unlock()
	watcher := &imapbox.Watcher{Config: cfg, Mailbox: b.Id, Vault: w.vault, Ledger: w.ledger, OnState: func(s imapbox.State) { w.tell(b.Id, s) }}
	go func() {
		defer close(r.done)
		if err := recovered(ctx, watcher.Run); err != nil && ctx.Err() == nil {
			w.app.Logger().Error("mailbox watcher ended", "mailbox", b.Id, "error", err)
			w.mu.Lock()
			r.print = "" // started again at the next look
			w.mu.Unlock()
		}
	}()
}

// tell keeps the state of a mailbox, and writes it down when it changes.
func (w *Watchers) tell(id string, s imapbox.State) {
	w.mu.Lock()
	r := w.running[id]
	if r == nil {
		r = &watching{done: make(chan struct{}), stop: func() {}}
		close(r.done)
		w.running[id] = r
	}
	r.state = s
	code := ""
	if s.Trouble != nil {
		code = s.Trouble.Code
	}
	well := s.Trouble == nil && (s.Phase == imapbox.Watching || s.Phase == imapbox.Fetching)
	changed := code != r.code && (code != "" || well)
	alarm := r.alarming(s, well, changed)
	if !changed && !alarm && !(well && s.At.Sub(r.noted) > 5*time.Minute) {
		w.mu.Unlock()
		return
	}
	r.code, r.noted = code, s.At
	w.mu.Unlock()
	if err := w.note(id, s, well, alarm); err != nil {
		w.app.Logger().Error("state of mailbox not stored", "mailbox", id, "error", err)
	}
}

// alarming says whether the leads must hear of a state: of trouble that only
// a person can mend at once, of other trouble when it lasts.
func (r *watching) alarming(s imapbox.State, well, changed bool) bool {
	switch {
	case well:
		r.since, r.alarmed = time.Time{}, false
		return false
	case s.Trouble == nil:
		return false
	case r.since.IsZero():
		r.since = s.At
	}
	if changed && !s.Trouble.Temporary || !r.alarmed && s.At.Sub(r.since) >= lasting {
		r.alarmed = true
		return true
	}
	return false
}

// note stores how a mailbox fares, and tells the leads if they must know.
func (w *Watchers) note(id string, s imapbox.State, well, alarm bool) error {
	if well {
		if sending := w.servers.trouble(id); sending != nil {
			return collections.NoteMailbox(w.app, id, s.At, troubleJSON(sending, s.At)) // fetching is well, sending is not
		}
		return collections.NoteMailbox(w.app, id, s.At, nil)
	}
	if err := collections.NoteMailbox(w.app, id, time.Time{}, troubleJSON(s.Trouble, s.At)); err != nil || !alarm {
		return err
	}
	return w.desk.alarmMailbox(w.app, id, s.Trouble)
}

// alarmMailbox shows every lead that a mailbox needs a person.
func (d *Desk) alarmMailbox(app core.App, id string, trouble *link.Trouble) error {
	row, err := app.FindRecordById(collections.Mailboxes, id)
	if err != nil {
		return err
	}
	return d.alarmLeads(app, cutRunes(row.GetString("address")+": "+trouble.Cause, 500))
}

// alarmLeads shows every lead that the desk needs a person.
func (d *Desk) alarmLeads(app core.App, text string) error {
	leads, err := collections.FindLeads(app)
	if err != nil {
		return err
	}
	for _, a := range leads {
		r := core.NewRecord(mustCollection(app, collections.Notices))
		r.Set("agent", a.Id)
		r.Set("kind", "alarm")
		r.Set("subject", text)
		if err := app.Save(r); err != nil {
			return err
		}
	}
	return nil
}

// Status is how a mailbox fares.
type Status struct {
	ID     string        `json:"id"`
	Phase  imapbox.Phase `json:"phase"`
	At     time.Time     `json:"at"`
	Next   time.Time     `json:"next_at"`
	Taken  int           `json:"taken"`
	Idle   bool          `json:"idle"`
	Code   string        `json:"code"`
	Cause  string        `json:"cause"`
	Cure   string        `json:"cure"`
	Passes bool          `json:"temporary"`
}

// Status lists the mailboxes that are watched.
func (w *Watchers) Status() map[string]Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]Status{}
	for id, r := range w.running {
		st := Status{ID: id, Phase: r.state.Phase, At: r.state.At, Next: r.state.Next, Taken: r.state.Taken, Idle: r.state.Idle}
		t := r.state.Trouble
		if t == nil {
			t = w.servers.trouble(id)
		}
		if t != nil {
			st.Code, st.Cause, st.Cure, st.Passes = t.Code, t.Cause, t.Cure, t.Temporary
		}
		out[id] = st
	}
	return out
}

func (w *Watchers) find(id string) *watching {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.running[id]
}

func (w *Watchers) ids() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]string, 0, len(w.running))
	for id := range w.running {
		out = append(out, id)
	}
	return out
}

// end stops one watcher and waits until it let go.
func (w *Watchers) end(id string) {
	w.mu.Lock()
	r := w.running[id]
	delete(w.running, id)
	w.mu.Unlock()
	if r != nil {
		r.stop()
		<-r.done
	}
}

func (w *Watchers) stopAll() {
	for _, id := range w.ids() {
		w.end(id)
	}
}
