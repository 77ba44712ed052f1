// Package api holds the routes that the record interface cannot say.
package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	validation "github.com/pocketbase/ozzo-validation/v4"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/itil"
)

// House is what the routes of the house need: start, sign-out, readiness and
// the screens.
type House struct {
	Code *collections.SetupCode
	// Ready tells the state of every part; parts is encoded as it is.
	Ready func(ctx context.Context) (ready bool, parts any)
	// EndSession ends the session of a token at once and for good.
	EndSession func(app core.App, auth *core.Record, token string) error
	Screens    *Screens
}

// Bind adds the routes. Anybody may call ready, setup and the screens; the
// code is what guards setup.
func (h House) Bind(e *core.ServeEvent) {
	desk := e.Router.Group("/api/desk")
	desk.GET("/ready", h.ready)
	desk.GET("/setup", h.setupNeeded)
	desk.POST("/setup", h.setup)
	desk.POST("/signout", h.signOut).Bind(apis.RequireAuth())
	e.Router.GET("/{path...}", h.Screens.serve)
}

// ready answers GET /api/desk/ready: 200 {ready, parts} when the desk can do
// its work, else 503 with the same body.
func (h House) ready(e *core.RequestEvent) error {
	ready, parts := h.Ready(e.Request.Context())
	status := http.StatusOK
	if !ready {
		status = http.StatusServiceUnavailable
	}
	return e.JSON(status, map[string]any{"ready": ready, "parts": parts})
}

// setupNeeded answers GET /api/desk/setup: {needed, code} where needed says
// that there is no administrator yet, and code that one can be entered now.
func (h House) setupNeeded(e *core.RequestEvent) error {
	needed, err := collections.SetupNeeded(e.App)
	if err != nil {
		return e.InternalServerError("", err)
	}
	return e.JSON(http.StatusOK, map[string]bool{"needed": needed, "code": needed && h.Code.Open(time.Now())})
}

type setupBody struct {
	Code         string `json:"code"`
	Name         string `json:"name"`
	Email        string `json:"email"`
	Password     string `json:"password"`
	Organization string `json:"organization"`
	URL          string `json:"url"`
	Language     string `json:"language"`
}

// setup answers POST /api/desk/setup: makes the administrator, the
// organisation and the address with the one-time code of the terminal. 204,
// or 400 with the field that must change; 403 for a code that does not count;
// 404 once the desk is set up.
func (h House) setup(e *core.RequestEvent) error {
	var body setupBody
	if err := readBody(e, &body); err != nil {
		return err
	}
	run := collections.FirstRun{Name: body.Name, Email: strings.TrimSpace(body.Email), Password: body.Password,
		Organization: body.Organization, URL: strings.TrimSpace(body.URL), Language: body.Language, Source: collections.SourceUI}
	needed, err := collections.SetupNeeded(e.App)
	if err != nil {
		return e.InternalServerError("", err)
	}
	if !needed {
		return e.NotFoundError("", collections.ErrSetUp)
	}
	if err := run.Check(); err != nil { // before the code: a typing error must not use it up
		return fieldError(e, err)
	}
	if !h.Code.Take(body.Code, time.Now()) {
		return e.ForbiddenError("This code does not count, or no longer. The code stands in the terminal in which the desk was started; it works once and for 15 minutes. Start the desk again to get a new one.", nil)
	}
	if err := run.Save(e.App); err != nil {
		return fieldError(e, err)
	}
	return e.NoContent(http.StatusNoContent)
}

// signOut answers POST /api/desk/signout: the session of the token that came
// with the request is over, on every interface. 204.
func (h House) signOut(e *core.RequestEvent) error {
	token := e.Request.Header.Get("Authorization")
	if len(token) > 7 && strings.EqualFold(token[:7], "Bearer ") {
		token = token[7:]
	}
	if err := h.EndSession(e.App, e.Auth, token); err != nil {
		return e.InternalServerError("The session could not be ended. Try again.", err)
	}
	return e.NoContent(http.StatusNoContent)
}

// fieldError answers a refusal in PocketBase's shape.
func fieldError(e *core.RequestEvent, err error) error {
	var refused *itil.Refusal
	if errors.As(err, &refused) {
		return e.BadRequestError(refused.Message, validation.Errors{refused.Field: validation.NewError(refused.Code, refused.Message)})
	}
	if errors.Is(err, collections.ErrSetUp) {
		return e.NotFoundError("", err)
	}
	return e.BadRequestError("", err)
}
