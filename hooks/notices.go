package hooks

import (
	"fmt"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/notify"
)

// bindNotices lets an agent say that a notice was read, and nothing else.
func (d *Desk) bindNotices(app core.App) {
	on(app.OnRecordUpdateRequest(collections.Notices), "notice.read", func(e *core.RecordRequestEvent) error {
		if err := onlyFields(e, []string{"read"}); err != nil {
			return err
		}
		return e.Next()
	})
	on(app.OnRecordUpdate(collections.Notices), "notice.change", func(e *core.RecordEvent) error {
		stored, err := e.App.FindRecordById(collections.Notices, e.Record.Id)
		if err != nil {
			return err
		}
		collections.Keep(stored, e.Record, "agent", "ticket", "kind", "subject", "actor_name")
		return e.Next()
	})
}

// tellOfAssignment tells who has the ticket now.
//
// was is nil for a new ticket: that one is news of the queue for its team.
func (d *Desk) tellOfAssignment(tx core.App, was *collections.Ticket, t collections.Ticket, s collections.Stamp) error {
	given := t.Assignee() != "" && (was == nil || was.Assignee() != t.Assignee())
	moved := t.Assignee() == "" && was != nil && was.Team() != t.Team()
	if s.Quiet || !given && !moved {
		return nil
	}
	e := notify.Event{What: notify.Assignment, At: s.At, Actor: s.Agent, Assignee: t.Assignee()}
	var err error
	if e.Team, err = collections.TeamMemberIDs(tx, t.Team()); err != nil {
		return err
	}
	return d.tell(tx, t, s, e, "")
}

// tellOfReply tells whoever has the ticket, or its team, that the requester
// wrote. The message that opens a ticket is news of the queue, not a reply.
func (d *Desk) tellOfReply(tx core.App, t collections.Ticket, m collections.Message, s collections.Stamp) error {
	if s.Quiet {
		return nil
	}
	first, err := collections.IsFirstMessage(tx, t.Id, m.Id)
	if err != nil || first {
		return err
	}
	recent, err := collections.RecentMessages(tx, t.Id, s.At.Add(-mail.ThreadThrottle.Span))
	if err != nil {
		return err
	}
	e := notify.Event{What: notify.RequesterReply, At: s.At, Assignee: t.Assignee(), Quiet: mail.ThreadThrottle.Paused(recent, s.At)}
	if e.Team, err = collections.TeamMemberIDs(tx, t.Team()); err != nil {
		return err
	}
	return d.tell(tx, t, s, e, m.GetString("text"))
}

// tell stores the notices of an event for screens and in the outbox.
func (d *Desk) tell(tx core.App, t collections.Ticket, s collections.Stamp, e notify.Event, excerpt string) error {
	agents, err := collections.FindReaders(tx, t)
	if err != nil {
		return err
	}
	byID, people := map[string]collections.Agent{}, make([]notify.Person, len(agents))
	for i, a := range agents {
		byID[a.Id], people[i] = a, a.Person()
	}
	for _, n := range notify.Who(e, people) {
		if n.Channels.Screen {
			if err := d.show(tx, n.Person, t, string(n.Topic), s.Name); err != nil {
				return err
			}
		}
		if n.Channels.Mail {
			if err := d.mailNotice(tx, byID[n.Person], byID[n.For], t, n, s, excerpt); err != nil {
				return err
			}
		}
	}
	return nil
}

// show puts a notice on an agent's screen.
func (d *Desk) show(tx core.App, agent string, t collections.Ticket, kind, actor string) error {
	r := core.NewRecord(mustCollection(tx, collections.Notices))
	r.Set("agent", agent)
	r.Set("ticket", t.Id)
	r.Set("kind", kind)
	r.Set("subject", t.Key()+" "+t.Subject())
	r.Set("actor_name", actor)
	return tx.Save(r)
}

// alarm shows an agent, or every lead if there is none, that something needs
// a person.
func (d *Desk) alarm(tx core.App, agent string, t collections.Ticket, kind string) error {
	if agent != "" {
		return d.show(tx, agent, t, kind, "")
	}
	leads, err := collections.FindLeads(tx)
	if err != nil {
		return err
	}
	for _, a := range leads {
		if err := d.show(tx, a.Id, t, kind, ""); err != nil {
			return err
		}
	}
	return nil
}

// mailNotice writes the mail of a notice into the outbox. A confidential
// ticket shows neither its subject nor what was written.
func (d *Desk) mailNotice(tx core.App, to, inPlaceOf collections.Agent, t collections.Ticket, n notify.Notice, s collections.Stamp, excerpt string) error {
	settings, err := collections.FindSettings(tx)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	v := notify.Values{Desk: settings.Organization(), Key: t.Key(), Tag: d.keys.Mail.Tag(t.Key(), int64(t.Number())), Subject: t.Subject(),
		Person: to.Name(), Actor: s.Name, Excerpt: cutRunes(strings.TrimSpace(excerpt), 500), Link: notify.Link(settings.PublicURL(), ticketPath(t))}
	if inPlaceOf.Record != nil {
		v.InPlaceOf = inPlaceOf.Name()
	}
	if t.Confidential() {
		v.Subject, v.Excerpt = "", ""
	}
	name := notify.RepliedMail
	if n.Topic == notify.Assigned || n.Topic == notify.TeamAssigned {
		name = notify.AssignedMail
	}
	text, err := d.texts.Write(name, to.Locale(), v)
	if err != nil {
		return err
	}
	return d.post(tx, collections.OutNotice, t, to.Email(), text, nil)
}

