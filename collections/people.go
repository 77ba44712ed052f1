package collections

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/ozzo-validation/v4"
	"github.com/pocketbase/ozzo-validation/v4/is"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"

	"github.com/deskbell/deskbell/notify"
)

// Roles of an agent.
const (
	RoleAgent = "agent"
	RoleLead  = "lead"
	RoleAdmin = "admin"
)

// DefaultUndo is for how many seconds a reply may be taken back (UX.md §5).
const DefaultUndo = 5

var agentsTable = table{
	name: Agents, auth: true,
	fields: func(f *fields) {
		f.text("name", 200, required, presentable)
		f.choice("role", true, RoleAgent, RoleLead, RoleAdmin)
		f.flag("change_manager", "May authorise changes.")
		f.many("teams", Teams)
		f.text("locale", 10, help("Language of screens and mails: en or zh."))
		f.text("timezone", 60, help("IANA name, for example Europe/Berlin."))
		f.html("signature", 20_000)
		f.date("away_until")
		f.one("substitute", Agents)
		f.flag("active", "An agent who is not active cannot sign in and is offered no work.")
		f.number("undo_s", 0, 60)
		f.json("notify", 5_000) // topic → {mail, screen}; a topic that is absent is as the product ships it
		f.text("last_resolution_code", 60)
	},
	access: access{
		list:   rule(anAgent),
		view:   rule(anAgent),
		create: rule(anAdmin),
		update: rule(`(` + anAdmin + `) || (` + anAgent + ` && id = @request.auth.id && @request.body.role:changed = false && @request.body.teams:changed = false && @request.body.active:changed = false && @request.body.change_manager:changed = false && @request.body.email:changed = false && @request.body.verified:changed = false)`),
		remove: nil, // people leave by active=false: their name stands in history
	},
	tune: func(c *core.Collection) {
		c.AuthRule = types.Pointer("active = true")
		c.PasswordAuth.Enabled = true
		c.PasswordAuth.IdentityFields = []string{"email"}
		c.OTP.Enabled = false
		c.OAuth2.Enabled = false
		c.MFA.Enabled = false
		c.AuthAlert.Enabled = false
		c.AuthToken.Duration = 12 * 60 * 60 // chosen: a working day
		c.ManageRule = rule(anAdmin)
	},
}

var requestersTable = table{
	name: Requesters, auth: true,
	fields: func(f *fields) {
		f.text("name", 200, presentable)
		f.one("organization", Organizations)
		f.one("manager", Requesters)
		f.flag("vip", "Shown to agents; rules may act on it.")
		f.text("locale", 10)
		f.text("timezone", 60)
		f.text("phone", 60)
		f.date("bounced_at") // when mail to the address last came back for good; cleared by the next mail from it
	},
	access: access{
		list:   rule(anAgent + ` || (` + aRequester + ` && id = @request.auth.id)`),
		view:   rule(anAgent + ` || (` + aRequester + ` && id = @request.auth.id)`),
		create: rule(anAgent),
		update: rule(anAgent + ` || (` + aRequester + ` && id = @request.auth.id && @request.body.email:changed = false && @request.body.organization:changed = false && @request.body.manager:changed = false && @request.body.vip:changed = false && @request.body.verified:changed = false)`),
		remove: nil,
	},
	tune: func(c *core.Collection) {
		if f, ok := c.Fields.GetByName(core.FieldNameEmail).(*core.EmailField); ok {
			f.Required = false // a caller may have a telephone only
		}
		if f, ok := c.Fields.GetByName(core.FieldNamePassword).(*core.PasswordField); ok {
			f.Cost = 4 // random and never used: sign-in is by mailed code, and a mail must not cost 60 ms of hashing
		}
		c.ManageRule = rule(anAgent) // agents correct addresses; nobody signs in by password here
		c.PasswordAuth.Enabled = false
		c.OTP.Enabled = true
		c.OTP.Length = 8
		c.OTP.Duration = 10 * 60
		c.OAuth2.Enabled = false
		c.MFA.Enabled = false
		c.AuthAlert.Enabled = false
		c.AuthRule = types.Pointer("")
		c.AuthToken.Duration = 7 * 24 * 60 * 60 // chosen: a week
	},
}

