package collections

import "github.com/pocketbase/pocketbase/core"

// access holds the five rules of a collection. nil is superusers only.
type access struct{ list, view, create, update, remove *string }

func (a access) apply(c *core.Collection) {
	c.ListRule, c.ViewRule, c.CreateRule, c.UpdateRule, c.DeleteRule = a.list, a.view, a.create, a.update, a.remove
}

func rule(s string) *string { return &s }

// Building blocks of the rules. Only collectionName, id and verified of the
// caller are bound as constants by PocketBase; role and teams cost a join, so
// they occur on small collections only (POCKETBASE.md §4).
const (
	anAgent     = `@request.auth.collectionName = "agents"`
	aRequester  = `@request.auth.collectionName = "requesters"`
	anAdmin     = anAgent + ` && @request.auth.role = "admin"`
	aLead       = anAgent + ` && (@request.auth.role = "lead" || @request.auth.role = "admin")`
	signedIn    = `@request.auth.id != ""`
	openToAgent = `(` + anAgent + ` && (confidential = false || allowed ~ @request.auth.id))`
	asked       = `requester = @request.auth.id`
	sharedWith  = `(allowed_requesters ~ @request.auth.id || (@request.auth.organization != "" && allowed_requesters ~ @request.auth.organization))`
	// proven keeps what came by mail from somebody who has not shown yet that
	// the address is theirs: From is a claim (C8).
	proven    = `(channel != "email" || @request.auth.verified = true)`
	ownTicket = `(` + aRequester + ` && ` + proven + ` && (` + asked + ` || ` + sharedWith + `))`
	// onOpenTicket is for rows that may belong to a ticket.
	onOpenTicket = `(ticket = "" || ticket.confidential = false || ticket.allowed ~ @request.auth.id)`
)

// messageReaders is who may read, and write, a message of a ticket.
const messageReaders = `(` + openMessage + `) || (` + aRequester +
	` && visibility = "public" && (ticket.channel != "email" || @request.auth.verified = true)` +
	` && (ticket.requester = @request.auth.id || ticket.allowed_requesters ~ @request.auth.id || (@request.auth.organization != "" && ticket.allowed_requesters ~ @request.auth.organization)))`

// openMessage is for agents who may open the ticket of a message.
const openMessage = anAgent + ` && (ticket.confidential = false || ticket.allowed ~ @request.auth.id)`

// onOpenMessage is for rows that may belong to a message.
const onOpenMessage = `(message = "" || message.ticket.confidential = false || message.ticket.allowed ~ @request.auth.id)`

// readByAll is for lists whose labels requesters see too.
func readByAll() access {
	return access{list: rule(signedIn), view: rule(signedIn), create: rule(anAdmin), update: rule(anAdmin), remove: rule(anAdmin)}
}

// RequesterSees lists, for the collections that hold more than a requester
// may know, the fields that a requester may read, filter and sort by. Fields
// that an administrator adds are not in it.
var RequesterSees = map[string][]string{
	Tickets: {"id", "collectionId", "collectionName", "number", "key", "kind", "subject", "description", "state", "requester", "priority", "urgency", "service",
		"category", "channel", "created", "updated", "resolved_at", "closed_at", "last_message_at", "last_speaker", "version", "resolution"},
	Messages: {"id", "collectionId", "collectionName", "ticket", "visibility", "channel", "html", "text", "attachments", "attachment_info", "inbound", "created", "updated",
		"author_requester", "author_name", "blocked_images"},
	Requesters:      {"id", "collectionId", "collectionName", "email", "name", "organization", "locale", "timezone", "phone", "created", "updated", "emailVisibility", "verified"},
	Organizations:   {"id", "collectionId", "collectionName", "name", "created", "updated"},
	Teams:           {"id", "collectionId", "collectionName", "name", "created", "updated"},
	HoldReasons:     {"id", "collectionId", "collectionName", "code", "label", "order", "active", "created", "updated"},
	ResolutionCodes: {"id", "collectionId", "collectionName", "code", "label", "order", "active", "ends", "created", "updated"},
	PriorityMatrix:  {"id", "collectionId", "collectionName", "code", "label", "order", "active", "impact", "urgency", "priority", "created", "updated"},
	Statuses:        {"id", "collectionId", "collectionName", "code", "label", "order", "active", "kind", "state", "default", "colour", "created", "updated"},
	Services:        {"id", "collectionId", "collectionName", "name", "status", "created", "updated"},
	Categories:      {"id", "collectionId", "collectionName", "name", "parent", "created", "updated"},
}
