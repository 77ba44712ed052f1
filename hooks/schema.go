package hooks

import (
	"fmt"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
)

// bindSchema keeps whole what the product needs, while an administrator adds
// collections and fields in the dashboard.
func (d *Desk) bindSchema(app core.App) {
	on(app.OnCollectionUpdateRequest(), "schema.update", func(e *core.CollectionRequestEvent) error {
		stored, err := e.App.FindCollectionByNameOrId(e.Collection.Id)
		if err != nil {
			return err
		}
		if why := collections.Breaks(stored, e.Collection); why != "" {
			return e.BadRequestError(why, nil)
		}
		return e.Next()
	})
	on(app.OnCollectionDeleteRequest(), "schema.delete", func(e *core.CollectionRequestEvent) error {
		if collections.Owns(e.Collection.Id) {
			return e.BadRequestError(fmt.Sprintf("The desk needs the collection %s.", e.Collection.Name), nil)
		}
		return e.Next()
	})
	on(app.OnCollectionsImportRequest(), "schema.import", func(e *core.CollectionsImportRequestEvent) error {
		if e.DeleteMissing {
			return e.BadRequestError("Collections are imported one beside the other: switch off the removal of missing ones.", nil)
		}
		for _, c := range e.CollectionsData {
			for _, key := range []string{"id", "name"} {
				text, _ := c[key].(string)
				if known, err := e.App.FindCachedCollectionByNameOrId(text); err == nil && (collections.Owns(known.Id) || known.System) {
					return e.BadRequestError(fmt.Sprintf("The desk keeps the collection %s itself. Leave it out.", known.Name), nil)
				}
			}
		}
		return e.Next()
	})
}
