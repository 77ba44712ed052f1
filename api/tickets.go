package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/itil"
)

// Desk is what the ticket routes need besides records.
type Desk struct {
	// Steps lists the steps that the caller may take.
	Steps func(e *core.RequestEvent, t collections.Ticket) ([]itil.Step, error)
	// Stamp says who calls.
	Stamp func(e *core.RequestEvent) collections.Stamp
	Vault *collections.Vault
	// Retry puts a quarantined mail back to work.
	Retry  func(app core.App, mail string, s collections.Stamp) error
	Images Images
}

// Bind adds the routes. Who may call what: requesters and agents their
// tickets, agents the rest, administrators the mails.
func (d Desk) Bind(e *core.ServeEvent) {
	people := e.Router.Group("/api/desk")
	people.Bind(apis.RequireAuth(collections.Agents, collections.Requesters))
	people.GET("/me", d.me)
	people.GET("/tickets/{key}", d.ticket)
	people.GET("/tickets/{key}/steps", d.steps)

	agents := e.Router.Group("/api/desk")
	agents.Bind(apis.RequireAuth(collections.Agents))
	agents.GET("/counts", d.counts)
	agents.POST("/people", d.person)
	agents.GET("/messages/{id}/original", d.original)
	agents.GET("/mails/{id}/raw", d.raw)
	agents.GET("/image", d.Images.image)

	admins := e.Router.Group("/api/desk")
	admins.Bind(apis.RequireAuth(collections.Agents))
	admins.BindFunc(adminsOnly)
	admins.GET("/mails", d.mails)
	admins.POST("/mails/{id}/retry", d.retry)
}

// adminsOnly answers everybody else as if the route were not there.
func adminsOnly(e *core.RequestEvent) error {
	if collections.AsAgent(e.Auth).Role() != collections.RoleAdmin {
		return e.NotFoundError("", nil)
	}
	return e.Next()
}

// me answers GET /api/desk/me: who is signed in and what the screens must
// know of the desk: {kind, agent|requester, desk: {name, public_url, locale}}.
func (d Desk) me(e *core.RequestEvent) error {
	s, err := collections.FindSettings(e.App)
	if err != nil {
		return e.InternalServerError("", err)
	}
	if err := apis.EnrichRecord(e, e.Auth); err != nil {
		return e.InternalServerError("", err)
	}
	kind := strings.TrimSuffix(e.Auth.Collection().Name, "s")
	return e.JSON(http.StatusOK, map[string]any{
		"kind": kind, kind: e.Auth, "organization": s.Organization(), "now": time.Now().UTC(),
		"settings": map[string]any{"public_url": s.PublicURL(), "locale": s.Locale(), "reopen_days": s.ReopenDays(), "undo_s": e.Auth.GetInt("undo_s")},
	})
}

// find loads the ticket of the path if the caller may open it. What they may
// not open does not exist.
func find(e *core.RequestEvent) (collections.Ticket, error) {
	t, err := collections.FindTicket(e.App, e.Request.PathValue("key"))
	if err != nil {
		return t, e.NotFoundError("", nil)
	}
	return t, mayOpen(e, t.Record)
}

func mayOpen(e *core.RequestEvent, r *core.Record) error {
	info, err := e.RequestInfo()
	if err != nil {
		return err
	}
	if ok, err := e.App.CanAccessRecord(r, info, r.Collection().ViewRule); err != nil || !ok {
		return e.NotFoundError("", nil)
	}
	return nil
}

// steps answers GET /api/desk/tickets/{key}/steps: every step from the
// present state, in the order of the life cycle: [{to, allowed, refusal}].
func (d Desk) steps(e *core.RequestEvent) error {
	t, err := find(e)
	if err != nil {
		return err
	}
	steps, err := d.Steps(e, t)
	if err != nil {
		return err
	}
	return e.JSON(http.StatusOK, steps)
}

// ticket answers GET /api/desk/tickets/{key}: {ticket, requester,
// participants, messages, events, steps}, messages and events oldest first.
// Requesters get public messages, no events, and no field that is not theirs.
func (d Desk) ticket(e *core.RequestEvent) error {
	t, err := find(e)
	if err != nil {
		return err
	}
	page, err := d.page(e, t)
	if err != nil {
		return e.InternalServerError("", err)
	}
	return e.JSON(http.StatusOK, page)
}

func (d Desk) page(e *core.RequestEvent, t collections.Ticket) (map[string]any, error) {
	requester := e.Auth.Collection().Name == collections.Requesters
	messages, err := d.messages(e, t, requester)
	if err != nil {
		return nil, err
	}
	steps, err := d.Steps(e, t)
	if err != nil {
		return nil, err
	}
	page := map[string]any{"messages": messages, "steps": steps, "events": []any{}, "participants": []any{}, "requester": nil}
	people, err := e.App.FindRecordsByIds(collections.Requesters, append([]string{t.Requester()}, t.Participants()...))
	if err != nil {
		return nil, err
	}
	if requester {
		people = only(people, e.Auth.Id)
	} else if page["events"], err = collections.TimelineOf(e.App, t.Id); err != nil {
		return nil, err
	}
	if err := apis.EnrichRecords(e, append([]*core.Record{t.Record}, people...)); err != nil {
		return nil, err
	}
	page["ticket"] = t.Record
	participants := []*core.Record{}
	for _, p := range people {
		if p.Id == t.Requester() {
			page["requester"] = p
		} else {
			participants = append(participants, p)
		}
	}
	page["participants"] = participants
	return page, nil
}

