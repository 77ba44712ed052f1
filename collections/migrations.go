package collections

import (
	"encoding/json"
	"fmt"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/itil"
)

// Migration is one step of the schema. Steps are append-only once released;
// the name is the key under which PocketBase remembers that a step ran.
type Migration struct {
	Name string
	Up   func(core.App) error
}

// Migrations lists every step, oldest first.
func Migrations() []Migration {
	return []Migration{
		{"0001_desk", buildDesk},
		{"0002_lists", fillLists},
		{"0003_house", buildHouse},
		{"0004_repeats", buildRepeats},
	}
}

// Register hands the steps to PocketBase. Calling it twice changes nothing.
func Register() {
	for _, m := range Migrations() {
		if !registered(m.Name) {
			core.AppMigrations.Add(&core.Migration{File: m.Name, Up: m.Up})
		}
	}
}

func registered(name string) bool {
	for _, m := range core.AppMigrations.Items() {
		if m.File == name {
			return true
		}
	}
	return false
}

// tables in the order in which their relations allow them to be made.
var tables = []table{
	teamsTable, agentsTable, organizationsTable, requestersTable, servicesTable, categoriesTable,
	holdReasonsTable, resolutionCodesTable, priorityMatrixTable, statusesTable, settingsTable,
	mailboxesTable, ticketsTable, messagesTable, inboundMailsTable, outboundMailsTable, noticesTable, eventsTable,
}

func buildDesk(app core.App) error {
	if users, err := app.FindCollectionByNameOrId("users"); err == nil {
		if err := app.Delete(users); err != nil {
			return fmt.Errorf("remove users: %w", err)
		}
	}
	for _, t := range tables {
		if err := t.build(app); err != nil {
			return fmt.Errorf("build %s: %w", t.name, err)
		}
	}
	for _, q := range []string{
		`CREATE TABLE IF NOT EXISTS _counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS _message_refs (ref TEXT NOT NULL, ticket TEXT NOT NULL, PRIMARY KEY (ref, ticket)) WITHOUT ROWID`,
	} {
		if _, err := app.DB().NewQuery(q).Execute(); err != nil {
			return err
		}
	}
	return protectEvents(app)
}

type label struct {
	En string `json:"en"`
	Zh string `json:"zh"`
}

func fillLists(app core.App) error {
	add := func(collection string, values map[string]any) error {
		c, err := app.FindCollectionByNameOrId(collection)
		if err != nil {
			return err
		}
		r := core.NewRecord(c)
		r.Load(values)
		return app.Save(r)
	}
	coded := func(code string, l label, order int, more map[string]any) map[string]any {
		text, _ := json.Marshal(l) // two strings always marshal
		values := map[string]any{"code": code, "label": string(text), "order": order, "active": true}
		for k, v := range more {
			values[k] = v
		}
		return values
	}
	rows := []struct {
		collection string
		values     map[string]any
	}{
		{HoldReasons, coded(itil.AwaitingRequester, label{"Waiting for requester", "等待请求人"}, 1, map[string]any{"wake_days": 5})},
		{HoldReasons, coded(itil.AwaitingSupplier, label{"Waiting for supplier", "等待供应商"}, 2, map[string]any{"wake_days": 5})},
		{HoldReasons, coded(itil.AwaitingChange, label{"Waiting for change", "等待变更"}, 3, map[string]any{"wake_days": 10})},
		{HoldReasons, coded(itil.Scheduled, label{"Scheduled", "已排期"}, 4, nil)},
		{ResolutionCodes, coded("solved", label{"Solved", "已解决"}, 1, map[string]any{"ends": "resolved"})},
		{ResolutionCodes, coded("workaround", label{"Workaround given", "已提供临时方案"}, 2, map[string]any{"ends": "resolved"})},
		{ResolutionCodes, coded("advice", label{"Advice given", "已给予指导"}, 3, map[string]any{"ends": "resolved"})},
		{ResolutionCodes, coded("no_fault", label{"No fault found", "未发现故障"}, 4, map[string]any{"ends": "resolved"})},
		{ResolutionCodes, coded("not_reproducible", label{"Not reproducible", "无法重现"}, 5, map[string]any{"ends": "resolved"})},
		{ResolutionCodes, coded(itil.CodeDuplicate, label{"Duplicate", "重复"}, 10, map[string]any{"ends": "cancelled"})},
		{ResolutionCodes, coded(itil.CodeSpam, label{"Spam", "垃圾邮件"}, 11, map[string]any{"ends": "cancelled"})},
		{ResolutionCodes, coded(itil.CodeWithdrawn, label{"Withdrawn", "已撤回"}, 12, map[string]any{"ends": "cancelled"})},
		{ResolutionCodes, coded(itil.CodeConverted, label{"Converted", "已转换"}, 13, map[string]any{"ends": "cancelled"})},
		{Settings, map[string]any{"name": "Help desk", "locale": "en", "timezone": "UTC", "reopen_days": 7, "close_days": 5,
			"max_mail_mb": 50, "sender_quota": 500, "ack_quota": 5, "auto_quota": 1000, "acknowledge": true}},
	}
	for _, r := range rows {
		if err := add(r.collection, r.values); err != nil {
			return fmt.Errorf("fill %s: %w", r.collection, err)
		}
	}
	for cell, p := range itil.DefaultMatrix() {
		code := fmt.Sprintf("%d-%d", cell[0], cell[1])
		values := coded(code, label{code, code}, int(cell[0])*10+int(cell[1]), map[string]any{"impact": int(cell[0]), "urgency": int(cell[1]), "priority": p})
		if err := add(PriorityMatrix, values); err != nil {
			return fmt.Errorf("fill %s: %w", PriorityMatrix, err)
		}
	}
	return nil
}
