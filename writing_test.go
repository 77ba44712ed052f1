package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

func TestWhatAnAgentWritesIsTheirs(t *testing.T) {
	h := newHouse(t)
	body := func(more map[string]any) map[string]any {
		b := map[string]any{"ticket": h.own.Id, "visibility": "public", "text": "x"}
		for k, v := range more {
			b[k] = v
		}
		return b
	}
	for name, value := range map[string]any{"author_agent": h.id(collections.Leader), "author_requester": h.id(collections.Asker), "author_address": "a@b.test",
		"author_name": "Boss", "inbound": true, "flags": []string{"new_sender"}, "delivery": "sent", "delivery_note": "x", "message_id": "x@y", "in_reply_to": "x@y",
		"references": "x@y", "signature": "x", "thread_how": "x", "blocked_images": 1, "created": "2020-01-01 00:00:00Z", "flags+": "x", "unknown": 1} {
		got := h.ask(collections.Worker, "POST", messageRows, body(map[string]any{name: value}))
		assert.Equal(t, 400, got.Code, "%s: %s", name, got.Body)
	}
	got := h.ask(collections.Worker, "POST", messageRows, body(nil))
	require.Equal(t, 200, got.Code, got.Body)
	assert.Equal(t, h.id(collections.Worker), got.json()["author_agent"])
	m, err := h.FindRecordById(collections.Messages, got.json()["id"].(string))
	require.NoError(t, err)

	for _, role := range []collections.Role{collections.Worker, collections.Admin, collections.Super} {
		for _, change := range []map[string]any{{"ticket": h.hid.Id}, {"author_agent": h.hal.Id}, {"author_requester": h.id(collections.Stranger)}} {
			got := h.ask(role, "PATCH", messageRows+"/"+m.Id, change)
			assert.Equal(t, 400, got.Code, "%v: %s", change, got.Body)
		}
	}
	for _, change := range []map[string]any{{"text": "else"}, {"html": "else"}, {"delivery": "sent"}, {"visibility": "internal"}, {"attachments-": "x"}, {"created": "2020-01-01 00:00:00Z"}} {
		assert.Equal(t, 400, h.ask(collections.Worker, "PATCH", messageRows+"/"+m.Id, change).Code, change)
	}
	assert.Equal(t, "x", h.fresh(m).GetString("text"))

	n := h.make(collections.Notices, map[string]any{"agent": h.id(collections.Worker), "kind": "alarm", "subject": "old"})
	path := "/api/collections/notices/records/" + n.Id
	assert.Equal(t, 400, h.ask(collections.Worker, "PATCH", path, map[string]any{"agent": h.id(collections.Leader)}).Code)
	assert.Equal(t, 400, h.ask(collections.Worker, "PATCH", path, map[string]any{"subject": "new"}).Code)
	assert.Equal(t, 200, h.ask(collections.Worker, "PATCH", path, map[string]any{"read": true}).Code)
	assert.Equal(t, h.id(collections.Worker), h.fresh(n).GetString("agent"))
}

