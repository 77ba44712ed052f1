package collections

import "github.com/pocketbase/pocketbase/core"

// access holds the five rules of a collection. nil is superusers only.
type access struct{ list, view, create, update, remove *string }

func (a access) apply(c *core.Collection) {
	c.ListRule, c.ViewRule, c.CreateRule, c.UpdateRule, c.DeleteRule = a.list, a.view, a.create, a.update, a.remove
}

func rule(s string) *string { return &s }

// Building blocks of the rules. Only collectionName and id of the caller are
// bound as constants by PocketBase; role and teams cost a join, so they occur
// on small collections only (POCKETBASE.md §4).
const (
	anAgent     = `@request.auth.collectionName = "agents"`
	aRequester  = `@request.auth.collectionName = "requesters"`
	anAdmin     = anAgent + ` && @request.auth.role = "admin"`
	aLead       = anAgent + ` && (@request.auth.role = "lead" || @request.auth.role = "admin")`
	signedIn    = `@request.auth.id != ""`
	openToAgent = `(` + anAgent + ` && (confidential = false || allowed ~ @request.auth.id))`
	ownTicket   = `(` + aRequester + ` && (requester = @request.auth.id || allowed_requesters ~ @request.auth.id))`
)

// readByAgents is for lists that every agent reads and administrators keep.
func readByAgents() access {
	return access{list: rule(anAgent), view: rule(anAgent), create: rule(anAdmin), update: rule(anAdmin), remove: rule(anAdmin)}
}

// readByAll is for lists whose labels requesters see too.
func readByAll() access {
	return access{list: rule(signedIn), view: rule(signedIn), create: rule(anAdmin), update: rule(anAdmin), remove: rule(anAdmin)}
}
