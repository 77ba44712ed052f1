package collections

import (
	"strings"

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

// FindMailboxes lists all mailboxes, oldest first.
func FindMailboxes(app core.App) ([]Mailbox, error) {
	rows, err := app.FindRecordsByFilter(Mailboxes, "id != ''", "created", 0, 0)
	out := make([]Mailbox, len(rows))
	for i, r := range rows {
		out[i] = Mailbox{r}
	}
	return out, err
}

// Outbound is the typed view of an outbox row.
type Outbound struct{ *core.Record }

// NewOutbound begins an outbox row of a kind; it still has to be saved.
func NewOutbound(app core.App, kind string) (Outbound, error) {
	c, err := app.FindCachedCollectionByNameOrId(OutboundMails)
	if err != nil {
		return Outbound{}, err
	}
	o := Outbound{core.NewRecord(c)}
	o.Id = core.GenerateDefaultRandomId()
	o.Set("kind", kind)
	o.Set("state", OutQueued)
	return o, nil
}
