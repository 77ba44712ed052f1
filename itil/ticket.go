package itil

import (
	"fmt"
	"strings"
)

// Kind is one of the five kinds of ticket.
type Kind string

// The kinds, with their stored values.
const (
	Incident Kind = "incident"
	Request  Kind = "request"
	Problem  Kind = "problem"
	Change   Kind = "change"
	Release  Kind = "release"
)

// prefixes are the letters before the number in a ticket's key.
var prefixes = map[Kind]string{Incident: "INC", Request: "REQ", Problem: "PRB", Change: "CHG", Release: "REL"}

// Key names a ticket for people: prefix of its kind and its number, "INC-42".
func Key(kind Kind, number int) string { return fmt.Sprintf("%s-%d", prefixes[kind], number) }

// State is where a ticket stands in the life cycle of its kind.
type State string

// The states of an incident, with their stored values.
const (
	New        State = "new"
	Assigned   State = "assigned"
	InProgress State = "in_progress"
	OnHold     State = "on_hold"
	Resolved   State = "resolved"
	Closed     State = "closed"
	Cancelled  State = "cancelled"
)

// Final says whether nothing but links, tags and survey answers may still be
// written in this state.
func (s State) Final() bool { return s == Closed || s == Cancelled || s == "rejected" }

// Open says whether somebody still has to work on a ticket in this state.
func (s State) Open() bool { return !s.Final() && s != Resolved }

// Actor is the kind of who takes a step.
type Actor uint8

// Actors may be combined to say who is allowed.
const (
	ByRequester Actor = 1 << iota
	ByAgent
	ByLead
	BySystem
)

// The hold reasons that the product ships.
const (
	AwaitingRequester = "awaiting_requester"
	AwaitingSupplier  = "awaiting_supplier"
	AwaitingChange    = "awaiting_change"
	Scheduled         = "scheduled"
)

// The codes with which an incident may be cancelled.
const (
	CodeDuplicate = "duplicate"
	CodeSpam      = "spam"
	CodeWithdrawn = "withdrawn"
	CodeConverted = "converted"
)

// Facts are what the guards need to know of a ticket as it is to be stored.
type Facts struct {
	Actor Actor // who takes the step

	Team     bool // a team is set
	Assignee bool // an agent is set

	HoldReason string // code, "" if none
	HasWake    bool   // wake_at is set
	WakeFuture bool   // and lies in the future
	OpenChange bool   // a linked change is open

	Resolution     bool   // a text is set
	ResolutionCode string // code, "" if none
	Major          bool
	CauseClass     bool
	DuplicateOf    bool // the ticket that goes on is named

	ReopenOpen bool // the reopen window has not passed
	CloseDue   bool // the requester confirmed, or the waiting time is over

	TeamChanged bool // the team differs from the stored one
}

type step struct{ from, to State }

type rule struct {
	step
	who   Actor
	guard func(Facts) *Refusal
}

// Step is one edge of the life cycle as offered to somebody.
type Step struct {
	To      State    `json:"to"`
	Allowed bool     `json:"allowed"`
	Refusal *Refusal `json:"refusal"`
}

// Check says whether a ticket of this kind may go from one state to another.
// Staying is allowed while what the state requires still holds. The error is
// a [*Refusal].
func Check(kind Kind, from, to State, f Facts) error {
	if r := check(machines[kind], kind, from, to, f); r != nil {
		return r
	}
	return nil
}

// First returns the state in which a ticket of this kind begins.
func First(kind Kind) State { return machines[kind].first }

// States lists the states of a kind in the order of the life cycle.
func States(kind Kind) []State { return machines[kind].states }

// Steps lists every step from a state, allowed or not, in table order.
func Steps(kind Kind, from State, f Facts) []Step {
	steps := []Step{}
	for _, r := range machines[kind].rules {
		if r.from != from {
			continue
		}
		no := check(machines[kind], kind, from, r.to, f)
		steps = append(steps, Step{To: r.to, Allowed: no == nil, Refusal: no})
	}
	return steps
}

// machine is the life cycle of one kind: its steps are the whole of it.
type machine struct {
	first  State
	states []State
	rules  []rule
	holds  func(State, Facts) *Refusal
}

// machines grows by one entry per practice.
var machines = map[Kind]machine{Incident: incident}

// Supported says whether the desk handles tickets of this kind.
func Supported(kind Kind) bool { _, ok := machines[kind]; return ok }

func check(m machine, kind Kind, from, to State, f Facts) *Refusal {
	if from != to {
		r, ok := m.find(from, to)
		if !ok {
			return refusal("state", string(kind)+"_no_such_step", m.noSuchStep(kind, from, to, f.Actor))
		}
		if r.who&f.Actor == 0 {
			return m.explain(refusal("state", string(kind)+"_not_yours", fmt.Sprintf("Going from %s to %s is not for you.", words(from), words(to))), from, f)
		}
		if r.guard != nil {
			if no := r.guard(f); no != nil {
				return m.explain(no, from, f)
			}
		}
	}
	no := m.holds(to, f)
	if no != nil && from != to {
		return m.explain(no, from, f)
	}
	return no
}

// explain adds to a refused step the steps that are possible.
func (m machine) explain(no *Refusal, from State, f Facts) *Refusal {
	no.Message += " Possible steps: " + m.possible(from, f.Actor) + "."
	return no
}

// Possible names the steps of a kind from a state that somebody may take.
func Possible(kind Kind, from State, who Actor) string { return machines[kind].possible(from, who) }

// possible names the steps from a state that the table has for somebody.
func (m machine) possible(from State, who Actor) string {
	var names []string
	for _, r := range m.rules {
		if r.from == from && r.who&who != 0 {
			names = append(names, words(r.to))
		}
	}
	return strings.Join(names, ", ")
}

func (m machine) find(from, to State) (rule, bool) {
	for _, r := range m.rules {
		if r.from == from && r.to == to {
			return r, true
		}
	}
	return rule{}, false
}

func (m machine) noSuchStep(kind Kind, from, to State, who Actor) string {
	possible := m.possible(from, who)
	if from.Final() {
		return fmt.Sprintf("This %s is %s, which is final. Open a new one that follows it.", kind, words(from))
	}
	return fmt.Sprintf("Cannot go from %s to %s. Possible: %s.", words(from), words(to), possible)
}

func words(s State) string { return strings.ReplaceAll(string(s), "_", " ") }
