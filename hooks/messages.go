package hooks

import (
	"fmt"
	"mime"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/itil"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/safehtml"
)

func (d *Desk) bindMessages(app core.App) {
	on(app.OnRecordCreateRequest(collections.Messages), "message.create.request", d.askForMessage)
	on(app.OnRecordUpdateRequest(collections.Messages), "message.update.request", func(e *core.RecordRequestEvent) error {
		if err := onlyFields(e, []string{"visibility"}); err != nil && collections.StampOf(e.Record).Superuser == "" {
			return err
		}
		return e.Next()
	})
	on(app.OnRecordCreate(collections.Messages), "message.add", d.addMessage)
	on(app.OnRecordUpdate(collections.Messages), "message.change", d.changeMessage)
	on(app.OnRecordDelete(collections.Messages), "message.take_back", d.takeBack)
}

// Fields that people may send with a message. The rest follows.
var (
	agentMaySend     = []string{"id", "ticket", "visibility", "html", "text", "to", "cc", "bcc", "attachments", "attachment_info", "send_after", "channel", "mailbox"}
	requesterMaySend = []string{"id", "ticket", "visibility", "text", "html", "attachments", "attachment_info"}
)

// askForMessage fits a message that comes by HTTP to who sends it.
func (d *Desk) askForMessage(e *core.RecordRequestEvent) error {
	m, s := collections.AsMessage(e.Record), collections.StampOf(e.Record)
	allowed := agentMaySend
	if s.Requester != "" {
		allowed = requesterMaySend
		m.Set("visibility", collections.Public)
		m.Set("author_requester", s.Requester)
		m.Set("channel", collections.ChannelPortal)
		m.Set("inbound", true)
	}
	if s.Superuser == "" {
		if err := onlyFields(e, allowed); err != nil {
			return err
		}
	}
	if s.Agent != "" {
		m.Set("author_agent", s.Agent)
		m.Set("signature", e.Auth.GetString("signature"))
		if m.IsPublic() && m.SendAfter().IsZero() {
			m.Set("send_after", d.now().Add(time.Duration(e.Auth.GetInt("undo_s"))*time.Second))
		}
	}
	return e.Next()
}

// addMessage checks and stores a message, what it does to its ticket, its
// outbox row and its event, in one transaction.
func (d *Desk) addMessage(e *core.RecordEvent) error {
	err := inTransaction(e, func(tx core.App) error {
		m, s := collections.AsMessage(e.Record), collections.StampOf(e.Record)
		s.At = d.at(s)
		row, err := tx.FindRecordById(collections.Tickets, m.Ticket())
		if err != nil {
			return broken("ticket", "ticket_missing", "There is no such ticket.")
		}
		t := collections.AsTicket(row)
		if t.State().Final() && (s.Agent != "" || s.Requester != "") && s.Source != collections.SourceMail {
			return broken("ticket", "ticket_final", "This ticket is "+string(t.State())+". Open a new one that follows it.")
		}
		if err := cleanMessage(m); err != nil {
			return err
		}
		if m.Id == "" {
			m.Id = core.GenerateDefaultRandomId()
		}
		nameFiles(m)
		m.SetRaw("created", d.instant(s))
		if err := d.address(tx, t, m); err != nil {
			return err
		}
		if err := e.Next(); err != nil {
			return err
		}
		if err := d.queue(tx, t, m, s); err != nil {
			return err
		}
		if err := d.touch(tx, t, m, s); err != nil {
			return err
		}
		return collections.Append(tx, collections.Event{Collection: collections.Messages, Subject: m.Id, Ticket: t.Id, Stamp: s,
			Type: "message.added", Data: map[string]any{"visibility": m.GetString("visibility"), "channel": m.GetString("channel"), "inbound": m.Inbound(), "flags": m.Flags()}})
	})
	if err == nil {
		wake(d.outbox)
	}
	return err
}

// cleanMessage sanitises what is shown and makes sure that there is a text.
func cleanMessage(m collections.Message) error {
	if html := m.GetString("html"); html != "" && !collections.IsClean(m.Record) {
		r := safehtml.Clean(html, safehtml.Options{CID: func(id string) string { return "cid:" + id }})
		m.Set("html", r.HTML)
		m.Set("blocked_images", r.RemoteImages)
		if strings.TrimSpace(m.GetString("text")) == "" {
			m.Set("text", mail.TextFromHTML(html))
		}
	}
	if strings.TrimSpace(m.GetString("text")) == "" && strings.TrimSpace(m.GetString("html")) == "" && !hasFiles(m) && !m.Inbound() {
		return broken("text", "message_empty", "Write something before you send.")
	}
	return nil
}

func hasFiles(m collections.Message) bool {
	return len(m.GetUnsavedFiles("attachments")) > 0 || len(m.GetStringSlice("attachments")) > 0
}

