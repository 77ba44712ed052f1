package collections

import "github.com/pocketbase/pocketbase/core"

// States of an inbound mail.
const (
	MailReceived    = "received"
	MailTicketed    = "ticketed"
	MailIgnored     = "ignored"
	MailDuplicate   = "duplicate"
	MailQuarantined = "quarantined"
)

// States of an outbound mail.
const (
	OutQueued  = "queued"
	OutSending = "sending"
	OutSent    = "sent"
	OutFailed  = "failed"
)

// Kinds of outbound mail.
const (
	OutReply  = "reply"  // a person's message
	OutAck    = "ack"    // answer to a new ticket
	OutNotice = "notice" // to an agent
	OutSystem = "system" // sign-in codes and the like
)

// Secrets of a mailbox: sealed at rest, write-only.
var MailboxSecrets = []string{"imap_password", "smtp_password", "oauth_client_secret", "oauth_refresh_token"}

var mailboxesTable = table{
	name: Mailboxes,
	fields: func(f *fields) {
		f.text("name", 200, required, presentable)
		f.text("address", 320, required, help("The address that people write to."))
		f.flag("active", "Mail is fetched and sent only while active.")
		f.choice("auth", false, "password", "oauth")
		f.text("oauth_client_id", 500)
		f.text("oauth_client_secret", 5_000)
		f.text("oauth_token_url", 1_000)
		f.text("oauth_scope", 2_000)
		f.text("oauth_refresh_token", 20_000)
		f.text("imap_host", 255)
		f.number("imap_port", 0, 65535)
		f.choice("imap_security", false, "tls", "starttls", "none")
		f.text("imap_username", 320)
		f.text("imap_password", 5_000)
		f.text("imap_folder", 500)
		f.choice("after_fetch", false, "keep", "seen", "move", "delete")
		f.text("move_to", 500)
		f.choice("bulk", false, "ticket", "ignore")
		f.text("smtp_host", 255)
		f.number("smtp_port", 0, 65535)
		f.choice("smtp_security", false, "tls", "starttls", "none")
		f.text("smtp_username", 320)
		f.text("smtp_password", 5_000)
		f.text("tls_ca", 50_000, help("PEM of a private certificate authority."))
		f.one("team", Teams)
		f.choice("kind", false, "incident", "request")
		f.text("sender_name", 200, help("Name in the From line of outgoing mail; the organisation's when empty."))
		f.text("reply_separator", 200)
		f.json("authserv_ids", 5_000) // names of our own servers in Authentication-Results
		f.flag("subaddressing", "The server delivers name+anything@ too; replies then carry a keyed address.")
		f.number("poll_s", 0, 3600)
		f.date("last_ok_at")
		f.json("last_error", 5_000)
	},
	access:  access{list: rule(anAdmin), view: rule(anAdmin), create: rule(anAdmin), update: rule(anAdmin), remove: rule(anAdmin)},
	indexes: []index{{"idx_mailboxes_address", true, "address COLLATE NOCASE", ""}},
}

var inboundMailsTable = table{
	name: InboundMails,
	fields: func(f *fields) {
		f.one("mailbox", Mailboxes)
		f.number("uidvalidity", 0, 0)
		f.number("uid", 0, 0)
		f.text("sha256", 64)
		f.text("content_sha256", 64)
		f.text("message_id", 998)
		f.date("received_at")
		f.choice("state", true, MailReceived, MailTicketed, MailIgnored, MailDuplicate, MailQuarantined)
		f.text("reason", 200)
		f.text("detail", 2_000)
		f.number("size", 0, 0)
		f.one("message", Messages)
		f.number("attempts", 0, 0)
		f.text("subject", 500)
		f.text("sender", 320)
		f.text("envelope_from", 320)
		f.json("recipients", 50_000)
		f.flag("settled", "The mail server has been told.")
	},
	access: access{list: rule(anAdmin + ` && ` + onOpenMessage), view: rule(anAdmin + ` && ` + onOpenMessage)},
	indexes: []index{
		{"idx_inbound_uid", true, "mailbox, uidvalidity, uid", "uid > 0"},
		{"idx_inbound_state", false, "state, created", ""},
		{"idx_inbound_dedupe", false, "message_id, content_sha256", ""},
		{"idx_inbound_content", false, "content_sha256", ""},
		{"idx_inbound_unsettled", false, "mailbox, uidvalidity", "settled = 0 AND uid > 0"},
		{"idx_inbound_message", false, "message", ""},
		{"idx_inbound_sender", false, "sender, received_at", ""},
		{"idx_inbound_received", false, "received_at", ""},
	},
}

var outboundMailsTable = table{
	name: OutboundMails,
	fields: func(f *fields) {
		f.one("message", Messages)
		f.one("ticket", Tickets)
		f.one("mailbox", Mailboxes)
		f.choice("kind", true, OutReply, OutAck, OutNotice, OutSystem)
		f.json("to", 100_000)
		f.json("cc", 100_000)
		f.json("bcc", 100_000)
		f.json("pending", 100_000) // envelope recipients that are left after some were served; empty for all
		f.text("message_id", 998)
		f.text("server_id", 998) // as the relay answered
		f.choice("state", true, OutQueued, OutSending, OutSent, OutFailed)
		f.number("attempts", 0, 0)
		f.date("next_at")
		f.date("tried_at") // when it was first tried
		f.text("last_error", 4_000)
		f.text("subject", 998, hidden)
		f.text("text", 200_000, hidden)
		f.html("html", 1<<20)
		f.text("in_reply_to", 998, hidden)
		f.text("references", 40_000, hidden)
	},
	access: access{list: rule(anAdmin + ` && ` + onOpenTicket), view: rule(anAdmin + ` && ` + onOpenTicket)},
	indexes: []index{
		{"idx_outbound_next", false, "state, next_at", ""},
		{"idx_outbound_ticket", false, "ticket, created", ""},
		{"idx_outbound_message", false, "message", ""},
		{"idx_outbound_message_id", false, "message_id", ""},
		{"idx_outbound_server_id", false, "server_id", "server_id != ''"},
		{"idx_outbound_acks", false, "`to`, created", "kind = 'ack'"},
		{"idx_outbound_automatic", false, "created", "kind IN ('ack', 'notice')"},
	},
	tune: func(c *core.Collection) { c.Fields.GetByName("html").SetHidden(true) },
}

// ownNotice leaves out what tells of a ticket that has become closed to the
// agent since.
const ownNotice = anAgent + ` && agent = @request.auth.id && ` + onOpenTicket

// Notices tell an agent of something on the screen.
var noticesTable = table{
	name: Notices,
	fields: func(f *fields) {
		f.needed("agent", Agents)
		f.one("ticket", Tickets)
		f.choice("kind", true, "assigned", "replied", "team_assigned", "team_replied", "delivery", "alarm")
		f.text("subject", 500)
		f.text("actor_name", 300)
		f.flag("read", "")
	},
	access: access{
		list: rule(ownNotice), view: rule(ownNotice), update: rule(ownNotice), remove: rule(ownNotice),
	},
	indexes: []index{{"idx_notices_agent", false, "agent, created", ""}},
}
