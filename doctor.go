package main

import (
	"context"
	"fmt"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/cli"
	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail/link"
)

// examineMail tries every active mailbox for doctor as the button "test
// connection" does: a mail to itself included.
func examineMail(ctx context.Context, app core.App, folder *collections.Folder) []cli.Finding {
	boxes, err := collections.FindMailboxes(app)
	if err != nil {
		return []cli.Finding{{Grade: cli.Failed, Part: "mailboxes", Text: err.Error(), Do: "start the desk once"}}
	}
	desk, err := newDesk(folder.Sealer())
	if err != nil {
		return []cli.Finding{{Grade: cli.Failed, Part: "mailboxes", Text: err.Error(), Do: "look at the key"}}
	}
	mails := desk.NewMails(app, collections.NewVault(folder.Dir(), nil))
	defer mails.Servers.Close()
	var found []cli.Finding
	receives, sends := false, false
	for _, b := range boxes {
		if !b.GetBool("active") {
			continue
		}
		receives = receives || b.GetString("imap_host") != ""
		sends = sends || b.GetString("smtp_host") != ""
		report := func(s link.Step) { found = append(found, step(b, s)) }
		if err := mails.Test(ctx, b, report); err != nil {
			found = append(found, cli.Finding{Grade: cli.Failed, Part: "mailbox " + b.GetString("name"), Text: err.Error(), Do: "open it in Settings, Mailboxes"})
		}
	}
	return append(found, missing(receives, "incoming mail", "no active mailbox fetches mail"), missing(sends, "outgoing mail", "no active mailbox sends mail: answers wait in the outbox"))
}

func step(b collections.Mailbox, s link.Step) cli.Finding {
	part := "mailbox " + b.GetString("name")
	name := s.Name
	if s.Server != "" {
		name = s.Server + " " + s.Name
	}
	if s.OK {
		return cli.Finding{Part: part, Text: fmt.Sprintf("%s: done in %d ms %s", name, s.Duration.Milliseconds(), s.Note)}
	}
	return cli.Finding{Grade: cli.Failed, Part: part, Text: fmt.Sprintf("%s: %s", name, s.Trouble.Cause), Do: s.Trouble.Cure}
}

func missing(there bool, part, text string) cli.Finding {
	if there {
		return cli.Finding{Part: part, Text: "is set up"}
	}
	return cli.Finding{Grade: cli.Warned, Part: part, Text: text, Do: "make a mailbox in Settings, Mailboxes, or start with --smtp-listen"}
}
