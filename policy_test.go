package main

import (
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/router"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/api"
	"github.com/deskbell/deskbell/collections"
)

func roles() []collections.Role { return slices.Sorted(maps.Keys(collections.Roles())) }

// Every row of the policy is tried by every role.
func TestPolicyOfRecords(t *testing.T) {
	h := newHouse(t)
	for _, p := range collections.Policies() {
		t.Run(p.Collection+" "+p.Row, func(t *testing.T) {
			h := *h
			h.t = t
			s := h.sample(p)
			for _, role := range roles() {
				h.try(p, s, role)
			}
		})
	}
	all, err := h.FindAllCollections()
	require.NoError(t, err)
	for _, c := range all {
		has := slices.ContainsFunc(collections.Policies(), func(p collections.Policy) bool { return p.Collection == c.Name })
		assert.True(t, has, "the policy has no row for the collection %s", c.Name)
	}
}

// sample is what the rows of a policy are tried on.
type sample struct {
	row  func(role collections.Role) *core.Record // a new row, as it concerns the role
	body func(role collections.Role) map[string]any
}

// try does every action in the name of a role.
func (h *house) try(p collections.Policy, s sample, role collections.Role) {
	h.t.Helper()
	name, base := collections.Roles()[role], "/api/collections/"+p.Collection+"/records"
	may := func(who collections.Role) bool { return who&role != 0 }
	r := s.row(role)

	got := h.ask(role, "GET", base+"?filter="+url.QueryEscape(fmt.Sprintf("id=%q", r.Id)), nil)
	items, _ := got.json()["items"].([]any)
	assert.Equal(h.t, may(p.List), got.Code == 200 && len(items) == 1, "%s lists: %d %s", name, got.Code, got.Body)

	got = h.ask(role, "GET", base+"/"+r.Id, nil)
	h.expect(may(p.View), 200, got, name+" views", 403, 404)

	live, one, all := h.listen(), h.listen(), h.listen()
	live.follow(h.who[role], p.Collection+"/*")
	got = one.follow(h.who[role], p.Collection+"/"+r.Id)
	h.expect(may(p.Subscribe), 204, got, name+" subscribes", 404)
	all.follow(h.who[role], r.Collection().Id+"/*", r.Collection().Id+"/"+r.Id)
	h.touch(r)
	for kind, ear := range map[string]*ear{"the collection": live, "the row": one, "its id": all} {
		assert.Equal(h.t, may(p.Subscribe), ear.next() != "", "%s hears of %s", name, kind)
	}

	if !p.System() {
		got = h.ask(role, "POST", base, s.body(role))
		h.expect(may(p.Create), 200, got, name+" creates", 400, 403)
	}
	got = h.ask(role, "PATCH", base+"/"+r.Id, map[string]any{})
	refused := []int{403, 404}
	if may(p.View) {
		refused = append(refused, 400) // the gate says why
	}
	h.expect(may(p.Update), 200, got, name+" updates", refused...)

	got = h.ask(role, "DELETE", base+"/"+r.Id, nil)
	h.expect(may(p.Delete), 204, got, name+" deletes", refused...)
}

func (h *house) expect(allowed bool, want int, got reply, what string, refused ...int) {
	h.t.Helper()
	if allowed {
		assert.Equal(h.t, want, got.Code, "%s: %s", what, got.Body)
	} else {
		assert.Contains(h.t, refused, got.Code, "%s: %s", what, got.Body)
	}
}

