package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/router"
	"github.com/pocketbase/pocketbase/tools/subscriptions"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/cli"
	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
)

// house is the whole program, wired as for serve, without a network: requests
// go straight to its handler.
type house struct {
	core.App
	t       *testing.T
	handler http.Handler
	router  *router.Router[*core.RequestEvent]
	vault   *collections.Vault

	who map[collections.Role]*core.Record // signed-in people, by role
	hal *core.Record                      // who works on the confidential tickets
	org *core.Record                      // of the asker
	own *core.Record                      // ticket of the asker, with the participant on it
	hid *core.Record                      // confidential ticket
	box *core.Record
}

func newHouse(t *testing.T) *house {
	t.Helper()
	collections.Register()
	folder, err := collections.OpenFolder(collections.FolderConfig{Dir: filepath.Join(t.TempDir(), "data")})
	require.NoError(t, err)
	app, err := folder.NewApp()
	require.NoError(t, err)
	require.NoError(t, wire(app, folder, cli.Options{}, collections.NewSetupCode()))
	require.NoError(t, app.Bootstrap())
	require.NoError(t, app.RunAllMigrations())
	t.Cleanup(func() {
		event := &core.TerminateEvent{}
		event.App = app
		require.NoError(t, app.OnTerminate().Trigger(event, func(e *core.TerminateEvent) error { return e.App.ClearBootstrap() }))
		folder.Close()
	})
	h := &house{App: app, t: t, vault: collections.NewVault(folder.Dir(), nil), who: map[collections.Role]*core.Record{}}
	h.open()
	h.fill()
	return h
}

// open does what serve does up to listening.
func (h *house) open() {
	r, err := apis.NewRouter(h.App)
	require.NoError(h.t, err)
	event := &core.ServeEvent{Router: r, Server: &http.Server{}}
	event.App = h.App
	require.NoError(h.t, h.OnServe().Trigger(event, func(e *core.ServeEvent) error {
		e.Server.Handler, err = e.Router.BuildMux()
		return err
	}))
	h.router, h.handler = r, event.Server.Handler
}

// fill makes one person of every role, a ticket and a confidential ticket.
func (h *house) fill() {
	require.NoError(h.t, collections.FirstRun{Email: "root@desk.test", Password: "correct horse", Organization: "Acme"}.Save(h.App))
	super, err := h.FindAuthRecordByEmail(core.CollectionNameSuperusers, "root@desk.test")
	require.NoError(h.t, err)
	h.org = h.make(collections.Organizations, map[string]any{"name": "Customer", "domains": []string{"customer.test"}})
	it, hr := h.make(collections.Teams, map[string]any{"name": "IT"}), h.make(collections.Teams, map[string]any{"name": "HR"})
	h.box = h.make(collections.Mailboxes, map[string]any{"name": "Support", "address": "support@desk.test", "smtp_host": "127.0.0.1", "smtp_port": 1, "active": false})
	h.hal = h.agent("hal", "agent", hr.Id)
	h.who = map[collections.Role]*core.Record{
		collections.Super:       super,
		collections.Worker:      h.agent("wim", "agent", it.Id),
		collections.Leader:      h.agent("lea", "lead", it.Id),
		collections.Admin:       h.agent("ada", "admin", it.Id),
		collections.Outsider:    h.agent("oda", "admin", it.Id),
		collections.Asker:       h.requester("asker", h.org.Id),
		collections.Stranger:    h.requester("stranger", ""),
		collections.Participant: h.requester("participant", ""),
	}
	h.own = h.ticket("VPN drops", map[string]any{"team": it.Id, "tags": []string{"canary-tag"}, "requester": h.id(collections.Asker),
		"participants": []string{h.id(collections.Participant)}})
	h.hid = h.ticket("Layoffs in spring", map[string]any{"team": hr.Id, "confidential": true, "requester": h.id(collections.Stranger)})
}

func (h *house) make(collection string, values map[string]any) *core.Record {
	h.t.Helper()
	c, err := h.FindCollectionByNameOrId(collection)
	require.NoError(h.t, err)
	r := core.NewRecord(c)
	r.Load(values)
	require.NoError(h.t, h.Save(r))
	return r
}

func (h *house) agent(name, role, team string) *core.Record {
	return h.make(collections.Agents, map[string]any{"email": name + "@desk.test", "name": name, "role": role, "active": true,
		"teams": []string{team}, "password": "correct horse", "verified": true})
}

