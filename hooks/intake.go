package hooks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/mail"
)

// maxAttempts is how often a mail is tried before it is put aside
// (RELIABILITY-REQUIREMENTS, Mail in).
const maxAttempts = 3

// restAfterCut is how long the intake rests when the disk or the database
// fails as a whole. Chosen: space that comes back is used within 30 s (R17).
const restAfterCut = 5 * time.Second

// Intake turns received mails into tickets and messages, one after the other
// in the order of their arrival.
type Intake struct {
	desk  *Desk
	app   core.App
	vault *collections.Vault
	mark  string // file that names the mail in work, to blame it for a crash

	marking *os.File // the mark, held open while the intake runs
}

// NewIntake returns the intake of a desk.
func (d *Desk) NewIntake(app core.App, vault *collections.Vault) *Intake {
	return &Intake{desk: d, app: app, vault: vault, mark: filepath.Join(app.DataDir(), "intake.current")}
}

// Run works until ctx ends. It is woken by the ledger and looks once a
// minute besides.
func (in *Intake) Run(ctx context.Context) error {
	in.blame(ctx)
	defer in.unmark()
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		err := in.Drain(ctx)
		if err != nil && !collections.CutOff(err) {
			return err
		}
		var again <-chan time.Time
		if err != nil {
			in.app.Logger().Error("intake rests", "error", err)
			again = time.After(restAfterCut)
		}
		select {
		case <-again:
		case <-ctx.Done():
			return ctx.Err()
		case <-in.desk.intake:
		case <-tick.C:
		}
	}
}

// Drain processes every mail that waits. The error is one of the database or
// the end of ctx; a mail that cannot be processed is no error.
func (in *Intake) Drain(ctx context.Context) error {
	for {
		rows, err := collections.WaitingMails(in.app, 100)
		if err != nil || len(rows) == 0 {
			return err
		}
		for len(rows) > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := togetherOf(rows)
			if err := in.take(ctx, rows[:n]); err != nil {
				return err
			}
			rows = rows[n:]
		}
	}
}

// Bounds of what is stored in one transaction. A commit that waits for the
// disk costs as much as a mail; more than these would hold up agents who
// write meanwhile. Chosen: some 30 ms.
const (
	togetherMails = 8
	togetherBytes = 1 << 20
)

// togetherOf says how many of the first rows are processed together.
func togetherOf(rows []collections.Inbound) int {
	var bytes int64
	for i, row := range rows {
		if bytes += row.Size; i == togetherMails || i > 0 && bytes > togetherBytes {
			return i
		}
	}
	return len(rows)
}

