package hooks

import (
	"fmt"
	"slices"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/itil"
)

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
	if t.Confidential() && !before.GetBool("confidential") && s.Agent != "" && !slices.Contains(t.GetStringSlice("readers"), s.Agent) {
		t.Set("readers", append(t.GetStringSlice("readers"), s.Agent)) // who closes the door stays inside
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
