package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/filesystem"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

const (
	ticketRows  = "/api/collections/tickets/records"
	messageRows = "/api/collections/messages/records"
)

// internal are the columns of a ticket that no requester learns of (B3).
var internal = []string{"tags", "priority_reason", "resolution_code", "confidential", "hold_reason", "readers", "allowed", "allowed_requesters",
	"assignee", "team", "mailbox", "participants", "participant_addresses", "impact", "rack_number"}

// addField does what an administrator does in the dashboard.
func (h *house) addField(collection, name string) {
	h.t.Helper()
	c, err := h.FindCollectionByNameOrId(collection)
	require.NoError(h.t, err)
	c.Fields.Add(&core.TextField{Name: name, Max: 100})
	require.NoError(h.t, h.Save(c))
}

func (h *house) set(r *core.Record, values map[string]any) {
	h.t.Helper()
	again := h.fresh(r)
	again.Load(values)
	require.NoError(h.t, h.Save(again))
}

func TestARequesterLearnsNothingInternal(t *testing.T) {
	h := newHouse(t)
	h.addField(collections.Tickets, "rack_number")
	h.set(h.own, map[string]any{"rack_number": "canary-rack", "priority": 1, "priority_reason": "canary-reason", "readers": []string{h.id(collections.Worker)}})
	note := h.note(h.own)
	ear := h.listen()
	require.Equal(t, 204, ear.follow(h.who[collections.Asker], "tickets/*", "messages/*").Code)

	row := ticketRows + "/" + h.own.Id
	answers := map[string]string{
		"view":      h.ask(collections.Asker, "GET", row, nil).Body.String(),
		"list":      h.ask(collections.Asker, "GET", ticketRows, nil).Body.String(),
		"expand":    h.ask(collections.Asker, "GET", row+"?expand=requester,service,category", nil).Body.String(),
		"create":    h.ask(collections.Asker, "POST", ticketRows, map[string]any{"kind": "incident", "subject": "x"}).Body.String(),
		"page":      h.ask(collections.Asker, "GET", "/api/desk/tickets/"+h.own.GetString("key"), nil).Body.String(),
		"conflict":  h.ask(collections.Asker, "PATCH", row, map[string]any{"state": "cancelled", "version": 99}).Body.String(),
		"me":        h.ask(collections.Asker, "GET", "/api/desk/me?expand=organization", nil).Body.String(),
		"messages":  h.ask(collections.Asker, "GET", messageRows+"?expand=ticket", nil).Body.String(),
		"update":    h.ask(collections.Asker, "PATCH", row, map[string]any{"state": "cancelled"}).Body.String(),
		"foreign":   h.ask(collections.Stranger, "GET", row, nil).Body.String(),
		"of a note": h.ask(collections.Asker, "GET", messageRows+"/"+note.Id, nil).Body.String(),
	}
	for text := ear.next(); text != ""; text = ear.next() {
		answers["realtime"] += text
	}
	assert.Contains(t, answers["conflict"], `"subject":"VPN drops"`, "a conflict answers the present record")
	assert.Contains(t, answers["update"], `"state":"cancelled"`)
	assert.Contains(t, answers["realtime"], `"state":"cancelled"`)
	for kind, text := range answers {
		assert.NotContains(t, text, "canary", kind)
		assert.NotContains(t, text, "wim@desk.test", kind)
		for _, name := range internal {
			if kind != "page" || name != "allowed" && name != "participants" { // of the steps; and a list that is empty
				assert.NotContains(t, text, fmt.Sprintf("%q:", name), kind)
			}
		}
	}
}

