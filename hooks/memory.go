package hooks

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
)

// bindMemory lets the lists that every write reads be kept in memory, and
// forgets them when one changes: inside its transaction and at its end.
func (d *Desk) bindMemory(app core.App) {
	collections.Remember(app)
	inside := func(e *core.RecordEvent) error {
		err := e.Next()
		collections.Forget(e.App)
		return err
	}
	names := collections.Remembered
	on(app.OnRecordCreateExecute(names...), "memory.create", inside)
	on(app.OnRecordUpdateExecute(names...), "memory.update", inside)
	on(app.OnRecordDeleteExecute(names...), "memory.delete", inside)
	after := func(e *core.RecordEvent) error { collections.Forget(e.App); return e.Next() }
	on(app.OnRecordAfterCreateSuccess(names...), "memory.created", after)
	on(app.OnRecordAfterUpdateSuccess(names...), "memory.updated", after)
	on(app.OnRecordAfterDeleteSuccess(names...), "memory.deleted", after)
	failed := func(e *core.RecordErrorEvent) error { collections.Forget(e.App); return e.Next() }
	on(app.OnRecordAfterCreateError(names...), "memory.not_created", failed)
	on(app.OnRecordAfterUpdateError(names...), "memory.not_updated", failed)
	on(app.OnRecordAfterDeleteError(names...), "memory.not_deleted", failed)
	on(app.OnCollectionAfterUpdateSuccess(), "memory.schema", func(e *core.CollectionEvent) error { collections.Forget(e.App); return e.Next() })
}
