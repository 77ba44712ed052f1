package hooks_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

func TestHeldTicketWakesAndResolvedTicketClosesByTheClock(t *testing.T) {
	d := newDesk(t)
	sam := d.agent(t, "sam", "agent")
	r := d.incident(t, nil)
	require.NoError(t, d.as(sam, r, map[string]any{"assignee": sam.Id, "state": "in_progress"}))
	require.NoError(t, d.as(sam, r, map[string]any{"state": "on_hold", "hold_reason": "awaiting_requester"}))
	held, err := d.FindRecordById(collections.Tickets, r.Id)
	require.NoError(t, err)
	require.Equal(t, "2026-11-27 09:00:00.000Z", held.GetString("wake_at"), "five business days from Friday")

	state := func() string {
		got, err := d.FindRecordById(collections.Tickets, r.Id)
		require.NoError(t, err)
		return got.GetString("state")
	}
	d.now = d.now.AddDate(0, 0, 6)
	require.NoError(t, d.hooks.RunJobs(d))
	require.Equal(t, "on_hold", state(), "not yet")
	d.now = d.now.AddDate(0, 0, 1)
	require.NoError(t, d.hooks.RunJobs(d))
	require.Equal(t, "in_progress", state())

	require.NoError(t, d.as(sam, r, map[string]any{"state": "resolved", "resolution": "Done", "resolution_code": "solved"}))
	d.now = d.now.AddDate(0, 0, 6)
	require.NoError(t, d.hooks.RunJobs(d))
	require.Equal(t, "resolved", state(), "Friday to Thursday are four business days")
	d.now = d.now.Add(24 * time.Hour)
	require.NoError(t, d.hooks.RunJobs(d))
	require.Equal(t, "closed", state())
}