func TestARequestersQueriesNameOnlyWhatTheySee(t *testing.T) {
	h := newHouse(t)
	h.addField(collections.Tickets, "rack_number")
	for _, name := range append(internal, "requester.vip", "assignee.email", "messages_via_ticket.text", "nothing", "requester.tickets_via_requester.tags") {
		for _, query := range []string{"filter=" + name + "!=''", "filter=id!=''||" + name + "~'x'", "filter=" + name + ":lower='x'", "sort=-" + name, "fields=id," + name, "expand=" + name} {
			query = strings.ReplaceAll(url.PathEscape(query), "&", "%26")
			for _, c := range []string{"tickets", h.own.Collection().Id, "Tickets"} {
				got := h.ask(collections.Asker, "GET", "/api/collections/"+c+"/records?"+query, nil)
				assert.Equal(t, 400, got.Code, "%s %s: %s", c, query, got.Body)
			}
		}
		for _, topic := range []string{"tickets/*", h.own.Collection().Id + "/*", "tickets/" + h.own.Id, "tickets"} {
			for _, options := range []string{`{"query":{"filter":"%s!=''"}}`, `{"query":{"fields":"id,%s"}}`, `{"query":{"expand":"%s"}}`,
				`{"query":{"filter":"%s!=''"},"Query":{"filter":""}}`, `{"query":{"filter":"%s!=''"},"query":{"filter":""}}`, `{"query":{"filter":["%s!=''"]}}`} {
				got := h.listen().follow(h.who[collections.Asker], topic+"?options="+url.QueryEscape(fmt.Sprintf(options, name)))
				assert.Equal(t, 400, got.Code, "%s %s %s", topic, options, name)
			}
		}
	}
	for _, query := range []string{"filter=@collection.agents.email~'x'", "filter=@request.auth.id=''", "filter=strftime('%25Y',wake_at)='2026'", "filter=geoDistance(1,1,tags,1)<1"} {
		got := h.ask(collections.Asker, "GET", ticketRows+"?"+query, nil)
		assert.Contains(t, []int{400, 403}, got.Code, "%s: %s", query, got.Body)
	}
	got := h.ask(collections.Asker, "GET", ticketRows+"?filter=state='new'%26%26created>@monthStart&sort=-created&fields=id,subject&expand=requester", nil)
	assert.Equal(t, 200, got.Code, got.Body)
}

func TestProbingGivesTheSameAnswer(t *testing.T) {
	h := newHouse(t)
	h.note(h.own)
	h.note(h.hid)
	for _, tt := range []struct {
		role      collections.Role
		path      string
		yes, none string
	}{
		{collections.Asker, ticketRows, "messages_via_ticket.text ?~ 'canary'", "messages_via_ticket.text ?~ 'zebra'"},
		{collections.Asker, messageRows, "text ~ 'canary'", "text ~ 'zebra'"},
		{collections.Stranger, ticketRows, "subject ~ 'VPN'", "subject ~ 'zebra'"},
		{collections.Outsider, ticketRows, "subject ~ 'Layoffs'", "subject ~ 'zebra'"},
		{collections.Outsider, ticketRows, "number = 2", "number = 3"},
		{collections.Outsider, messageRows, "ticket.subject ~ 'Layoffs'", "ticket.subject ~ 'zebra'"},
		{collections.Outsider, "/api/collections/events/records", "ticket.subject ~ 'Layoffs'", "ticket.subject ~ 'zebra'"},
		{collections.Outsider, "/api/collections/requesters/records", "tickets_via_requester.subject !~ 'Layoffs'", "tickets_via_requester.subject !~ 'zebra'"},
		{collections.Outsider, "/api/collections/requesters/records", "tickets_via_requester.subject ?~ 'Layoffs'", "tickets_via_requester.subject ?~ 'zebra'"},
		{collections.Outsider, "/api/collections/teams/records", "tickets_via_team.subject ~ 'Layoffs'", "tickets_via_team.subject ~ 'zebra'"},
		{collections.Outsider, ticketRows, "parent.subject ~ 'Layoffs'", "parent.subject ~ 'zebra'"},
	} {
		yes := h.ask(tt.role, "GET", tt.path+"?filter="+url.QueryEscape(tt.yes), nil)
		none := h.ask(tt.role, "GET", tt.path+"?filter="+url.QueryEscape(tt.none), nil)
		assert.Equal(t, none.Code, yes.Code, tt.yes)
		assert.Equal(t, none.Body.String(), yes.Body.String(), tt.yes)
	}
}

