package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/deskbell/deskbell/collections"
)

var (
	ticketRows  = insertion{"tickets", "id number key kind subject description state requester assignee team impact urgency priority priority_computed channel participant_addresses tags last_message_at last_speaker version created updated"}
	messageRows = insertion{"messages", "id ticket author_agent author_requester author_name visibility channel html text flags to cc bcc attachment_info thread_why message_id inbound created updated"}
	eventRows   = insertion{"events", "id seq subject_collection subject_id ticket at actor_agent actor_requester actor_name source type data salt data_hash prev_hash hash created updated"}
)

// seedStates is how a desk's tickets are spread: of forty, six are open.
var seedStates = append(strings.Fields("new new assigned in_progress in_progress on_hold resolved resolved cancelled"), strings.Fields(strings.Repeat("closed ", 31))...)

// seedState is the state of the i-th seeded ticket.
func seedState(i int) string { return seedStates[(i*7+i/40)%len(seedStates)] }

var seedText = strings.Repeat("The line drops every few minutes and comes back by itself. ", 7) // about 400 characters

// statements are prepared once for all rows.
type statements struct{ ticket, message, event *sql.Stmt }

func prepare(tx *sql.Tx) (p statements, err error) {
	if p.ticket, err = tx.Prepare(ticketRows.statement()); err != nil {
		return p, err
	}
	if p.message, err = tx.Prepare(messageRows.statement()); err != nil {
		return p, err
	}
	p.event, err = tx.Prepare(eventRows.statement())
	return p, err
}

// tickets spreads the tickets evenly over two years, the newest last.
func (s *seeder) tickets(ctx context.Context, tx *sql.Tx) error {
	p, err := prepare(tx)
	if err != nil {
		return err
	}
	step := 2 * 365 * 24 * time.Hour / time.Duration(s.count)
	for i := range s.count {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.ticket(p, i, s.now.Add(-step*time.Duration(s.count-i))); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeder) ticket(p statements, i int, at time.Time) error {
	state := seedState(i)
	id, asker, agent, team := rowID("tick", i), rowID("asker", i%seedRequesters), "", rowID("team", i%seedTeams)
	if state != "new" {
		agent = rowID("agent", i%seedAgents)
	}
	created := instant(at)
	_, err := p.ticket.Exec(id, ticketNumber(i), fmt.Sprintf("INC-%d", ticketNumber(i)), "incident", fmt.Sprintf("Line %d drops every few minutes", i), seedText, state, asker, agent, team,
		1+i%4, 1+i/4%4, 1+i%4, 1+i%4, "email", "[]", "[]", created, "requester", 4, created, created)
	if err != nil {
		return err
	}
	if err := s.event(p, at, "ticket.opened", id, id, asker, `{"changes":{"state":["","new"]}}`); err != nil {
		return err
	}
	for m := range 3 {
		if err := s.message(p, i*3+m, id, asker, at.Add(time.Duration(m)*time.Minute)); err != nil {
			return err
		}
	}
	return nil
}

// message is the mail of the requester, or every second time the answer of an
// agent.
func (s *seeder) message(p statements, i int, ticket, asker string, at time.Time) error {
	agent, inbound := "", true
	if i%3 == 1 {
		agent, asker, inbound = rowID("agent", i%seedAgents), "", false
	}
	id, created := rowID("msg", i), instant(at)
	_, err := p.message.Exec(id, ticket, agent, asker, "Person", "public", "email", "<p>"+seedText+"</p>", seedText, "[]", `["support@desk.test"]`, "[]", "[]", "[]", "[]",
		fmt.Sprintf("%d.seed@customer.test", i), inbound, created, created)
	if err != nil {
		return err
	}
	return s.event(p, at, "message.added", ticket, id, asker, `{"channel":"email","flags":[],"inbound":true,"visibility":"public"}`)
}

// event appends a link to the chain, as collections.Append would.
func (s *seeder) event(p statements, at time.Time, kind, ticket, subject, asker, data string) error {
	collection := collections.Tickets
	if subject != ticket {
		collection = collections.Messages
	}
	l := collections.Link{Seq: s.chain.Seq + 1, Collection: collection, Subject: subject, At: instant(at), Requester: asker,
		Source: collections.SourceMail, Type: kind, Data: data, Salt: "00", PrevHash: s.chain.Hash}
	l.DataHash = collections.HashData(l.Salt, []byte(data))
	l.Hash = l.Sum()
	s.chain = l
	_, err := p.event.Exec(rowID("ev", int(l.Seq)), l.Seq, l.Collection, l.Subject, ticket, l.At, "", l.Requester, "Person", l.Source, l.Type, l.Data, l.Salt, l.DataHash, l.PrevHash, l.Hash, l.At, l.At)
	return err
}