// nameFiles gives what the sender told of the files their stored names, which
// PocketBase makes up: both lists have the same order.
func nameFiles(m collections.Message) {
	files, infos := m.GetUnsavedFiles("attachments"), m.Files()
	if len(files) == 0 {
		return
	}
	for i, f := range files {
		if i >= len(infos) {
			infos = append(infos, collections.FileInfo{Name: f.OriginalName})
		}
		infos[i].File, infos[i].Size = f.Name, f.Size
		if infos[i].Type == "" {
			infos[i].Type, _, _ = strings.Cut(mime.TypeByExtension(filepath.Ext(f.OriginalName)), ";")
		}
		if infos[i].Name == "" {
			infos[i].Name = f.OriginalName
		}
	}
	m.Set("attachment_info", infos[:len(files)])
}

// address fills in to whom a public message of an agent goes and under which
// id. A message that goes nowhere (a desk without mail) stays without.
func (d *Desk) address(tx core.App, t collections.Ticket, m collections.Message) error {
	if !m.IsPublic() || m.Inbound() || collections.StampOf(m.Record).Quiet {
		return nil
	}
	box, err := collections.SendingMailbox(tx, m.GetString("mailbox"), t.Mailbox())
	if err != nil || box.Record == nil {
		return err
	}
	if len(m.To()) == 0 {
		to, cc, err := collections.Audience(tx, t, box.Address())
		if err != nil {
			return err
		}
		m.Set("to", to)
		if len(m.Cc()) == 0 {
			m.Set("cc", cc)
		}
	}
	for field, list := range map[string][]string{"to": m.To(), "cc": m.Cc(), "bcc": m.Bcc()} {
		for _, a := range list {
			if err := mail.CheckAddress(a); err != nil {
				return broken(field, "address_invalid", fmt.Sprintf("%q is not an address that mail can be sent to.", a))
			}
		}
	}
	if len(m.To())+len(m.Cc())+len(m.Bcc()) == 0 {
		return nil
	}
	if m.GetString("channel") == "" {
		m.Set("channel", collections.ChannelEmail)
	}
	m.Set("mailbox", box.Id)
	m.Set("message_id", d.keys.Mail.MessageID(int64(t.Number()), m.Id, core.GenerateDefaultRandomId(), box.Domain()))
	parent, err := collections.LastPublicMessage(tx, t.Id, m.Id)
	if err != nil {
		return err
	}
	anchor := d.keys.Mail.Anchor(int64(t.Number()), box.Domain())
	m.Set("references", strings.Join(mail.ReplyReferences(anchor, collections.ParentOf(parent)), " "))
	if parent.Record != nil {
		m.Set("in_reply_to", parent.MessageID())
	}
	if m.SendAfter().IsZero() {
		m.Set("send_after", d.now())
	}
	m.Set("delivery", collections.DeliveryQueued)
	return nil
}

// queue writes the outbox row of a message that has somewhere to go.
func (d *Desk) queue(tx core.App, t collections.Ticket, m collections.Message, s collections.Stamp) error {
	if m.GetString("delivery") != collections.DeliveryQueued || s.Quiet {
		return nil
	}
	out, err := collections.NewOutbound(tx, collections.OutReply)
	if err != nil {
		return err
	}
	out.Set("message", m.Id)
	out.Set("ticket", t.Id)
	out.Set("mailbox", m.GetString("mailbox"))
	out.Set("to", m.To())
	out.Set("cc", m.Cc())
	out.Set("bcc", m.Bcc())
	out.Set("message_id", m.MessageID())
	out.Set("next_at", m.SendAfter())
	return tx.Save(out.Record)
}

// touch does to the ticket what a public message does: it answers, wakes or
// reopens it, and tells those who wait for it.
func (d *Desk) touch(tx core.App, t collections.Ticket, m collections.Message, s collections.Stamp) error {
	if !m.IsPublic() || slices.Contains(m.Flags(), collections.FlagAutomatic) {
		return nil
	}
	was, effects := t.State(), collections.Effects{"last_message_at": collections.Instant(s.At)}
	if !m.Inbound() {
		effects["last_speaker"] = "agent"
		if t.GetDateTime("first_response_at").IsZero() {
			effects["first_response_at"] = collections.Instant(s.At)
		}
	} else {
		effects["last_speaker"] = "requester"
		d.wakeTicket(tx, t, m, s)
	}
	changed := t.State() != was || !collections.Hold(t.Record, effects) // what a mail just opened holds them already
	collections.SetEffects(t.Record, effects)
	collections.SetStamp(t.Record, s)
	if changed && !t.State().Final() {
		if err := tx.Save(t.Record); err != nil {
			return err
		}
	}
	if m.Inbound() {
		return d.tellOfReply(tx, t, m, s)
	}
	return nil
}

