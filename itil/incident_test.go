package itil_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/itil"
)

func code(err error) string {
	var r *itil.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

// full are facts under which nothing is missing.
var full = itil.Facts{Actor: itil.ByAgent, Team: true, Assignee: true, HoldReason: "scheduled", HasWake: true, WakeFuture: true,
	Resolution: true, ResolutionCode: "solved", CauseClass: true, ReopenOpen: true, CloseDue: true, TeamChanged: true}

func with(change func(*itil.Facts)) itil.Facts {
	f := full
	change(&f)
	return f
}

// steps is the life cycle as PRACTICES.md writes it: who may take each step.
var steps = map[[2]itil.State]itil.Actor{
	{itil.New, itil.Assigned}:         itil.ByAgent | itil.BySystem,
	{itil.New, itil.InProgress}:       itil.ByAgent | itil.BySystem,
	{itil.New, itil.Resolved}:         itil.ByAgent,
	{itil.New, itil.Cancelled}:        itil.ByAgent | itil.ByRequester | itil.BySystem,
	{itil.Assigned, itil.InProgress}:  itil.ByAgent | itil.BySystem,
	{itil.Assigned, itil.OnHold}:      itil.ByAgent,
	{itil.Assigned, itil.Resolved}:    itil.ByAgent,
	{itil.Assigned, itil.Cancelled}:   itil.ByAgent,
	{itil.InProgress, itil.OnHold}:    itil.ByAgent,
	{itil.InProgress, itil.Assigned}:  itil.ByAgent | itil.BySystem,
	{itil.InProgress, itil.Resolved}:  itil.ByAgent,
	{itil.InProgress, itil.Cancelled}: itil.ByAgent,
	{itil.OnHold, itil.InProgress}:    itil.ByAgent | itil.ByRequester | itil.BySystem,
	{itil.OnHold, itil.Assigned}:      itil.ByAgent | itil.ByRequester | itil.BySystem,
	{itil.OnHold, itil.Resolved}:      itil.ByAgent,
	{itil.OnHold, itil.Cancelled}:     itil.ByAgent,
	{itil.Resolved, itil.InProgress}:  itil.ByAgent | itil.ByRequester | itil.BySystem,
	{itil.Resolved, itil.Assigned}:    itil.ByRequester | itil.BySystem,
	{itil.Resolved, itil.Closed}:      itil.ByRequester | itil.ByLead | itil.BySystem,
}

func TestEveryPairOfStatesIsAllowedOrRefusedWithItsCode(t *testing.T) {
	for _, from := range itil.States(itil.Incident) {
		for _, to := range itil.States(itil.Incident) {
			for _, who := range []itil.Actor{itil.ByAgent, itil.ByRequester, itil.ByLead, itil.BySystem} {
				f := with(func(f *itil.Facts) {
					f.Actor = who
					if to == itil.Cancelled {
						f.ResolutionCode = itil.CodeWithdrawn
					}
				})
				want := "incident_no_such_step"
				if allowed, ok := steps[[2]itil.State{from, to}]; ok {
					want = ""
					if allowed&who == 0 {
						want = "incident_not_yours"
					}
				} else if from == to {
					want = ""
				}
				assert.Equal(t, want, code(itil.Check(itil.Incident, from, to, f)), "%s to %s by %d", from, to, who)
			}
		}
	}
}

func TestIncidentGuards(t *testing.T) {
	for _, tt := range []struct {
		name     string
		from, to itil.State
		facts    itil.Facts
		want     string
	}{
		{"is assigned with a team alone", itil.New, itil.Assigned, with(func(f *itil.Facts) { f.Assignee = false }), ""},
		{"needs a team or an assignee to be assigned", itil.New, itil.Assigned, with(func(f *itil.Facts) { f.Assignee, f.Team = false, false }), "incident_needs_team_or_assignee"},
		{"waits for an assignee to start", itil.New, itil.InProgress, with(func(f *itil.Facts) { f.Assignee = false }), "incident_needs_assignee"},
		{"keeps its assignee while in progress", itil.InProgress, itil.InProgress, with(func(f *itil.Facts) { f.Assignee = false }), "incident_needs_assignee"},
		{"is not held without a reason", itil.Assigned, itil.OnHold, with(func(f *itil.Facts) { f.HoldReason = "" }), "incident_needs_hold_reason"},
		{"keeps its hold reason", itil.OnHold, itil.OnHold, with(func(f *itil.Facts) { f.HoldReason = "" }), "incident_needs_hold_reason"},
		{"is not held into the past", itil.InProgress, itil.OnHold, with(func(f *itil.Facts) { f.WakeFuture = false }), "incident_wake_in_past"},
		{"stays held when its time has come", itil.OnHold, itil.OnHold, with(func(f *itil.Facts) { f.WakeFuture = false }), ""},
		{"is not held without an end", itil.InProgress, itil.OnHold, with(func(f *itil.Facts) { f.HasWake = false }), "incident_needs_wake_at"},
		{"may wait for an open change instead", itil.InProgress, itil.OnHold, with(func(f *itil.Facts) { f.HasWake, f.OpenChange = false, true }), ""},
		{"is given back by a change of team", itil.InProgress, itil.Assigned, full, ""},
		{"is not given back for nothing", itil.InProgress, itil.Assigned, with(func(f *itil.Facts) { f.TeamChanged = false }), "incident_not_handed_on"},
		{"needs words to be resolved", itil.InProgress, itil.Resolved, with(func(f *itil.Facts) { f.Resolution = false }), "incident_needs_resolution"},
		{"needs a code to be resolved", itil.InProgress, itil.Resolved, with(func(f *itil.Facts) { f.ResolutionCode = "" }), "incident_needs_resolution_code"},
		{"is not resolved as spam", itil.New, itil.Resolved, with(func(f *itil.Facts) { f.ResolutionCode = itil.CodeSpam }), "incident_needs_resolution_code"},
		{"needs a cause when major", itil.InProgress, itil.Resolved, with(func(f *itil.Facts) { f.Major, f.CauseClass = true, false }), "incident_needs_cause_class"},
		{"reopens within the window", itil.Resolved, itil.InProgress, full, ""},
		{"does not reopen later", itil.Resolved, itil.InProgress, with(func(f *itil.Facts) { f.ReopenOpen = false }), "incident_reopen_window_over"},
		{"is not closed early by the clock", itil.Resolved, itil.Closed, with(func(f *itil.Facts) { f.Actor, f.CloseDue = itil.BySystem, false }), "incident_close_not_due"},
		{"is closed early by its requester", itil.Resolved, itil.Closed, with(func(f *itil.Facts) { f.Actor, f.CloseDue = itil.ByRequester, false }), ""},
		{"is not cancelled as solved", itil.New, itil.Cancelled, full, "incident_needs_cancel_code"},
		{"is not a duplicate of nothing", itil.New, itil.Cancelled, with(func(f *itil.Facts) { f.ResolutionCode = itil.CodeDuplicate }), "incident_needs_duplicate_link"},
		{"is a duplicate of something", itil.New, itil.Cancelled, with(func(f *itil.Facts) { f.ResolutionCode, f.DuplicateOf = itil.CodeDuplicate, true }), ""},
		{"is not called spam by its requester", itil.New, itil.Cancelled, with(func(f *itil.Facts) { f.Actor, f.ResolutionCode = itil.ByRequester, itil.CodeSpam }), "incident_needs_withdrawn"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := itil.Check(itil.Incident, tt.from, tt.to, tt.facts)
			require.Equal(t, tt.want, code(err))
			if err != nil {
				assert.NotEmpty(t, err.Error(), "a refusal says what to do")
			}
		})
	}
}

