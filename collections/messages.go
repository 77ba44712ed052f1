package collections

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/types"

	"github.com/deskbell/deskbell/mail"
)

// Visibility of a message.
const (
	Public   = "public"
	Internal = "internal"
)

// Flags of a message.
const (
	FlagNewSender  = "new_sender" // from somebody who is not a participant
	FlagUnverified = "unverified" // the sender could not be authenticated
	FlagAutomatic  = "automatic"  // written by a machine
	FlagBounce     = "bounce"
	FlagHint       = "hint" // of the desk itself, for agents
)

// Delivery of an outgoing message.
const (
	DeliveryQueued  = "queued"
	DeliverySent    = "sent"
	DeliveryFailed  = "failed"
	DeliveryBounced = "bounced"
)

// maxAttachment is the largest file of one message. Chosen: the size of the
// largest mail that is taken (SECURITY-REQUIREMENTS D1).
const maxAttachment = 50 << 20

var messagesTable = table{
	name: Messages,
	fields: func(f *fields) {
		f.needed("ticket", Tickets)
		f.one("author_agent", Agents)
		f.one("author_requester", Requesters)
		f.text("author_address", 320)
		f.text("author_name", 300)
		f.one("mailbox", Mailboxes)
		f.json("to", 100_000)
		f.json("cc", 100_000)
		f.json("bcc", 100_000)
		f.choice("visibility", true, Public, Internal)
		f.choice("channel", false, channels...)
		f.html("html", 4<<20)
		f.text("text", 2_000_000)
		f.json("flags", 5_000)
		f.files("attachments", 100, maxAttachment)
		f.json("attachment_info", 200_000) // [{file, name, type, size, cid, inline}]
		f.text("message_id", 998)
		f.text("in_reply_to", 4_000)
		f.text("references", 40_000)
		f.flag("inbound", "Came from outside.")
		f.date("send_after")
		f.choice("delivery", false, DeliveryQueued, DeliverySent, DeliveryFailed, DeliveryBounced)
		f.text("delivery_note", 2_000)
		f.html("signature", 20_000) // of the agent, as it was when the message was written
		f.text("thread_how", 60)    // why it joined this ticket
		f.json("thread_why", 20_000)
		f.number("blocked_images", 0, 0)
		f.flag("trimmed", "Quoted text was folded away; the original shows it.")
	},
	access: access{
		list:   rule(messageReaders),
		view:   rule(messageReaders),
		create: rule(messageReaders),
		update: rule(openMessage),
		remove: rule(openMessage + ` && author_agent = @request.auth.id`), // the gate: before send_after only
	},
	indexes: []index{
		{"idx_messages_ticket", false, "ticket, created", ""},
		{"idx_messages_message_id", false, "message_id", "message_id != ''"},
	},
}

// FileInfo tells of an attachment what its stored name does not.
type FileInfo struct {
	File   string `json:"file"` // stored name
	Name   string `json:"name"` // as people read it
	Type   string `json:"type"` // as declared
	Size   int64  `json:"size"` // bytes
	CID    string `json:"cid"`
	Inline bool   `json:"inline"`
}

// Files lists what is known of the attachments.
func (m Message) Files() []FileInfo {
	var out []FileInfo
	_ = m.UnmarshalJSONField("attachment_info", &out) // none, or a foreign form: no details
	return out
}

// Message is the typed view of a message.
type Message struct{ *core.Record }

// AsMessage views a record of messages.
func AsMessage(r *core.Record) Message { return Message{r} }

// NewMessage begins a message on a ticket; it still has to be saved.
func NewMessage(app core.App, ticket string) (Message, error) {
	c, err := app.FindCachedCollectionByNameOrId(Messages)
	if err != nil {
		return Message{}, err
	}
	m := Message{core.NewRecord(c)}
	m.Set("ticket", ticket)
	return m, nil
}

// Ticket is the id of the ticket.
func (m Message) Ticket() string { return m.GetString("ticket") }

// IsPublic says whether requesters see it.
func (m Message) IsPublic() bool { return m.GetString("visibility") == Public }

// Inbound says whether it came from outside.
func (m Message) Inbound() bool { return m.GetBool("inbound") }

// ByAgent is the id of the agent who wrote it, "" if none.
func (m Message) ByAgent() string { return m.GetString("author_agent") }

// ByRequester is the id of the requester who wrote it, "" if none.
func (m Message) ByRequester() string { return m.GetString("author_requester") }

// SendAfter is when the outbox may take it, zero if it is not sent.
func (m Message) SendAfter() time.Time { return m.GetDateTime("send_after").Time() }

// Flags lists the flags.
func (m Message) Flags() []string { return stringList(m.Record, "flags") }

// To, Cc and Bcc are the addresses as stored.
func (m Message) To() []string { return stringList(m.Record, "to") }

// Cc is the copy line.
func (m Message) Cc() []string { return stringList(m.Record, "cc") }

// Bcc is the blind copy line.
func (m Message) Bcc() []string { return stringList(m.Record, "bcc") }

// MessageID is the id without angle brackets.
func (m Message) MessageID() string { return m.GetString("message_id") }

// LastPublicMessage finds the newest public message of a ticket that has a
// Message-ID, besides one; its Record is nil if there is none.
func LastPublicMessage(app core.App, ticket, besides string) (Message, error) {
	rows, err := app.FindRecordsByFilter(Messages, "ticket = {:ticket} && visibility = 'public' && message_id != '' && id != {:besides}",
		"-created", 1, 0, map[string]any{"ticket": ticket, "besides": besides})
	if err != nil || len(rows) == 0 {
		return Message{}, err
	}
	return Message{rows[0]}, nil
}