// sample makes the rows of a policy.
func (h *house) sample(p collections.Policy) sample {
	n := 0
	unique := func() string { n++; return fmt.Sprintf("row %d of %s", n, h.t.Name()) }
	on := func(role collections.Role) *core.Record {
		if role == collections.Outsider {
			return h.hid
		}
		return h.own
	}
	plain := func(values func() map[string]any) sample {
		return sample{func(collections.Role) *core.Record { return h.make(p.Collection, values()) }, func(collections.Role) map[string]any { return values() }}
	}
	owned := map[string]any{"collectionRef": h.who[collections.Asker].Collection().Id, "recordRef": h.id(collections.Asker)}
	with := func(more map[string]any) func() map[string]any {
		return func() map[string]any { m := maps.Clone(owned); maps.Copy(m, more); return m }
	}
	switch p.Collection {
	case collections.Tickets:
		return sample{on, func(collections.Role) map[string]any { return map[string]any{"subject": unique(), "kind": "incident"} }}
	case collections.Messages:
		body := func(role collections.Role) map[string]any {
			return map[string]any{"ticket": on(role).Id, "visibility": p.Row, "text": unique()}
		}
		return sample{func(role collections.Role) *core.Record {
			v := body(role)
			v["author_agent"], v["send_after"] = h.id(collections.Worker), "2999-01-01 00:00:00.000Z"
			if role == collections.Outsider {
				v["author_agent"] = h.id(role)
			}
			if p.Row == collections.Internal {
				v["send_after"] = ""
			}
			return h.make(p.Collection, v)
		}, body}
	case collections.Events:
		return sample{func(role collections.Role) *core.Record {
			subject := h.org
			if p.Row == "of a ticket" {
				subject = on(role)
			}
			r, err := h.FindFirstRecordByData(collections.Events, "subject_id", subject.Id)
			require.NoError(h.t, err)
			return r
		}, func(collections.Role) map[string]any { return map[string]any{"source": "api", "type": unique()} }}
	case collections.Notices:
		body := func(role collections.Role) map[string]any {
			v := map[string]any{"agent": h.id(collections.Worker), "kind": "alarm", "subject": unique(), "ticket": on(role).Id}
			if role == collections.Outsider {
				v["agent"] = h.id(role)
			}
			return v
		}
		return sample{func(role collections.Role) *core.Record { return h.make(p.Collection, body(role)) }, body}
	case collections.Agents:
		body := func(collections.Role) map[string]any {
			n++
			return map[string]any{"email": fmt.Sprintf("new%d.%s@desk.test", n, p.Row[:2]), "name": "New", "role": "agent", "password": "correct horse", "passwordConfirm": "correct horse"}
		}
		return sample{func(role collections.Role) *core.Record {
			if p.Row == "oneself" && role == collections.Worker {
				return h.who[role]
			}
			return h.make(p.Collection, body(role))
		}, body}
	case collections.Requesters:
		body := func(collections.Role) map[string]any {
			n++
			return map[string]any{"email": fmt.Sprintf("new%d@customer.test", n)}
		}
		return sample{func(role collections.Role) *core.Record {
			if role == collections.Asker {
				return h.who[role]
			}
			return h.make(p.Collection, body(role))
		}, func(role collections.Role) map[string]any {
			b := body(role)
			b["password"], b["passwordConfirm"] = "correct horse", "correct horse"
			return b
		}}
	case collections.Organizations:
		return sample{func(role collections.Role) *core.Record {
			if role == collections.Asker {
				return h.org
			}
			return h.make(p.Collection, map[string]any{"name": unique()})
		}, func(collections.Role) map[string]any { return map[string]any{"name": unique()} }}
	case collections.Settings:
		return sample{func(collections.Role) *core.Record {
			s, err := collections.FindSettings(h.App)
			require.NoError(h.t, err)
			return s.Record
		}, func(collections.Role) map[string]any { return map[string]any{"name": unique()} }}
	case collections.Mailboxes:
		return plain(func() map[string]any {
			n++
			return map[string]any{"name": unique(), "address": fmt.Sprintf("box%d@desk.test", n), "imap_host": "127.0.0.1", "active": false}
		})
	case collections.PriorityMatrix:
		cell := func(urgency int) map[string]any {
			h.drop(p.Collection, fmt.Sprintf("impact = 4 && urgency = %d", urgency)) // a cell has one row
			return map[string]any{"code": unique(), "impact": 4, "urgency": urgency, "priority": 4}
		}
		return sample{func(collections.Role) *core.Record { return h.make(p.Collection, cell(3)) }, func(collections.Role) map[string]any { return cell(4) }}
	case collections.InboundMails, collections.OutboundMails:
		values := func(role collections.Role) map[string]any {
			v := map[string]any{"state": "ignored", "message": h.note(on(role)).Id}
			if p.Collection == collections.OutboundMails {
				v = map[string]any{"state": "failed", "kind": "reply", "ticket": on(role).Id}
			}
			return v
		}
		return sample{func(role collections.Role) *core.Record { return h.make(p.Collection, values(role)) }, values}
	case core.CollectionNameSuperusers:
		return plain(func() map[string]any {
			n++
			return map[string]any{"email": fmt.Sprintf("super%d@desk.test", n), "password": "correct horse"}
		})
	case core.CollectionNameOTPs:
		return plain(with(map[string]any{"password": "12345678"}))
	case core.CollectionNameMFAs:
		return plain(with(map[string]any{"method": "password"}))
	case core.CollectionNameExternalAuths:
		return plain(func() map[string]any {
			h.drop(p.Collection, "id != ''") // one of each kind
			return with(map[string]any{"provider": "oidc", "providerId": unique()})()
		})
	case core.CollectionNameAuthOrigins:
		return plain(func() map[string]any { return with(map[string]any{"fingerprint": unique()})() })
	}
	return plain(func() map[string]any {
		return map[string]any{"name": unique(), "code": unique(), "ends": "resolved", "kind": "incident", "state": "new"}
	})
}

func (h *house) note(ticket *core.Record) *core.Record {
	return h.make(collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "internal", "text": "canary-note"})
}

// drop makes room where rows must be unique.
func (h *house) drop(collection, filter string) {
	rows, err := h.FindRecordsByFilter(collection, filter, "", 0, 0)
	require.NoError(h.t, err)
	for _, r := range rows {
		require.NoError(h.t, h.Delete(r))
	}
}

