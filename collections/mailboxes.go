package collections

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
)

// Mailbox is the typed view of a mailbox.
type Mailbox struct{ *core.Record }

// AsMailbox views a record of mailboxes.
func AsMailbox(r *core.Record) Mailbox { return Mailbox{r} }

// Address is what people write to.
func (b Mailbox) Address() string { return b.GetString("address") }

// Domain is the part of the address behind the @.
func (b Mailbox) Domain() string {
	_, domain, _ := strings.Cut(b.Address(), "@")
	return domain
}

// Sends says whether mail can leave by this mailbox.
func (b Mailbox) Sends() bool {
	return b.Record != nil && b.GetBool("active") && b.GetString("smtp_host") != ""
}

// Fetches says whether mail is fetched from this mailbox.
func (b Mailbox) Fetches() bool { return b.GetBool("active") && b.GetString("imap_host") != "" }

// SendingMailbox finds the mailbox by which something leaves: the first of
// the preferred ids that can send, else the oldest that can. Its Record is
// nil if no mailbox sends.
func SendingMailbox(app core.App, preferred ...string) (Mailbox, error) {
	boxes, err := FindMailboxes(app)
	if err != nil {
		return Mailbox{}, err
	}
	for _, want := range preferred {
		for _, b := range boxes {
			if want != "" && b.Id == want && b.Sends() {
				return b, nil
			}
		}
	}
	for _, b := range boxes {
		if b.Sends() {
			return b, nil
		}
	}
	return Mailbox{}, nil
}

// FindMailboxes lists all mailboxes, oldest first. How they fare
// ([NoteMailbox]) may be of an earlier time.
func FindMailboxes(app core.App) ([]Mailbox, error) {
	rows, err := remembered(app, Mailboxes, func() ([]*core.Record, error) {
		return app.FindRecordsByFilter(Mailboxes, "id != ''", "created", 0, 0)
	})
	out := make([]Mailbox, len(rows))
	for i, r := range rows {
		out[i] = Mailbox{r.Fresh()}
	}
	return out, err
}

// FindOutboundByMessageID finds the outbox row of a mail that we sent, by our
// id or the one that the relay gave it; its Record is nil if there is none.
func FindOutboundByMessageID(app core.App, id string) (Outbound, error) {
	out, err := firstOutbound(app, "message_id = {:id}", map[string]any{"id": id})
	if err != nil || out.Record != nil {
		return out, err
	}
	return firstOutbound(app, "server_id = {:id} && server_id != ''", map[string]any{"id": id})
}

// LastOutboundTo finds the newest mail of a ticket to an address; its Record
// is nil if there is none.
func LastOutboundTo(app core.App, ticket, addr string) (Outbound, error) {
	return firstOutbound(app, "ticket = {:ticket} && (to ~ {:addr} || cc ~ {:addr})", map[string]any{"ticket": ticket, "addr": addr})
}

func firstOutbound(app core.App, filter string, params map[string]any) (Outbound, error) {
	rows, err := app.FindRecordsByFilter(OutboundMails, filter, "-created", 1, 0, params)
	if err != nil || len(rows) == 0 {
		return Outbound{}, err
	}
	return Outbound{rows[0]}, nil
}

// HasReceipts says whether a mail ever came by a mailbox.
func HasReceipts(app core.App, mailbox string) (bool, error) {
	var n int
	err := app.DB().NewQuery(`SELECT COUNT(*) FROM (SELECT 1 FROM inbound_mails WHERE mailbox = {:id} LIMIT 1)`).Bind(dbx.Params{"id": mailbox}).Row(&n)
	return n > 0, err
}

// AuthServers are the names of our own servers in Authentication-Results.
func (b Mailbox) AuthServers() []string { return stringList(b.Record, "authserv_ids") }

// IgnoresBulk says whether newsletters and lists open no ticket here.
func (b Mailbox) IgnoresBulk() bool { return b.GetString("bulk") == "ignore" }

// NoteMailbox writes down how a mailbox fares, past every rule: it is no
// change that somebody makes. A zero ok leaves last_ok_at; trouble nil clears
// last_error.
func NoteMailbox(app core.App, id string, ok time.Time, trouble any) error {
	p := dbx.Params{"last_error": "null"}
	if trouble != nil {
		b, err := json.Marshal(trouble)
		if err != nil {
			return err
		}
		p["last_error"] = string(b)
	}
	if !ok.IsZero() {
		p["last_ok_at"] = stamp(ok)
	}
	_, err := app.NonconcurrentDB().Update(Mailboxes, p, dbx.HashExp{"id": id}).Execute()
	return err
}

// Fingerprint changes whenever a person changes anything that matters for
// reaching the servers. The refresh token is not in it: it changes by itself.
func (b Mailbox) Fingerprint() string {
	h := sha256.New()
	for _, f := range b.Collection().Fields {
		switch f.GetName() {
		case "last_ok_at", "last_error", "updated", "name", "team", "kind", refreshToken:
		default:
			fmt.Fprintf(h, "%s=%q\n", f.GetName(), b.GetString(f.GetName()))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

const refreshToken = "oauth_refresh_token"

// RefreshToken is the sealed refresh token, "" if there is none.
func (b Mailbox) RefreshToken() string { return b.GetString(refreshToken) }

// RotateToken puts the sealed refresh token that a server gave in the place
// of another, unless a person entered a new one meanwhile. It is no change
// that somebody makes, so it passes every rule.
func RotateToken(app core.App, mailbox, from, to string) error {
	_, err := app.NonconcurrentDB().Update(Mailboxes, dbx.Params{refreshToken: to}, dbx.HashExp{"id": mailbox, refreshToken: from}).Execute()
	return err
}
