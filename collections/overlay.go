package collections

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/pocketbase/pocketbase/core"
)

// Overlay gives every field that the record did not change the stored value,
// because a save writes all columns: two stale copies that change different
// fields both survive.
func Overlay(stored, r *core.Record) {
	before := r.Original()
	for _, f := range r.Collection().Fields {
		name := f.GetName()
		if f.Type() == core.FieldTypeAutodate || name == core.FieldNameId {
			continue
		}
		if reflect.DeepEqual(r.Get(name), before.Get(name)) {
			r.SetRaw(name, stored.GetRaw(name))
		}
	}
}

// Keep puts fields back to their stored values.
func Keep(stored, r *core.Record, names ...string) {
	for _, name := range names {
		r.SetRaw(name, stored.GetRaw(name))
	}
}

// concealed stands in events for the value of a secret.
const concealed = "•••"

// Changes lists what differs between two states of a record, as
// field → [before, after]. Secrets, hidden fields and stamps are left out.
func Changes(was, is *core.Record) map[string]any {
	out := map[string]any{}
	for _, f := range is.Collection().Fields {
		name := f.GetName()
		if f.Type() == core.FieldTypeAutodate || f.Type() == core.FieldTypePassword || f.GetHidden() || name == "version" {
			continue
		}
		before, after := was.Get(name), is.Get(name)
		if f.Type() == core.FieldTypeFile {
			before, after = was.GetStringSlice(name), is.GetStringSlice(name)
		}
		if reflect.DeepEqual(before, after) {
			continue
		}
		if is.Collection().Name == Mailboxes && slices.Contains(MailboxSecrets, name) {
			before, after = concealed, concealed // not even sealed
		}
		out[name] = []any{before, after}
	}
	return out
}

const cleanKey = "@deskbell_clean"

// MarkClean notes that the HTML of a message is sanitised already.
func MarkClean(r *core.Record) { r.SetRaw(cleanKey, true) }

// IsClean reads that note.
func IsClean(r *core.Record) bool { return r.GetRaw(cleanKey) == true }

const (
	versionKey = "@deskbell_version"
	effectsKey = "@deskbell_effects"
)

// ExpectVersion notes the version on which a client based its change.
func ExpectVersion(r *core.Record, version int) { r.SetRaw(versionKey, version) }

// ExpectedVersion reads that note.
func ExpectedVersion(r *core.Record) (int, bool) {
	v, ok := r.GetRaw(versionKey).(int)
	return v, ok
}

// Effects are fields that follow from other events and that no client sets:
// name → value. The gate puts everything else of that kind back.
type Effects map[string]any

// SetEffects notes effects on a ticket that is about to be saved.
func SetEffects(r *core.Record, e Effects) { r.SetRaw(effectsKey, e) }

// Hold says whether a record holds these effects already, as stored.
func Hold(r *core.Record, e Effects) bool {
	for name, value := range e {
		if r.GetString(name) != fmt.Sprint(value) {
			return false
		}
	}
	return true
}

// EffectsOf reads that note.
func EffectsOf(r *core.Record) Effects {
	e, _ := r.GetRaw(effectsKey).(Effects)
	return e
}
