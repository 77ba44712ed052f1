package collections

import (
	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
)

// Sources of an event: by which path a change came.
const (
	SourceUI        = "ui"
	SourceAPI       = "api"
	SourceMail      = "mail"
	SourceRule      = "rule"
	SourceJob       = "job"
	SourceCLI       = "cli"
	SourceDashboard = "dashboard"
	SourceDemo      = "demo"
	SourceImport    = "import"
)

// readableEvent: what happened on a ticket, for agents who may open it; what
// was changed in the settings of the desk, for administrators.
const readableEvent = `(` + anAgent + ` && ticket != "" && (ticket.confidential = false || ticket.allowed ~ @request.auth.id)) || (` + anAdmin + ` && ticket = "")`

var eventsTable = table{
	name: Events,
	fields: func(f *fields) {
		f.number("seq", 0, 0)
		f.text("subject_collection", 100)
		f.text("subject_id", 40)
		f.one("ticket", Tickets)
		f.text("at", 40) // RFC 3339 with milliseconds, exactly as hashed
		f.one("actor_agent", Agents)
		f.one("actor_requester", Requesters)
		f.text("actor_name", 300)
		f.choice("source", true, SourceUI, SourceAPI, SourceMail, SourceRule, SourceJob, SourceCLI, SourceDashboard, SourceDemo, SourceImport)
		f.text("type", 100)
		f.json("data", 1<<20)
		f.text("salt", 64, hidden)
		f.text("data_hash", 64)
		f.text("prev_hash", 64)
		f.text("hash", 64)
	},
	access: access{list: rule(readableEvent), view: rule(readableEvent)},
	indexes: []index{
		{"idx_events_seq", true, "seq", ""},
		{"idx_events_ticket", false, "ticket, seq", ""},
		{"idx_events_subject", false, "subject_collection, subject_id, seq", ""},
	},
}

// protectEvents lets the database itself refuse what would bend the chain:
// a row is never removed, and only its personal part may be emptied.
func protectEvents(app core.App) error {
	for _, q := range []string{
		`CREATE TRIGGER IF NOT EXISTS events_keep BEFORE DELETE ON events BEGIN
			SELECT RAISE(ABORT, 'events are never removed'); END`,
		`CREATE TRIGGER IF NOT EXISTS events_fixed BEFORE UPDATE ON events
			WHEN NEW.seq <> OLD.seq OR NEW.hash <> OLD.hash OR NEW.prev_hash <> OLD.prev_hash OR NEW.data_hash <> OLD.data_hash
			  OR NEW.at <> OLD.at OR NEW.type <> OLD.type OR NEW.source <> OLD.source
			  OR NEW.subject_collection <> OLD.subject_collection OR NEW.subject_id <> OLD.subject_id
			  OR NEW.actor_agent <> OLD.actor_agent OR NEW.actor_requester <> OLD.actor_requester
			BEGIN SELECT RAISE(ABORT, 'events are never changed'); END`,
	} {
		if _, err := app.DB().NewQuery(q).Execute(); err != nil {
			return err
		}
	}
	return nil
}

// SourceIs matches the events that came by one path.
func SourceIs(source string) dbx.Expression { return dbx.HashExp{"source": source} }
