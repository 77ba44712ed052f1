package hooks

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/mail"
)

// bounce reads a delivery report: it marks the message that did not arrive,
// leaves a note on its ticket and tells the agent. Reports about mail that is
// not ours are ignored.
func (a *arrival) bounce(tx core.App) (string, error) {
	if err := faults.At(faults.F23); err != nil {
		return "", err
	}
	r := a.class.Report
	out, err := a.returned(tx, r)
	if err != nil {
		return "", err
	}
	ticket := a.decision.Thread
	if out.Record != nil {
		ticket = out.GetString("ticket")
	}
	if ticket == "" {
		return "", ignored("bounce_unmatched")
	}
	if delivered(r) {
		return "", ignored("delivered")
	}
	row, err := tx.FindRecordById(collections.Tickets, ticket)
	if err != nil {
		return "", fmt.Errorf("ticket of a bounce: %w", err)
	}
	t := collections.AsTicket(row)
	id, err := a.add(tx, t, collections.Requester{}, collections.Internal, []string{collections.FlagAutomatic, collections.FlagBounce}, false)
	if err != nil || r.Delayed || out.Record == nil {
		return id, err
	}
	if r.Hard {
		if err := a.markAddresses(tx, r); err != nil {
			return "", err
		}
	}
	return id, a.desk.notDelivered(tx, t, out, reasonOf(r), collections.DeliveryBounced, a.stamp(collections.Requester{}))
}

// markAddresses notes on the requesters that mail to them comes back.
func (a *arrival) markAddresses(tx core.App, r *mail.Report) error {
	for _, to := range r.Recipients {
		who, err := collections.FindRequesterByAddress(tx, to.Recipient)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		who.Set("bounced_at", a.now)
		collections.SetStamp(who.Record, a.stamp(collections.Requester{}))
		if err := tx.Save(who.Record); err != nil {
			return err
		}
	}
	return nil
}

// returned finds the outbox row that a report is about: by the id that it
// returns, else by the ticket and the address that failed.
func (a *arrival) returned(tx core.App, r *mail.Report) (collections.Outbound, error) {
	if r.OriginalID != "" {
		out, err := collections.FindOutboundByMessageID(tx, r.OriginalID)
		if err != nil || out.Record != nil {
			return out, err
		}
	}
	for _, recipient := range r.Recipients {
		if a.decision.Thread == "" {
			break
		}
		out, err := collections.LastOutboundTo(tx, a.decision.Thread, mail.Fold(recipient.Recipient))
		if err != nil || out.Record != nil {
			return out, err
		}
	}
	return collections.Outbound{}, nil
}

func delivered(r *mail.Report) bool {
	if len(r.Recipients) == 0 {
		return false
	}
	for _, to := range r.Recipients {
		switch to.Action {
		case "delivered", "relayed", "expanded":
		default:
			return false
		}
	}
	return true
}

func reasonOf(r *mail.Report) string {
	var parts []string
	for _, to := range r.Recipients {
		parts = append(parts, strings.TrimSpace(to.Recipient+" "+to.Status+" "+to.Diagnostic))
	}
	return cutRunes(strings.Join(parts, "; "), 1900)
}

// notDelivered marks a message that will not arrive and tells its author.
func (d *Desk) notDelivered(tx core.App, t collections.Ticket, out collections.Outbound, why, delivery string, s collections.Stamp) error {
	id := out.GetString("message")
	if id == "" {
		return nil // an acknowledgement or a notice: the note is enough
	}
	row, err := tx.FindRecordById(collections.Messages, id)
	if err != nil {
		return fmt.Errorf("message that did not arrive: %w", err)
	}
	m := collections.AsMessage(row)
	m.Set("delivery", delivery)
	m.Set("delivery_note", cutRunes(why, noteLimit))
	collections.SetStamp(m.Record, s)
	if err := tx.Save(m.Record); err != nil {
		return err
	}
	return d.alarm(tx, m.ByAgent(), t, "delivery")
}
