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
		e.Result.Items = pick(e.Records, wanted)
		q.Del("fields")
		e.Request.URL.RawQuery = q.Encode()
		delete(info.Query, "expand") // done
		e.Records = e.Records[:1]    // none would count as a failed search
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

// picker gives records the form of an answer with the wanted fields only. One
// record may be named by several.
type picker struct {
	wanted map[string][]string
	hidden map[string][]string // by relation, as wanted
	done   map[*core.Record]map[string]any
}

// pick hides what is not wanted of the records and of those that they name.
// Maps are written as they are; a record would be written twice.
func pick(records []*core.Record, wanted map[string][]string) []map[string]any {
	p := picker{wanted, map[string][]string{}, map[*core.Record]map[string]any{}}
	out := make([]map[string]any, len(records))
	for i, r := range records {
		named := r.Expand()
		r.Hide(core.FieldNameExpand)
		out[i] = p.export("", r)
		if _, itself := wanted[""]; named == nil || len(wanted) == 1 && itself {
			continue
		}
		shown := map[string]any{}
		for relation, value := range named {
			if _, ok := wanted[relation]; ok {
				shown[relation] = p.exportNamed(relation, value)
			}
		}
		out[i][core.FieldNameExpand] = shown
	}
	return out
}

func (p picker) exportNamed(relation string, expanded any) any {
	switch v := expanded.(type) {
	case *core.Record:
		return p.export(relation, v)
	case []*core.Record:
		list := make([]map[string]any, len(v))
		for i, r := range v {
			list[i] = p.export(relation, r)
		}
		return list
	}
	return expanded
}

func (p picker) export(relation string, r *core.Record) map[string]any {
	if known, ok := p.done[r]; ok {
		return known
	}
	if p.hidden[relation] == nil {
		p.hidden[relation] = others(r.Collection(), p.wanted[relation])
	}
	r.Hide(p.hidden[relation]...)
	p.done[r] = r.PublicExport()
	return p.done[r]
}

// others are the names in a record of a collection besides the wanted ones.
func others(c *core.Collection, wanted []string) []string {
	names := append(c.Fields.FieldNames(), core.FieldNameCollectionId, core.FieldNameCollectionName)
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(wanted, name) })
}