func TestWhatARequesterWritesIsPublicAndTheirs(t *testing.T) {
	h := newHouse(t)
	body := func(more map[string]any) map[string]any {
		b := map[string]any{"ticket": h.own.Id, "visibility": "public", "text": "x"}
		for k, v := range more {
			b[k] = v
		}
		return b
	}
	for name, value := range map[string]any{"visibility": "internal", "author_requester": h.id(collections.Stranger), "author_agent": h.hal.Id, "to": []string{"victim@x.test"},
		"cc": []string{"victim@x.test"}, "bcc": []string{"victim@x.test"}, "mailbox": h.box.Id, "send_after": "2020-01-01 00:00:00Z", "flags": []string{"x"},
		"inbound": false, "message_id": "x@y", "channel": "email", "unknown": 1, "ticket": h.hid.Id} {
		got := h.ask(collections.Asker, "POST", messageRows, body(map[string]any{name: value}))
		assert.Equal(t, 400, got.Code, "%s: %s", name, got.Body)
	}
	got := h.ask(collections.Participant, "POST", messageRows, body(nil))
	require.Equal(t, 200, got.Code, got.Body)
	assert.Equal(t, h.id(collections.Participant), got.json()["author_requester"])
	for _, method := range []string{"PATCH", "DELETE"} {
		assert.Equal(t, 404, h.ask(collections.Participant, method, messageRows+"/"+got.json()["id"].(string), map[string]any{}).Code)
	}
	for name, value := range map[string]any{"impact": 1, "priority": 1, "assignee": h.hal.Id, "team": h.hid.GetString("team"), "tags": []string{"x"}, "confidential": true,
		"readers": []string{h.hal.Id}, "participants": []string{h.id(collections.Stranger)}, "state": "closed", "channel": "email", "mailbox": h.box.Id,
		"parent": h.hid.Id, "merged_into": h.hid.Id, "unknown": 1, "requester": h.id(collections.Stranger), "major": true} {
		got := h.ask(collections.Asker, "POST", ticketRows, map[string]any{"subject": "x", "kind": "incident", name: value})
		assert.Equal(t, 400, got.Code, "%s: %s", name, got.Body)
		if name != "state" {
			got = h.ask(collections.Asker, "PATCH", ticketRows+"/"+h.own.Id, map[string]any{name: value})
			assert.Equal(t, 400, got.Code, "%s: %s", name, got.Body)
		}
	}
	assert.Equal(t, 404, h.ask(collections.Participant, "PATCH", ticketRows+"/"+h.own.Id, map[string]any{"state": "cancelled"}).Code, "who takes part does not decide")
	require.Equal(t, 200, h.ask(collections.Asker, "PATCH", ticketRows+"/"+h.own.Id, map[string]any{"state": "cancelled"}).Code)
	for _, role := range []collections.Role{collections.Asker, collections.Worker} {
		got := h.ask(role, "POST", messageRows, body(nil))
		assert.Equal(t, 400, got.Code, "a final ticket: %s", got.Body)
	}
}

func TestTheSecondWriterIsTold(t *testing.T) {
	h := newHouse(t)
	row := ticketRows + "/" + h.own.Id
	version := h.own.GetInt("version")
	assert.Equal(t, 200, h.ask(collections.Worker, "PATCH", row, map[string]any{"subject": "one", "version": version}).Code)
	got := h.ask(collections.Leader, "PATCH", row, map[string]any{"subject": "two", "version": version})
	assert.Equal(t, 409, got.Code)
	assert.Contains(t, got.Body.String(), `"subject":"one"`)
	assert.Equal(t, 404, h.ask(collections.Outsider, "PATCH", ticketRows+"/"+h.hid.Id, map[string]any{"subject": "two", "version": 99}).Code)
	assert.Equal(t, 200, h.ask(collections.Leader, "PATCH", row, map[string]any{"version": version + 1, "urgency": 2}).Code)
	assert.Equal(t, version+2, h.fresh(h.own).GetInt("version"))
}

