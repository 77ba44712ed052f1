package collections

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"

	"github.com/deskbell/deskbell/itil"
)

// Channels by which a ticket or a message came.
const (
	ChannelEmail   = "email"
	ChannelPortal  = "portal"
	ChannelPhone   = "phone"
	ChannelAgent   = "agent"
	ChannelAPI     = "api"
	ChannelMonitor = "monitor"
	ChannelChat    = "chat"
)

var channels = []string{ChannelEmail, ChannelPortal, ChannelPhone, ChannelAgent, ChannelAPI, ChannelMonitor, ChannelChat}

var ticketsTable = table{
	name: Tickets,
	fields: func(f *fields) {
		f.number("number", 0, 0)
		f.text("key", 20, presentable)
		f.choice("kind", true, "incident", "request", "problem", "change", "release")
		f.text("subject", 500, required)
		f.text("description", 200_000)
		f.text("state", 40, required)
		f.text("status", 60)
		f.text("hold_reason", 60)
		f.date("wake_at")
		f.one("requester", Requesters)
		f.many("participants", Requesters)
		f.json("participant_addresses", 50_000)
		f.text("author_address", 320) // of a sender who cannot be a requester
		f.one("assignee", Agents)
		f.one("team", Teams)
		f.one("service", Services)
		f.one("category", Categories)
		f.number("impact", 0, 4)
		f.number("urgency", 0, 4)
		f.number("priority", 0, 4)
		f.number("priority_computed", 0, 4)
		f.text("priority_reason", 1000)
		f.choice("channel", false, channels...)
		f.json("tags", 20_000)
		f.text("resolution", 50_000)
		f.text("resolution_code", 60)
		f.text("cause_class", 60)
		f.one("parent", Tickets)
		f.one("merged_into", Tickets)
		f.one("follows", Tickets)
		f.number("reopened", 0, 0)
		f.flag("major", "Major incident.")
		f.flag("confidential", "Only its team and the agents named as readers see it.")
		f.many("readers", Agents)
		f.text("allowed", 50_000, hidden)            // ids of the agents who may open it while confidential
		f.text("allowed_requesters", 50_000, hidden) // ids of participants, and of colleagues where the organisation shares
		f.date("due_at")
		f.date("first_response_at")
		f.date("resolved_at")
		f.date("closed_at")
		f.date("last_message_at")
		f.choice("last_speaker", false, "requester", "agent")
		f.one("mailbox", Mailboxes)
		f.number("version", 0, 0)
	},
	access: access{
		list:   rule(openToAgent + ` || ` + ownTicket),
		view:   rule(openToAgent + ` || ` + ownTicket),
		create: rule(anAgent + ` || (` + aRequester + ` && (requester = "" || ` + asked + `))`),
		update: rule(openToAgent + ` || (` + aRequester + ` && ` + proven + ` && ` + asked + `)`),
		remove: nil,
	},
	indexes: []index{
		{"idx_tickets_number", true, "number", ""},
		{"idx_tickets_key", true, "key", ""},
		// Queues walk from the newest down and pass over what is finished: with
		// state last, in the index itself. A sort of all matches costs ten times that.
		{"idx_tickets_created", false, "created, state", ""},
		{"idx_tickets_state", false, "state, created", ""},
		{"idx_tickets_team", false, "team, created, state", ""},
		{"idx_tickets_assignee", false, "assignee, created, state", ""},
		{"idx_tickets_requester", false, "requester, created", ""},
		{"idx_tickets_open", false, "team, assignee, confidential, allowed", openTickets}, // for CountOpen
		{"idx_tickets_wake", false, "wake_at", "state = 'on_hold'"},
	},
}

// openTickets is the condition of the index that counts; SQLite uses the index
// for queries that hold these very words.
const openTickets = `state NOT IN ('resolved', 'closed', 'cancelled', 'rejected')`

// Ticket is the typed view of a ticket of any kind.
type Ticket struct{ *core.Record }

// AsTicket views a record of tickets.
func AsTicket(r *core.Record) Ticket { return Ticket{r} }

// NewTicket begins a ticket; it still has to be saved.
func NewTicket(app core.App) (Ticket, error) {
	c, err := app.FindCachedCollectionByNameOrId(Tickets)
	if err != nil {
		return Ticket{}, err
	}
	return Ticket{core.NewRecord(c)}, nil
}

// Number is unique over all kinds.
func (t Ticket) Number() int { return t.GetInt("number") }

