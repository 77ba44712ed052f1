package hooks

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/faults"
	"github.com/deskbell/deskbell/itil"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/probe"
)

// arrival is one mail on its way to a ticket.
type arrival struct {
	desk  *Desk
	row   collections.Inbound
	raw   *os.File // open until discard: attachments are read from it
	mail  *mail.Message
	class mail.Class
	now   time.Time

	box      collections.Mailbox
	settings collections.DeskSettings
	decision mail.Decision
	whole    content        // the mail as it is
	anew     func() content // without what it quotes
	temp     func() (*os.File, error)
	spooled  []string // temporary files of attachments
}

// sender is the folded address of who wrote it, "" if it names nobody.
func (a *arrival) sender() string {
	if len(a.mail.From) == 0 {
		return ""
	}
	return mail.Fold(a.mail.From[0].Addr)
}

func (a *arrival) senderName() string {
	if len(a.mail.From) > 0 && a.mail.From[0].Name != "" {
		return a.mail.From[0].Name
	}
	return a.sender()
}

// place finds out what becomes of the mail: a message's id, or an errSkip.
func (a *arrival) place(tx core.App) (string, error) {
	if message, found, err := a.row.Twin(tx); err != nil {
		return "", err
	} else if found {
		return "", errSkip{collections.Outcome{State: collections.MailDuplicate, Reason: "same_mail", Message: message}}
	}
	if err := a.load(tx); err != nil {
		return "", err
	}
	if mail.OwnMail(a.mail, a.desk.keys.Mail) {
		return "", ignored("own_mail")
	}
	if a.mail.Header.Has(probe.Header) && a.sender() == mail.Fold(a.box.Address()) {
		return "", ignored("connection_test")
	}
	if err := a.checkQuota(tx); err != nil {
		return "", err
	}
	var err error
	a.decision, err = mail.Thread(a.mail, collections.Threads{App: tx}, mail.Arrival{
		Keys: a.desk.keys.Mail, Recipients: a.row.Recipients, Auth: mail.Authenticate(a.mail, a.box.AuthServers()),
		Label: func(ticket string) (string, error) { return collections.KeyOf(tx, ticket) }})
	if err != nil {
		return "", err
	}
	switch {
	case a.decision.Loop:
		return "", ignored("own_mail")
	case a.class.Bounce:
		return a.bounce(tx)
	case !a.class.Opens && a.decision.Thread == "":
		return "", ignored(a.unmatched())
	case a.class.AutoReply, a.class.MDN, a.class.Feedback, a.decision.Thread != "" && !a.class.Reopens:
		return a.note(tx)
	case a.decision.Thread != "":
		return a.reply(tx)
	case a.class.Bulk && a.box.IgnoresBulk():
		return "", ignored(mail.ReasonBulk)
	}
	return a.open(tx, nil)
}

func (a *arrival) unmatched() string {
	if a.class.AutoReply {
		return mail.ReasonUnmatched
	}
	return a.class.Reason + "_unmatched"
}

func (a *arrival) load(tx core.App) (err error) {
	if a.settings, err = collections.FindSettings(tx); err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	boxes, err := collections.FindMailboxes(tx)
	a.box = collections.AsMailbox(core.NewRecord(mustCollection(tx, collections.Mailboxes))) // of a mailbox that was removed meanwhile; its mail still counts
	for _, b := range boxes {
		if b.Id == a.row.Mailbox {
			a.box = b
		}
	}
	return err
}

func mustCollection(app core.App, name string) *core.Collection {
	c, err := app.FindCachedCollectionByNameOrId(name)
	if err != nil {
		panic("hooks: the schema has no " + name) // migrations made it
	}
	return c
}