func TestEveryStateReachesAnEnd(t *testing.T) {
	ends := map[itil.State]bool{}
	for changed := true; changed; {
		changed = false
		for _, s := range itil.States(itil.Incident) {
			reaches := s.Final()
			for pair := range steps {
				reaches = reaches || pair[0] == s && ends[pair[1]]
			}
			if reaches && !ends[s] {
				ends[s], changed = true, true
			}
		}
	}
	assert.Len(t, ends, len(itil.States(itil.Incident)))
}

func TestStepsSayWhatIsPossibleAndWhatIsMissing(t *testing.T) {
	got := itil.Steps(itil.Incident, itil.New, itil.Facts{Actor: itil.ByAgent})
	require.Len(t, got, 4)
	assert.Equal(t, itil.Assigned, got[0].To)
	assert.False(t, got[0].Allowed)
	assert.Equal(t, "incident_needs_team_or_assignee", got[0].Refusal.Code)
	assert.Empty(t, itil.Steps(itil.Incident, itil.Closed, full), "closed is final")
}

func TestRefusalNamesTheStepsThatArePossible(t *testing.T) {
	err := itil.Check(itil.Incident, itil.New, itil.Closed, full)
	require.Error(t, err)
	assert.Contains(t, err.Error(), "assigned, in progress, resolved, cancelled")
}

func TestPriority(t *testing.T) {
	m := itil.DefaultMatrix()
	assert.Equal(t, 1, m.Priority(1, 1))
	assert.Equal(t, 3, m.Priority(4, 1))
	assert.Equal(t, 4, m.Priority(4, 3))
	assert.Equal(t, 0, m.Priority(0, 3), "not set")
	for _, tt := range []struct {
		name             string
		computed, wanted int
		reason           string
		want             int
		code             string
	}{
		{"follows the matrix", 3, 0, "", 3, ""},
		{"is as computed without a reason", 3, 3, "", 3, ""},
		{"needs a reason to differ", 3, 1, "", 0, "priority_needs_reason"},
		{"differs with a reason", 3, 1, "the board waits", 1, ""},
		{"has four grades", 3, 5, "more", 0, "priority_out_of_range"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := itil.Prioritise(tt.computed, tt.wanted, tt.reason)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.code, code(err))
		})
	}
}
