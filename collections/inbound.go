package collections

import (
	"database/sql"
	"errors"
	"strings"
	"syscall"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/deskbell/deskbell/mail"
)

// Inbound is one row of inbound_mails, as the intake reads it.
type Inbound struct {
	ID            string                  `db:"id"`
	Mailbox       string                  `db:"mailbox"`
	SHA256        string                  `db:"sha256"`
	ContentSHA256 string                  `db:"content_sha256"`
	MessageID     string                  `db:"message_id"`
	ReceivedAt    types.DateTime          `db:"received_at"`
	State         string                  `db:"state"`
	Attempts      int                     `db:"attempts"`
	EnvelopeFrom  string                  `db:"envelope_from"`
	Recipients    types.JSONArray[string] `db:"recipients"`
	Size          int64                   `db:"size"`
}

const inboundColumns = `id, mailbox, sha256, content_sha256, message_id, received_at, state, attempts, envelope_from, recipients, size`

// WaitingMails lists received mails, oldest first. One that failed twice, or
// was in work when the program ended twice, lets all others pass: they need
// not wait for it, and it need not pay for kills that have another cause.
func WaitingMails(app core.App, limit int) ([]Inbound, error) {
	var rows []Inbound
	err := app.DB().NewQuery(`SELECT ` + inboundColumns + ` FROM inbound_mails WHERE state = 'received' ORDER BY attempts >= 2, created, rowid LIMIT {:n}`).
		Bind(dbx.Params{"n": limit}).All(&rows)
	return rows, err
}

