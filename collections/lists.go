package collections

import (
	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/itil"
)

var servicesTable = table{
	name: Services,
	fields: func(f *fields) {
		f.text("name", 200, required, presentable)
		f.one("owner", Agents)
		f.choice("status", false, "operational", "degraded", "outage", "maintenance")
		f.choice("criticality", false, "low", "medium", "high", "critical")
		f.one("team", Teams)
	},
	access:  readByAll(),
	indexes: []index{{"idx_services_name", true, "name COLLATE NOCASE", ""}},
}

var categoriesTable = table{
	name: Categories,
	fields: func(f *fields) {
		f.text("name", 200, required, presentable)
		f.one("parent", Categories)
		f.one("team", Teams)
	},
	access: readByAll(),
}

// coded adds what every list of codes has.
func coded(f *fields) {
	f.text("code", 60, required, presentable, help("Stored on the ticket; do not change it once used."))
	f.json("label", 5_000) // {"en": "…", "zh": "…"}
	f.number("order", 0, 0)
	f.flag("active", "Only active rows are offered and accepted.")
}

var holdReasonsTable = table{
	name: HoldReasons,
	fields: func(f *fields) {
		coded(f)
		f.number("wake_days", 0, 365) // business days until wake_at when none is given; 0: must be given
	},
	access:  readByAll(),
	indexes: []index{{"idx_hold_reasons_code", true, "code", ""}},
}

var resolutionCodesTable = table{
	name: ResolutionCodes,
	fields: func(f *fields) {
		coded(f)
		f.choice("ends", true, "resolved", "cancelled")
	},
	access:  readByAll(),
	indexes: []index{{"idx_resolution_codes_code", true, "code", ""}},
}

var priorityMatrixTable = table{
	name: PriorityMatrix,
	fields: func(f *fields) {
		coded(f)
		f.number("impact", 1, 4)
		f.number("urgency", 1, 4)
		f.number("priority", 1, 4)
	},
	access:  readByAll(),
	indexes: []index{{"idx_priority_matrix_cell", true, "impact, urgency", ""}},
}

var statusesTable = table{
	name: Statuses,
	fields: func(f *fields) {
		coded(f)
		f.choice("kind", true, "incident", "request", "problem", "change", "release")
		f.text("state", 40, required, help("The core state that this status refines."))
		f.flag("default", "Set when a ticket enters the state.")
		f.choice("colour", false, "neutral", "accent", "met", "risk", "breach", "paused")
	},
	access:  readByAll(),
	indexes: []index{{"idx_statuses_code", true, "kind, code", ""}},
}

var settingsTable = table{
	name: Settings,
	fields: func(f *fields) {
		f.text("name", 200, presentable, help("Name of the organisation, shown in mails and on the portal."))
		f.text("public_url", 500, help("Address under which people reach the desk, for links in mails."))
		f.text("locale", 10)
		f.text("timezone", 60)
		f.number("reopen_days", 0, 365)  // calendar days in which a resolved ticket may be reopened
		f.number("close_days", 0, 365)   // business days after which a resolved ticket closes
		f.number("max_mail_mb", 1, 1024) // larger mails stay on the server
		f.number("sender_quota", 0, 0)   // mails an hour from one unknown sender before quarantine
		f.number("total_quota", 0, 0)    // mails an hour in all before quarantine; 0: none
		f.number("ack_quota", 0, 0)      // acknowledgements an hour to one sender
		f.number("auto_quota", 0, 0)     // acknowledgements and notices an hour in all
		f.flag("acknowledge", "Answer each new ticket that comes by mail with its number.")
	},
	access: access{list: rule(anAgent), view: rule(anAgent), update: rule(anAdmin)},
}

// FindCode finds an active row of a list of codes.
func FindCode(app core.App, list, code string) (*core.Record, error) {
	return app.FindFirstRecordByFilter(list, "code = {:code} && active = true", map[string]any{"code": code})
}

// FindMatrix reads the active rows of the priority matrix. The answer is not
// to be changed.
func FindMatrix(app core.App) (itil.Matrix, error) {
	return remembered(app, PriorityMatrix, func() (itil.Matrix, error) { return readMatrix(app) })
}

func readMatrix(app core.App) (itil.Matrix, error) {
	rows, err := app.FindRecordsByFilter(PriorityMatrix, "active = true", "", 0, 0)
	if err != nil {
		return nil, err
	}
	m := itil.Matrix{}
	for _, r := range rows {
		m[[2]itil.Grade{itil.Grade(r.GetInt("impact")), itil.Grade(r.GetInt("urgency"))}] = r.GetInt("priority")
	}
	return m, nil
}

// IsStatus says whether a code is an active status of a state.
func IsStatus(app core.App, kind itil.Kind, state itil.State, code string) (bool, error) {
	n, err := app.CountRecords(Statuses, dbx.HashExp{"kind": string(kind), "state": string(state), "code": code, "active": true})
	return n > 0, err
}

// DefaultStatus is the code of the status that a ticket gets when it enters a
// state, "" if there is none.
func DefaultStatus(app core.App, kind itil.Kind, state itil.State) (string, error) {
	return remembered(app, Statuses+"/"+string(kind)+"/"+string(state), func() (string, error) { return readDefaultStatus(app, kind, state) })
}

func readDefaultStatus(app core.App, kind itil.Kind, state itil.State) (string, error) {
	rows, err := app.FindRecordsByFilter(Statuses, "kind = {:kind} && state = {:state} && active = true && default = true", "order", 1, 0,
		dbx.Params{"kind": string(kind), "state": string(state)})
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0].GetString("code"), nil
}
