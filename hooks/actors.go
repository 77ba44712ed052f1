package hooks

import (
	"net/http"
	"slices"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail/safehtml"
)

// bindActors stamps every record that comes by HTTP with who sends it. It
// decides nothing.
func (d *Desk) bindActors(app core.App) {
	on(app.OnRecordCreateRequest(), "actor.create", d.stamp)
	on(app.OnRecordUpdateRequest(), "actor.update", d.stamp)
	on(app.OnRecordDeleteRequest(), "actor.delete", d.stamp)
}

func (d *Desk) stamp(e *core.RecordRequestEvent) error {
	collections.SetStamp(e.Record, StampOf(e.RequestEvent))
	return e.Next()
}

// StampOf says who makes a request.
func StampOf(e *core.RequestEvent) collections.Stamp {
	s := collections.Stamp{Source: source(e.Request)}
	if e.Auth == nil {
		s.Name = "anonymous"
		return s
	}
	switch e.Auth.Collection().Name {
	case collections.Agents:
		a := collections.AsAgent(e.Auth)
		s.Agent, s.Name, s.Lead = a.Id, a.Name(), a.Leads()
	case collections.Requesters:
		s.Requester, s.Name = e.Auth.Id, collections.AsRequester(e.Auth).Name()
	case core.CollectionNameSuperusers:
		s.Superuser, s.Name, s.Lead, s.Source = e.Auth.Id, e.Auth.Email(), true, collections.SourceDashboard
	}
	return s
}

// source tells our own screens from scripts by a header that the screens
// send. It is a label for people, not a right.
func source(r *http.Request) string {
	if r.Header.Get("X-Deskbell-Client") == "ui" {
		return collections.SourceUI
	}
	return collections.SourceAPI
}

// sent says whether a request's body names a field. Multipart bodies count.
func sent(e *core.RecordRequestEvent, field string) bool {
	info, err := e.RequestInfo()
	if err != nil {
		return false
	}
	_, ok := info.Body[field]
	return ok
}

// bindShape gives records the shape that readers expect, whoever saves them.
func (d *Desk) bindShape(app core.App) {
	shape := func(e *core.RecordEvent) error {
		collections.EmptyLists(e.Record)
		return e.Next()
	}
	on(app.OnRecordCreateExecute(), "shape.create", shape)
	on(app.OnRecordUpdateExecute(), "shape.update", shape)
}

// bindPeople keeps addresses comparable and gives people their defaults.
func (d *Desk) bindPeople(app core.App) {
	on(app.OnRecordCreateRequest(collections.Agents, collections.HoldReasons, collections.ResolutionCodes, collections.PriorityMatrix,
		collections.Statuses, collections.Mailboxes), "active.default", func(e *core.RecordRequestEvent) error {
		if !sent(e, "active") {
			e.Record.Set("active", true)
		}
		return e.Next()
	})
	on(app.OnRecordCreate(), "defaults", func(e *core.RecordEvent) error {
		collections.FillDefaults(e.Record)
		return e.Next()
	})
	on(app.OnRecordCreateRequest(collections.Agents), "agent.default", func(e *core.RecordRequestEvent) error {
		if !sent(e, "undo_s") {
			e.Record.Set("undo_s", collections.DefaultUndo)
		}
		return e.Next()
	})
	on(app.OnRecordUpdateRequest(collections.Requesters), "requester.update.request", func(e *core.RecordRequestEvent) error {
		if isRequester(e.Auth) {
			if err := onlyFields(e, []string{"name", "locale", "timezone", "phone"}); err != nil {
				return err
			}
		}
		return e.Next()
	})
	for _, name := range []string{collections.Agents, collections.Requesters} {
		on(app.OnRecordCreate(name), "people.create."+name, d.foldPerson)
		on(app.OnRecordUpdate(name), "people.update."+name, d.foldPerson)
	}
	on(app.OnRecordUpdate(collections.Agents), "agent.change", d.changeAgent)
	on(app.OnRecordCreate(collections.Agents), "agent.hire", func(e *core.RecordEvent) error {
		return inTransaction(e, func(tx core.App) error {
			if err := e.Next(); err != nil {
				return err
			}
			for _, team := range collections.AsAgent(e.Record).Teams() {
				if err := collections.RefreshReaders(tx, team); err != nil {
					return err
				}
			}
			return nil
		})
	})
	on(app.OnRecordUpdate(collections.Organizations), "organization.share", d.followSharing)
	on(app.OnRecordUpdate(collections.Requesters), "requester.move", d.followSharing)
	on(app.OnRecordAuthWithPasswordRequest(collections.Agents), "agent.signin", func(e *core.RecordAuthWithPasswordRequestEvent) error {
		if e.Record == nil { // addresses are kept in lower case, people type them as they like
			e.Record, _ = e.App.FindAuthRecordByEmail(e.Collection, fold(e.Identity)) // nil is answered as a wrong password
		}
		return e.Next()
	})
	on(app.OnRecordCreate(collections.Requesters), "requester.organization", func(e *core.RecordEvent) error {
		if e.Record.GetString("organization") == "" {
			org, err := collections.OrganizationOf(e.App, e.Record.Email())
			if err != nil {
				return err
			}
			e.Record.Set("organization", org)
		}
		return e.Next()
	})
}

