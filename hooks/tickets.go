package hooks

import (
	"fmt"
	"slices"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/itil"
)

func (d *Desk) bindTickets(app core.App) {
	on(app.OnRecordCreateRequest(collections.Tickets), "ticket.create.request", d.askForTicket)
	on(app.OnRecordUpdateRequest(collections.Tickets), "ticket.update.request", d.askForChange)
	on(app.OnRecordCreate(collections.Tickets), "ticket.open", d.openTicket)
	on(app.OnRecordUpdate(collections.Tickets), "ticket.change", d.changeTicket)
	on(app.OnRecordDelete(collections.Tickets), "ticket.remove", func(*core.RecordEvent) error {
		return broken("id", "ticket_stays", "A ticket is never removed. Cancel it, or erase the person.")
	})
}

// requesterMayOpen and requesterMayChange are the fields that a requester may
// send; everything else is answered with 400.
var (
	requesterMayOpen   = []string{"id", "subject", "description", "urgency", "kind", "requester", "service", "category"}
	requesterMayChange = []string{"state", "version", "resolution_code"}
)

// askForTicket fits a ticket that comes by HTTP to who sends it.
func (d *Desk) askForTicket(e *core.RecordRequestEvent) error {
	s := collections.StampOf(e.Record)
	if s.Requester != "" {
		if err := onlyFields(e, requesterMayOpen); err != nil {
			return err
		}
		e.Record.Set("requester", s.Requester)
		e.Record.Set("channel", collections.ChannelPortal)
		e.Record.Set("impact", 4)
		if e.Record.GetInt("urgency") == 0 {
			e.Record.Set("urgency", 3)
		}
	}
	if e.Record.GetString("channel") == "" {
		if s.Source == collections.SourceUI {
			e.Record.Set("channel", collections.ChannelAgent)
		} else {
			e.Record.Set("channel", collections.ChannelAPI)
		}
	}
	if err := checkLinks(e); err != nil {
		return err
	}
	return e.Next()
}

// askForChange notes the version that a change is based on.
func (d *Desk) askForChange(e *core.RecordRequestEvent) error {
	if who := collections.StampOf(e.Record).Requester; who != "" {
		if err := checkRequesterChange(e, who); err != nil {
			return err
		}
	}
	if sent(e, "version") {
		collections.ExpectVersion(e.Record, e.Record.GetInt("version"))
	}
	if err := checkLinks(e); err != nil {
		return err
	}
	return e.Next()
}

// checkRequesterChange lets those who take part move their ticket. A
// colleague to whom it is shared only reads it.
func checkRequesterChange(e *core.RecordRequestEvent, who string) error {
	if err := onlyFields(e, requesterMayChange); err != nil {
		return err
	}
	t := collections.AsTicket(e.Record)
	if t.Requester() != who && !slices.Contains(t.Participants(), who) {
		return e.ForbiddenError("Only those who take part in a ticket may change it.", nil)
	}
	if sent(e, "resolution_code") && !sent(e, "state") {
		return broken("resolution_code", "field_not_yours", "The field resolution_code can only be set with a step.")
	}
	return nil
}

// checkLinks refuses a link to a ticket that the caller may not open (B5):
// mail would follow it, and its key would show.
func checkLinks(e *core.RecordRequestEvent) error {
	info, err := e.RequestInfo()
	if err != nil {
		return err
	}
	before := e.Record.Original()
	for _, field := range []string{"parent", "merged_into", "follows"} {
		target := e.Record.GetString(field)
		if target == "" || target == before.GetString(field) {
			continue
		}
		r, err := e.App.FindRecordById(e.Collection, target)
		if err != nil {
			return e.NotFoundError("", nil)
		}
		if ok, err := e.App.CanAccessRecord(r, info, e.Collection.ViewRule); err != nil || !ok {
			return e.NotFoundError("", nil)
		}
	}
	return nil
}

// onlyFields refuses a body with a name outside the list.
func onlyFields(e *core.RecordRequestEvent, allowed []string) error {
	info, err := e.RequestInfo()
	if err != nil {
		return err
	}
	for name := range info.Body {
		if !slices.Contains(allowed, name) {
			return broken(name, "field_not_yours", "The field "+name+" cannot be set here.")
		}
	}
	return nil
}