// checkQuota puts a mail aside when one unknown sender, or all together,
// write more in an hour than the desk is set to take.
func (a *arrival) checkQuota(tx core.App) error {
	if a.row.Attempts < 0 {
		return nil // released by a person
	}
	hour := a.now.Add(-time.Hour)
	if quota := a.settings.TotalQuota(); quota > 0 {
		n, err := collections.MailCount(tx, hour)
		if err != nil {
			return err
		}
		if n > quota {
			return overQuota("total_quota", fmt.Sprintf("more than %d mails in an hour in all", quota))
		}
	}
	quota := a.settings.SenderQuota()
	if quota == 0 || a.sender() == "" {
		return nil
	}
	n, err := collections.SenderCount(tx, a.sender(), hour)
	if err != nil || n < quota {
		return err
	}
	if known, err := collections.IsKnownSender(tx, a.sender(), a.now); err != nil || known {
		return err
	}
	return overQuota("sender_quota", fmt.Sprintf("more than %d mails in an hour from an unknown sender", quota))
}

func overQuota(reason, detail string) error {
	return errSkip{collections.Outcome{State: collections.MailQuarantined, Reason: reason, Detail: detail}}
}

// open makes a ticket of the mail. follows is the final ticket that it
// answers, if any.
func (a *arrival) open(tx core.App, follows *collections.Ticket) (string, error) {
	t, err := collections.NewTicket(tx)
	if err != nil {
		return "", err
	}
	who, err := a.requester(tx)
	if err != nil {
		return "", err
	}
	stamp := a.stamp(who)
	kind := itil.Kind(a.box.GetString("kind"))
	if !itil.Supported(kind) {
		kind = itil.Incident
	}
	t.Set("kind", string(kind))
	t.Set("subject", a.subject())
	t.Set("channel", collections.ChannelEmail)
	t.Set("impact", 4)
	t.Set("urgency", 3)
	t.Set("team", a.box.GetString("team"))
	t.Set("mailbox", a.box.Id)
	if who.Record != nil {
		t.Set("requester", who.Id)
	} else {
		t.Set("author_address", cutRunes(a.sender(), 320))
	}
	if follows != nil {
		t.Set("follows", follows.Id)
		for _, inherited := range []string{"team", "confidential", "readers"} { // what was not for everybody stays so
			t.Set(inherited, follows.Get(inherited))
		}
	}
	collections.SetStamp(t.Record, stamp)
	collections.SetEffects(t.Record, collections.Effects{"last_message_at": collections.Instant(a.now), "last_speaker": "requester"})
	if err := tx.Save(t.Record); err != nil {
		return "", fmt.Errorf("open ticket: %w", err)
	}
	if err := faults.At(faults.F14); err != nil {
		return "", err
	}
	var flags []string
	if a.decision.Unverified {
		flags = []string{collections.FlagUnverified}
	}
	id, err := a.add(tx, t, who, collections.Public, flags, false)
	if err != nil {
		return "", err
	}
	if err := a.hint(tx, t); err != nil {
		return "", err
	}
	return id, a.acknowledge(tx, t)
}

func (a *arrival) subject() string {
	if s := strings.TrimSpace(a.mail.Subject); s != "" {
		return cutRunes(s, 500)
	}
	return "(no subject)"
}

