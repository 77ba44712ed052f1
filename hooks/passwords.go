package hooks

import (
	"net/http"
	"strings"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/security"

	"github.com/deskbell/deskbell/collections"
)

// FillPasswords spares whoever makes people two fields that PocketBase's form
// asks for: the password's repetition, which only helps people who type, and
// a requester's password, which nobody ever uses.
func FillPasswords(e *core.RequestEvent) error {
	if e.Request.Method != http.MethodPost {
		return e.Next()
	}
	name, ok := strings.CutPrefix(e.Request.URL.Path, "/api/collections/")
	if name, ok = strings.CutSuffix(name, "/records"); !ok {
		return e.Next()
	}
	c, err := e.App.FindCachedCollectionByNameOrId(name)
	if err != nil || c.Name != collections.Agents && c.Name != collections.Requesters {
		return e.Next()
	}
	info, err := e.RequestInfo()
	if err != nil {
		return e.BadRequestError("The request could not be read.", err)
	}
	if c.Name == collections.Requesters && info.Body["password"] == nil {
		info.Body["password"] = security.RandomString(30)
	}
	if info.Body["passwordConfirm"] == nil {
		info.Body["passwordConfirm"] = info.Body["password"]
	}
	return e.Next()
}
