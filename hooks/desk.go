// Package hooks connects PocketBase to the rules: it asks the pure packages
// whether a change may happen and stores what follows from it.
package hooks

import (
	"time"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/notify"
)

// Desk holds what the hooks share. Make it with New.
type Desk struct {
	now       func() time.Time
	outbox    chan struct{} // woken when a row may be sent
	intake    chan struct{} // woken when a mail was received
	mailboxes chan struct{} // woken when a mailbox was edited
	keys      Keys
	texts     notify.Templates
}

// Keys are derived from the desk's key: one for each use.
type Keys struct {
	Mail  *mail.Keyring       // authenticates Message-IDs and address tokens
	Seal  *collections.Sealer // seals the secrets of mailboxes
	Image []byte              // signs the addresses of remote images
}

// New makes a desk whose time comes from now.
func New(keys Keys, texts notify.Templates, now func() time.Time) *Desk {
	return &Desk{now: now, keys: keys, texts: texts, outbox: make(chan struct{}, 1), intake: make(chan struct{}, 1), mailboxes: make(chan struct{}, 1)}
}

// Bind attaches every rule to the app. Binding twice is harmless: each
// handler has an id.
func (d *Desk) Bind(app core.App) {
	d.bindActors(app)
	d.bindShape(app)
	d.bindSchema(app)
	d.bindRepeats(app)
	d.bindPeople(app)
	d.bindTickets(app)
	d.bindMessages(app)
	d.bindLists(app)
	d.bindMailboxes(app)
	d.bindView(app)
	on(app.OnRecordAfterCreateSuccess(collections.OutboundMails), "outbox.wake", func(e *core.RecordEvent) error {
		wake(d.outbox)
		return e.Next()
	})
	d.bindTopics(app)
	d.bindNotices(app)
	d.bindSystemMail(app)
	d.bindFields(app)
	d.bindMemory(app)
}

// on binds a handler for record events of some collections under an id.
func on[T hook.Resolver](h interface {
	Bind(*hook.Handler[T]) string
}, id string, f func(T) error) {
	h.Bind(&hook.Handler[T]{Id: "deskbell." + id, Func: f})
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it will look anyway
	}
}

// inTransaction runs the rest of a save in one transaction and gives the
// handler the transaction's app.
func inTransaction(e *core.RecordEvent, f func(tx core.App) error) error {
	outer := e.App
	defer func() { e.App = outer }()
	return outer.RunInTransaction(func(tx core.App) error {
		e.App = tx
		return f(tx)
	})
}

// at is when a stamped change happens.
func (d *Desk) at(s collections.Stamp) time.Time {
	if s.At.IsZero() {
		return d.now().UTC()
	}
	return s.At.UTC()
}