// wakeTicket takes a ticket out of hold, or reopens a resolved one, when its
// requester writes. Outside the reopen window the ticket stays as it is.
func (d *Desk) wakeTicket(tx core.App, t collections.Ticket, m collections.Message, s collections.Stamp) {
	from := t.State()
	if from != itil.OnHold && from != itil.Resolved {
		return
	}
	byMail := m.GetString("channel") == collections.ChannelEmail
	if from == itil.Resolved && (byMail && mail.Thanks(m.GetString("text")) || !d.reopens(tx, t, s.At)) {
		return
	}
	switch {
	case t.Assignee() != "":
		t.SetState(itil.InProgress)
	case t.Team() != "":
		t.SetState(itil.Assigned)
	} // with neither, a person must look: the message stands in the queue as the last word
}

func (d *Desk) reopens(tx core.App, t collections.Ticket, now time.Time) bool {
	settings, err := collections.FindSettings(tx)
	return err == nil && !now.After(t.ResolvedAt().AddDate(0, 0, settings.ReopenDays()))
}

// changeMessage lets an agent publish what a stranger wrote, and jobs keep
// the delivery; a message is never rewritten.
func (d *Desk) changeMessage(e *core.RecordEvent) error {
	return inTransaction(e, func(tx core.App) error {
		stored, err := tx.FindRecordById(collections.Messages, e.Record.Id)
		if err != nil {
			return err
		}
		collections.Overlay(stored, e.Record)
		was, is, s := collections.AsMessage(stored), collections.AsMessage(e.Record), collections.StampOf(e.Record)
		s.At = d.at(s)
		for _, field := range []string{"ticket", "author_agent", "author_requester"} {
			if was.GetString(field) != is.GetString(field) {
				return broken(field, "message_stays", "A message keeps its ticket and its author.")
			}
		}
		if was.IsPublic() && !is.IsPublic() {
			return broken("visibility", "message_public_stays", "What was public stays public: others have read it.")
		}
		if !was.IsPublic() && is.IsPublic() && !was.Inbound() {
			return broken("visibility", "note_stays_internal", "An internal note cannot be published. Write a reply instead.")
		}
		changes := collections.Changes(stored, e.Record)
		if err := e.Next(); err != nil {
			return err
		}
		if !was.IsPublic() && is.IsPublic() {
			row, err := tx.FindRecordById(collections.Tickets, is.Ticket())
			if err != nil {
				return err
			}
			if err := d.touch(tx, collections.AsTicket(row), is, s); err != nil {
				return err
			}
		}
		if len(changes) == 0 {
			return nil
		}
		return collections.Append(tx, collections.Event{Collection: collections.Messages, Subject: is.Id, Ticket: is.Ticket(), Stamp: s,
			Type: "message.changed", Data: map[string]any{"changes": changes}})
	})
}

// takeBack removes a message that has not left yet, with its outbox row.
func (d *Desk) takeBack(e *core.RecordEvent) error {
	return inTransaction(e, func(tx core.App) error {
		stored, err := tx.FindRecordById(collections.Messages, e.Record.Id)
		if err != nil {
			return err
		}
		m, s := collections.AsMessage(stored), collections.StampOf(e.Record)
		s.At = d.at(s)
		left, err := collections.HasLeft(tx, m, s.At)
		if err != nil {
			return err
		}
		if left {
			return broken("send_after", "message_already_sent", "The message has left already and cannot be taken back.")
		}
		if err := collections.RemoveOutbound(tx, m.Id); err != nil {
			return err
		}
		if err := e.Next(); err != nil {
			return err
		}
		if err := d.untouch(tx, m, s); err != nil {
			return err
		}
		return collections.Append(tx, collections.Event{Collection: collections.Messages, Subject: m.Id, Ticket: m.Ticket(), Stamp: s,
			Type: "message.taken_back", Data: map[string]any{}})
	})
}

// untouch takes back what a message that is taken back did to its ticket.
func (d *Desk) untouch(tx core.App, m collections.Message, s collections.Stamp) error {
	row, err := tx.FindRecordById(collections.Tickets, m.Ticket())
	if err != nil {
		return err
	}
	t := collections.AsTicket(row)
	if t.State().Final() || !m.IsPublic() {
		return nil
	}
	effects := collections.Effects{}
	if !t.GetDateTime("first_response_at").Time().Before(m.GetDateTime("created").Time()) {
		effects["first_response_at"] = ""
	}
	if err := collections.LastWord(tx, t.Id, effects); err != nil {
		return err
	}
	collections.SetEffects(t.Record, effects)
	collections.SetStamp(t.Record, s)
	return tx.Save(t.Record)
}