func only(people []*core.Record, id string) []*core.Record {
	for _, p := range people {
		if p.Id == id {
			return []*core.Record{p}
		}
	}
	return nil
}

type author struct {
	Kind  string `json:"kind"` // agent, requester or system
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email,omitempty"` // for agents only
}

// messages lists what the caller may read, each with its author and, for
// agents, the mail that it came by.
func (d Desk) messages(e *core.RequestEvent, t collections.Ticket, requester bool) ([]map[string]any, error) {
	rows, err := collections.MessagesOf(e.App, t.Id, requester)
	if err != nil {
		return nil, err
	}
	names, err := collections.AuthorsOf(e.App, rows)
	if err != nil {
		return nil, err
	}
	mails := map[string]string{}
	if !requester {
		if mails, err = collections.MailsOf(e.App, t.Id); err != nil {
			return nil, err
		}
	}
	authors := make([]author, len(rows))
	for i, r := range rows {
		authors[i] = authorOf(collections.AsMessage(r), names, requester) // before fields are hidden
	}
	if err := apis.EnrichRecords(e, rows); err != nil {
		return nil, err
	}
	out := make([]map[string]any, len(rows))
	for i, r := range rows {
		out[i] = r.PublicExport()
		out[i]["author"] = authors[i]
		if !requester {
			out[i]["mail"] = mails[r.Id]
		}
	}
	return out, nil
}

func authorOf(m collections.Message, names map[string]collections.Author, forRequester bool) author {
	var a author
	switch {
	case m.ByAgent() != "":
		a = author{Kind: "agent", ID: m.ByAgent()}
	case m.ByRequester() != "":
		a = author{Kind: "requester", ID: m.ByRequester()}
	case m.Inbound():
		a = author{Kind: "requester", Email: m.GetString("author_address")}
	default:
		a = author{Kind: "system"}
	}
	if known, ok := names[a.ID]; ok {
		a.Name, a.Email = known.Name, known.Email
	}
	if a.Name == "" {
		a.Name = m.GetString("author_name")
	}
	if forRequester {
		a.Email = ""
	}
	return a
}

// counts answers GET /api/desk/counts: how many tickets are open and may be
// opened by the caller: {all, mine, unassigned, teams: {id: n}}.
func (d Desk) counts(e *core.RequestEvent) error {
	c, err := collections.CountOpen(e.App, e.Auth.Id)
	if err != nil {
		return e.InternalServerError("", err)
	}
	return e.JSON(http.StatusOK, c)
}

type personBody struct {
	Email string `json:"email"`
	Name  string `json:"name"`
	Phone string `json:"phone"`
}

// person answers POST /api/desk/people {email, name, phone}: the requester
// with that address, made if there is none. A caller without an address is
// made from name and telephone.
func (d Desk) person(e *core.RequestEvent) error {
	var body personBody
	if err := readBody(e, &body); err != nil {
		return err
	}
	body.Email, body.Name, body.Phone = strings.TrimSpace(body.Email), strings.TrimSpace(body.Name), strings.TrimSpace(body.Phone)
	if body.Email == "" && (body.Name == "" || body.Phone == "") {
		return fieldError(e, &itil.Refusal{Field: "email", Code: "person_needs_address", Message: "Enter a mail address, or a name and a telephone number."})
	}
	var r collections.Requester
	err := e.App.RunInTransaction(func(tx core.App) (err error) {
		if body.Email != "" {
			r, err = collections.EnsureRequester(tx, body.Email, body.Name, d.Stamp(e))
		} else {
			r, err = collections.EnsureCaller(tx, body.Name, body.Phone, d.Stamp(e))
		}
		if err != nil || r.Record == nil || body.Phone == "" || r.GetString("phone") != "" {
			return err
		}
		r.Set("phone", body.Phone)
		collections.SetStamp(r.Record, d.Stamp(e))
		return tx.Save(r.Record)
	})
	switch {
	case err != nil:
		return e.BadRequestError("This person could not be kept.", err)
	case r.Record == nil:
		return fieldError(e, &itil.Refusal{Field: "email", Code: "address_invalid", Message: "This is not an address that an account can have."})
	}
	if err := apis.EnrichRecord(e, r.Record); err != nil {
		return e.InternalServerError("", err)
	}
	return e.JSON(http.StatusOK, r.Record)
}

// mails answers GET /api/desk/mails?state=quarantined: the newest 100 mails
// in a state, newest first.
func (d Desk) mails(e *core.RequestEvent) error {
	rows, err := collections.NewestMails(e.App, e.Request.URL.Query().Get("state"), e.Auth.Id)
	if err != nil {
		return e.InternalServerError("", err)
	}
	if err := apis.EnrichRecords(e, rows); err != nil {
		return e.InternalServerError("", err)
	}
	return e.JSON(http.StatusOK, map[string]any{"items": rows})
}

// retry answers POST /api/desk/mails/{id}/retry: 204 once the mail waits to
// be processed again.
func (d Desk) retry(e *core.RequestEvent) error {
	if err := d.Retry(e.App, e.Request.PathValue("id"), d.Stamp(e)); err != nil {
		return e.NotFoundError("There is no such mail in quarantine.", err)
	}
	return e.NoContent(http.StatusNoContent)
}