// ParentOf gives a stored message the form in which threading reads it; nil
// if there is none.
func ParentOf(m Message) *mail.Message {
	if m.Record == nil {
		return nil
	}
	return &mail.Message{MessageID: m.MessageID(), InReplyTo: strings.Fields(m.GetString("in_reply_to")), References: strings.Fields(m.GetString("references"))}
}

// Audience answers to whom an agent's reply goes when nobody is named: the
// requester, and the participants as copy. Our own address is left out.
func Audience(app core.App, t Ticket, own string) (to, cc []string, err error) {
	seen := map[string]bool{mail.Fold(own): true, "": true}
	add := func(list *[]string, addr string) {
		if !seen[mail.Fold(addr)] {
			seen[mail.Fold(addr)] = true
			*list = append(*list, addr)
		}
	}
	if t.Requester() != "" {
		r, err := app.FindRecordById(Requesters, t.Requester())
		if err != nil {
			return nil, nil, err
		}
		add(&to, r.Email())
	}
	add(&to, t.AuthorAddress())
	people, err := app.FindRecordsByIds(Requesters, t.Participants())
	if err != nil {
		return nil, nil, err
	}
	for _, p := range people {
		add(&cc, p.Email())
	}
	for _, a := range t.ParticipantAddresses() {
		add(&cc, a)
	}
	if len(to) == 0 {
		to, cc = cc, nil
	}
	return to, cc, nil
}

// LastWord adds to effects who spoke last on a ticket, and when.
func LastWord(app core.App, ticket string, effects Effects) error {
	rows, err := app.FindRecordsByFilter(Messages, "ticket = {:ticket} && visibility = 'public'", "-created,-@rowid", 1, 0, map[string]any{"ticket": ticket})
	if err != nil || len(rows) == 0 {
		effects["last_message_at"], effects["last_speaker"] = "", ""
		return err
	}
	effects["last_message_at"], effects["last_speaker"] = rows[0].Get("created"), "agent"
	if (Message{rows[0]}).Inbound() {
		effects["last_speaker"] = "requester"
	}
	return nil
}

// HasLeft says whether a message is, or may already be, on its way.
func HasLeft(app core.App, m Message, now time.Time) (bool, error) {
	if m.Inbound() || m.SendAfter().IsZero() || !now.Before(m.SendAfter()) {
		return true, nil
	}
	n, err := app.CountRecords(OutboundMails, dbx.HashExp{"message": m.Id}, dbx.Not(dbx.HashExp{"state": OutQueued}))
	return n > 0, err
}

// RemoveOutbound removes the outbox rows of a message.
func RemoveOutbound(app core.App, message string) error {
	_, err := app.DB().Delete(OutboundMails, dbx.HashExp{"message": message}).Execute()
	return err
}

// RecentMessages lists when the messages of a ticket since a time came.
func RecentMessages(app core.App, ticket string, since time.Time) ([]time.Time, error) {
	var at []types.DateTime
	err := app.DB().NewQuery(`SELECT created FROM messages WHERE ticket = {:ticket} AND created >= {:since} LIMIT 1000`).
		Bind(dbx.Params{"ticket": ticket, "since": since.UTC().Format(instantFormat)}).Column(&at)
	out := make([]time.Time, len(at))
	for i, a := range at {
		out[i] = a.Time()
	}
	return out, err
}

// IsFirstMessage says whether a ticket has no other message.
func IsFirstMessage(app core.App, ticket, message string) (bool, error) {
	var n int
	err := app.DB().NewQuery(`SELECT COUNT(*) FROM (SELECT 1 FROM messages WHERE ticket = {:ticket} AND id <> {:id} LIMIT 1)`).
		Bind(dbx.Params{"ticket": ticket, "id": message}).Row(&n)
	return n == 0, err
}

// AcksSince counts the acknowledgements to an address since a time.
func AcksSince(app core.App, addr string, since time.Time) (int, error) {
	var n int
	err := app.DB().NewQuery(`SELECT COUNT(*) FROM outbound_mails WHERE kind = 'ack' AND created >= {:since} AND "to" = {:to}`).
		Bind(dbx.Params{"since": since.UTC().Format(instantFormat), "to": toJSON([]string{addr})}).Row(&n)
	return n, err
}

// AutomaticSince counts the acknowledgements and notices since a time, up to
// most.
func AutomaticSince(app core.App, since time.Time, most int) (int, error) {
	var n int
	err := app.DB().NewQuery(`SELECT COUNT(*) FROM (SELECT 1 FROM outbound_mails WHERE kind IN ('ack', 'notice') AND created >= {:since} LIMIT {:most})`).
		Bind(dbx.Params{"since": stamp(since), "most": most}).Row(&n)
	return n, err
}

// WasAlarmed says whether an alarm with this text was shown since a time.
func WasAlarmed(app core.App, text string, since time.Time) (bool, error) {
	n, err := app.CountRecords(Notices, dbx.HashExp{"kind": "alarm", "subject": text}, dbx.NewExp("created >= {:since}", dbx.Params{"since": stamp(since)}))
	return n > 0, err
}

func toJSON(v any) string {
	b, _ := json.Marshal(v) // only called with lists of strings
	return string(b)
}
