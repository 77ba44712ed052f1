package hooks

import (
	"slices"
	"strings"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
)

// bindFields answers lists of tickets with the fields that were asked for by
// hiding the others. PocketBase writes each record as JSON, reads it back and
// compares every name in it with every name that was asked for, which took
// three quarters of the time of a queue.
func (d *Desk) bindFields(app core.App) {
	on(app.OnRecordsListRequest(collections.Tickets), "fields.list", func(e *core.RecordsListRequestEvent) error {
		q := e.Request.URL.Query()
		wanted, ok := plainFields(q.Get("fields"))
		if !ok || len(e.Records) == 0 || e.HasSuperuserAuth() {
			return e.Next()
		}
		info, err := e.RequestInfo()
		if err != nil {
			return err
		}
		if err := apis.EnrichRecords(e.RequestEvent, e.Records); err != nil {
			return err
		}
		showOnly(e.Records, wanted)
		q.Del("fields")
		e.Request.URL.RawQuery = q.Encode()
		delete(info.Query, "expand") // done
		return e.Next()
	})
}

// plainFields reads a list such as "id,subject,expand.team.name" into names
// by relation, "" for the record itself. It answers false for what only
// PocketBase's own picker can do.
func plainFields(list string) (map[string][]string, bool) {
	if list == "" || strings.ContainsAny(list, ":*(") {
		return nil, false
	}
	wanted := map[string][]string{}
	for name := range strings.SplitSeq(list, ",") {
		parts := strings.Split(strings.TrimSpace(name), ".")
		switch {
		case len(parts) == 1 && parts[0] != core.FieldNameExpand:
			wanted[""] = append(wanted[""], parts[0])
		case len(parts) == 3 && parts[0] == core.FieldNameExpand:
			wanted[parts[1]] = append(wanted[parts[1]], parts[2])
		default:
			return nil, false
		}
	}
	return wanted, true
}

// showOnly hides what is not wanted of the records and of those that they
// name. One record may be named by several.
func showOnly(records []*core.Record, wanted map[string][]string) {
	hidden, done := map[string][]string{}, map[*core.Record]bool{}
	hide := func(relation string, r *core.Record) {
		if done[r] {
			return
		}
		done[r] = true
		if hidden[relation] == nil {
			hidden[relation] = others(r.Collection(), wanted[relation])
		}
		r.Hide(hidden[relation]...)
	}
	for _, r := range records {
		shown := map[string]any{}
		for relation, value := range r.Expand() {
			if _, ok := wanted[relation]; ok {
				shown[relation] = value
				for _, named := range expandedTo(value) {
					hide(relation, named)
				}
			}
		}
		if len(r.Expand()) > 0 {
			r.SetExpand(shown)
		}
		if _, itself := wanted[""]; len(wanted) == 1 && itself {
			r.Hide(core.FieldNameExpand)
		}
		hide("", r)
	}
}

// others are the names in a record of a collection besides the wanted ones.
func others(c *core.Collection, wanted []string) []string {
	names := append(c.Fields.FieldNames(), core.FieldNameCollectionId, core.FieldNameCollectionName)
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(wanted, name) })
}

func expandedTo(expanded any) []*core.Record {
	switch v := expanded.(type) {
	case *core.Record:
		return []*core.Record{v}
	case []*core.Record:
		return v
	}
	return nil
}