// ticketPath is the page of a ticket on the screens.
func ticketPath(t collections.Ticket) string {
	return fmt.Sprintf("/%ss/%d", t.Kind(), t.Number())
}

// acknowledge answers a mail that opened a ticket with its number, where the
// rules of mail allow an automatic answer.
func (a *arrival) acknowledge(tx core.App, t collections.Ticket) error {
	if !a.settings.Acknowledges() || a.sender() == "" {
		return nil
	}
	boxes, err := collections.FindMailboxes(tx)
	if err != nil {
		return err
	}
	facts := mail.AckFacts{NewThread: true, Unverified: a.decision.Unverified}
	if a.class.MustNotAnswer {
		facts.Automatic = a.class.Reason
	}
	for _, b := range boxes {
		facts.Own = append(facts.Own, mail.Fold(b.Address()))
	}
	if facts.SentPerHour, err = collections.AcksSince(tx, a.sender(), a.now.Add(-time.Hour)); err != nil {
		return err
	}
	ok, why := mail.MayAcknowledge(a.mail, facts)
	if ok && facts.SentPerHour >= a.settings.AckQuota() {
		ok, why = false, "hourly_limit"
	}
	if !ok {
		return collections.Append(tx, collections.Event{Collection: collections.Tickets, Subject: t.Id, Ticket: t.Id, Stamp: deskStamp(a.now),
			Type: "ticket.not_acknowledged", Data: map[string]any{"reason": why}})
	}
	text, err := a.desk.texts.Write(notify.Acknowledgement, a.localeOf(tx), notify.Values{Desk: a.settings.Organization(), Key: t.Key(),
		Tag: a.desk.keys.Mail.Tag(t.Key(), int64(t.Number())), Link: notify.Link(a.settings.PublicURL(), ticketPath(t))})
	if err != nil {
		return err
	}
	return a.desk.post(tx, collections.OutAck, t, a.sender(), text, a.mail)
}

func (a *arrival) localeOf(tx core.App) string {
	if r, err := collections.FindRequesterByAddress(tx, a.sender()); err == nil && r.GetString("locale") != "" {
		return r.Locale()
	}
	return a.settings.Locale()
}

func deskStamp(now time.Time) collections.Stamp {
	return collections.Stamp{Source: collections.SourceMail, Name: "Deskbell", At: now}
}

// budgetSpent says whether so many automatic mails left in the last hour that
// something must be wrong. The leads are told once an hour.
func (d *Desk) budgetSpent(tx core.App) (bool, error) {
	settings, err := collections.FindSettings(tx)
	if err != nil || settings.AutoQuota() == 0 {
		return false, err
	}
	hour := d.now().Add(-time.Hour)
	n, err := collections.AutomaticSince(tx, hour, settings.AutoQuota())
	if err != nil || n < settings.AutoQuota() {
		return false, err
	}
	text := fmt.Sprintf("More than %d automatic mails in an hour: acknowledgements and notices pause.", settings.AutoQuota())
	if told, err := collections.WasAlarmed(tx, text, hour); err != nil || told {
		return true, err
	}
	return true, d.alarmLeads(tx, text)
}

// post writes a mail of the desk's own into the outbox; nothing is written
// while no mailbox sends. parent is the mail that it answers, nil if none.
func (d *Desk) post(tx core.App, kind string, t collections.Ticket, to string, text notify.Mail, parent *mail.Message) error {
	box, err := collections.SendingMailbox(tx, t.Mailbox())
	if err != nil || box.Record == nil {
		return err
	}
	if spent, err := d.budgetSpent(tx); err != nil || spent {
		return err
	}
	out, err := collections.NewOutbound(tx, kind)
	if err != nil {
		return err
	}
	n := int64(t.Number())
	out.Set("ticket", t.Id)
	out.Set("mailbox", box.Id)
	out.Set("to", []string{to})
	out.Set("subject", text.Subject)
	out.Set("text", text.Text)
	out.Set("html", text.HTML)
	out.Set("message_id", d.keys.Mail.MessageID(n, out.Id, core.GenerateDefaultRandomId(), box.Domain()))
	out.Set("references", strings.Join(mail.ReplyReferences(d.keys.Mail.Anchor(n, box.Domain()), parent), " "))
	if parent != nil {
		out.Set("in_reply_to", parent.MessageID)
	}
	out.Set("next_at", collections.Instant(d.now()))
	return tx.Save(out.Record)
}
