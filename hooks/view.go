package hooks

import (
	"encoding/json"
	"encoding/json/jsontext"
	"errors"
	"io"
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
		if e.RequestInfo != nil && isRequester(e.RequestInfo.Auth) {
			hideFromRequester(e.Record)
		}
		return e.Next()
	})
}

func isRequester(auth *core.Record) bool {
	return auth != nil && auth.Collection().Name == collections.Requesters
}

// hideFromRequester hides every field of a record that is not a requester's
// to see, those that an administrator added included.
func hideFromRequester(r *core.Record) {
	shown, ok := collections.RequesterSees[r.Collection().Name]
	if !ok {
		return // rules decide: no requester reads it, or all of it is theirs
	}
	for _, f := range r.Collection().Fields {
		if !slices.Contains(shown, f.GetName()) {
			r.Hide(f.GetName())
		}
	}
}

// GuardQueries refuses filters, sorts, fields and expansions by which
// somebody could learn of what they may not read.
func GuardQueries(e *core.RequestEvent) error {
	q := e.Request.URL.Query()
	if strings.HasPrefix(e.Request.URL.Path, "/api/desk/") {
		if isRequester(e.Auth) && q.Has("expand") {
			return refusedQuery()
		}
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
	if err := checkQuery(name, e.Auth, q); err != nil {
		return err
	}
	return e.Next()
}

// checkQuery refuses, of anybody, what would probe the secrets of mailboxes;
// of all but superusers a walk back along relations, because PocketBase
// compares with all rows at its end, the unreadable ones included; and of
// requesters every name that is not listed for them.
func checkQuery(collection string, auth *core.Record, q url.Values) error {
	names, err := queryNames(q)
	if err != nil {
		return err
	}
	shown, listed := collections.RequesterSees[collection]
	for _, name := range names {
		switch {
		case slices.ContainsFunc(strings.Split(name, "."), isSecret):
			return refusedQuery()
		case auth != nil && auth.IsSuperuser():
		case strings.Contains(name, "_via_"):
			return refusedQuery()
		case isRequester(auth) && listed && !slices.Contains(shown, name):
			return refusedQuery()
		}
	}
	if isRequester(auth) && listed {
		for _, name := range listedNames(q, "fields", "expand") {
			if !slices.Contains(shown, name) {
				return refusedQuery()
			}
		}
	}
	return nil
}

func isSecret(name string) bool { return slices.Contains(collections.MailboxSecrets, name) }

// queryNames lists the fields by which a query filters and sorts, without
// modifiers.
func queryNames(q url.Values) ([]string, error) {
	names := listedNames(q, "sort")
	if f := q.Get("filter"); f != "" {
		ids, err := identifiers(f)
		if err != nil {
			return nil, refusedQuery()
		}
		names = append(names, ids...)
	}
	return names, nil
}

func listedNames(q url.Values, params ...string) []string {
	var names []string
	for _, param := range params {
		for name := range strings.SplitSeq(q.Get(param), ",") {
			name = strings.TrimLeft(strings.TrimSpace(name), "+-")
			name, _, _ = strings.Cut(name, ":")
			if name != "" && name != "*" && name != "@random" && name != "@rowid" {
				names = append(names, name)
			}
		}
	}
	return names
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
		case []fexpr.Token: // the arguments of a function
			for _, t := range v {
				walk(t)
			}
		case fexpr.Token:
			switch v.Type {
			case fexpr.TokenIdentifier:
				if name, _, _ := strings.Cut(v.Literal, ":"); !constant(name) {
					names = append(names, name)
				}
			case fexpr.TokenFunction:
				names = append(names, "function:"+v.Literal) // requesters need none
				walk(v.Meta)
			}
		}
	}
	walk(groups)
	return names, nil
}

// constant says whether a name of a filter is a value of the query language.
func constant(name string) bool {
	switch name {
	case "true", "false", "null", "@now", "@yesterday", "@tomorrow", "@second", "@minute", "@hour", "@weekday", "@day", "@month", "@year",
		"@todayStart", "@todayEnd", "@monthStart", "@monthEnd", "@yearStart", "@yearEnd":
		return true
	}
	return false
}

// topicOptions are what a subscription asks for besides its topic.
type topicOptions struct {
	Query map[string]any `json:"query"`
}

// values reads the query in the options of a topic.
func (o topicOptions) values() (url.Values, error) {
	values := url.Values{}
	for k, v := range o.Query {
		s, ok := v.(string)
		if !ok {
			return nil, refusedQuery()
		}
		values.Set(k, s)
	}
	return values, nil
}

func readTopicOptions(raw string) (o topicOptions, err error) {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return o, refusedQuery()
	}
	text := q.Get("options")
	if text == "" {
		return o, nil
	}
	// Exactly one way to read it: names in another case and names that occur
	// twice could be read another way by PocketBase.
	var named map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &named) != nil || json.Unmarshal([]byte(text), &o) != nil || repeats(text) {
		return o, refusedQuery()
	}
	for name := range named {
		if name != "query" && name != "headers" {
			return o, refusedQuery()
		}
	}
	return o, nil
}

// repeats says whether a name occurs twice in the same object.
func repeats(text string) bool {
	dec := jsontext.NewDecoder(strings.NewReader(text)) // refuses such names
	for {
		if _, err := dec.ReadToken(); err != nil {
			return !errors.Is(err, io.EOF)
		}
	}
}