// Every route of the desk is tried by every role.
func TestPolicyOfRoutes(t *testing.T) {
	h := newHouse(t)
	rows := map[string]bool{}
	all := api.Routes()
	slices.SortStableFunc(all, func(a, b api.Route) int { // the session ends last
		return strings.Count(a.Path, "signout") - strings.Count(b.Path, "signout")
	})
	for _, r := range all {
		rows[r.Method+" "+r.Path] = true
		for _, role := range roles() {
			path, body, want := h.call(r, role)
			got := h.ask(role, r.Method, path, body)
			h.expect(r.Who&role != 0, want, got, fmt.Sprintf("%s: %s %s", collections.Roles()[role], r.Method, path), 401, 403, 404)
		}
	}
	foreign := map[string]bool{}
	for _, list := range api.Foreign() {
		for _, route := range list {
			foreign[route] = true
		}
	}
	for _, route := range h.routes() {
		if _, path, _ := strings.Cut(route, " "); strings.HasPrefix(path, "/api/desk") {
			assert.True(t, rows[route], "the policy has no row for the route %s", route)
		} else {
			assert.True(t, foreign[route], "nobody has said what guards %s", route)
		}
	}
}

// call is a request that the role may make, if any may, and its answer.
func (h *house) call(r api.Route, role collections.Role) (path string, body any, want int) {
	ticket := h.own
	if role == collections.Outsider {
		ticket = h.hid
	}
	message := h.make(collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "inbound": true, "text": "x",
		"html": `<img src="http://127.0.0.1:1/x.png">`})
	inbound := h.mailOn(message.Id)
	path, want = r.Path, 200
	switch {
	case strings.Contains(path, "{key}"):
		path = strings.ReplaceAll(path, "{key}", ticket.GetString("key"))
	case strings.Contains(path, "/messages/{id}"):
		path = strings.ReplaceAll(path, "{id}", message.Id)
	case strings.HasSuffix(path, "/image"):
		// The address is inside: an agent's request is refused by the fetcher, all others before.
		return path + "?message=" + message.Id + "&url=" + url.QueryEscape("http://127.0.0.1:1/x.png"), nil, 404
	case strings.HasSuffix(path, "/retry"):
		mail := h.make(collections.InboundMails, map[string]any{"sha256": strings.Repeat("0", 64), "state": collections.MailQuarantined, "mailbox": h.box.Id})
		return strings.ReplaceAll(path, "{id}", mail.Id), nil, 204
	case strings.Contains(path, "/mails/{id}"):
		path = strings.ReplaceAll(path, "{id}", inbound)
	case strings.Contains(path, "/mailboxes/{id}"):
		return strings.ReplaceAll(path, "{id}", "test"), map[string]any{}, 400 // an address is missing
	case r.Method == "POST" && strings.HasSuffix(path, "/setup"):
		return path, map[string]any{"email": "a@b.test", "password": "correct horse"}, 404 // it is set up
	case strings.HasSuffix(path, "/signout"):
		want = 204
	case strings.HasSuffix(path, "/people"):
		return path, map[string]any{"email": "caller@customer.test"}, 200
	}
	return path, nil, want
}

// routes lists what the router would serve.
func (h *house) routes() []string {
	var all []string
	var walk func(g *router.RouterGroup[*core.RequestEvent], prefix string)
	walk = func(g *router.RouterGroup[*core.RequestEvent], prefix string) {
		field := reflect.ValueOf(g).Elem().FieldByName("children") // the router does not tell
		children := *(*[]any)(unsafe.Pointer(field.UnsafeAddr()))
		for _, child := range children {
			switch c := child.(type) {
			case *router.RouterGroup[*core.RequestEvent]:
				walk(c, prefix+c.Prefix)
			case *router.Route[*core.RequestEvent]:
				if prefix+c.Path != "/" {
					all = append(all, strings.TrimSpace(c.Method+" "+prefix+c.Path))
				}
			}
		}
	}
	walk(h.router.RouterGroup, h.router.Prefix)
	require.NotEmpty(h.t, all)
	return all
}

// What is for superusers only, or off, is so for everybody else.
func TestDangerousRoutesOfPocketBase(t *testing.T) {
	h := newHouse(t)
	fill := strings.NewReplacer("{collection}", collections.Agents, "{id}", h.id(collections.Worker), "{key}", "x.zip")
	for guard, want := range map[string]bool{api.Superusers: true, api.SwitchedOff: false} {
		for _, route := range api.Foreign()[guard] {
			method, path, _ := strings.Cut(route, " ")
			for _, role := range roles() {
				if role == collections.Super && want {
					continue // what a superuser may is PocketBase's to test
				}
				got := h.ask(role, method, fill.Replace(path), map[string]any{})
				assert.Contains(t, []int{401, 403, 404}, got.Code, "%s: %s: %s", collections.Roles()[role], route, got.Body)
			}
		}
	}
}