func cutRunes(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// reply adds a person's mail to the ticket that it belongs to. What a
// stranger writes is for agents only. A final ticket is answered by a new one
// that follows it.
func (a *arrival) reply(tx core.App) (string, error) {
	row, err := tx.FindRecordById(collections.Tickets, a.decision.Thread)
	if err != nil {
		return "", fmt.Errorf("thread: %w", err)
	}
	t := collections.AsTicket(row)
	if a.decision.Sender != mail.Participant || a.decision.Unverified {
		flags := []string{collections.FlagNewSender}
		if a.decision.Unverified {
			flags = append(flags, collections.FlagUnverified)
		}
		return a.add(tx, t, collections.Requester{}, collections.Internal, flags, true)
	}
	if t.State().Final() {
		return a.open(tx, &t)
	}
	who, err := a.requester(tx)
	if err != nil {
		return "", err
	}
	return a.add(tx, t, who, collections.Public, nil, true)
}

// note adds what a machine wrote to its ticket, for agents only: it wakes
// nobody and stops no clock.
func (a *arrival) note(tx core.App) (string, error) {
	if a.decision.Thread == "" {
		return "", ignored(a.unmatched())
	}
	row, err := tx.FindRecordById(collections.Tickets, a.decision.Thread)
	if err != nil {
		return "", fmt.Errorf("thread: %w", err)
	}
	return a.add(tx, collections.AsTicket(row), collections.Requester{}, collections.Internal, []string{collections.FlagAutomatic}, true)
}

// add stores the mail as a message of a ticket.
func (a *arrival) add(tx core.App, t collections.Ticket, who collections.Requester, visibility string, flags []string, answers bool) (string, error) {
	m, err := collections.NewMessage(tx, t.Id)
	if err != nil {
		return "", err
	}
	a.body(m, answers)
	m.Set("visibility", visibility)
	m.Set("channel", collections.ChannelEmail)
	m.Set("inbound", true)
	m.Set("mailbox", a.box.Id)
	m.Set("author_address", cutRunes(a.sender(), 320))
	m.Set("author_name", cutRunes(a.senderName(), 300))
	if who.Record != nil {
		m.Set("author_requester", who.Id)
	}
	m.Set("to", addresses(a.mail.To))
	m.Set("cc", addresses(a.mail.Cc))
	m.Set("message_id", cutRunes(a.mail.MessageID, 998))
	m.Set("in_reply_to", cutRunes(strings.Join(a.mail.InReplyTo, " "), 4000))
	m.Set("references", cutRunes(strings.Join(a.mail.References, " "), 40000))
	m.Set("flags", slices.Concat(m.Flags(), flags, a.mail.Notes))
	m.Set("thread_how", string(a.decision.How))
	m.Set("thread_why", shortened(a.decision.Trials))
	if err := a.attach(m); err != nil {
		return "", err
	}
	collections.SetStamp(m.Record, a.stamp(who))
	if err := tx.Save(m.Record); err != nil {
		return "", fmt.Errorf("store message: %w", err)
	}
	if err := faults.At(faults.F15); err != nil {
		return "", err
	}
	return m.Id, collections.RememberReferences(tx, t.Id, ancestors(a.mail))
}

// shortened keeps the trials of a decision small enough to store.
func shortened(trials []mail.Trial) []mail.Trial {
	for i := range trials {
		trials[i].Value = cutRunes(trials[i].Value, 200)
	}
	return trials
}

// ancestors are the ids that a mail refers to, few enough to remember.
func ancestors(m *mail.Message) []string {
	ids := slices.Concat(m.References, m.InReplyTo)
	if len(ids) > 50 { // chosen: the oldest and the newest tell most
		ids = slices.Concat(ids[:10], ids[len(ids)-40:])
	}
	return ids
}

func addresses(list []mail.Address) []string {
	out := make([]string, 0, len(list))
	for _, a := range list {
		out = append(out, a.Addr)
	}
	return out
}

// stamp says that the mail's sender does what follows.
func (a *arrival) stamp(who collections.Requester) collections.Stamp {
	s := collections.Stamp{Source: collections.SourceMail, Name: a.senderName(), At: a.now}
	if who.Record != nil {
		s.Requester, s.Name = who.Id, who.Name()
	}
	return s
}

// requester finds or makes the account of the sender. Its Record is nil for
// an address that cannot be one.
func (a *arrival) requester(tx core.App) (collections.Requester, error) {
	if a.sender() == "" {
		return collections.Requester{}, nil
	}
	return collections.EnsureRequester(tx, a.sender(), nameOf(a.mail.From), a.stamp(collections.Requester{}))
}

func nameOf(from []mail.Address) string {
	if len(from) == 0 {
		return ""
	}
	return cutRunes(from[0].Name, 200)
}