var organizationsTable = table{
	name: Organizations,
	fields: func(f *fields) {
		f.text("name", 200, required, presentable)
		f.json("domains", 20_000)
		f.flag("shares_tickets", "Its people see each other's tickets.")
	},
	access: access{
		list:   rule(anAgent + ` || (` + aRequester + ` && id = @request.auth.organization)`),
		view:   rule(anAgent + ` || (` + aRequester + ` && id = @request.auth.organization)`),
		create: rule(aLead), update: rule(aLead), remove: rule(anAdmin),
	},
	indexes: []index{{"idx_organizations_name", true, "name COLLATE NOCASE", ""}},
}

var teamsTable = table{
	name: Teams,
	fields: func(f *fields) {
		f.text("name", 120, required, presentable)
		f.choice("dispatch", false, "manual", "round_robin", "least_loaded")
		f.number("wip_limit", 0, 0)
	},
	access:  readByAll(),
	indexes: []index{{"idx_teams_name", true, "name COLLATE NOCASE", ""}},
}

// Agent is the typed view of a person on the desk.
type Agent struct{ *core.Record }

// AsAgent views a record of agents.
func AsAgent(r *core.Record) Agent { return Agent{r} }

// Name is the full name.
func (a Agent) Name() string { return a.GetString("name") }

// Role is agent, lead or admin.
func (a Agent) Role() string { return a.GetString("role") }

// Leads says whether the agent is a lead or an administrator.
func (a Agent) Leads() bool { return a.Role() == RoleLead || a.Role() == RoleAdmin }

// Active says whether the agent may sign in and be given work.
func (a Agent) Active() bool { return a.GetBool("active") }

// Teams lists the ids of the teams.
func (a Agent) Teams() []string { return a.GetStringSlice("teams") }

// Locale is "en" or "zh"; English when nothing known is set.
func (a Agent) Locale() string { return locale(a.GetString("locale")) }

// Person is the agent as far as notices go.
func (a Agent) Person() notify.Person {
	p := notify.Person{ID: a.Id, Active: a.Active(), AwayUntil: a.GetDateTime("away_until").Time(), Substitute: a.GetString("substitute")}
	_ = a.UnmarshalJSONField("notify", &p.Switches) // an unreadable choice is no choice
	return p
}

// Requester is the typed view of a person who asks for help.
type Requester struct{ *core.Record }

// AsRequester views a record of requesters.
func AsRequester(r *core.Record) Requester { return Requester{r} }

// Name is the full name, or the address when there is none.
func (r Requester) Name() string {
	if n := r.GetString("name"); n != "" {
		return n
	}
	return r.Email()
}

// Organization is the id of the organisation, "" if none.
func (r Requester) Organization() string { return r.GetString("organization") }

// Locale is "en" or "zh"; English when nothing known is set.
func (r Requester) Locale() string { return locale(r.GetString("locale")) }

func locale(s string) string {
	if strings.HasPrefix(strings.ToLower(s), "zh") {
		return "zh"
	}
	return "en"
}

// FindTeamMembers lists the active agents of a team; none for "".
func FindTeamMembers(app core.App, team string) ([]Agent, error) {
	if team == "" {
		return nil, nil
	}
	rows, err := app.FindRecordsByFilter(Agents, "teams:each ?= {:team} && active = true", "name", 0, 0, map[string]any{"team": team})
	return agentsOf(rows), err
}

// TeamMemberIDs lists the ids of the active agents of a team; none for "".
func TeamMemberIDs(app core.App, team string) ([]string, error) {
	members, err := FindTeamMembers(app, team)
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.Id
	}
	return ids, err
}

func agentsOf(rows []*core.Record) []Agent {
	out := make([]Agent, len(rows))
	for i, r := range rows {
		out[i] = Agent{r}
	}
	return out
}