func TestForeignAndAbsentAreAlike(t *testing.T) {
	h := newHouse(t)
	hidden := h.make(collections.Messages, map[string]any{"ticket": h.hid.Id, "visibility": "public", "text": "x"})
	for _, path := range []string{ticketRows + "/" + h.hid.Id, messageRows + "/" + hidden.Id, "/api/desk/tickets/" + h.hid.GetString("key"),
		"/api/desk/tickets/" + h.hid.Id, "/api/desk/tickets/" + h.hid.GetString("number"), "/api/desk/tickets/" + h.hid.GetString("key") + "/steps"} {
		for _, role := range []collections.Role{collections.Asker, collections.Participant, collections.Outsider, collections.Worker} {
			for _, method := range []string{"GET", "PATCH", "DELETE"} {
				if method != "GET" && strings.HasPrefix(path, "/api/desk") || method == "DELETE" && strings.HasPrefix(path, ticketRows) {
					continue // no such route, or for superusers only
				}
				foreign := h.ask(role, method, path, map[string]any{})
				absent := h.ask(role, method, strings.NewReplacer(h.hid.Id, "aaaaaaaaaaaaaaa", hidden.Id, "aaaaaaaaaaaaaaa", h.hid.GetString("key"), "INC-999").Replace(path), map[string]any{})
				assert.Equal(t, 404, foreign.Code, "%s %s %s", collections.Roles()[role], method, path)
				if !strings.HasSuffix(path, "/"+h.hid.GetString("number")) {
					assert.Equal(t, absent.Body.String(), foreign.Body.String())
				}
			}
		}
	}
}

func TestRolesAreNotTakenByTheirOwner(t *testing.T) {
	h := newHouse(t)
	person := map[string]any{"email": "eve@customer.test", "name": "Eve", "role": "admin", "active": true, "password": "correct horse", "passwordConfirm": "correct horse", "verified": true}
	for _, collection := range []string{"agents", "requesters", "_superusers"} {
		got := h.as(nil, "POST", "/api/collections/"+collection+"/records", person)
		assert.Contains(t, []int{400, 403}, got.Code, collection)
	}
	for _, body := range []map[string]any{{"role": "admin"}, {"active": true, "role": "lead"}, {"teams": []string{h.hid.GetString("team")}}, {"teams+": h.hid.GetString("team")},
		{"+teams": h.hid.GetString("team")}, {"change_manager": true}, {"email": "else@desk.test"}, {"verified": false}} {
		h.ask(collections.Worker, "PATCH", "/api/collections/agents/records/"+h.id(collections.Worker), body)
		again := h.fresh(h.who[collections.Worker])
		assert.Equal(t, "agent", again.GetString("role"), body)
		assert.Len(t, again.GetStringSlice("teams"), 1, body)
		assert.False(t, again.GetBool("change_manager"), body)
		assert.Equal(t, "wim@desk.test", again.Email(), body)
	}
	h.addField(collections.Requesters, "rack_number")
	for _, body := range []map[string]any{{"role": "admin"}, {"vip": true}, {"organization": h.org.Id}, {"manager": h.id(collections.Asker)}, {"email": "x@desk.test"},
		{"verified": false}, {"rack_number": "1"}, {"collectionId": "agents"}} {
		got := h.ask(collections.Stranger, "PATCH", "/api/collections/requesters/records/"+h.id(collections.Stranger), body)
		assert.Contains(t, []int{400, 404}, got.Code, body)
	}
	before := h.fresh(h.who[collections.Stranger]).TokenKey()
	assert.Equal(t, 200, h.ask(collections.Stranger, "PATCH", "/api/collections/requesters/records/"+h.id(collections.Stranger), map[string]any{"name": "New name", "locale": "zh", "tokenKey": strings.Repeat("x", 50)}).Code)
	assert.Equal(t, before, h.fresh(h.who[collections.Stranger]).TokenKey())
	got := h.ask(collections.Worker, "POST", "/api/collections/requesters/request-email-change", map[string]any{"newEmail": "x@desk.test"})
	assert.Equal(t, 403, got.Code)
}

