package collections

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/mail"
)

// Ledger writes receipts of mails as rows of inbound_mails. It implements
// [mail.Ledger].
type Ledger struct {
	app  core.App
	wake func() // called after a commit that holds work
	now  func() time.Time
}

// NewLedger returns the ledger of an app; wake is called after each commit.
func NewLedger(app core.App, now func() time.Time, wake func()) *Ledger {
	return &Ledger{app: app, wake: wake, now: now}
}

// Commit implements [mail.Ledger].
func (l *Ledger) Commit(ctx context.Context, receipts []mail.Receipt) error {
	if err := faults.At(faults.F07); err != nil {
		return err
	}
	err := l.app.RunInTransaction(func(tx core.App) error {
		for _, r := range receipts {
			if err := l.insert(ctx, tx, r); err != nil {
				return fmt.Errorf("receipt of uid %d: %w", r.UID, err)
			}
		}
		if err := faults.At(faults.F08); err != nil {
			return err
		}
		return faults.At(faults.F09)
	})
	if err == nil {
		l.wake()
	}
	return err
}

func (l *Ledger) insert(ctx context.Context, tx core.App, r mail.Receipt) error {
	state, size := MailReceived, r.Stored.Size
	if r.Stub != "" {
		state, size = MailQuarantined, r.Size
	}
	recipients, err := json.Marshal(r.Recipients)
	if err != nil {
		return err
	}
	now := l.now().UTC().Format(instantFormat)
	_, err = tx.DB().NewQuery(`INSERT INTO inbound_mails (id, mailbox, uidvalidity, uid, sha256, content_sha256, message_id, received_at, state, reason,
		detail, size, message, attempts, subject, sender, envelope_from, recipients, settled, created, updated)
		VALUES ({:id}, {:mailbox}, {:uidvalidity}, {:uid}, {:sha256}, {:content}, {:message_id}, {:received_at}, {:state}, {:reason},
		'', {:size}, '', 0, '', '', {:from}, {:recipients}, {:settled}, {:now}, {:now}) ON CONFLICT DO NOTHING`).
		Bind(dbx.Params{
			"id": core.GenerateDefaultRandomId(), "mailbox": r.Mailbox, "uidvalidity": r.UIDValidity, "uid": r.UID,
			"sha256": r.Stored.SHA256, "content": r.Stored.ContentSHA256, "message_id": r.Stored.MessageID,
			"received_at": r.ReceivedAt.UTC().Format(instantFormat), "state": state, "reason": r.Stub, "size": size,
			"from": r.EnvelopeFrom, "recipients": string(recipients), "settled": r.Stub != "", "now": now,
		}).WithContext(ctx).Execute()
	return err
}

// HighWater implements [mail.Ledger].
func (l *Ledger) HighWater(ctx context.Context, mailbox string, uidValidity uint32) (uint32, error) {
	var uid uint32
	err := l.app.DB().NewQuery(`SELECT COALESCE(MAX(uid), 0) FROM inbound_mails WHERE mailbox = {:mailbox} AND uidvalidity = {:v} AND uid > 0`).
		Bind(dbx.Params{"mailbox": mailbox, "v": uidValidity}).WithContext(ctx).Row(&uid)
	return uid, err
}

// Newest implements [imapbox.Numbers].
func (l *Ledger) Newest(ctx context.Context, mailbox string, uidValidity uint32, n int) (map[uint32]string, error) {
	var rows []struct {
		UID       uint32 `db:"uid"`
		MessageID string `db:"message_id"`
	}
	err := l.app.DB().NewQuery(`SELECT uid, message_id FROM inbound_mails WHERE mailbox = {:mailbox} AND uidvalidity = {:v} AND uid > 0 AND message_id <> '' ORDER BY uid DESC LIMIT {:n}`).
		Bind(dbx.Params{"mailbox": mailbox, "v": uidValidity, "n": n}).WithContext(ctx).All(&rows)
	ids := make(map[uint32]string, len(rows))
	for _, row := range rows {
		ids[row.UID] = row.MessageID
	}
	return ids, err
}

// Retire implements [imapbox.Numbers]. Retired receipts keep their UIDs under
// a UIDVALIDITY below zero, which no server has.
func (l *Ledger) Retire(ctx context.Context, mailbox string, uidValidity uint32) error {
	l.app.Logger().Warn("folder was made anew under its old UIDVALIDITY", "mailbox", mailbox, "uidvalidity", uidValidity)
	_, err := l.app.NonconcurrentDB().Update(InboundMails, dbx.Params{"uidvalidity": -l.now().UnixMilli(), "settled": true},
		dbx.HashExp{"mailbox": mailbox, "uidvalidity": uidValidity}).WithContext(ctx).Execute()
	return err
}

// Unsettled implements [mail.Ledger].
func (l *Ledger) Unsettled(ctx context.Context, mailbox string, uidValidity uint32) ([]uint32, error) {
	var uids []uint32
	err := l.app.DB().NewQuery(`SELECT uid FROM inbound_mails WHERE mailbox = {:mailbox} AND uidvalidity = {:v} AND settled = 0 AND uid > 0 ORDER BY uid`).
		Bind(dbx.Params{"mailbox": mailbox, "v": uidValidity}).WithContext(ctx).Column(&uids)
	return uids, err
}

// Settle implements [mail.Ledger].
func (l *Ledger) Settle(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32) error {
	in := make([]any, len(uids))
	for i, u := range uids {
		in[i] = u
	}
	_, err := l.app.NonconcurrentDB().Update(InboundMails, dbx.Params{"settled": true},
		dbx.And(dbx.HashExp{"mailbox": mailbox, "uidvalidity": uidValidity}, dbx.In("uid", in...))).WithContext(ctx).Execute()
	return err
}