func TestEventsAreOnlyEverAdded(t *testing.T) {
	h := newHouse(t)
	event, err := h.FindFirstRecordByData(collections.Events, "subject_id", h.own.Id)
	require.NoError(t, err)
	row := "/api/collections/events/records"
	for _, tt := range []struct {
		method, path string
		body         any
	}{
		{"POST", row, map[string]any{"source": "api", "type": "x"}},
		{"PATCH", row + "/" + event.Id, map[string]any{"type": "x"}},
		{"PATCH", row + "/" + event.Id, map[string]any{"data": map[string]any{}, "salt": "", "actor_name": ""}},
		{"DELETE", row + "/" + event.Id, nil},
		{"DELETE", "/api/collections/events/truncate", nil},
		{"DELETE", "/api/collections/" + event.Collection().Id + "/truncate", nil},
		{"DELETE", "/api/collections/events", nil},
		{"PATCH", "/api/collections/events", map[string]any{"name": "old_events"}},
		{"PATCH", "/api/collections/events", map[string]any{"listRule": ""}},
		{"PATCH", "/api/collections/events", map[string]any{"fields": []any{}}},
		{"PUT", "/api/collections/import", map[string]any{"collections": []any{map[string]any{"name": "x", "type": "base"}}, "deleteMissing": true}},
		{"PUT", "/api/collections/import", map[string]any{"collections": []any{map[string]any{"id": event.Collection().Id, "name": "events", "type": "base", "listRule": "", "fields": []any{}}}}},
		{"POST", "/api/sql", map[string]any{"query": "DELETE FROM events"}},
		{"POST", "/api/batch", map[string]any{"requests": []any{map[string]any{"method": "DELETE", "url": row + "/" + event.Id}}}},
	} {
		got := h.ask(collections.Super, tt.method, tt.path, tt.body)
		assert.Contains(t, []int{400, 403}, got.Code, "%s %s: %s", tt.method, tt.path, got.Body)
	}
	for _, q := range []string{"DELETE FROM events", "UPDATE events SET type = 'x'", "UPDATE events SET seq = seq + 1"} {
		_, err := h.DB().NewQuery(q).Execute()
		assert.Error(t, err, q)
	}
	good, bad, finding, err := collections.VerifyChain(h.App)
	require.NoError(t, err)
	assert.Zero(t, bad, finding)
	assert.Positive(t, good)
}

func TestAdministratorsAddFieldsAndBreakNone(t *testing.T) {
	h := newHouse(t)
	got := h.ask(collections.Super, "GET", "/api/collections/tickets", nil)
	fields, _ := got.json()["fields"].([]any)
	require.NotEmpty(t, fields)
	added := append(fields[:len(fields):len(fields)], map[string]any{"name": "rack_number", "type": "text"})
	got = h.ask(collections.Super, "PATCH", "/api/collections/tickets", map[string]any{"fields": added})
	require.Equal(t, 200, got.Code, got.Body)
	got = h.ask(collections.Super, "PATCH", "/api/collections/tickets", map[string]any{"fields": fields})
	assert.Equal(t, 200, got.Code, "their own field goes as it came: %s", got.Body)
	for name, change := range map[string]func(map[string]any) map[string]any{
		"removed": func(map[string]any) map[string]any { return nil },
		"renamed": func(f map[string]any) map[string]any { f["name"] = "else"; return f },
		"hidden":  func(f map[string]any) map[string]any { f["hidden"] = f["hidden"] != true; return f },
	} {
		for i := range fields {
			f, _ := fields[i].(map[string]any)
			if f["name"] != "subject" && f["name"] != "allowed" && f["name"] != "requester" {
				continue
			}
			copied := map[string]any{}
			for k, v := range f {
				copied[k] = v
			}
			changed := append(append([]any{}, fields[:i]...), fields[i+1:]...)
			if c := change(copied); c != nil {
				changed = append(changed, c)
			}
			got := h.ask(collections.Super, "PATCH", "/api/collections/tickets", map[string]any{"fields": changed})
			assert.Equal(t, 400, got.Code, "%s %s: %s", f["name"], name, got.Body)
		}
	}
	assert.Equal(t, 400, h.ask(collections.Super, "DELETE", ticketRows+"/"+h.own.Id, nil).Code)
}