// FindRequesterByAddress finds a requester by address, whatever its case. The
// index leaves empty addresses out, so SQLite uses it only for a query that
// does too; PocketBase's own query reads every requester.
func FindRequesterByAddress(app core.App, addr string) (Requester, error) {
	r := &core.Record{}
	err := app.RecordQuery(Requesters).AndWhere(dbx.HashExp{"email": strings.ToLower(strings.TrimSpace(addr))}).AndWhere(dbx.NewExp("email != ''")).Limit(1).One(r)
	if err != nil {
		return Requester{}, err
	}
	return Requester{r}, nil
}

// EnsureRequester finds the account of an address or makes one. Its Record is
// nil, without an error, for an address that PocketBase cannot keep as an
// account's; such a sender still gets a ticket and answers.
func EnsureRequester(tx core.App, addr, name string, s Stamp) (Requester, error) {
	if is.EmailFormat.Validate(addr) != nil {
		return Requester{}, nil
	}
	found, err := FindRequesterByAddress(tx, addr)
	if err == nil {
		return found, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return Requester{}, err
	}
	c, err := tx.FindCachedCollectionByNameOrId(Requesters)
	if err != nil {
		return Requester{}, err
	}
	r := Requester{core.NewRecord(c)}
	r.SetEmail(addr)
	r.Set("name", name)
	SetStamp(r.Record, s)
	if err := tx.Save(r.Record); err != nil {
		var bad validation.Errors
		if errors.As(err, &bad) && bad["email"] != nil {
			return Requester{}, nil
		}
		return Requester{}, fmt.Errorf("make requester: %w", err)
	}
	return r, nil
}

// OrganizationOf finds the organisation that lists the domain of an address;
// "" if none does.
func OrganizationOf(app core.App, addr string) (string, error) {
	_, domain, ok := strings.Cut(strings.ToLower(addr), "@")
	if !ok || strings.ContainsAny(domain, `"%_\`) {
		return "", nil
	}
	rows, err := app.FindRecordsByFilter(Organizations, "domains ~ {:domain}", "created", 0, 0, map[string]any{"domain": `"` + domain + `"`})
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0].Id, nil
}

// IsKnownSender says whether an address belongs to somebody who existed
// before the last hour: a requester or an agent.
func IsKnownSender(app core.App, addr string, now time.Time) (bool, error) {
	if _, err := app.FindAuthRecordByEmail(Agents, addr); err == nil {
		return true, nil
	}
	r, err := FindRequesterByAddress(app, addr)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return r.GetDateTime("created").Time().Before(now.Add(-time.Hour)) || r.Organization() != "", nil
}

// FindReaders lists the agents who may open a ticket.
func FindReaders(app core.App, t Ticket) ([]Agent, error) {
	if !t.Confidential() {
		rows, err := app.FindRecordsByFilter(Agents, "active = true", "", 0, 0)
		return agentsOf(rows), err
	}
	rows, err := app.FindRecordsByIds(Agents, strings.Fields(t.GetString("allowed")))
	return agentsOf(rows), err
}

// FindLeads lists the active leads and administrators.
func FindLeads(app core.App) ([]Agent, error) {
	rows, err := app.FindRecordsByFilter(Agents, "active = true && (role = 'lead' || role = 'admin')", "", 0, 0)
	return agentsOf(rows), err
}

// EnsureCaller finds the requester without an address that has this name and
// telephone number, or makes one.
func EnsureCaller(tx core.App, name, phone string, s Stamp) (Requester, error) {
	rows, err := tx.FindRecordsByFilter(Requesters, "phone = {:phone} && name = {:name}", "created", 1, 0, map[string]any{"phone": phone, "name": name})
	if err != nil {
		return Requester{}, err
	}
	if len(rows) == 1 {
		return Requester{rows[0]}, nil
	}
	c, err := tx.FindCachedCollectionByNameOrId(Requesters)
	if err != nil {
		return Requester{}, err
	}
	r := Requester{core.NewRecord(c)}
	r.Load(map[string]any{"name": name, "phone": phone})
	SetStamp(r.Record, s)
	return r, tx.Save(r.Record)
}