// openTicket checks and stores a new ticket with its number, its first state
// and its event, in one transaction.
func (d *Desk) openTicket(e *core.RecordEvent) error {
	return inTransaction(e, func(tx core.App) error {
		t, s := collections.AsTicket(e.Record), collections.StampOf(e.Record)
		s.At = d.at(s)
		if t.Kind() == "" {
			t.Set("kind", string(itil.Incident))
		}
		if !itil.Supported(t.Kind()) {
			return broken("kind", "kind_not_supported", "This desk cannot open tickets of this kind yet.")
		}
		wanted := t.State()
		t.SetState(itil.First(t.Kind()))
		if err := d.settle(tx, nil, t, wanted, s); err != nil {
			return aboutStep(err, wanted != "" && wanted != itil.First(t.Kind()), "")
		}
		n, err := collections.NextNumber(tx)
		if err != nil {
			return fmt.Errorf("next number: %w", err)
		}
		t.Set("number", n)
		t.Set("key", itil.Key(t.Kind(), n))
		t.Set("version", 1)
		t.SetRaw("created", d.instant(s))
		if s.Quiet {
			t.SetRaw("updated", d.instant(s))
		}
		if err := saveAndForget(e); err != nil {
			return err
		}
		err = collections.Append(tx, collections.Event{Collection: collections.Tickets, Subject: t.Id, Ticket: t.Id, Stamp: s,
			Type: "ticket.opened", Data: map[string]any{"changes": collections.Changes(core.NewRecord(e.Record.Collection()), e.Record)}})
		if err != nil {
			return err
		}
		return d.tellOfAssignment(tx, nil, t, s)
	})
}

// changeTicket checks and stores a change in one transaction. It compares
// with the stored row, because Record.Original is blank or stale on a record
// that was saved before in the same process.
func (d *Desk) changeTicket(e *core.RecordEvent) error {
	return inTransaction(e, func(tx core.App) error {
		stored, err := tx.FindRecordById(collections.Tickets, e.Record.Id)
		if err != nil {
			return err
		}
		if want, ok := collections.ExpectedVersion(e.Record); ok && want != stored.GetInt("version") {
			return conflict(stored, collections.StampOf(e.Record))
		}
		collections.Overlay(stored, e.Record)
		collections.Keep(stored, e.Record, "number", "key", "kind", "version")
		was, is, s := collections.AsTicket(stored), collections.AsTicket(e.Record), collections.StampOf(e.Record)
		s.At = d.at(s)
		wanted := is.State()
		is.SetState(was.State())
		if err := d.settle(tx, &was, is, wanted, s); err != nil {
			return aboutStep(err, wanted != was.State(), itil.Possible(was.Kind(), was.State(), actor(s)))
		}
		changes := collections.Changes(stored, e.Record)
		if len(changes) == 0 && is.GetString("allowed_requesters") == was.GetString("allowed_requesters") && is.GetString("allowed") == was.GetString("allowed") {
			return e.Next() // nothing to count or to write down
		}
		is.Set("version", was.Version()+1)
		if s.Quiet {
			is.SetRaw("updated", collections.Instant(s.At)) // demo and import write past times
		}
		if err := saveAndForget(e); err != nil {
			return err
		}
		err = collections.Append(tx, collections.Event{Collection: collections.Tickets, Subject: is.Id, Ticket: is.Id, Stamp: s,
			Type: "ticket.changed", Data: map[string]any{"changes": changes, "version": is.Version()}})
		if err != nil {
			return err
		}
		return d.tellOfAssignment(tx, &was, is, s)
	})
}

// saveAndForget stores the record and makes what was stored its new original,
// so that the same copy can be changed and saved again.
func saveAndForget(e *core.RecordEvent) error {
	if err := e.Next(); err != nil {
		return err
	}
	return e.Record.PostScan()
}

// actor says as who a stamped change is made. What the desk's own jobs and
// commands do counts as the system; demo and import replay everybody.
func actor(s collections.Stamp) itil.Actor {
	switch {
	case s.Source == collections.SourceDemo, s.Source == collections.SourceImport:
		return itil.ByAgent | itil.ByLead | itil.ByRequester | itil.BySystem
	case s.Superuser != "":
		return itil.ByAgent | itil.ByLead
	case s.Agent != "" && s.Lead:
		return itil.ByAgent | itil.ByLead
	case s.Agent != "":
		return itil.ByAgent
	case s.Requester != "" && s.Source != collections.SourceMail:
		return itil.ByRequester
	}
	return itil.BySystem
}

// StepsOf lists the steps that somebody may take from the present state.
func (d *Desk) StepsOf(app core.App, t collections.Ticket, s collections.Stamp) ([]itil.Step, error) {
	settings, err := collections.FindSettings(app)
	if err != nil {
		return nil, apis.NewInternalServerError("", err)
	}
	by := actor(s)
	if s.Requester != "" && s.Requester != t.Requester() {
		by = 0 // who takes part writes; who asked decides
	}
	return itil.Steps(t.Kind(), t.State(), t.Facts(&t, by, d.at(s), settings)), nil
}
