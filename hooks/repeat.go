package hooks

import (
	"net/http"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
)

// longestKey bounds an Idempotency-Key (chosen; a UUID has 36).
const longestKey = 200

// bindRepeats lets a caller send the same request again without making a
// second ticket or message: the header Idempotency-Key names the request, and
// within a day the same key of the same caller answers the same record (J1).
func (d *Desk) bindRepeats(app core.App) {
	on(app.OnRecordCreateRequest(collections.Tickets, collections.Messages), "repeat.request", d.askOnce)
	on(app.OnRecordCreate(collections.Tickets, collections.Messages), "repeat.note", d.makeOnce)
}

func (d *Desk) askOnce(e *core.RecordRequestEvent) error {
	key := e.Request.Header.Get("Idempotency-Key")
	if key == "" || e.Auth == nil {
		return e.Next()
	}
	if len(key) > longestKey {
		return e.BadRequestError("The Idempotency-Key is too long.", nil)
	}
	once := collections.Once{Caller: e.Auth.Collection().Id + "/" + e.Auth.Id, Collection: e.Collection.Name, Key: key}
	if answered, err := d.answerAgain(e, once); answered || err != nil {
		return err
	}
	collections.SetOnce(e.Record, once)
	err := e.Next()
	if err == nil || e.Written() {
		return err
	}
	if answered, again := d.answerAgain(e, once); answered { // its twin was quicker
		return again
	}
	return err
}

// answerAgain answers what the request made before, if it did.
func (d *Desk) answerAgain(e *core.RecordRequestEvent, once collections.Once) (bool, error) {
	id, err := once.Find(e.App, d.now())
	if err != nil || id == "" {
		return false, err
	}
	r, err := e.App.FindRecordById(e.Collection, id)
	if err != nil {
		return true, e.NotFoundError("", nil) // taken back meanwhile
	}
	info, err := e.RequestInfo()
	if err != nil {
		return true, err
	}
	if ok, err := e.App.CanAccessRecord(r, info, e.Collection.ViewRule); err != nil || !ok {
		return true, e.NotFoundError("", nil)
	}
	if err := apis.EnrichRecord(e.RequestEvent, r); err != nil {
		return true, err
	}
	return true, e.JSON(http.StatusOK, r)
}

// makeOnce notes in the transaction that makes the record which request made
// it. The second of two at the same time fails here, and is undone whole.
func (d *Desk) makeOnce(e *core.RecordEvent) error {
	once, ok := collections.OnceOf(e.Record)
	if !ok {
		return e.Next()
	}
	return inTransaction(e, func(tx core.App) error {
		if err := e.Next(); err != nil {
			return err
		}
		return once.Note(tx, e.Record.Id, d.now())
	})
}