func TestSecretsOfMailboxesStayInside(t *testing.T) {
	h := newHouse(t)
	admin := h.listen()
	require.Equal(t, 204, admin.follow(h.who[collections.Admin], "mailboxes/*", "events/*").Code)
	super := h.listen()
	require.Equal(t, 204, super.follow(h.who[collections.Super], "mailboxes/*", "events/*").Code)
	secrets := map[string]any{"name": "Box", "address": "box@desk.test", "imap_host": "127.0.0.1", "imap_port": 1, "active": true}
	for _, field := range collections.MailboxSecrets {
		secrets[field] = "mailbox-secret-" + field
	}
	got := h.ask(collections.Admin, "POST", "/api/collections/mailboxes/records", secrets)
	require.Equal(t, 200, got.Code, got.Body)
	id := got.json()["id"].(string)
	row := "/api/collections/mailboxes/records/" + id
	seen := []string{got.Body.String()}
	for _, role := range []collections.Role{collections.Admin, collections.Super} {
		seen = append(seen, h.ask(role, "PATCH", row, map[string]any{"imap_password": "mailbox-secret-new"}).Body.String(), h.ask(role, "GET", row, nil).Body.String(),
			h.ask(role, "GET", "/api/collections/events/records?perPage=500", nil).Body.String(), h.ask(role, "GET", "/api/collections/inbound_mails/records?expand=mailbox", nil).Body.String())
		for _, field := range collections.MailboxSecrets {
			for _, query := range []string{"filter=" + field + "~'deskbell'", "sort=" + field, "filter=" + field + ":lower~'d'"} {
				assert.Equal(t, 400, h.ask(role, "GET", "/api/collections/mailboxes/records?"+query, nil).Code, query)
			}
			assert.Equal(t, 400, h.ask(role, "GET", "/api/collections/tickets/records?filter=mailbox."+field+"~'d'", nil).Code, field)
		}
	}
	for _, e := range []*ear{admin, super} {
		for text := e.next(); text != ""; text = e.next() {
			seen = append(seen, text)
		}
	}
	rows, err := h.FindAllRecords(collections.Events)
	require.NoError(t, err)
	for _, r := range rows {
		seen = append(seen, r.GetString("data"))
	}
	sealed := h.fresh(h.mailbox(id)).GetString("imap_password")
	require.NotEmpty(t, sealed)
	for _, text := range append(seen, h.logs()...) {
		assert.False(t, strings.Contains(text, "mailbox-secret"), "%.300s", text)
		assert.False(t, strings.Contains(text, "deskbell:k1:"), "not even sealed: %.300s", text)
	}
}

func (h *house) mailbox(id string) *core.Record {
	r, err := h.FindRecordById(collections.Mailboxes, id)
	require.NoError(h.t, err)
	return r
}

// logs reads what was logged so far.
func (h *house) logs() []string {
	if l, ok := h.Logger().Handler().(interface{ WriteAll(context.Context) error }); ok {
		require.NoError(h.t, l.WriteAll(context.Background()))
	}
	var rows []string
	require.NoError(h.t, h.AuxDB().NewQuery("SELECT message || ' ' || data FROM _logs").Column(&rows))
	return rows
}

// J1: the same request twice makes one record.
func TestTheSameKeyMakesOneRecord(t *testing.T) {
	h := newHouse(t)
	open := func(role collections.Role, key string) reply {
		return h.ask(role, "POST", ticketRows, map[string]any{"subject": "x", "kind": "incident"}, "Idempotency-Key", key)
	}
	first := open(collections.Worker, "a")
	require.Equal(t, 200, first.Code, first.Body)
	again := open(collections.Worker, "a")
	assert.Equal(t, 200, again.Code)
	assert.Equal(t, first.json()["id"], again.json()["id"])
	assert.NotEqual(t, first.json()["id"], open(collections.Worker, "b").json()["id"])
	assert.NotEqual(t, first.json()["id"], open(collections.Leader, "a").json()["id"], "another caller's key")
	assert.NotEqual(t, open(collections.Worker, "").json()["id"], open(collections.Worker, "").json()["id"])
	assert.Equal(t, 400, open(collections.Worker, strings.Repeat("x", 201)).Code)

	mine := open(collections.Asker, "a")
	require.Equal(t, 200, mine.Code, mine.Body)
	assert.NotContains(t, open(collections.Asker, "a").Body.String(), `"tags"`)

	say := func() reply {
		return h.ask(collections.Worker, "POST", messageRows, map[string]any{"ticket": h.own.Id, "visibility": "internal", "text": "x"}, "Idempotency-Key", "a")
	}
	assert.Equal(t, say().json()["id"], say().json()["id"])

	_, err := h.DB().Update("_repeats", dbx.Params{"made": time.Now().Add(-25 * time.Hour).Unix()}, nil).Execute()
	require.NoError(t, err)
	assert.NotEqual(t, first.json()["id"], open(collections.Worker, "a").json()["id"], "after a day")

	refused := h.ask(collections.Worker, "POST", ticketRows, map[string]any{"kind": "incident"}, "Idempotency-Key", "c")
	require.Equal(t, 400, refused.Code)
	assert.Equal(t, 200, open(collections.Worker, "c").Code, "what was refused may be sent mended")
}

