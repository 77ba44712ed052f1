package collections

import (
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"
)

// Outbound is the typed view of an outbox row.
type Outbound struct{ *core.Record }

// NewOutbound begins an outbox row of a kind; it still has to be saved.
func NewOutbound(app core.App, kind string) (Outbound, error) {
	c, err := app.FindCachedCollectionByNameOrId(OutboundMails)
	if err != nil {
		return Outbound{}, err
	}
	o := Outbound{core.NewRecord(c)}
	o.Id = core.GenerateDefaultRandomId()
	o.Set("kind", kind)
	o.Set("state", OutQueued)
	return o, nil
}

// To lists the addresses of the To line.
func (o Outbound) To() []string { return stringList(o.Record, "to") }

// Cc lists the addresses of the copy line.
func (o Outbound) Cc() []string { return stringList(o.Record, "cc") }

// Bcc lists the blind copies.
func (o Outbound) Bcc() []string { return stringList(o.Record, "bcc") }

// Pending lists the envelope recipients that are left, empty for all.
func (o Outbound) Pending() []string { return stringList(o.Record, "pending") }

// TriedAt is when the row was first tried.
func (o Outbound) TriedAt() time.Time { return o.GetDateTime("tried_at").Time() }

// Recipients lists all addresses.
func (o Outbound) Recipients() []string { return slices.Concat(o.To(), o.Cc(), o.Bcc()) }

// Attempts counts the tries, the present one included.
func (o Outbound) Attempts() int { return o.GetInt("attempts") }

// Created is when the row was written.
func (o Outbound) Created() time.Time { return o.GetDateTime("created").Time() }

// Subject reads the ticket and the message of a row; a Record is nil where
// there is none.
func (o Outbound) Subject(app core.App) (t Ticket, m Message, err error) {
	if id := o.GetString("ticket"); id != "" {
		if t.Record, err = app.FindRecordById(Tickets, id); err != nil {
			return t, m, err
		}
	}
	if id := o.GetString("message"); id != "" {
		m.Record, err = app.FindRecordById(Messages, id)
	}
	return t, m, err
}

// LeaseDue takes the rows that are due: sign-in codes first, then what people
// wrote, then what the desk writes by itself. What goes to the requester of one
// ticket keeps its order: a row waits while an older one of its ticket that
// was due no later does.
func LeaseDue(app core.App, now time.Time, limit int) ([]Outbound, error) {
	var ids []string
	err := app.DB().NewQuery(`SELECT id FROM outbound_mails o WHERE state = 'queued' AND next_at <= {:now} AND (kind NOT IN ('reply', 'ack') OR NOT EXISTS (
			SELECT 1 FROM outbound_mails p WHERE p.ticket = o.ticket AND p.kind IN ('reply', 'ack') AND p.state IN ('queued', 'sending') AND p.rowid < o.rowid
			AND (p.attempts > 0 OR p.next_at <= o.next_at)))
		ORDER BY CASE kind WHEN 'system' THEN 0 WHEN 'reply' THEN 1 ELSE 2 END, next_at, rowid LIMIT {:limit}`).
		Bind(dbx.Params{"now": stamp(now), "limit": limit}).Column(&ids)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	in := make([]any, len(ids))
	for i, id := range ids {
		in[i] = id
	}
	_, err = app.NonconcurrentDB().Update(OutboundMails, dbx.Params{"state": OutSending, "attempts": dbx.NewExp("attempts + 1"),
		"tried_at": dbx.NewExp("CASE WHEN tried_at = '' THEN {:now} ELSE tried_at END", dbx.Params{"now": stamp(now)})},
		dbx.And(dbx.In("id", in...), dbx.HashExp{"state": OutQueued})).Execute()
	if err != nil {
		return nil, err
	}
	rows, err := app.FindRecordsByIds(OutboundMails, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Outbound, 0, len(rows))
	for _, r := range rows {
		if r.GetString("state") == OutSending { // a message that was taken back meanwhile is gone
			out = append(out, Outbound{r})
		}
	}
	slices.SortFunc(out, func(a, b Outbound) int { return slices.Index(ids, a.Id) - slices.Index(ids, b.Id) })
	return out, nil
}

// FindLeased finds a row that is leased for its n-th try; its Record is nil if
// that try is over.
func FindLeased(app core.App, id string, attempt int) (Outbound, error) {
	rows, err := app.FindRecordsByFilter(OutboundMails, "id = {:id} && state = 'sending' && attempts = {:n}", "", 1, 0, map[string]any{"id": id, "n": attempt})
	if err != nil || len(rows) == 0 {
		return Outbound{}, err
	}
	return Outbound{rows[0]}, nil
}

// ReleaseLeases queues every leased row again. Only call it while nothing
// sends.
func ReleaseLeases(app core.App) error {
	_, err := app.NonconcurrentDB().Update(OutboundMails, dbx.Params{"state": OutQueued}, dbx.HashExp{"state": OutSending}).Execute()
	return err
}

// RetrySoon makes the rows of a mailbox that failed before due now.
func RetrySoon(app core.App, mailbox string, now time.Time) error {
	_, err := app.NonconcurrentDB().Update(OutboundMails, dbx.Params{"next_at": stamp(now)},
		dbx.And(dbx.HashExp{"mailbox": mailbox, "state": OutQueued}, dbx.NewExp("attempts > 0"))).Execute()
	return err
}

// NextDue is how long until the next queued row is due, an hour if none is.
func NextDue(app core.App, now time.Time) (time.Duration, error) {
	var at types.DateTime
	err := app.DB().NewQuery(`SELECT next_at FROM outbound_mails WHERE state = 'queued' ORDER BY next_at LIMIT 1`).Row(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Hour, nil
	}
	if wait := at.Time().Sub(now); wait > 0 {
		return wait, err
	}
	return time.Second, err // due, but behind an older one of its ticket
}

// Sent marks a row as taken by the server.
func (o Outbound) Sent(tx core.App, serverID, note string) error {
	return o.set(tx, o.wiped(dbx.Params{"state": OutSent, "server_id": cut(serverID, 998), "last_error": cut(note, 4000)}))
}

// Later queues a row again. pending names the envelope recipients that are
// left, nil if nothing changed about them.
func (o Outbound) Later(tx core.App, pending []string, at time.Time, why string) error {
	p := dbx.Params{"state": OutQueued, "next_at": stamp(at), "last_error": cut(why, 4000)}
	if pending != nil {
		p["pending"] = toJSON(pending)
	}
	return o.set(tx, p)
}

// Failed gives a row up.
func (o Outbound) Failed(tx core.App, why string) error {
	return o.set(tx, o.wiped(dbx.Params{"state": OutFailed, "last_error": cut(why, 4000)}))
}

// wiped forgets the words of a system mail, which hold a code or a link, once
// nothing more is done with it.
func (o Outbound) wiped(p dbx.Params) dbx.Params {
	if o.GetString("kind") == OutSystem {
		p["subject"], p["text"], p["html"] = "", "", ""
	}
	return p
}

func (o Outbound) set(app core.App, p dbx.Params) error {
	p["updated"] = stamp(time.Now())
	_, err := app.NonconcurrentDB().Update(OutboundMails, p, dbx.HashExp{"id": o.Id}).Execute()
	return err
}

func stamp(t time.Time) string { return t.UTC().Format(instantFormat) }
