package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/router"
)

// readBody decodes a JSON body into a struct. A field that the struct does not
// have is refused, so that a slip of the pen is seen and nothing is set that
// nobody checks (SECURITY-REQUIREMENTS B7). No body is an empty one.
func readBody(e *core.RequestEvent, into any) error {
	raw, err := io.ReadAll(e.Request.Body)
	if err != nil {
		return unreadable(e, err)
	}
	if body, ok := e.Request.Body.(router.Rereader); ok {
		body.Reread() // PocketBase reads it again for its rules
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return unreadable(e, err)
	}
	if d.More() {
		return unreadable(e, nil)
	}
	return nil
}

func unreadable(e *core.RequestEvent, err error) error {
	var refused *router.ApiError
	if errors.As(err, &refused) { // too deep or too large
		return refused
	}
	return e.BadRequestError("The request could not be read. It is JSON with the fields of this route and no others.", err)
}