// Key is how people name the ticket, "INC-42".
func (t Ticket) Key() string { return t.GetString("key") }

// Kind is the practice that the ticket belongs to.
func (t Ticket) Kind() itil.Kind { return itil.Kind(t.GetString("kind")) }

// Subject is one line of text.
func (t Ticket) Subject() string { return t.GetString("subject") }

// State is the core state.
func (t Ticket) State() itil.State { return itil.State(t.GetString("state")) }

// SetState asks for a state; the gate decides.
func (t Ticket) SetState(s itil.State) { t.Set("state", string(s)) }

// Requester is the id of who asked, "" when the address cannot be an account.
func (t Ticket) Requester() string { return t.GetString("requester") }

// Participants are the ids of requesters who take part.
func (t Ticket) Participants() []string { return t.GetStringSlice("participants") }

// ParticipantAddresses are the addresses of people who take part without a
// record, folded.
func (t Ticket) ParticipantAddresses() []string { return stringList(t.Record, "participant_addresses") }

// AuthorAddress is where the first mail came from if it has no requester.
func (t Ticket) AuthorAddress() string { return t.GetString("author_address") }

// Assignee is the id of the agent who has it, "" if none.
func (t Ticket) Assignee() string { return t.GetString("assignee") }

// Team is the id of the team, "" if none.
func (t Ticket) Team() string { return t.GetString("team") }

// Mailbox is the id of the mailbox that it came by, "" if none.
func (t Ticket) Mailbox() string { return t.GetString("mailbox") }

// HoldReason is the code of why it waits.
func (t Ticket) HoldReason() string { return t.GetString("hold_reason") }

// WakeAt is when a held ticket goes on by itself, zero if not set.
func (t Ticket) WakeAt() time.Time { return t.GetDateTime("wake_at").Time() }

// ResolvedAt is when it was last resolved, zero if not.
func (t Ticket) ResolvedAt() time.Time { return t.GetDateTime("resolved_at").Time() }

// Confidential tickets are open to their team and the named readers only.
func (t Ticket) Confidential() bool { return t.GetBool("confidential") }

// Version counts the writes.
func (t Ticket) Version() int { return t.GetInt("version") }

// Facts gathers what the guards need; now and the acting person come from
// the caller, was is the stored ticket (nil while it is being opened).
func (t Ticket) Facts(was *Ticket, by itil.Actor, now time.Time, s DeskSettings) itil.Facts {
	f := itil.Facts{
		Actor:          by,
		Team:           t.Team() != "",
		Assignee:       t.Assignee() != "",
		HoldReason:     t.HoldReason(),
		HasWake:        !t.WakeAt().IsZero(),
		WakeFuture:     t.WakeAt().After(now),
		Resolution:     strings.TrimSpace(t.GetString("resolution")) != "",
		ResolutionCode: t.GetString("resolution_code"),
		Major:          t.GetBool("major"),
		CauseClass:     t.GetString("cause_class") != "",
		DuplicateOf:    t.GetString("merged_into") != "",
	}
	if was != nil {
		f.TeamChanged = was.Team() != t.Team()
		f.ReopenOpen = !now.After(was.ResolvedAt().AddDate(0, 0, s.ReopenDays()))
		f.CloseDue = !now.Before(businessDays(was.ResolvedAt(), s.CloseDays()))
	}
	return f
}

// businessDays adds whole days, Saturdays and Sundays not counted.
func businessDays(from time.Time, n int) time.Time {
	for n > 0 {
		from = from.AddDate(0, 0, 1)
		if d := from.Weekday(); d != time.Saturday && d != time.Sunday {
			n--
		}
	}
	return from
}

// WakeTime is when a ticket held at now for this reason wakes by default,
// zero if the reason has no default.
func WakeTime(reason *core.Record, now time.Time) time.Time {
	if days := reason.GetInt("wake_days"); days > 0 {
		return businessDays(now, days)
	}
	return time.Time{}
}

// Instant makes a stored instant of a time.
func Instant(t time.Time) types.DateTime {
	d, _ := types.ParseDateTime(t) // a time.Time always parses
	return d
}

func stringList(r *core.Record, field string) []string {
	var out []string
	_ = r.UnmarshalJSONField(field, &out) // an empty or foreign value is an empty list
	return out
}

