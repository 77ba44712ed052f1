package hooks

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ganigeorgiev/fexpr"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
)

// bindView decides which fields leave the house.
func (d *Desk) bindView(app core.App) {
	on(app.OnRecordEnrich(collections.Mailboxes), "mailbox.secrets", func(e *core.RecordEnrichEvent) error {
		for _, field := range collections.MailboxSecrets {
			e.Record.Set(field, "")
		}
		return e.Next()
	})
	on(app.OnRecordEnrich(), "requester.view", func(e *core.RecordEnrichEvent) error {
		if isRequester(e.RequestInfo) {
			if shown, ok := collections.RequesterSees[e.Record.Collection().Name]; ok {
				hideBut(e.Record, shown)
			}
		}
		return e.Next()
	})
	on(app.OnRealtimeSubscribeRequest(), "requester.subscribe", func(e *core.RealtimeSubscribeRequestEvent) error {
		if e.Auth == nil || e.Auth.Collection().Name != collections.Requesters {
			return e.Next()
		}
		for _, topic := range e.Subscriptions {
			if err := checkTopic(topic); err != nil {
				return err
			}
		}
		return e.Next()
	})
}

func isRequester(info *core.RequestInfo) bool {
	return info != nil && info.Auth != nil && info.Auth.Collection().Name == collections.Requesters
}

// hideBut hides every field that is not in the list, those that an
// administrator added included.
func hideBut(r *core.Record, shown []string) {
	for _, f := range r.Collection().Fields {
		if !slices.Contains(shown, f.GetName()) {
			r.Hide(f.GetName())
		}
	}
}

// RequesterQueries refuses filters, sorts, fields and expansions by which a
// requester could learn of columns that are not theirs to see.
func RequesterQueries(e *core.RequestEvent) error {
	if e.Auth == nil || e.Auth.Collection().Name != collections.Requesters {
		return e.Next()
	}
	rest, ok := strings.CutPrefix(e.Request.URL.Path, "/api/collections/")
	if !ok {
		return e.Next()
	}
	name, _, _ := strings.Cut(rest, "/")
	if c, err := e.App.FindCachedCollectionByNameOrId(name); err == nil {
		name = c.Name
	}
	if err := checkQuery(name, e.Request.URL.Query()); err != nil {
		return err
	}
	return e.Next()
}

func checkTopic(topic string) error {
	path, raw, _ := strings.Cut(topic, "?")
	name, _, _ := strings.Cut(path, "/")
	if raw == "" {
		return nil
	}
	q, err := url.ParseQuery(raw)
	if err != nil {
		return refusedQuery()
	}
	var options struct {
		Query map[string]any `json:"query"`
	}
	if o := q.Get("options"); o != "" && json.Unmarshal([]byte(o), &options) != nil {
		return refusedQuery()
	}
	values := url.Values{}
	for k, v := range options.Query {
		s, ok := v.(string)
		if !ok {
			return refusedQuery()
		}
		values.Set(k, s)
	}
	return checkQuery(name, values)
}

func checkQuery(collection string, q url.Values) error {
	shown, ok := collections.RequesterSees[collection]
	if !ok {
		return nil // rules decide; nothing in it is hidden by column
	}
	var names []string
	if f := q.Get("filter"); f != "" {
		ids, err := identifiers(f)
		if err != nil {
			return refusedQuery()
		}
		names = append(names, ids...)
	}
	for _, param := range []string{"sort", "fields", "expand"} {
		for _, name := range strings.Split(q.Get(param), ",") {
			name = strings.TrimLeft(strings.TrimSpace(name), "+-")
			name, _, _ = strings.Cut(name, ":")
			if name != "" && name != "*" && name != "@random" {
				names = append(names, name)
			}
		}
	}
	for _, name := range names {
		if !slices.Contains(shown, strings.SplitN(name, ":", 2)[0]) {
			return refusedQuery()
		}
	}
	return nil
}

func refusedQuery() error {
	return apis.NewApiError(http.StatusBadRequest, "This filter, sort or list of fields names something that is not there.", nil)
}

// identifiers lists the field names of a filter.
func identifiers(filter string) ([]string, error) {
	groups, err := fexpr.Parse(filter)
	if err != nil {
		return nil, err
	}
	var names []string
	var walk func(any)
	walk = func(item any) {
		switch v := item.(type) {
		case []fexpr.ExprGroup:
			for _, g := range v {
				walk(g.Item)
			}
		case fexpr.ExprGroup:
			walk(v.Item)
		case fexpr.Expr:
			walk(v.Left)
			walk(v.Right)
		case fexpr.Token:
			switch v.Type {
			case fexpr.TokenIdentifier:
				if !strings.HasPrefix(v.Literal, "@now") && v.Literal != "true" && v.Literal != "false" && v.Literal != "null" {
					names = append(names, v.Literal)
				}
			case fexpr.TokenFunction:
				names = append(names, "function") // none is needed, and each takes fields
			}
		}
	}
	walk(groups)
	return names, nil
}
