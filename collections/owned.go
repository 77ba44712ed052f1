package collections

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/pocketbase/pocketbase/core"
)

// Owns says whether a collection is the desk's own, by its id.
func Owns(collectionID string) bool {
	for _, t := range tables {
		if id(t.name) == collectionID {
			return true
		}
	}
	return false
}

// Breaks says why a changed collection would no longer serve the desk, "" if
// it does. Further fields, help texts, labels and wider bounds are welcome.
func Breaks(stored, changed *core.Collection) string {
	if !Owns(stored.Id) {
		return ""
	}
	if stored.Name != changed.Name {
		return fmt.Sprintf("The desk needs the name %s.", stored.Name)
	}
	for name, pair := range map[string][2]*string{
		"list": {stored.ListRule, changed.ListRule}, "view": {stored.ViewRule, changed.ViewRule}, "create": {stored.CreateRule, changed.CreateRule},
		"update": {stored.UpdateRule, changed.UpdateRule}, "delete": {stored.DeleteRule, changed.DeleteRule},
		"auth": {stored.AuthRule, changed.AuthRule}, "manage": {stored.ManageRule, changed.ManageRule},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			return fmt.Sprintf("The %s rule of %s is part of the desk: who sees what is set by roles, teams and confidential tickets.", name, stored.Name)
		}
	}
	for _, f := range stored.Fields {
		if !strings.HasPrefix(f.GetId(), "f_"+stored.Name+"_") && !f.GetSystem() {
			continue // an administrator's own
		}
		if why := breaksField(f, changed.Fields.GetById(f.GetId())); why != "" {
			return why
		}
	}
	return ""
}

func breaksField(f, changed core.Field) string {
	switch {
	case changed == nil:
		return fmt.Sprintf("The desk needs the field %s.", f.GetName())
	case changed.GetName() != f.GetName():
		return fmt.Sprintf("The desk needs the name of the field %s.", f.GetName())
	case changed.Type() != f.Type():
		return fmt.Sprintf("The field %s keeps its type.", f.GetName())
	case changed.GetHidden() != f.GetHidden():
		return fmt.Sprintf("Who sees the field %s is part of the desk.", f.GetName())
	}
	switch was := f.(type) {
	case *core.RelationField:
		if is, ok := changed.(*core.RelationField); ok && (is.CollectionId != was.CollectionId || is.IsMultiple() != was.IsMultiple() || is.CascadeDelete != was.CascadeDelete) {
			return fmt.Sprintf("The relation %s keeps its target and form.", f.GetName())
		}
	case *core.FileField:
		if is, ok := changed.(*core.FileField); ok && (!is.Protected || len(is.Thumbs) > 0) {
			return fmt.Sprintf("The files of %s stay protected and without thumbnails.", f.GetName())
		}
	case *core.SelectField:
		is, _ := changed.(*core.SelectField)
		for _, v := range was.Values {
			if is == nil || !slices.Contains(is.Values, v) {
				return fmt.Sprintf("The desk needs the value %s of %s.", v, f.GetName())
			}
		}
	}
	return ""
}
