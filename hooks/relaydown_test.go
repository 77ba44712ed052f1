package hooks_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/core"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/hooks"
	"github.com/deskbell/deskbell/mail"
)

// TestTwoThousandMailsSurviveARelayThatIsDownForSixHours is R13.
func TestTwoThousandMailsSurviveARelayThatIsDownForSixHours(t *testing.T) {
	const tickets, each = 100, 20
	p := newPost(t)
	of := map[string]string{} // Message-ID → ticket
	order := map[string][]string{}
	for i := range tickets {
		ticket := p.incident(t, map[string]any{"subject": fmt.Sprint("Printer ", i)})
		require.NoError(t, p.RunInTransaction(func(tx core.App) error {
			for range each {
				out, err := collections.NewOutbound(tx, collections.OutAck)
				require.NoError(t, err)
				id := out.Id + ".test@desk.test"
				out.Load(map[string]any{"ticket": ticket.Id, "mailbox": p.box.Id, "to": []string{"ada@customer.test"}, "subject": "x", "text": "x", "message_id": id, "next_at": collections.Instant(p.now)})
				require.NoError(t, tx.Save(out.Record))
				of[id] = ticket.Id
				order[ticket.Id] = append(order[ticket.Id], id)
			}
			return nil
		}))
	}
	r := &relay{fail: fmt.Errorf("dial tcp: connection refused")}
	out := p.hooks.NewOutbox(p, r)
	drain := func() {
		for {
			n, err := out.Drain(t.Context())
			require.NoError(t, err)
			if n == 0 {
				return
			}
		}
	}
	for range 6 * 60 {
		drain()
		p.now = p.now.Add(time.Minute)
	}
	require.Empty(t, r.sent)
	r.fail = nil
	back := p.now
	for len(r.sent) < tickets*each && p.now.Sub(back) < 3*time.Hour {
		drain()
		p.now = p.now.Add(time.Minute)
	}
	got := map[string][]string{}
	for _, m := range r.sent {
		got[of[m.MessageID]] = append(got[of[m.MessageID]], m.MessageID)
	}
	assert.Equal(t, order, got, "each once, in the order of its ticket")
	assert.LessOrEqual(t, p.now.Sub(back), 75*time.Minute, "an hour at most, and 20 % of spread")
	assert.Zero(t, p.count(t, collections.OutboundMails, "state != 'sent'"))
}

// stalling is a relay that takes a mail only after the program is told to
// stop, and answers it.
type stalling struct {
	relay
	stop context.CancelFunc
}

func (r *stalling) Deliver(ctx context.Context, b collections.Mailbox, o mail.Outgoing) (hooks.Delivery, error) {
	r.stop()
	select {
	case <-ctx.Done():
		return hooks.Delivery{}, ctx.Err()
	case <-time.After(20 * time.Millisecond):
	}
	return r.relay.Deliver(ctx, b, o)
}

func TestStopReadsTheAnswerToTheMailUnderWayAndGivesTheOthersBack(t *testing.T) {
	p, ticket, _, sam := answered(t)
	p.save(t, collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Second", "author_agent": sam.Id})
	other := p.take(t, "From: Bob <bob@customer.test>", "To: support@desk.test", "Subject: Other", "Message-ID: <b@customer.test>", "", "It smokes.")
	require.Equal(t, "ticketed", other.GetString("state"))
	ctx, stop := context.WithCancel(t.Context())
	r := &stalling{stop: stop}
	require.ErrorIs(t, p.hooks.NewOutbox(p, r).Run(ctx), context.Canceled)
	assert.Len(t, r.sent, 1)
	assert.Equal(t, 1, p.count(t, collections.OutboundMails, "state = 'sent'"))
	assert.Zero(t, p.count(t, collections.OutboundMails, "state = 'sending'"))
	assert.Zero(t, p.count(t, collections.OutboundMails, "last_error != ''"), "a stop is no failure of a mail")
}