func TestTheSameKeyAtTheSameTimeMakesOneRecord(t *testing.T) {
	h := newHouse(t)
	ids := make([]string, 8)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			got := h.ask(collections.Worker, "POST", ticketRows, map[string]any{"subject": "x", "kind": "incident"}, "Idempotency-Key", "race")
			ids[i] = fmt.Sprint(got.Code, got.json()["id"])
		})
	}
	all.Wait()
	for _, id := range ids {
		assert.Equal(t, ids[0], id)
	}
	n, err := h.CountRecords(collections.Tickets, dbx.HashExp{"subject": "x"})
	require.NoError(t, err)
	assert.Equal(t, int64(1), n)
}

func TestOwnRoutesReadStrictly(t *testing.T) {
	h := newHouse(t)
	post := func(body string, header ...string) int {
		return h.ask(collections.Admin, "POST", "/api/desk/people", body, header...).Code
	}
	assert.Equal(t, 200, post(`{"email":"a@customer.test"}`))
	for _, body := range []string{`{"email":"a@customer.test","vip":true}`, `{"email":"a@customer.test"}{}`, `[]`, `{"email":`, `"x"`, `{"email":1}`,
		`{"email":"a@customer.test","name":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`} {
		assert.Equal(t, 400, post(body), body[:min(len(body), 60)])
	}
	assert.Equal(t, http.StatusRequestEntityTooLarge, post(`{"email":"`+strings.Repeat("x", 300<<10)+`"}`))
	assert.Equal(t, 400, post(`{"email":"a@customer.test","name":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`}`, "Content-Type", "text/plain"))
	got := h.ask(collections.Admin, "POST", "/api/desk/mailboxes/test/test", map[string]any{"address": "a@b.test", "tokenKey": "x"})
	assert.Equal(t, 400, got.Code, got.Body)
	got = h.as(nil, "POST", "/api/desk/setup", map[string]any{"role": "admin"})
	assert.Equal(t, 400, got.Code)
	for _, path := range []string{"/?next=//evil.example", "//evil.example/", "/\\evil.example", "/signin?next=https://evil.example"} {
		got := h.as(nil, "GET", strings.ReplaceAll(path, `\`, "%5C"), nil)
		to := got.Header().Get("Location")
		assert.False(t, strings.HasPrefix(to, "//") || strings.Contains(to, ":") || strings.HasPrefix(to, `/\`), "%s leads to %s", path, to)
	}
}

func TestNullClearsASecret(t *testing.T) {
	h := newHouse(t)
	got := h.ask(collections.Admin, "POST", "/api/collections/mailboxes/records", map[string]any{"name": "Box", "address": "box@desk.test", "smtp_host": "127.0.0.1", "smtp_port": 1, "smtp_password": "pw"})
	require.Equal(t, 200, got.Code, got.Body)
	id := got.json()["id"].(string)
	row := "/api/collections/mailboxes/records/" + id
	stored := func() string { return h.fresh(h.mailbox(id)).GetString("smtp_password") }
	require.NotEmpty(t, stored())
	require.Equal(t, 200, h.ask(collections.Admin, "PATCH", row, map[string]any{"smtp_password": "", "name": "Other"}).Code)
	require.NotEmpty(t, stored(), `"" keeps it`)
	require.Equal(t, 200, h.ask(collections.Admin, "PATCH", row, map[string]any{"smtp_password": nil}).Code)
	require.Empty(t, stored(), "null clears it")
}