func TestWhoNoLongerTakesPartHearsNoMore(t *testing.T) {
	h := newHouse(t)
	ear := h.listen()
	require.Equal(t, 204, ear.follow(h.who[collections.Participant], "tickets/*", "tickets/"+h.own.Id, "messages/*").Code)
	h.set(h.own, map[string]any{"subject": "first"})
	require.Contains(t, ear.next(), "first")
	for ear.next() != "" {
	}
	h.set(h.own, map[string]any{"participants": []string{}})
	h.set(h.own, map[string]any{"subject": "second"})
	h.make(collections.Messages, map[string]any{"ticket": h.own.Id, "visibility": "public", "text": "third"})
	assert.Empty(t, ear.next())
	assert.Equal(t, 404, h.ask(collections.Participant, "GET", ticketRows+"/"+h.own.Id, nil).Code)
	assert.Equal(t, 404, h.listen().follow(h.who[collections.Participant], "tickets/"+h.own.Id).Code)
}

func TestAConfidentialTicketIsInvisibleOutside(t *testing.T) {
	h := newHouse(t)
	oda := h.who[collections.Outsider]
	message := h.make(collections.Messages, map[string]any{"ticket": h.own.Id, "visibility": "public", "text": "canary-text", "inbound": true})
	mail := h.mailOn(message.Id)
	h.make(collections.Notices, map[string]any{"agent": oda.Id, "ticket": h.own.Id, "kind": "alarm", "subject": "canary-subject"})
	h.make(collections.OutboundMails, map[string]any{"ticket": h.own.Id, "kind": "reply", "state": "failed", "to": []string{"canary@customer.test"}})
	ear := h.listen()
	require.Equal(t, 204, ear.follow(oda, "tickets/*", "messages/*", "notices/*", "tickets/"+h.own.Id).Code)
	paths := map[string]string{"tickets": ticketRows, "messages": messageRows, "events": "/api/collections/events/records?perPage=500",
		"notices": "/api/collections/notices/records", "inbound": "/api/collections/inbound_mails/records", "outbound": "/api/collections/outbound_mails/records",
		"mails": "/api/desk/mails"}
	for name, path := range paths {
		require.Regexp(t, "canary|VPN drops", h.ask(collections.Outsider, "GET", path, nil).Body.String(), name)
	}
	require.Equal(t, 1.0, h.ask(collections.Outsider, "GET", "/api/desk/counts", nil).json()["all"])

	h.set(h.own, map[string]any{"confidential": true, "team": h.hid.GetString("team"), "assignee": h.hal.Id, "subject": "VPN drops canary-subject"})
	for ear.next() != "" {
	}
	h.set(h.own, map[string]any{"subject": "canary-subject again"})
	h.make(collections.Messages, map[string]any{"ticket": h.own.Id, "visibility": "internal", "text": "canary-text"})
	assert.Empty(t, ear.next(), "realtime")
	for name, path := range paths {
		body := h.ask(collections.Outsider, "GET", path, nil).Body.String()
		assert.NotContains(t, body, "canary", name)
		assert.NotContains(t, body, "VPN drops", name)
		assert.NotContains(t, body, h.own.Id, name)
	}
	assert.Equal(t, 0.0, h.ask(collections.Outsider, "GET", "/api/desk/counts", nil).json()["all"])
	for _, path := range []string{ticketRows + "/" + h.own.Id, messageRows + "/" + message.Id, "/api/desk/tickets/" + h.own.GetString("key"),
		"/api/desk/mails/" + mail + "/raw", "/api/desk/messages/" + message.Id + "/original"} {
		assert.Equal(t, 404, h.ask(collections.Outsider, "GET", path, nil).Code, path)
	}
	for _, r := range []*core.Record{oda, h.hal} {
		rows, err := h.FindRecordsByFilter(collections.OutboundMails, "to ~ {:to}", "", 0, 0, map[string]any{"to": r.Email()})
		require.NoError(t, err)
		for _, row := range rows {
			assert.NotContains(t, row.GetString("subject")+row.GetString("text")+row.GetString("html"), "canary", "mail to %s", r.Email())
		}
	}
}

