package hooks

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/mail"
)

// Post delivers one mail to the server of a mailbox.
type Post interface {
	Deliver(ctx context.Context, box collections.Mailbox, o mail.Outgoing) (Delivery, error)
}

// Delivery is what the server said. A recipient that is in none of the lists
// was accepted.
type Delivery struct {
	ServerID string            // the id under which the server queued it, "" if it told none
	Refused  map[string]string // for good: address → answer
	Later    map[string]string // for now: address → answer
}

// Permanent marks an error after which trying again is useless.
type Permanent struct{ Err error }

// Error returns the cause.
func (p *Permanent) Error() string { return p.Err.Error() }

// Unwrap returns the cause.
func (p *Permanent) Unwrap() error { return p.Err }

// The patience of the outbox (RELIABILITY-REQUIREMENTS, Mail out).
const (
	retryPause   = time.Minute // doubled each time
	longestRetry = time.Hour   // at most
	giveUp       = 5 * 24 * time.Hour
	outBatch     = 10 // chosen: rows leased at once; a sign-in code waits for no more than that
)

// Outbox sends what waits, each mailbox by itself and each ticket's mails in
// their order.
type Outbox struct {
	desk *Desk
	app  core.App
	post Post
	said answers
}

// NewOutbox returns the outbox of a desk.
func (d *Desk) NewOutbox(app core.App, post Post) *Outbox {
	return &Outbox{desk: d, app: app, post: post, said: answers{path: filepath.Join(app.DataDir(), "outbox.answers")}}
}

// Run works until ctx ends. A row is due at its next_at; in between the
// outbox sleeps.
func (o *Outbox) Run(ctx context.Context) error {
	if err := o.recover(); err != nil {
		return err
	}
	for {
		n, err := o.Drain(ctx)
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		next, err := collections.NextDue(o.app, o.desk.now())
		if err != nil {
			return err
		}
		timer := time.NewTimer(min(max(next, 20*time.Millisecond), time.Minute))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-o.desk.outbox:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// recover ends what a process before this one began: one process holds the
// folder, so every lease is of a dead one.
func (o *Outbox) recover() error {
	said, err := o.said.find()
	if err != nil {
		return fmt.Errorf("read the answers of servers: %w", err)
	}
	for _, a := range said {
		row, err := collections.FindLeased(o.app, a.Row, a.Attempt)
		if err == nil && row.Record != nil {
			err = o.sent(row, a.Delivery)
		}
		if err != nil {
			return fmt.Errorf("mark what was sent: %w", err)
		}
	}
	if err := collections.ReleaseLeases(o.app); err != nil {
		return fmt.Errorf("release leases: %w", err)
	}
	return nil
}

// Drain sends the rows that are due once and answers how many it took.
func (o *Outbox) Drain(ctx context.Context) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	rows, err := collections.LeaseDue(o.app, o.desk.now(), outBatch)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if err := faults.At(faults.F20); err != nil {
		return 0, err
	}
	byBox := map[string][]collections.Outbound{}
	for _, r := range rows {
		byBox[r.GetString("mailbox")] = append(byBox[r.GetString("mailbox")], r)
	}
	var wg sync.WaitGroup
	errs := make(chan error, len(rows)+1)
	for _, list := range byBox {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					errs <- fmt.Errorf("panic in the outbox: %v", p)
				}
			}()
			if err := o.sendAll(ctx, list); err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		errs <- errors.Join(ctx.Err(), collections.ReleaseLeases(o.app))
	}
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	if err := errors.Join(all...); err != nil {
		return len(rows), err // the answers are needed until all rows are marked
	}
	return len(rows), o.said.forget()
}

// sendAll delivers the rows of one mailbox. A server that cannot be reached
// fails them all at once: the others must not wait for every one of them.
func (o *Outbox) sendAll(ctx context.Context, rows []collections.Outbound) error {
	var errs []error
	for i, r := range rows {
		if ctx.Err() != nil {
			break // given back by Drain
		}
		down, err := o.send(ctx, r)
		errs = append(errs, err)
		if down == nil {
			continue
		}
		for _, rest := range rows[i+1:] {
			errs = append(errs, o.failed(rest, down))
		}
		break
	}
	return errors.Join(errs...)
}

// send delivers one row and notes the result. down is why the server could
// not be reached at all, nil if it could.
func (o *Outbox) send(ctx context.Context, row collections.Outbound) (down, err error) {
	box, out, err := o.write(row)
	if err != nil {
		return nil, o.failed(row, err)
	}
	patient, done := linger(ctx, lastMail)
	defer done()
	sent, err := o.post.Deliver(patient, box, out)
	if err == nil {
		if noteErr := o.said.note(row, sent); noteErr != nil {
			o.app.Logger().Warn("answer of the mail server not noted", "outbound", row.Id, "error", noteErr) // the row tells it in a moment
		}
		err = faults.At(faults.F22)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, nil // the end of the program is no failure of the mail: Drain gives it back
	case err != nil:
		return unreachable(err), o.failed(row, err)
	}
	return nil, o.sent(row, sent)
}

