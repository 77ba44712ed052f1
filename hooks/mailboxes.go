package hooks

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
)

const clearKey = "@deskbell_clear"

// bindMailboxes keeps the secrets of mailboxes sealed and write-only: they
// read as empty, an update without them or with "" keeps them, null clears.
func (d *Desk) bindMailboxes(app core.App) {
	on(app.OnRecordUpdateRequest(collections.Mailboxes), "mailbox.clear", func(e *core.RecordRequestEvent) error {
		e.Record.SetRaw(clearKey, e.Get(clearKey))
		return e.Next()
	})
	on(app.OnRecordDelete(collections.Mailboxes), "mailbox.remove", func(e *core.RecordEvent) error {
		used, err := collections.HasReceipts(e.App, e.Record.Id)
		if err != nil {
			return err
		}
		if used {
			return broken("active", "mailbox_used", "Mail has come by this mailbox, so it stays. Switch it off instead.")
		}
		return e.Next()
	})
	on(app.OnRecordCreate(collections.Mailboxes), "mailbox.create", d.keepMailbox)
	on(app.OnRecordUpdate(collections.Mailboxes), "mailbox.update", d.keepMailbox)
	on(app.OnRecordAfterCreateSuccess(collections.Mailboxes), "mailbox.created", d.mailboxesChanged)
	on(app.OnRecordAfterUpdateSuccess(collections.Mailboxes), "mailbox.updated", d.mailboxesChanged)
	on(app.OnRecordAfterDeleteSuccess(collections.Mailboxes), "mailbox.removed", d.mailboxesChanged)
}

// NoteNulls notes which secrets a change of a mailbox names with null, before
// PocketBase makes "" of it.
func NoteNulls(e *core.RequestEvent) error {
	if e.Request.Method != http.MethodPatch || !strings.HasPrefix(e.Request.URL.Path, "/api/collections/") {
		return e.Next()
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(e.Request.URL.Path, "/api/collections/"), "/")
	if c, err := e.App.FindCachedCollectionByNameOrId(name); err != nil || c.Name != collections.Mailboxes {
		return e.Next()
	}
	info, err := e.RequestInfo()
	if err != nil {
		return e.BadRequestError("The request could not be read.", err)
	}
	var cleared []string
	for _, field := range collections.MailboxSecrets {
		if v, ok := info.Body[field]; ok && v == nil {
			cleared = append(cleared, field)
		}
	}
	e.Set(clearKey, cleared)
	return e.Next()
}

func (d *Desk) keepMailbox(e *core.RecordEvent) error {
	b := collections.AsMailbox(e.Record)
	b.Set("address", fold(b.Address()))
	if err := mail.CheckAddress(b.Address()); err != nil {
		return broken("address", "address_invalid", "This is not an address that people can write to.")
	}
	if b.GetString("imap_host") == "" && b.GetString("smtp_host") == "" {
		return broken("imap_host", "mailbox_needs_server", "Name a server for at least one direction: IMAP to fetch, SMTP to send.")
	}
	mailboxDefaults(b)
	if err := d.sealSecrets(e.App, b); err != nil {
		return err
	}
	return e.Next()
}

// mailboxDefaults fills in what is usual: RFC 8314 ports, INBOX, \Seen.
func mailboxDefaults(b collections.Mailbox) {
	for field, value := range map[string]any{
		"auth": "password", "imap_security": "tls", "smtp_security": "starttls", "imap_folder": "INBOX", "after_fetch": "seen", "bulk": "ticket", "kind": "incident",
	} {
		if b.GetString(field) == "" {
			b.Set(field, value)
		}
	}
	if b.GetString("after_fetch") == "move" && b.GetString("move_to") == "" {
		b.Set("move_to", "Processed") // made on the server when missing
	}
	if b.GetInt("imap_port") == 0 {
		b.Set("imap_port", map[bool]int{true: 993, false: 143}[b.GetString("imap_security") == "tls"])
	}
	if b.GetInt("smtp_port") == 0 {
		b.Set("smtp_port", map[bool]int{true: 465, false: 587}[b.GetString("smtp_security") == "tls"])
	}
	for user, host := range map[string]string{"imap_username": "imap_host", "smtp_username": "smtp_host"} {
		if b.GetString(user) == "" && b.GetString(host) != "" && b.GetString(secretOf(user)) != "" {
			b.Set(user, b.Address())
		}
	}
}

func secretOf(user string) string {
	return map[string]string{"imap_username": "imap_password", "smtp_username": "smtp_password"}[user]
}

func (d *Desk) sealSecrets(app core.App, b collections.Mailbox) error {
	cleared, _ := b.GetRaw(clearKey).([]string)

	if b.Id == "" {
		b.Id = core.GenerateDefaultRandomId()
	}
	stored, err := app.FindRecordById(collections.Mailboxes, b.Id)
	if err != nil {
		stored = core.NewRecord(b.Collection()) // a new mailbox has nothing to keep
	}
	for _, field := range collections.MailboxSecrets {
		value := b.GetString(field)
		switch {
		case slices.Contains(cleared, field):
			value = ""
		case value == "":
			value = stored.GetString(field)
		case value != stored.GetString(field):
			if value, err = d.keys.Seal.Seal(secretPlace(b.Id, field), value); err != nil {
				return err
			}
		}
		b.Set(field, value)
	}
	return nil
}

func secretPlace(mailbox, field string) collections.Place {
	return collections.Place{Collection: collections.Mailboxes, Record: mailbox, Field: field}
}

// secret opens a secret of a mailbox.
func (d *Desk) secret(b collections.Mailbox, field string) (string, error) {
	return d.keys.Seal.Open(secretPlace(b.Id, field), b.GetString(field))
}

// mailboxesChanged has the watchers follow, and what could not be sent tried
// anew: the edit may have been the cure.
func (d *Desk) mailboxesChanged(e *core.RecordEvent) error {
	if err := collections.RetrySoon(e.App, e.Record.Id, d.now()); err != nil {
		return err
	}
	wake(d.mailboxes)
	wake(d.outbox)
	return e.Next()
}