func TestNoLinkIntoWhatMayNotBeOpened(t *testing.T) {
	h := newHouse(t)
	for _, field := range []string{"merged_into", "parent", "follows"} {
		for _, target := range []string{h.hid.Id, "aaaaaaaaaaaaaaa"} {
			got := h.ask(collections.Worker, "PATCH", ticketRows+"/"+h.own.Id, map[string]any{field: target})
			assert.Equal(t, 404, got.Code, "%s: %s", field, got.Body)
			got = h.ask(collections.Worker, "POST", ticketRows, map[string]any{"subject": "x", "kind": "incident", field: target})
			assert.Equal(t, 404, got.Code, "%s: %s", field, got.Body)
		}
		assert.Empty(t, h.fresh(h.own).GetString(field))
	}
	got := h.ask(collections.Worker, "POST", messageRows, map[string]any{"ticket": h.hid.Id, "visibility": "internal", "text": "x"})
	assert.Equal(t, 400, got.Code)
	absent := h.ask(collections.Worker, "POST", messageRows, map[string]any{"ticket": "aaaaaaaaaaaaaaa", "visibility": "internal", "text": "x"})
	assert.Equal(t, absent.Code, got.Code)
}

func TestFilesFollowTheTicket(t *testing.T) {
	h := newHouse(t)
	png := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
	f, err := filesystem.NewFileFromBytes([]byte(png), "a.png")
	require.NoError(t, err)
	on := func(ticket *core.Record, visibility string) string {
		copied := *f
		m := h.make(collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": visibility, "text": "x", "attachments": &copied})
		return "/api/files/messages/" + m.Id + "/" + m.GetStringSlice("attachments")[0]
	}
	public, note, hidden := on(h.own, "public"), on(h.own, "internal"), on(h.hid, "public")
	token := func(role collections.Role) string {
		text, _ := h.ask(role, "POST", "/api/files/token", nil).json()["token"].(string)
		require.NotEmpty(t, text)
		return "?token=" + text
	}
	asker, stranger, part, outsider := token(collections.Asker), token(collections.Stranger), token(collections.Participant), token(collections.Outsider)
	for path, want := range map[string]int{
		public + asker: 200, public + part: 200, public + stranger: 404, public: 404, public + "?token=x": 404, public + outsider: 200,
		note + asker: 404, note + outsider: 200, hidden + outsider: 404, hidden + asker: 404, hidden + stranger: 200, public + asker + "&thumb=100x100": 200,
	} {
		assert.Equal(t, want, h.as(nil, "GET", path, nil).Code, path)
	}
	fs, err := h.NewFilesystem()
	require.NoError(t, err)
	defer fs.Close()
	list, err := fs.List("")
	require.NoError(t, err)
	for _, object := range list {
		assert.NotContains(t, object.Key, "thumbs_", "the server decodes no pictures of strangers")
	}
}

// C8: From is a claim. What came by mail shows once the address is proven.
func TestMailMadeTicketsShowOnceTheAddressIsProven(t *testing.T) {
	h := newHouse(t)
	eve := h.make(collections.Requesters, map[string]any{"email": "eve@customer.test", "password": "correct horse"})
	byMail := h.ticket("From a mail", map[string]any{"channel": "email", "requester": eve.Id})
	onPortal := h.ticket("From the portal", map[string]any{"channel": "portal", "requester": eve.Id})
	m := h.make(collections.Messages, map[string]any{"ticket": byMail.Id, "visibility": "public", "text": "x"})
	assert.Equal(t, 404, h.as(eve, "GET", ticketRows+"/"+byMail.Id, nil).Code)
	assert.Equal(t, 404, h.as(eve, "GET", messageRows+"/"+m.Id, nil).Code)
	assert.Equal(t, 200, h.as(eve, "GET", ticketRows+"/"+onPortal.Id, nil).Code)
	h.set(eve, map[string]any{"verified": true})
	eve = h.fresh(eve)
	assert.Equal(t, 200, h.as(eve, "GET", ticketRows+"/"+byMail.Id, nil).Code)
	assert.Equal(t, 200, h.as(eve, "GET", messageRows+"/"+m.Id, nil).Code)
}