// lastMail is how long a stop waits for the mail under way, so that its
// answer is read and it is not sent twice. Chosen: most of the stage's grace.
const lastMail = 600 * time.Millisecond

// linger returns a context that ends d after ctx.
func linger(ctx context.Context, d time.Duration) (patient context.Context, done func()) {
	patient, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return patient, func() { stop(); cancel() }
}

// sent marks a row, and the message behind it, as delivered to the server.
func (o *Outbox) sent(row collections.Outbound, d Delivery) error {
	now := o.desk.now()
	err := o.app.RunInTransaction(func(tx core.App) error {
		waits := len(d.Later) > 0
		if waits {
			if err := row.Later(tx, keys(d.Later), now.Add(pause(row.Attempts())), describe(d.Later)); err != nil {
				return err
			}
		} else if err := row.Sent(tx, d.ServerID, describe(d.Refused)); err != nil {
			return err
		}
		t, m, err := row.Subject(tx)
		if err != nil || m.Record == nil {
			return err
		}
		s := collections.Stamp{Source: collections.SourceJob, Name: "Deskbell", At: now}
		if len(d.Refused) == len(row.Recipients()) && len(d.Refused) > 0 {
			return o.desk.notDelivered(tx, t, row, describe(d.Refused), collections.DeliveryFailed, s)
		}
		if len(d.Refused) > 0 {
			if err := o.desk.noteFailure(tx, t, describe(d.Refused), s); err != nil {
				return err
			}
			m.Set("delivery_note", cutRunes(strings.Trim(m.GetString("delivery_note")+"; "+describe(d.Refused), "; "), noteLimit))
		}
		if !waits {
			m.Set("delivery", collections.DeliverySent)
		}
		collections.SetStamp(m.Record, s)
		return tx.Save(m.Record)
	})
	if err == nil || len(d.Later) > 0 {
		return err
	}
	// The mail is with the server: whatever stood in the way of the message,
	// the row must not go out again.
	return errors.Join(err, row.Sent(o.app, d.ServerID, describe(d.Refused)))
}

// failed plans the next try, or gives up: then the ticket gets a note and its
// agent an alarm.
func (o *Outbox) failed(row collections.Outbound, cause error) error {
	now := o.desk.now()
	o.app.Logger().Warn("mail not sent", "outbound", row.Id, "attempt", row.Attempts(), "error", cause)
	var permanent *Permanent
	var unwritable *mail.HeaderError
	final := errors.As(cause, &permanent) || errors.As(cause, &unwritable) || now.Sub(row.TriedAt()) > giveUp
	err := o.app.RunInTransaction(func(tx core.App) error {
		if !final {
			return row.Later(tx, nil, now.Add(pause(row.Attempts())), cause.Error())
		}
		if err := row.Failed(tx, cause.Error()); err != nil {
			return err
		}
		t, _, err := row.Subject(tx)
		if err != nil || t.Record == nil {
			return err
		}
		s := collections.Stamp{Source: collections.SourceJob, Name: "Deskbell", At: now}
		if err := o.desk.noteFailure(tx, t, cause.Error(), s); err != nil {
			return err
		}
		return o.desk.notDelivered(tx, t, row, cause.Error(), collections.DeliveryFailed, s)
	})
	if err == nil || !final {
		return err
	}
	return errors.Join(err, row.Failed(o.app, cause.Error())) // whatever stood in the way of the note, it is given up
}

// noteFailure tells the agents on the ticket what did not leave.
func (d *Desk) noteFailure(tx core.App, t collections.Ticket, why string, s collections.Stamp) error {
	m, err := collections.NewMessage(tx, t.Id)
	if err != nil {
		return err
	}
	m.Set("visibility", collections.Internal)
	m.Set("flags", []string{collections.FlagAutomatic, collections.FlagBounce})
	m.Set("text", "Mail was not delivered: "+cutRunes(why, noteLimit))
	collections.SetStamp(m.Record, s)
	return tx.Save(m.Record)
}

// noteLimit is how many characters of what servers say are kept on a message.
const noteLimit = 1900

// pause is how long to wait after the n-th try: one minute doubled each time,
// an hour at most, spread by 20 %.
func pause(attempts int) time.Duration {
	d := longestRetry
	if attempts < 7 {
		d = min(retryPause<<max(attempts-1, 0), longestRetry)
	}
	return d*4/5 + rand.N(d*2/5)
}

func keys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

func describe(answers map[string]string) string {
	var parts []string
	for addr, answer := range answers {
		parts = append(parts, addr+": "+answer)
	}
	return strings.Join(parts, "; ")
}
