// Package collections says what is stored: one file per collection with its
// schema, its access rules, a typed view and named queries. Names of fields
// and texts of filters occur here and nowhere else.
package collections

import (
	"slices"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"
)

// The collections, by name.
const (
	Agents          = "agents"
	Requesters      = "requesters"
	Organizations   = "organizations"
	Teams           = "teams"
	Services        = "services"
	Categories      = "categories"
	Tickets         = "tickets"
	Messages        = "messages"
	Events          = "events"
	Notices         = "notices"
	HoldReasons     = "hold_reasons"
	ResolutionCodes = "resolution_codes"
	PriorityMatrix  = "priority_matrix"
	Statuses        = "statuses"
	Mailboxes       = "mailboxes"
	InboundMails    = "inbound_mails"
	OutboundMails   = "outbound_mails"
	Settings        = "settings"
)

// id gives a collection its fixed id, so that a rename keeps data and
// relations. It never changes once released.
func id(name string) string { return "dsk_" + name }

// fields builds the fields of one collection. Each gets the fixed id
// "<collection>_<field>".
type fields struct {
	collection string
	list       []core.Field
}

func (f *fields) id(name string) string { return "f_" + f.collection + "_" + name }

func (f *fields) text(name string, maxLen int, opts ...func(*core.TextField)) {
	t := &core.TextField{Id: f.id(name), Name: name, Max: maxLen}
	for _, o := range opts {
		o(t)
	}
	f.list = append(f.list, t)
}

func required(t *core.TextField)    { t.Required = true }
func presentable(t *core.TextField) { t.Presentable = true }
func hidden(t *core.TextField)      { t.Hidden = true }
func help(s string) func(*core.TextField) {
	return func(t *core.TextField) { t.Help = s }
}

func (f *fields) html(name string, maxSize int64) {
	f.list = append(f.list, &core.EditorField{Id: f.id(name), Name: name, MaxSize: maxSize})
}

func (f *fields) number(name string, lowest, highest float64) {
	n := &core.NumberField{Id: f.id(name), Name: name, OnlyInt: true, Min: types.Pointer(lowest)}
	if highest > lowest {
		n.Max = types.Pointer(highest)
	}
	f.list = append(f.list, n)
}

func (f *fields) flag(name, note string) {
	f.list = append(f.list, &core.BoolField{Id: f.id(name), Name: name, Help: note})
}

func (f *fields) date(name string) {
	f.list = append(f.list, &core.DateField{Id: f.id(name), Name: name})
}

func (f *fields) choice(name string, isRequired bool, values ...string) {
	f.list = append(f.list, &core.SelectField{Id: f.id(name), Name: name, Values: values, MaxSelect: 1, Required: isRequired})
}

func (f *fields) one(name, target string) {
	f.list = append(f.list, &core.RelationField{Id: f.id(name), Name: name, CollectionId: id(target), MaxSelect: 1})
}

func (f *fields) needed(name, target string) {
	f.list = append(f.list, &core.RelationField{Id: f.id(name), Name: name, CollectionId: id(target), MaxSelect: 1, Required: true})
}

func (f *fields) many(name, target string) {
	f.list = append(f.list, &core.RelationField{Id: f.id(name), Name: name, CollectionId: id(target), MaxSelect: 999})
}

func (f *fields) json(name string, maxSize int64) {
	f.list = append(f.list, &core.JSONField{Id: f.id(name), Name: name, MaxSize: maxSize})
}

// listFields are the JSON fields that hold a list, by collection.
var listFields = map[string][]string{
	Organizations: {"domains"},
	Tickets:       {"participant_addresses", "tags"},
	Messages:      {"to", "cc", "bcc", "flags", "attachment_info", "thread_why"},
	Mailboxes:     {"authserv_ids"},
	OutboundMails: {"to", "cc", "bcc", "pending"},
	InboundMails:  {"recipients"},
}

// defaults are the values of choices that a new record leaves open.
var defaults = map[string]map[string]string{
	Teams:           {"dispatch": "manual"},
	Services:        {"status": "operational", "criticality": "medium"},
	ResolutionCodes: {"ends": "resolved"},
	Statuses:        {"kind": "incident", "state": "new"},
}

// FillDefaults gives a new record what it leaves open.
func FillDefaults(r *core.Record) {
	for field, value := range defaults[r.Collection().Name] {
		if r.GetString(field) == "" {
			r.Set(field, value)
		}
	}
}

// EmptyLists gives list fields that hold nothing an empty list, so that
// readers need not know null.
func EmptyLists(r *core.Record) {
	for _, name := range listFields[r.Collection().Name] {
		if s := r.GetString(name); s == "" || s == "null" {
			r.Set(name, types.JSONRaw("[]"))
		}
	}
}

func (f *fields) files(name string, count int, maxSize int64) {
	f.list = append(f.list, &core.FileField{Id: f.id(name), Name: name, MaxSelect: count, MaxSize: maxSize, Protected: true})
}

func (f *fields) stamps() {
	f.list = append(f.list,
		&core.AutodateField{Id: f.id("created"), Name: "created", OnCreate: true},
		&core.AutodateField{Id: f.id("updated"), Name: "updated", OnCreate: true, OnUpdate: true})
}

func (f *fields) refersTo(collection string) bool {
	return slices.ContainsFunc(f.list, func(field core.Field) bool {
		r, ok := field.(*core.RelationField)
		return ok && r.CollectionId == collection
	})
}

// table is one collection as the product owns it.
type table struct {
	name    string
	auth    bool
	fields  func(*fields)
	access  access
	indexes []index
	tune    func(*core.Collection)
}

type index struct {
	name    string
	unique  bool
	columns string
	where   string
}

// build lays the table over the collection that is there, or a new one.
// Fields and indexes that an administrator added stay.
func (t table) build(app core.App) error {
	c, err := app.FindCollectionByNameOrId(id(t.name))
	if err != nil {
		if t.auth {
			c = core.NewAuthCollection(t.name, id(t.name))
		} else {
			c = core.NewBaseCollection(t.name, id(t.name))
		}
	}
	f := &fields{collection: t.name}
	t.fields(f)
	f.stamps()
	if c.IsNew() && f.refersTo(c.Id) {
		if err := app.Save(c); err != nil { // a relation needs its target to exist, itself included
			return err
		}
	}
	for _, field := range f.list {
		c.Fields.Add(field)
	}
	for _, ix := range t.indexes {
		c.AddIndex(ix.name, ix.unique, ix.columns, ix.where)
	}
	t.access.apply(c)
	if t.tune != nil {
		t.tune(c)
	}
	return app.Save(c)
}