// take processes mails together or, when one of them fails, one by one.
func (in *Intake) take(ctx context.Context, rows []collections.Inbound) error {
	if len(rows) > 1 {
		err := in.guarded(rows)
		in.point(collections.Inbound{})
		if err == nil || collections.CutOff(err) {
			return err
		}
	}
	for _, row := range rows {
		if err := in.try(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// try processes one mail and counts a failure against it.
func (in *Intake) try(ctx context.Context, row collections.Inbound) error {
	err := in.guarded([]collections.Inbound{row})
	in.point(collections.Inbound{})
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if collections.CutOff(err) {
		return err // no mail is to blame
	}
	in.app.Logger().Error("mail not processed", "mail", row.ID, "error", err)
	return in.count(row, err.Error())
}

// point marks the mail in work, or none. The mark only helps to blame after a
// crash, so it may fail.
func (in *Intake) point(row collections.Inbound) {
	if in.marking == nil {
		in.marking, _ = os.OpenFile(in.mark, os.O_CREATE|os.O_WRONLY, 0o600) // nil takes writes and refuses them
	}
	_, _ = in.marking.WriteAt(fmt.Appendf(nil, "%-15s", row.ID), 0) // ids have 15 characters
}

// unmark removes the mark: whoever stopped the intake, no mail did.
func (in *Intake) unmark() {
	if in.marking != nil {
		_ = errors.Join(in.marking.Close(), os.Remove(in.mark)) // an old mark names no mail
		in.marking = nil
	}
}

// guarded processes mails and turns a panic into an error.
func (in *Intake) guarded(rows []collections.Inbound) (err error) {
	defer func() {
		if p := recover(); p != nil {
			in.app.Logger().Error("panic while processing mails", "mail", rows[0].ID, "mails", len(rows), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return in.process(rows)
}

// count notes a failure; the third puts the mail aside with its bytes.
func (in *Intake) count(row collections.Inbound, detail string) error {
	now := in.desk.now()
	n, err := row.Failed(in.app, detail, now)
	if err != nil || n < maxAttempts {
		return err
	}
	return row.Finish(in.app, collections.Outcome{State: collections.MailQuarantined, Reason: "failed", Detail: detail}, now)
}

// blame counts a crash of the whole program against the mail that was in
// work, so that a mail which kills the process is put aside too.
func (in *Intake) blame(ctx context.Context) {
	id, err := os.ReadFile(in.mark)
	if err != nil {
		return
	}
	_ = os.Remove(in.mark)
	row := collections.Inbound{ID: strings.TrimSpace(string(id))}
	waiting, err := row.Waiting(in.app)
	if err == nil && waiting {
		err = in.count(row, "the program stopped while this mail was processed")
	}
	if err != nil {
		in.app.Logger().Error("mail not counted", "mail", row.ID, "error", err)
	}
}

// process reads mails outside, and stores what becomes of them inside, one
// transaction.
func (in *Intake) process(rows []collections.Inbound) error {
	arrivals := make([]*arrival, len(rows))
	for i, row := range rows {
		arrivals[i] = &arrival{desk: in.desk, row: row, temp: in.vault.Temp}
		defer arrivals[i].discard()
		if err := in.read(arrivals[i]); err != nil {
			return err
		}
	}
	err := in.app.RunInTransaction(func(tx core.App) error {
		for _, a := range arrivals {
			if err := in.store(tx, a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	wake(in.desk.outbox)
	return faults.At(faults.F17)
}

// read parses a mail.
func (in *Intake) read(a *arrival) (err error) {
	in.point(a.row)
	if a.raw, err = in.vault.Open(a.row.SHA256); err != nil {
		return fmt.Errorf("open raw mail: %w", err)
	}
	if err := errors.Join(faults.At(faults.F13), faults.Mail(a.raw)); err != nil {
		return err
	}
	if a.mail, err = mail.Parse(a.raw, a.row.Size, mail.DefaultLimits()); err != nil {
		return fmt.Errorf("parse: %w", err)
	}
	a.class, a.now = mail.Classify(a.mail), in.desk.now().UTC()
	a.read()
	return nil
}

// store writes what becomes of a mail, and that it is done.
func (in *Intake) store(tx core.App, a *arrival) error {
	in.point(a.row)
	waiting, err := a.row.Waiting(tx)
	if err != nil || !waiting {
		return err
	}
	o, err := a.settle(tx)
	if err != nil {
		return err
	}
	o.Subject, o.Sender = a.mail.Subject, a.sender()
	if err := a.row.Finish(tx, o, a.now); err != nil {
		return err
	}
	return faults.At(faults.F16)
}

// errSkip ends the handling of a mail with an outcome that is no ticket.
type errSkip struct{ collections.Outcome }

func (e errSkip) Error() string { return e.Reason }

func ignored(reason string) error {
	return errSkip{collections.Outcome{State: collections.MailIgnored, Reason: reason}}
}

// settle decides about one mail and stores the result.
func (a *arrival) settle(tx core.App) (collections.Outcome, error) {
	message, err := a.place(tx)
	var skip errSkip
	if errors.As(err, &skip) {
		return skip.Outcome, nil
	}
	return collections.Outcome{State: collections.MailTicketed, Message: message}, err
}

// Retry puts a quarantined mail back to work and writes down who did.
func (d *Desk) Retry(app core.App, id string, s collections.Stamp) error {
	s.At = d.at(s)
	err := app.RunInTransaction(func(tx core.App) error {
		if err := collections.Requeue(tx, id, s.At); err != nil {
			return err
		}
		return collections.Append(tx, collections.Event{Collection: collections.InboundMails, Subject: id, Stamp: s, Type: "mail.retried"})
	})
	wake(d.intake)
	return err
}
