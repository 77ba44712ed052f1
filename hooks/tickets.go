package hooks

import (
	"fmt"
	"slices"
	"time"

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
			return aboutStep(err, wanted != "" && wanted != itil.First(t.Kind()))
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
			return aboutStep(err, wanted != was.State())
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

// derived are the fields that follow from events; no client sets them.
var derived = []string{"first_response_at", "resolved_at", "closed_at", "due_at", "reopened", "last_message_at", "last_speaker", "priority_computed"}

// settle brings a ticket into the form in which it may be stored: derived
// fields, priority, readers, and the step to the wanted state. was is nil
// for a new ticket.
func (d *Desk) settle(tx core.App, was *collections.Ticket, t collections.Ticket, wanted itil.State, s collections.Stamp) error {
	settings, err := collections.FindSettings(tx)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	before := core.NewRecord(t.Collection())
	if was != nil {
		before = was.Record
	}
	collections.Keep(before, t.Record, derived...)
	for field, value := range collections.EffectsOf(t.Record) {
		t.Set(field, value)
	}
	if was != nil && was.State().Final() {
		return d.settleFinal(tx, was, t, wanted)
	}
	if err := d.prioritise(tx, before, t); err != nil {
		return refuse(err)
	}
	if err := checkPeople(tx, before, t); err != nil {
		return err
	}
	from := t.State()
	to := follow(was, t, wanted)
	t.SetState(to)
	if err := checkMerge(before, t); err != nil {
		return err
	}
	if err := d.prepare(tx, before, from, to, t, s); err != nil {
		return err
	}
	if err := itil.Check(t.Kind(), from, to, t.Facts(was, actor(s), s.At, settings)); err != nil {
		return refuse(err)
	}
	stampTimes(from, to, t, s.At)
	if err := settleStatus(tx, before, t); err != nil {
		return err
	}
	return t.SetReaders(tx)
}

// settleStatus keeps the administrator's status within the core state: a
// status of another state is refused when asked for, and gives way to the
// default of the new state when the state moved on.
func settleStatus(tx core.App, before *core.Record, t collections.Ticket) error {
	wanted := t.GetString("status")
	if wanted != "" {
		ok, err := collections.IsStatus(tx, t.Kind(), t.State(), wanted)
		if err != nil || ok {
			return err
		}
		if wanted != before.GetString("status") {
			return broken("status", "status_unknown", "There is no active status "+wanted+" within "+string(t.State())+".")
		}
	}
	if wanted == "" && before.GetString("state") == string(t.State()) {
		return nil
	}
	first, err := collections.DefaultStatus(tx, t.Kind(), t.State())
	t.Set("status", first)
	return err
}

// follow answers which state is wanted, given that an assignee takes a new
// ticket out of the pile.
func follow(was *collections.Ticket, t collections.Ticket, wanted itil.State) itil.State {
	if wanted == "" {
		wanted = t.State()
	}
	taken := t.Assignee() != "" && (was == nil || was.Assignee() == "")
	if wanted == itil.New && taken {
		return itil.Assigned
	}
	return wanted
}

// prepare fills in what a step implies and tidies what it leaves behind.
func (d *Desk) prepare(tx core.App, before *core.Record, from, to itil.State, t collections.Ticket, s collections.Stamp) error {
	if to != itil.OnHold {
		t.Set("hold_reason", "")
		t.Set("wake_at", "")
	} else if err := holdUntil(tx, before, from, t, s.At); err != nil {
		return err
	}
	if code := t.GetString("resolution_code"); from != to || code != before.GetString("resolution_code") {
		if err := checkCode(tx, t, to); err != nil {
			return err
		}
	}
	switch {
	case from != to && to == itil.Resolved && t.Assignee() == "":
		t.Set("assignee", s.Agent) // who resolves it has it, should it come back
	case to == itil.Cancelled && s.Requester != "" && t.GetString("resolution_code") == "":
		t.Set("resolution_code", itil.CodeWithdrawn)
	case from == itil.Resolved && to.Open():
		t.Set("resolution", "")
		t.Set("resolution_code", "")
	}
	return nil
}

// holdUntil checks the reason and gives it its default time to wake up.
func holdUntil(tx core.App, before *core.Record, from itil.State, t collections.Ticket, now time.Time) error {
	if w := t.WakeAt(); from == itil.OnHold && !w.IsZero() && !w.After(now) && !w.Equal(before.GetDateTime("wake_at").Time()) {
		return broken("wake_at", "incident_wake_in_past", "The time to wake up lies in the past. Choose a later one.")
	}
	if t.HoldReason() == "" || from == itil.OnHold && t.HoldReason() == before.GetString("hold_reason") {
		return nil // the guard says what is missing; a reason that was switched off still holds its tickets
	}
	reason, err := collections.FindCode(tx, collections.HoldReasons, t.HoldReason())
	if err != nil {
		return broken("hold_reason", "hold_reason_unknown", "There is no active hold reason "+t.HoldReason()+".")
	}
	if from != itil.OnHold && t.WakeAt().IsZero() {
		if w := collections.WakeTime(reason, now); !w.IsZero() {
			t.Set("wake_at", w)
		}
	}
	return nil
}

// checkCode refuses a resolution code that is unknown, or that ends tickets
// in another way than the step.
func checkCode(tx core.App, t collections.Ticket, to itil.State) error {
	code := t.GetString("resolution_code")
	if code == "" {
		return nil // the guard says what is missing
	}
	row, err := collections.FindCode(tx, collections.ResolutionCodes, code)
	if err != nil || (to == itil.Resolved || to == itil.Cancelled) && row.GetString("ends") != string(to) {
		return broken("resolution_code", "resolution_code_unknown", "There is no active resolution code "+code+" for this step.")
	}
	return nil
}

// stampTimes writes the times that follow from a step.
func stampTimes(from, to itil.State, t collections.Ticket, now time.Time) {
	if from == to {
		return
	}
	switch {
	case to == itil.Resolved:
		t.Set("resolved_at", now)
	case to == itil.Closed, to == itil.Cancelled:
		t.Set("closed_at", now)
	case from == itil.Resolved:
		t.Set("resolved_at", "")
		t.Set("reopened", t.GetInt("reopened")+1)
	}
}

// stillWritable are the fields that a final ticket keeps open.
var stillWritable = []string{"tags", "parent", "follows", "readers", "last_message_at"}

// pointers are the relations that empty themselves when their target is
// removed, on final tickets too.
var pointers = []string{"team", "service", "category", "mailbox"}

func (d *Desk) settleFinal(tx core.App, was *collections.Ticket, t collections.Ticket, wanted itil.State) error {
	if wanted != "" && wanted != was.State() {
		return refuse(itil.Check(t.Kind(), was.State(), wanted, itil.Facts{}))
	}
	for field := range collections.Changes(was.Record, t.Record) {
		if slices.Contains(pointers, field) && t.GetString(field) == "" {
			continue
		}
		if !slices.Contains(stillWritable, field) {
			return broken(field, "ticket_final", "This ticket is "+string(was.State())+". Only links and tags may still change; open a new ticket that follows it.")
		}
	}
	return t.SetReaders(tx)
}

// prioritise computes the priority from the matrix and honours an override.
func (d *Desk) prioritise(tx core.App, before *core.Record, t collections.Ticket) error {
	matrix, err := collections.FindMatrix(tx)
	if err != nil {
		return fmt.Errorf("read matrix: %w", err)
	}
	computed := matrix.Priority(itil.Grade(t.GetInt("impact")), itil.Grade(t.GetInt("urgency")))
	t.Set("priority_computed", computed)
	wanted := t.GetInt("priority")
	asked := wanted != before.GetInt("priority")
	overridden := before.GetString("priority_reason") != ""
	switch {
	case !asked && !overridden:
		wanted = 0 // follow the matrix
	case computed == 0:
		return nil // nothing to override: the matrix has no say yet
	}
	p, err := itil.Prioritise(computed, wanted, t.GetString("priority_reason"))
	if err != nil {
		return err
	}
	t.Set("priority", p)
	if p == computed {
		t.Set("priority_reason", "") // no override, no reason
	}
	return nil
}

// checkPeople refuses an assignee who is not there.
func checkPeople(tx core.App, before *core.Record, t collections.Ticket) error {
	if t.Assignee() == "" || t.Assignee() == before.GetString("assignee") {
		return nil
	}
	a, err := tx.FindRecordById(collections.Agents, t.Assignee())
	if err != nil || !collections.AsAgent(a).Active() {
		return broken("assignee", "assignee_not_active", "This agent is not active. Choose another.")
	}
	return nil
}

// checkMerge lets a ticket give way to another one only: not to itself, and
// not while it goes on.
func checkMerge(before *core.Record, t collections.Ticket) error {
	into := t.GetString("merged_into")
	if into == "" || into == before.GetString("merged_into") {
		return nil
	}
	if into == t.Id || t.State() != itil.Cancelled {
		return broken("merged_into", "merge_needs_cancel", "A ticket gives way to another one when it is cancelled as its duplicate.")
	}
	return nil
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
