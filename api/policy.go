package api

import "github.com/deskbell/deskbell/collections"

// Route is one way in and who may take it. The path is the router's pattern.
type Route struct {
	Method, Path string
	Who          collections.Role
}

// Routes is who may call the desk's own routes: one that is registered
// without a row here fails the tests, which are made from it (B1). Where a
// route names a ticket or a message, it is one that the caller may open.
func Routes() []Route {
	const (
		anyone  = collections.Anonymous | everybody | collections.Super
		agents  = collections.Worker | collections.Leader | collections.Admin | collections.Outsider
		inside  = agents &^ collections.Outsider
		admins  = collections.Admin | collections.Outsider
		members = inside | collections.Asker | collections.Participant
	)
	return []Route{
		{"GET", "/api/desk/ready", anyone},
		{"GET", "/api/desk/setup", anyone},
		{"POST", "/api/desk/setup", anyone}, // the code of the terminal is what guards it
		{"POST", "/api/desk/signout", everybody | collections.Super},
		{"GET", "/api/desk/me", everybody},
		{"GET", "/api/desk/tickets/{key}", members},
		{"GET", "/api/desk/tickets/{key}/steps", members},
		{"GET", "/api/desk/counts", agents},
		{"POST", "/api/desk/people", agents},
		{"GET", "/api/desk/messages/{id}/original", inside},
		{"GET", "/api/desk/image", inside},
		{"GET", "/api/desk/mails/{id}/raw", inside},
		{"GET", "/api/desk/mails", admins},
		{"POST", "/api/desk/mails/{id}/retry", admins},
		{"GET", "/api/desk/mailboxes/status", admins},
		{"POST", "/api/desk/mailboxes/{id}/test", admins},
	}
}

const everybody = collections.Asker | collections.Stranger | collections.Participant | collections.Worker | collections.Outsider | collections.Leader | collections.Admin

// PocketBase's routes by what guards them.
const (
	ByRules      = "the policy of the records"
	Guests       = "the sign-in itself" // limited, and alike for known and unknown
	SignedIn     = "a token"
	Superusers   = "superusers only"
	SwitchedOff  = "nobody"
	OpenToAnyone = "nothing secret is in it"
)

// Foreign lists every route that PocketBase brings along, and what guards it.
// One that a new release adds fails the tests until somebody has looked.
func Foreign() map[string][]string {
	records, auth := "/api/collections/{collection}/records", "/api/collections/{collection}/"
	return map[string][]string{
		ByRules: {"GET " + records, "GET " + records + "/{id}", "POST " + records, "PATCH " + records + "/{id}", "DELETE " + records + "/{id}",
			"GET /api/realtime", "POST /api/realtime", "GET /api/files/{collection}/{recordId}/{filename}"},
		Guests: {"GET " + auth + "auth-methods", "POST " + auth + "auth-with-password", "POST " + auth + "request-otp", "POST " + auth + "auth-with-otp",
			"POST " + auth + "request-password-reset", "POST " + auth + "confirm-password-reset", "POST " + auth + "request-verification",
			"POST " + auth + "confirm-verification", "POST " + auth + "auth-with-oauth2", "GET /api/oauth2-redirect", "POST /api/oauth2-redirect"},
		SignedIn: {"POST " + auth + "auth-refresh", "POST /api/files/token"},
		Superusers: {"POST " + auth + "impersonate/{id}", "GET /api/collections", "POST /api/collections", "GET /api/collections/{collection}",
			"PATCH /api/collections/{collection}", "DELETE /api/collections/{collection}", "DELETE /api/collections/{collection}/truncate",
			"PUT /api/collections/import", "GET /api/collections/meta/scaffolds", "GET /api/collections/meta/oauth2-providers",
			"POST /api/collections/meta/dry-run-view", "GET /api/settings", "PATCH /api/settings", "POST /api/settings/test/s3",
			"POST /api/settings/test/email", "POST /api/settings/apple/generate-client-secret", "GET /api/logs", "DELETE /api/logs", "GET /api/logs/stats",
			"GET /api/logs/{id}", "GET /api/backups", "POST /api/backups", "GET /api/backups/{key}", "DELETE /api/backups/{key}", "GET /api/crons", "POST /api/crons/{id}"},
		SwitchedOff: {"POST /api/sql", "POST /api/batch", "POST /api/backups/upload", "POST /api/backups/{key}/restore",
			"POST " + auth + "request-email-change", "POST " + auth + "confirm-email-change"},
		OpenToAnyone: {"GET /api/health", "GET /_/{path...}", "GET /_/extensions.js", "GET /_/extensions/{path...}", "GET /{path...}"},
	}
}
