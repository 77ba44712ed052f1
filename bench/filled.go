package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// emptyDesk measures the start and the memory of a desk without tickets.
func (b *bench) emptyDesk(ctx context.Context) error {
	d, err := b.setUp(ctx, "empty")
	if err != nil {
		return err
	}
	defer d.stop()
	if err := b.start(ctx, d, "start to ready, empty desk", 200); err != nil {
		return err
	}
	time.Sleep(2 * time.Second) // what the start left behind is collected
	b.report.add(measure{Name: "memory idle, empty desk (RSS)", Figure: d.memory("VmRSS"), Unit: "MB", Goal: 60, Peer: "104"})
	return ctx.Err()
}

// start serves a desk five times and reports the middle time; the last one
// goes on.
func (b *bench) start(ctx context.Context, d *desk, name string, goal float64) error {
	var took times
	for range 5 {
		d.stop()
		if err := d.start(ctx, b.bin); err != nil {
			return err
		}
		took = append(took, d.ready)
	}
	b.report.add(measure{Name: name, Figure: took.at(0.5), Unit: "ms", Goal: goal, Peer: "190"})
	return nil
}

// filledDesk measures a desk with many tickets.
func (b *bench) filledDesk(ctx context.Context, full int) error {
	n := b.n(full)
	d, err := b.setUp(ctx, fmt.Sprintf("filled-%d", n))
	if err != nil {
		return err
	}
	defer d.stop()
	b.say("seeding %d tickets", n)
	began := time.Now()
	if err := d.seed(ctx, n); err != nil {
		return err
	}
	at := fmt.Sprintf(" at %d", n)
	b.report.add(measure{Name: "(seeding" + at + ")", Figure: time.Since(began).Seconds(), Unit: "s"})
	if err := b.start(ctx, d, "start to ready"+at, 1000); err != nil {
		return err
	}
	if err := d.signIn(ctx); err != nil {
		return err
	}
	for _, part := range []func(context.Context, *desk, int, string) error{b.queue, b.ticket, b.live, b.creates, b.load} {
		if err := part(ctx, d, n, at); err != nil {
			return err
		}
	}
	return nil
}

// creates opens tickets with an agent's static token.
func (b *bench) creates(ctx context.Context, d *desk, _ int, at string) error {
	bare, err := b.commits(ctx)
	if err != nil {
		return err
	}
	used := d.cpu()
	rate, err := many(ctx, 8, 2*b.span(), func(_, i int) error { return d.open(ctx, i) })
	if err != nil {
		return err
	}
	b.report.add(measure{Name: "create by API" + at + ", 8 clients", Figure: rate, Unit: "/s", Goal: 400, Least: true, Peer: "205",
		Note: fmt.Sprintf("%.0f %% of %.0f bare commits/s; %s", 100*rate/bare, bare, d.each(used, rate*(2*b.span()).Seconds()))})
	return nil
}

func (d *desk) open(ctx context.Context, i int) error {
	return d.agent.call(ctx, http.MethodPost, "/api/collections/tickets/records", map[string]any{"kind": "incident", "subject": fmt.Sprintf("Printer %d is out of ink", i),
		"description": seedText, "requester": rowID("asker", i%seedRequesters), "team": rowID("team", i%seedTeams), "impact": 3, "urgency": 1 + i%4}, nil)
}

// rowFields are those of ui/src/lib/api/tickets.ts.
const rowFields = "id,number,key,kind,subject,state,status,hold_reason,wake_at,requester,assignee,team,impact,urgency,priority,channel,tags,due_at,last_message_at,last_speaker,author_address,first_response_at,resolved_at,created,updated,version,confidential,major," +
	"expand.requester.id,expand.requester.name,expand.requester.email,expand.requester.vip,expand.assignee.id,expand.assignee.name,expand.team.id,expand.team.name"

// queuePath asks for the 50 newest open tickets of a team as the screens do.
func queuePath(team int) string {
	q := url.Values{"page": {"1"}, "perPage": {"50"}, "skipTotal": {"true"}, "sort": {"-created"}, "expand": {"requester,assignee,team"}, "fields": {rowFields},
		"filter": {fmt.Sprintf("team = '%s' && (state != 'resolved' && state != 'closed' && state != 'cancelled' && state != 'rejected')", rowID("team", team))}}
	return "/api/collections/tickets/records?" + q.Encode()
}

func (d *desk) readQueue(ctx context.Context, i int) error {
	var out struct{ Items []struct{ State string } }
	if err := d.agent.call(ctx, http.MethodGet, queuePath(i%seedTeams), nil, &out); err != nil {
		return err
	}
	if len(out.Items) != 50 {
		return fmt.Errorf("the queue has %d tickets, not 50", len(out.Items))
	}
	return nil
}

func (b *bench) queue(ctx context.Context, d *desk, _ int, at string) error {
	if _, err := one(ctx, 10, func(i int) error { return d.readQueue(ctx, i) }); err != nil {
		return err
	}
	used := d.cpu()
	took, err := one(ctx, b.n(500), func(i int) error { return d.readQueue(ctx, i) })
	if err != nil {
		return err
	}
	b.report.add(measure{Name: "queue of 50 newest open of a team" + at + ", p50", Figure: took.at(0.5), Unit: "ms", Peer: "17"})
	b.report.add(measure{Name: "queue of 50 newest open of a team" + at + ", p99", Figure: took.at(0.99), Unit: "ms", Goal: 10, Peer: "25", Note: d.each(used, float64(len(took)))})
	return nil
}

func (d *desk) readTicket(ctx context.Context, i int) error {
	var out struct{ Messages []struct{ ID string } }
	if err := d.agent.call(ctx, http.MethodGet, fmt.Sprintf("/api/desk/tickets/INC-%d", ticketNumber(i)), nil, &out); err != nil {
		return err
	}
	if len(out.Messages) < 3 {
		return fmt.Errorf("ticket %d has %d messages", i, len(out.Messages))
	}
	return nil
}

func (b *bench) ticket(ctx context.Context, d *desk, n int, at string) error {
	used := d.cpu()
	took, err := one(ctx, b.n(1000), func(int) error { return d.readTicket(ctx, rand.IntN(n)) })
	if err != nil {
		return err
	}
	b.report.add(measure{Name: "ticket with messages in one call" + at + ", p50", Figure: took.at(0.5), Unit: "ms", Goal: 1.5, Peer: "2.4", Note: fmt.Sprintf("p99 %s; %s", number(took.at(0.99)), d.each(used, float64(len(took))))})
	return nil
}

// load is agents at work: eight clients read queues and tickets and write.
func (b *bench) load(ctx context.Context, d *desk, n int, at string) error {
	work := []func(i int) error{
		func(i int) error { return d.readQueue(ctx, i) },
		func(int) error { return d.readTicket(ctx, rand.IntN(n)) },
		func(int) error { return d.readTicket(ctx, rand.IntN(n)) },
		func(i int) error { return d.open(ctx, i) },
	}
	var highest [8]float64
	rate, err := many(ctx, 8, 2*b.span(), func(client, i int) error {
		highest[client] = max(highest[client], d.memory("VmRSS"))
		return work[i%len(work)](i)
	})
	if err != nil {
		return err
	}
	b.report.add(measure{Name: "memory under load" + at + " (highest RSS)", Figure: slices.Max(highest[:]), Unit: "MB", Goal: 250,
		Note: strings.TrimSpace(fmt.Sprintf("%.0f mixed requests/s", rate))})
	return nil
}
