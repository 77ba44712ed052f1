package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/itil"
	"github.com/deskbell/deskbell/mail/link"
)

// Mailboxes are the routes about mail servers.
type Mailboxes struct {
	// Status is the state of every mailbox that is watched, by id.
	Status func() any
	// Test tries the servers of a mailbox that need not be stored.
	Test func(ctx context.Context, b collections.Mailbox, report func(link.Step)) error
}

// Bind adds the routes, for administrators only.
func (m Mailboxes) Bind(e *core.ServeEvent) {
	admins := e.Router.Group("/api/desk/mailboxes")
	admins.Bind(apis.RequireAuth(collections.Agents))
	admins.BindFunc(adminsOnly)
	admins.GET("/status", m.status)
	admins.POST("/{id}/test", m.test)
}

// status answers GET /api/desk/mailboxes/status: {id: {phase, at, next_at,
// taken, idle, code, cause, cure, temporary}}.
func (m Mailboxes) status(e *core.RequestEvent) error {
	return e.JSON(http.StatusOK, m.Status())
}

type stepLine struct {
	Server string `json:"server"`
	Step   string `json:"step"`
	OK     bool   `json:"ok"`
	Ms     int64  `json:"ms"`
	Note   string `json:"note"`
	Code   string `json:"code"`
	Cause  string `json:"cause"`
	Cure   string `json:"cure"`
}

// test answers POST /api/desk/mailboxes/{id}/test with the fields of a
// mailbox: one JSON line a step as it ends. id is a stored mailbox, whose
// secrets serve where the body has none, or "test".
func (m Mailboxes) test(e *core.RequestEvent) error {
	b, err := testBox(e)
	if err != nil {
		return err
	}
	h := e.Response.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("X-Accel-Buffering", "no")
	enc := json.NewEncoder(e.Response)
	line := func(l stepLine) {
		if err := enc.Encode(l); err == nil {
			_ = e.Flush() // the reader is gone: the test ends with its context
		}
	}
	err = m.Test(e.Request.Context(), b, func(s link.Step) {
		l := stepLine{Server: s.Server, Step: s.Name, OK: s.OK, Ms: s.Duration.Milliseconds(), Note: s.Note}
		if s.Trouble != nil {
			l.Code, l.Cause, l.Cure = s.Trouble.Code, s.Trouble.Cause, s.Trouble.Cure
		}
		line(l)
	})
	if err != nil {
		e.App.Logger().Error("connection test failed", "error", err)
		line(stepLine{Step: "test", Code: "unexpected", Cause: "The test could not be made.", Cure: "Look at the log."})
	}
	return nil
}

func testBox(e *core.RequestEvent) (collections.Mailbox, error) {
	c, err := e.App.FindCachedCollectionByNameOrId(collections.Mailboxes)
	if err != nil {
		return collections.Mailbox{}, e.InternalServerError("", err)
	}
	row := core.NewRecord(c)
	if id := e.Request.PathValue("id"); id != "test" {
		stored, err := e.App.FindRecordById(c, id)
		if err != nil {
			return collections.Mailbox{}, e.NotFoundError("", nil)
		}
		row = stored
	}
	body := map[string]any{}
	if err := readBody(e, &body); err != nil {
		return collections.Mailbox{}, err
	}
	for name, v := range body {
		if c.Fields.GetByName(name) == nil {
			return collections.Mailbox{}, fieldError(e, &itil.Refusal{Field: name, Code: "field_unknown", Message: "A mailbox has no field " + name + "."})
		}
		if name != "id" {
			row.Set(name, v)
		}
	}
	b := collections.AsMailbox(row)
	if b.Address() == "" {
		return b, fieldError(e, &itil.Refusal{Field: "address", Code: "address_missing", Message: "Enter the address of the mailbox."})
	}
	return b, nil
}
