package hooks_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pocketbase/pocketbase/core"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
)

// BenchmarkOpenTicket opens tickets through the gate, with a commit each.
func BenchmarkOpenTicket(b *testing.B) {
	d := newDesk(b)
	for b.Loop() {
		d.incident(b, map[string]any{"subject": "Printer", "impact": 3, "urgency": 2})
	}
}

// BenchmarkChangeTicket changes one ticket through the gate, with a commit each.
func BenchmarkChangeTicket(b *testing.B) {
	d := newDesk(b)
	t, agent := d.incident(b, map[string]any{"subject": "Printer"}), d.agent(b, "Ada", collections.RoleAgent)
	i := 0
	for b.Loop() {
		i++
		require.NoError(b, d.as(agent, t, map[string]any{"subject": fmt.Sprint("Printer ", i)}))
	}
}

// BenchmarkAppendEvent seals events into the audit chain, in one transaction.
func BenchmarkAppendEvent(b *testing.B) {
	d := newDesk(b)
	require.NoError(b, d.RunInTransaction(func(tx core.App) error {
		for b.Loop() {
			err := collections.Append(tx, collections.Event{Collection: collections.Tickets, Subject: "x", Stamp: collections.Stamp{Source: collections.SourceJob, At: d.now},
				Type: "bench", Data: map[string]any{"changes": map[string]any{"state": []any{"new", "assigned"}}}})
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// BenchmarkIntake turns waiting mails of one sender into tickets.
func BenchmarkIntake(b *testing.B) {
	p := newPost(b)
	i := 0
	for b.Loop() {
		b.StopTimer()
		var receipts []mail.Receipt
		for range 8 {
			i++
			p.uid++
			raw := fmt.Sprintf("From: Ada <ada@customer.test>\r\nTo: support@desk.test\r\nSubject: Mail %d\r\nMessage-ID: <%d@customer.test>\r\n\r\n%s\r\n", i, i, strings.Repeat("It drops. ", 200))
			stored, err := p.vault.Put(b.Context(), strings.NewReader(raw))
			require.NoError(b, err)
			receipts = append(receipts, mail.Receipt{Mailbox: p.box.Id, UIDValidity: 1, UID: p.uid, ReceivedAt: p.now, Stored: stored})
		}
		require.NoError(b, p.ledger.Commit(b.Context(), receipts))
		b.StartTimer()
		require.NoError(b, p.intake.Drain(b.Context()))
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "mails/s")
}
