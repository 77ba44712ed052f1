package collections

import (
	"slices"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"
)

// TimelineEvent is an event as a ticket's page shows it.
type TimelineEvent struct {
	ID     string        `db:"id" json:"id"`
	At     string        `db:"at" json:"at"`
	Type   string        `db:"type" json:"type"`
	Actor  string        `db:"actor_name" json:"actor_name"`
	Source string        `db:"source" json:"source"`
	Data   types.JSONRaw `db:"data" json:"data"`
}

// TimelineOf lists the newest 500 events of a ticket, oldest first.
func TimelineOf(app core.App, ticket string) ([]TimelineEvent, error) {
	rows := []TimelineEvent{}
	err := app.DB().NewQuery(`SELECT id, at, type, actor_name, source, data FROM (SELECT * FROM events WHERE ticket = {:ticket} ORDER BY seq DESC LIMIT 500) ORDER BY seq`).
		Bind(dbx.Params{"ticket": ticket}).All(&rows)
	return rows, err
}

// MessagesOf lists the newest 1000 messages of a ticket, oldest first.
func MessagesOf(app core.App, ticket string, publicOnly bool) ([]*core.Record, error) {
	where := dbx.HashExp{"ticket": ticket}
	if publicOnly {
		where["visibility"] = Public
	}
	rows := []*core.Record{}
	err := app.RecordQuery(Messages).AndWhere(where).OrderBy("created DESC", "rowid DESC").Limit(1000).All(&rows)
	slices.Reverse(rows)
	return rows, err
}

// Author is who wrote a message, as a ticket's page shows it.
type Author struct {
	ID    string `db:"id"`
	Name  string `db:"name"`
	Email string `db:"email"`
}

// AuthorsOf reads the people who wrote messages, by id.
func AuthorsOf(app core.App, messages []*core.Record) (map[string]Author, error) {
	var ids []any
	for _, r := range messages {
		if m := AsMessage(r); m.ByAgent() != "" {
			ids = append(ids, m.ByAgent())
		} else if m.ByRequester() != "" {
			ids = append(ids, m.ByRequester())
		}
	}
	var rows []Author
	people := func(table string) *dbx.SelectQuery {
		return app.DB().Select("id", "name", "email").From(table).Where(dbx.In("id", ids...))
	}
	err := people(Agents).UnionAll(people(Requesters).Build()).All(&rows)
	out := map[string]Author{}
	for _, a := range rows {
		out[a.ID] = a
	}
	return out, err
}

// MailsOf maps the messages of a ticket to the mails that they came by.
func MailsOf(app core.App, ticket string) (map[string]string, error) {
	var rows []struct {
		ID      string `db:"id"`
		Message string `db:"message"`
	}
	err := app.DB().NewQuery(`SELECT i.id, i.message FROM messages m JOIN inbound_mails i ON i.message = m.id AND i.state = 'ticketed' WHERE m.ticket = {:ticket}`).
		Bind(dbx.Params{"ticket": ticket}).All(&rows)
	out := map[string]string{}
	for _, r := range rows {
		out[r.Message] = r.ID
	}
	return out, err
}

// MailOf finds the mail that a message came by.
func MailOf(app core.App, message string) (Inbound, error) {
	var in Inbound
	err := app.DB().NewQuery(`SELECT ` + inboundColumns + ` FROM inbound_mails WHERE message = {:m} AND state = 'ticketed' LIMIT 1`).
		Bind(dbx.Params{"m": message}).One(&in)
	return in, err
}

// OpenCounts says how many tickets are open.
type OpenCounts struct {
	All        int            `json:"all"`
	Mine       int            `json:"mine"`
	Unassigned int            `json:"unassigned"`
	Teams      map[string]int `json:"teams"`
}

// CountOpen counts the open tickets that an agent may open.
func CountOpen(app core.App, agent string) (OpenCounts, error) {
	var rows []struct {
		Team     string `db:"team"`
		Assignee string `db:"assignee"`
		N        int    `db:"n"`
	}
	err := app.DB().NewQuery(`SELECT team, assignee, COUNT(*) AS n FROM tickets WHERE ` + openTickets + `
		AND (confidential = 0 OR instr(allowed, {:agent}) > 0) GROUP BY team, assignee`).Bind(dbx.Params{"agent": agent}).All(&rows)
	c := OpenCounts{Teams: map[string]int{}}
	for _, r := range rows {
		c.All += r.N
		if r.Team != "" {
			c.Teams[r.Team] += r.N
		}
		switch r.Assignee {
		case agent:
			c.Mine += r.N
		case "":
			c.Unassigned += r.N
		}
	}
	return c, err
}