// FindTicket finds a ticket by its id, key or number.
func FindTicket(app core.App, ref string) (Ticket, error) {
	field := "id"
	switch {
	case strings.Contains(ref, "-"):
		field, ref = "key", strings.ToUpper(ref)
	case ref != "" && strings.Trim(ref, "0123456789") == "":
		field = "number"
	}
	r, err := app.FindFirstRecordByData(Tickets, field, ref)
	if err != nil {
		return Ticket{}, err
	}
	return Ticket{r}, nil
}

// SetReaders writes down who may open a ticket: agents while it is
// confidential, and requesters besides the one who asked. The list rules
// compare with these lists, because a walk over relations costs seconds at
// 100 000 tickets.
func (t Ticket) SetReaders(app core.App) error {
	var agents []string
	if t.Confidential() {
		agents = append(agents, t.GetStringSlice("readers")...)
		if t.Assignee() != "" {
			agents = append(agents, t.Assignee())
		}
		members, err := FindTeamMembers(app, t.Team())
		if err != nil {
			return err
		}
		for _, m := range members {
			agents = append(agents, m.Id)
		}
	}
	t.Set("allowed", strings.Join(agents, " "))

	requesters := t.Participants()
	if org, err := sharingOrganization(app, t.Requester()); err != nil {
		return err
	} else if org != "" {
		requesters = append(requesters, org)
	}
	t.Set("allowed_requesters", strings.Join(requesters, " "))
	return nil
}

func sharingOrganization(app core.App, requester string) (string, error) {
	if requester == "" {
		return "", nil
	}
	var org string
	err := app.DB().NewQuery(`SELECT o.id FROM requesters r JOIN organizations o ON o.id = r.organization WHERE r.id = {:id} AND o.shares_tickets`).
		Bind(dbx.Params{"id": requester}).Row(&org)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return org, err
}

// RefreshSharing writes down anew which requesters besides the one who asked
// may read the tickets of some requesters: those with id, or of organization.
func RefreshSharing(app core.App, field, value string) error {
	if field != "id" && field != "organization" {
		return fmt.Errorf("requesters are not chosen by %q", field)
	}
	_, err := app.DB().NewQuery(`UPDATE tickets SET allowed_requesters = TRIM(
			COALESCE((SELECT GROUP_CONCAT(value, ' ') FROM json_each(tickets.participants)), '') || ' ' ||
			COALESCE((SELECT o.id FROM requesters r JOIN organizations o ON o.id = r.organization AND o.shares_tickets WHERE r.id = tickets.requester), ''))
		WHERE requester IN (SELECT id FROM requesters WHERE ` + field + ` = {:value})`).Bind(dbx.Params{"value": value}).Execute()
	return err
}

// RefreshReaders writes down anew who may open the confidential tickets of a
// team.
func RefreshReaders(app core.App, team string) error {
	rows, err := app.FindRecordsByFilter(Tickets, "confidential = true && team = {:team}", "", 0, 0, map[string]any{"team": team})
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := AsTicket(r).SetReaders(app); err != nil {
			return err
		}
		if err := app.UnsafeWithoutHooks().Save(r); err != nil {
			return err
		}
	}
	return nil
}

// perJob is how many tickets a periodic job changes in one run; the rest
// follows in the next. Chosen: a few seconds of work.
const perJob = 500

// HeldUntil lists the held tickets whose time to wake up has come.
func HeldUntil(app core.App, now time.Time) ([]string, error) {
	var ids []string
	err := app.DB().NewQuery(`SELECT id FROM tickets WHERE state = 'on_hold' AND wake_at <> '' AND wake_at <= {:now} ORDER BY wake_at LIMIT {:n}`).
		Bind(dbx.Params{"now": stamp(now), "n": perJob}).Column(&ids)
	return ids, err
}

// ResolvedLongAgo lists the resolved tickets that the requester has not
// answered for the desk's number of business days.
func ResolvedLongAgo(app core.App, now time.Time) ([]string, error) {
	s, err := FindSettings(app)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		ID string         `db:"id"`
		At types.DateTime `db:"resolved_at"`
	}
	err = app.DB().NewQuery(`SELECT id, resolved_at FROM tickets WHERE state = 'resolved' AND resolved_at <= {:latest} ORDER BY resolved_at LIMIT {:n}`).
		Bind(dbx.Params{"latest": stamp(now.AddDate(0, 0, -s.CloseDays())), "n": perJob}).All(&rows)
	var ids []string
	for _, r := range rows {
		if !now.Before(businessDays(r.At.Time(), s.CloseDays())) {
			ids = append(ids, r.ID)
		}
	}
	return ids, err
}