func (d *Desk) foldPerson(e *core.RecordEvent) error {
	e.Record.SetEmail(fold(e.Record.Email()))
	e.Record.SetEmailVisibility(true) // who may read the record at all may read the address; the view hook hides agents' from requesters
	if e.Record.Collection().Name == collections.Agents {
		e.Record.Set("signature", safehtml.Clean(e.Record.GetString("signature"), safehtml.Options{}).HTML)
	}
	if e.Record.Collection().Name == collections.Requesters && e.Record.GetString("password:hash") == "" {
		e.Record.SetRandomPassword() // PocketBase wants one; password sign-in is off
	}
	return e.Next()
}

// changeAgent ends the sessions of an agent whose role, teams or activity
// change, and follows the teams in confidential tickets.
func (d *Desk) changeAgent(e *core.RecordEvent) error {
	return inTransaction(e, func(tx core.App) error {
		stored, err := tx.FindRecordById(collections.Agents, e.Record.Id)
		if err != nil {
			return err
		}
		was, is := collections.AsAgent(stored), collections.AsAgent(e.Record)
		if was.Role() != is.Role() || was.Active() != is.Active() {
			e.Record.RefreshTokenKey()
		}
		if err := e.Next(); err != nil {
			return err
		}
		teams := symmetricDifference(was.Teams(), is.Teams())
		if was.Active() != is.Active() {
			teams = is.Teams()
		}
		for _, team := range teams {
			if err := collections.RefreshReaders(tx, team); err != nil {
				return err
			}
		}
		return nil
	})
}

// followSharing writes down anew to whom tickets are shared when an
// organisation starts or stops to share, or somebody moves to another.
func (d *Desk) followSharing(e *core.RecordEvent) error {
	return inTransaction(e, func(tx core.App) error {
		if err := e.Next(); err != nil {
			return err
		}
		if e.Record.Collection().Name == collections.Organizations {
			return collections.RefreshSharing(tx, "organization", e.Record.Id)
		}
		return collections.RefreshSharing(tx, "id", e.Record.Id)
	})
}

func symmetricDifference(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	for _, s := range b {
		if !slices.Contains(a, s) {
			out = append(out, s)
		}
	}
	return out
}

// bindLists writes an event for every change of what administrators keep.
func (d *Desk) bindLists(app core.App) {
	for _, name := range []string{collections.Agents, collections.Requesters, collections.Organizations, collections.Teams,
		collections.Services, collections.Categories, collections.HoldReasons, collections.ResolutionCodes, collections.PriorityMatrix,
		collections.Statuses, collections.Mailboxes, collections.Settings} {
		on(app.OnRecordCreateExecute(name), "audit.create."+name, d.journal("created"))
		on(app.OnRecordUpdateExecute(name), "audit.update."+name, d.journal("changed"))
		on(app.OnRecordDeleteExecute(name), "audit.delete."+name, d.journal("removed"))
	}
	on(app.OnRecordCreate(collections.Settings), "settings.create", func(e *core.RecordEvent) error {
		if _, err := collections.FindSettings(e.App); err == nil {
			return broken("id", "settings_once", "There is one record of settings. Change that one.")
		}
		return e.Next()
	})
	on(app.OnRecordDelete(collections.Settings), "settings.delete", func(*core.RecordEvent) error {
		return broken("id", "settings_once", "The desk needs its settings.")
	})
	refuse := func(e *core.RecordEvent) error {
		return broken("seq", "events_append_only", "Events are written by the desk itself and never changed.")
	}
	on(app.OnRecordCreate(collections.Events), "events.create", refuse)
	on(app.OnRecordUpdate(collections.Events), "events.update", refuse)
	on(app.OnRecordDelete(collections.Events), "events.delete", refuse)
}

// journal stores a change and its event in one transaction. What only the
// desk itself notes, such as a mailbox's last error, makes no event.
func (d *Desk) journal(verb string) func(*core.RecordEvent) error {
	return func(e *core.RecordEvent) error {
		return inTransaction(e, func(tx core.App) error {
			before := core.NewRecord(e.Record.Collection())
			if verb != "created" {
				stored, err := tx.FindRecordById(e.Record.Collection(), e.Record.Id)
				if err != nil {
					return err
				}
				before = stored
			}
			changes := collections.Changes(before, e.Record)
			if err := e.Next(); err != nil {
				return err
			}
			for _, own := range []string{"last_ok_at", "last_error", "tokenKey"} {
				delete(changes, own)
			}
			if verb == "changed" && len(changes) == 0 {
				return nil
			}
			s := collections.StampOf(e.Record)
			s.At = d.at(s)
			name := e.Record.Collection().Name
			return collections.Append(tx, collections.Event{Collection: name, Subject: e.Record.Id, Stamp: s,
				Type: name + "." + verb, Data: map[string]any{"changes": changes}})
		})
	}
}

// instant is for fields that hold a time.
func (d *Desk) instant(s collections.Stamp) types.DateTime { return collections.Instant(d.at(s)) }
