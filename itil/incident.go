package itil

import "slices"

// incident is the whole life cycle: a step absent here cannot happen.
var incident = machine{
	first:  New,
	states: []State{New, Assigned, InProgress, OnHold, Resolved, Closed, Cancelled},
	holds:  holdsIncident,
	rules: []rule{
		{step{New, Assigned}, ByAgent | BySystem, nil},
		{step{New, InProgress}, ByAgent | BySystem, nil},
		{step{New, Resolved}, ByAgent, causeOfMajor},
		{step{New, Cancelled}, ByAgent | ByRequester | BySystem, withdrawn},

		{step{Assigned, InProgress}, ByAgent | BySystem, nil},
		{step{Assigned, OnHold}, ByAgent, wakes},
		{step{Assigned, Resolved}, ByAgent, causeOfMajor},
		{step{Assigned, Cancelled}, ByAgent, nil},

		{step{InProgress, OnHold}, ByAgent, wakes},
		{step{InProgress, Assigned}, ByAgent | BySystem, handedOn},
		{step{InProgress, Resolved}, ByAgent, causeOfMajor},
		{step{InProgress, Cancelled}, ByAgent, nil},

		{step{OnHold, InProgress}, ByAgent | ByRequester | BySystem, nil},
		{step{OnHold, Assigned}, ByAgent | ByRequester | BySystem, handedOn},
		{step{OnHold, Resolved}, ByAgent, causeOfMajor},
		{step{OnHold, Cancelled}, ByAgent, nil},

		{step{Resolved, InProgress}, ByAgent | ByRequester | BySystem, reopens},
		{step{Resolved, Assigned}, ByRequester | BySystem, reopens}, // nobody has it any more
		{step{Resolved, Closed}, ByRequester | ByLead | BySystem, closes},
	},
}

// cancelCodes are the reasons for which an incident may be cancelled.
var cancelCodes = []string{CodeDuplicate, CodeSpam, CodeWithdrawn, CodeConverted}

// holdsIncident says what a state requires for as long as it lasts.
func holdsIncident(s State, f Facts) *Refusal {
	switch s {
	case Assigned:
		if !f.Team && !f.Assignee {
			return refusal("team", "incident_needs_team_or_assignee", "An assigned incident needs a team or an assignee. Set one.")
		}
	case InProgress:
		if !f.Assignee {
			return refusal("assignee", "incident_needs_assignee", "An incident in progress needs an assignee. Set one, or go to assigned.")
		}
	case OnHold:
		if f.HoldReason == "" {
			return refusal("hold_reason", "incident_needs_hold_reason", "A held incident needs a hold reason. Choose what it waits for.")
		}
		if !f.Team && !f.Assignee {
			return refusal("team", "incident_needs_team_or_assignee", "A held incident needs a team or an assignee to come back to. Set one.")
		}
		if !f.HasWake && !f.OpenChange {
			return refusal("wake_at", "incident_needs_wake_at", "A held incident needs a time to wake up, or an open change that it waits for.")
		}
	case Resolved:
		return explained(f)
	case Closed:
		return explained(f)
	case Cancelled:
		return cancelled(f)
	}
	return nil
}

func explained(f Facts) *Refusal {
	if !f.Resolution {
		return refusal("resolution", "incident_needs_resolution", "Say how the incident was resolved.")
	}
	if f.ResolutionCode == "" || slices.Contains(cancelCodes, f.ResolutionCode) {
		return refusal("resolution_code", "incident_needs_resolution_code", "Choose a resolution code.")
	}
	return nil
}

func cancelled(f Facts) *Refusal {
	if !slices.Contains(cancelCodes, f.ResolutionCode) {
		return refusal("resolution_code", "incident_needs_cancel_code", "Choose why the incident is cancelled: duplicate, spam, withdrawn or converted.")
	}
	if f.ResolutionCode == CodeDuplicate && !f.DuplicateOf {
		return refusal("merged_into", "incident_needs_duplicate_link", "Name the ticket that this one duplicates.")
	}
	return nil
}

func wakes(f Facts) *Refusal {
	if f.HasWake && !f.WakeFuture {
		return refusal("wake_at", "incident_wake_in_past", "The time to wake up lies in the past. Choose a later one.")
	}
	return nil
}

func handedOn(f Facts) *Refusal {
	if !f.TeamChanged && f.Assignee {
		return refusal("assignee", "incident_not_handed_on", "To give the incident back, remove the assignee or change the team.")
	}
	return nil
}

func causeOfMajor(f Facts) *Refusal {
	if f.Major && !f.CauseClass {
		return refusal("cause_class", "incident_needs_cause_class", "A major incident needs a cause class before it is resolved.")
	}
	return nil
}

func reopens(f Facts) *Refusal {
	if !f.ReopenOpen {
		return refusal("state", "incident_reopen_window_over", "The time for reopening is over. Open a new incident that follows this one.")
	}
	return nil
}

func closes(f Facts) *Refusal {
	if f.Actor&BySystem != 0 && !f.CloseDue {
		return refusal("state", "incident_close_not_due", "The requester has not confirmed and the waiting time is not over.")
	}
	return nil
}

func withdrawn(f Facts) *Refusal {
	if f.Actor == ByRequester && f.ResolutionCode != CodeWithdrawn {
		return refusal("resolution_code", "incident_needs_withdrawn", "A requester may only withdraw an incident.")
	}
	return nil
}