// Waiting says whether a mail still waits to be processed, read in the
// transaction that is to process it.
func (in Inbound) Waiting(tx core.App) (bool, error) {
	var state string
	err := tx.DB().NewQuery(`SELECT state FROM inbound_mails WHERE id = {:id}`).Bind(dbx.Params{"id": in.ID}).Row(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return state == MailReceived, err
}

// Twin finds an earlier delivery of the same mail: same Message-ID and same
// content, over all mailboxes. It answers the message that it became, which
// is "" for one that was ignored.
func (in Inbound) Twin(tx core.App) (message string, found bool, err error) {
	err = tx.DB().NewQuery(`SELECT message FROM inbound_mails WHERE message_id = {:mid} AND content_sha256 = {:sum} AND id <> {:id}
		AND state IN ('ticketed', 'ignored') LIMIT 1`).
		Bind(dbx.Params{"mid": in.MessageID, "sum": in.ContentSHA256, "id": in.ID}).Row(&message)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return message, err == nil, err
}

// Outcome is how the processing of a mail ended.
type Outcome struct {
	State, Reason, Detail, Message string
	Subject, Sender                string // for the list of mails
}

// Finish notes the outcome.
func (in Inbound) Finish(tx core.App, o Outcome, now time.Time) error {
	_, err := tx.DB().Update(InboundMails, dbx.Params{"state": o.State, "reason": o.Reason, "detail": cut(o.Detail, 2000), "message": o.Message,
		"subject": cut(o.Subject, 500), "sender": cut(o.Sender, 320), "updated": now.UTC().Format(instantFormat)}, dbx.HashExp{"id": in.ID}).Execute()
	return err
}

// Failed counts a failed attempt and answers how many there were.
func (in Inbound) Failed(app core.App, detail string, now time.Time) (int, error) {
	var n int
	err := app.NonconcurrentDB().NewQuery(`UPDATE inbound_mails SET attempts = attempts + 1, detail = {:detail}, updated = {:now} WHERE id = {:id} RETURNING attempts`).
		Bind(dbx.Params{"id": in.ID, "detail": cut(detail, 2000), "now": now.UTC().Format(instantFormat)}).Row(&n)
	return n, err
}

// SenderCount counts the mails of a sender since a time.
func SenderCount(app core.App, sender string, since time.Time) (int, error) {
	var n int
	err := app.DB().NewQuery(`SELECT COUNT(*) FROM inbound_mails WHERE sender = {:sender} AND received_at >= {:since}`).
		Bind(dbx.Params{"sender": cut(sender, 320), "since": since.UTC().Format(instantFormat)}).Row(&n)
	return n, err
}

// MailCount counts the mails that were received since a time.
func MailCount(app core.App, since time.Time) (int, error) {
	var n int
	err := app.DB().NewQuery(`SELECT COUNT(*) FROM inbound_mails WHERE received_at >= {:since}`).
		Bind(dbx.Params{"since": stamp(since)}).Row(&n)
	return n, err
}

// RememberReferences notes which unknown ids a received mail refers to, so
// that a later mail with the same ancestor finds its ticket.
func RememberReferences(tx core.App, ticket string, ids []string) error {
	for _, id := range ids {
		_, err := tx.DB().NewQuery(`INSERT INTO _message_refs (ref, ticket) VALUES ({:ref}, {:ticket}) ON CONFLICT DO NOTHING`).
			Bind(dbx.Params{"ref": id, "ticket": ticket}).Execute()
		if err != nil {
			return err
		}
	}
	return nil
}

// Threads answers the questions of [mail.Thread] from the database.
type Threads struct{ App core.App }

// FindByMessageID implements [mail.ThreadStore].
func (q Threads) FindByMessageID(id string) ([]mail.KnownID, error) {
	var rows []struct {
		Ticket string `db:"ticket"`
		Ours   bool   `db:"ours"`
	}
	err := q.App.DB().NewQuery(`SELECT ticket, NOT inbound AS ours FROM messages WHERE message_id = {:id} AND message_id <> ''
		UNION SELECT ticket, 1 AS ours FROM outbound_mails WHERE message_id = {:id} AND ticket <> ''
		UNION SELECT ticket, 1 AS ours FROM outbound_mails WHERE server_id = {:id} AND server_id <> '' AND ticket <> ''`).
		Bind(dbx.Params{"id": id}).All(&rows)
	out := make([]mail.KnownID, 0, len(rows))
	for _, r := range rows {
		ticket, ferr := q.survivor(r.Ticket)
		if ferr != nil {
			return nil, ferr
		}
		out = append(out, mail.KnownID{Thread: ticket, Ours: r.Ours})
	}
	return out, err
}

// FindByNumber implements [mail.ThreadStore].
func (q Threads) FindByNumber(number int64) (string, error) {
	var id string
	err := q.App.DB().NewQuery(`SELECT id FROM tickets WHERE number = {:n}`).Bind(dbx.Params{"n": number}).Row(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return q.survivor(id)
}

// KeyOf is the key of a ticket, "INC-42".
func KeyOf(app core.App, ticket string) (key string, err error) {
	err = app.DB().NewQuery(`SELECT key FROM tickets WHERE id = {:id}`).Bind(dbx.Params{"id": ticket}).Row(&key)
	return key, err
}

// survivor follows merges to the ticket that goes on.
func (q Threads) survivor(id string) (string, error) {
	for range 20 { // chosen: a longer chain of merges is a circle
		var into string
		err := q.App.DB().NewQuery(`SELECT merged_into FROM tickets WHERE id = {:id}`).Bind(dbx.Params{"id": id}).Row(&into)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return "", err
		}
		if into == "" {
			return id, nil
		}
		id = into
	}
	return id, nil
}

// FindByAncestor implements [mail.ThreadStore].
func (q Threads) FindByAncestor(id string) ([]string, error) {
	var out []string
	err := q.App.DB().NewQuery(`SELECT ticket FROM _message_refs WHERE ref = {:id}`).Bind(dbx.Params{"id": id}).Column(&out)
	for i := range out {
		if err == nil {
			out[i], err = q.survivor(out[i])
		}
	}
	return out, err
}

// IsParticipant implements [mail.ThreadStore].
func (q Threads) IsParticipant(thread, foldedAddr string) (bool, error) {
	all, err := q.Recipients(thread)
	for _, a := range all {
		if a == foldedAddr {
			return true, err
		}
	}
	return false, err
}

// Recipients implements [mail.ThreadStore].
func (q Threads) Recipients(thread string) ([]string, error) {
	row, err := q.App.FindRecordById(Tickets, thread)
	if err != nil {
		return nil, err
	}
	to, cc, err := Audience(q.App, AsTicket(row), "")
	for i, a := range to {
		to[i] = mail.Fold(a)
	}
	for _, a := range cc {
		to = append(to, mail.Fold(a))
	}
	return to, err
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// Requeue puts a quarantined mail back to work. The error is sql.ErrNoRows if
// there is none, or if its bytes are not here.
func Requeue(app core.App, id string, now time.Time) error {
	var back string
	return app.NonconcurrentDB().NewQuery(`UPDATE inbound_mails SET state = 'received', attempts = -1, reason = '', updated = {:now}
		WHERE id = {:id} AND state = 'quarantined' AND sha256 <> '' RETURNING id`).
		Bind(dbx.Params{"id": id, "now": stamp(now)}).Row(&back)
}

// NewestMails lists the newest 100 mails in a state, or in any for "", newest
// first, without those of tickets that the agent may not open.
func NewestMails(app core.App, state, agent string) ([]*core.Record, error) {
	filter := "(message = '' || message.ticket.confidential = false || message.ticket.allowed ~ {:agent})"
	if state != "" {
		filter += " && state = {:state}"
	}
	return app.FindRecordsByFilter(InboundMails, filter, "-created", 100, 0, dbx.Params{"agent": agent, "state": state})
}

// CutOff says whether err comes from the disk or the database as a whole
// rather than from what was to be stored: then trying again later helps, and
// no mail is to blame.
func CutOff(err error) bool {
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	s, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch s.Code() & 0xff { // the primary code; https://www.sqlite.org/rescode.html
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT:
		return true
	}
	return false
}