func (h *house) requester(name, org string) *core.Record {
	return h.make(collections.Requesters, map[string]any{"email": name + "@customer.test", "name": name, "organization": org, "verified": true, "password": "correct horse"})
}

func (h *house) ticket(subject string, values map[string]any) *core.Record {
	v := map[string]any{"subject": subject, "impact": 4, "urgency": 3, "channel": "portal"}
	for name, x := range values {
		v[name] = x
	}
	return h.make(collections.Tickets, v)
}

func (h *house) id(role collections.Role) string { return h.who[role].Id }

// fresh reads a record anew.
func (h *house) fresh(r *core.Record) *core.Record {
	h.t.Helper()
	again, err := h.FindRecordById(r.Collection(), r.Id)
	require.NoError(h.t, err)
	return again
}

// reply is the answer to a request.
type reply struct {
	*httptest.ResponseRecorder
}

func (r reply) json() map[string]any {
	m := map[string]any{}
	_ = json.Unmarshal(r.Body.Bytes(), &m) // a body that is not JSON has no fields
	return m
}

// ask makes a request in the name of a role; header holds names and values.
func (h *house) ask(role collections.Role, method, path string, body any, header ...string) reply {
	h.t.Helper()
	return h.as(h.who[role], method, path, body, header...)
}

// as makes a request in somebody's name, nil for nobody's.
func (h *house) as(who *core.Record, method, path string, body any, header ...string) reply {
	h.t.Helper()
	raw, ok := body.(string)
	if !ok && body != nil {
		b, err := json.Marshal(body)
		require.NoError(h.t, err)
		raw = string(b)
	}
	req := httptest.NewRequest(method, path, strings.NewReader(raw))
	req.Header.Set("Content-Type", "application/json")
	if who != nil {
		token, err := who.NewAuthToken()
		require.NoError(h.t, err)
		req.Header.Set("Authorization", token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.handler.ServeHTTP(rec, req.WithContext(h.t.Context()))
	return reply{rec}
}

// ear is a live connection.
type ear struct {
	h      *house
	client *subscriptions.DefaultClient
	heard  chan subscriptions.Message
}

// listen opens a live connection without subscriptions.
func (h *house) listen() *ear {
	e := &ear{h: h, client: subscriptions.NewDefaultClient(), heard: make(chan subscriptions.Message, 1000)}
	h.SubscriptionsBroker().Register(e.client)
	go func() {
		for m := range e.client.Channel() {
			e.heard <- m
		}
		close(e.heard)
	}()
	h.t.Cleanup(func() { h.SubscriptionsBroker().Unregister(e.client.Id()) })
	return e
}

// follow subscribes in somebody's name.
func (e *ear) follow(who *core.Record, topics ...string) reply {
	return e.h.as(who, "POST", "/api/realtime", map[string]any{"clientId": e.client.Id(), "subscriptions": topics})
}

// touch tells listeners of a record as if it had been saved.
func (h *house) touch(r *core.Record) {
	h.t.Helper()
	event := &core.ModelEvent{}
	event.App, event.Model, event.Type, event.Context = h.App, h.fresh(r), core.ModelEventTypeUpdate, context.Background()
	require.NoError(h.t, h.OnModelAfterUpdateSuccess().Trigger(event, func(*core.ModelEvent) error { return nil }))
}

// next is the next event that was heard, "" if none came: whatever was sent
// before the question is older than the mark that this sends.
func (e *ear) next() string {
	e.h.t.Helper()
	for range 20 {
		go e.client.Send(subscriptions.Message{Name: "mark"})
		m := <-e.heard
		if m.Name != "mark" {
			return string(m.Data)
		}
		time.Sleep(time.Millisecond) // senders run beside us
	}
	return ""
}

// mailOn puts a raw mail behind a message.
func (h *house) mailOn(message string) string {
	h.t.Helper()
	stored, err := h.vault.Put(h.t.Context(), bytes.NewReader([]byte("From: a@customer.test\r\nSubject: x\r\n\r\ncanary\r\n")))
	require.NoError(h.t, err)
	state := mail.Stored(stored)
	r := h.make(collections.InboundMails, map[string]any{"sha256": state.SHA256, "size": state.Size, "state": collections.MailTicketed, "message": message,
		"subject": "canary-subject", "mailbox": h.box.Id})
	return r.Id
}
