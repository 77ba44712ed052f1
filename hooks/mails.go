package hooks

import (
	"context"
	"fmt"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/imapbox"
	"github.com/deskbell/deskbell/mail/link"
	"github.com/deskbell/deskbell/mail/relay"
)

// Mails is everything that takes mail in and sends it out.
type Mails struct {
	Vault    *collections.Vault
	Ledger   *collections.Ledger
	Servers  *Servers
	Watchers *Watchers
	Intake   *Intake
	Outbox   *Outbox

	desk *Desk
	app  core.App
}

// NewMails assembles the mail side of a desk.
func (d *Desk) NewMails(app core.App, vault *collections.Vault) *Mails {
	m := &Mails{Vault: vault, desk: d, app: app}
	m.Ledger = collections.NewLedger(app, d.now, func() { wake(d.intake) })
	m.Servers = d.NewServers(app)
	m.Watchers = d.NewWatchers(app, m.Servers, m.Vault, m.Ledger)
	m.Intake = d.NewIntake(app, m.Vault)
	m.Outbox = d.NewOutbox(app, m.Servers)
	return m
}

// Listeners are the addresses on which mail is taken; "" is off.
type Listeners struct{ SMTP, LMTP string }

// Start begins to take and to send mail.
func (m *Mails) Start(life *Lifecycle, l Listeners) error {
	if err := m.Vault.Sweep(); err != nil {
		return fmt.Errorf("clear half-written mails: %w", err)
	}
	if err := m.listen(life, l); err != nil {
		return err
	}
	life.Go(StageIntake, "mailboxes", m.Watchers.Run)
	life.Go(StageSchedulers, "intake", m.Intake.Run)
	life.Go(StageOutbox, "outbox", m.Outbox.Run)
	life.OnStop(StageOutbox, "mail servers", func(context.Context) error { m.Servers.Close(); return nil })
	return nil
}

// Watch makes the state of the mailboxes part of the desk's readiness: a
// mailbox that fails degrades it, the desk stays ready.
func (m *Mails) Watch(r *Readiness) {
	r.Watch("mailboxes", func(context.Context) Part {
		bad := 0
		for _, s := range m.Watchers.Status() {
			if s.Code != "" {
				bad++
			}
		}
		if bad > 0 {
			return Part{State: PartDegraded, Note: fmt.Sprintf("%d mailboxes have trouble", bad)}
		}
		return Part{State: PartOK}
	})
}

// Test tries the servers of a mailbox and reports each step: name, tls,
// sign_in, folder, send, receive. Secrets that b leaves empty are taken from
// the stored mailbox of the same id.
func (m *Mails) Test(ctx context.Context, b collections.Mailbox, report func(link.Step)) error {
	mailboxDefaults(b)
	if err := m.desk.sealSecrets(m.app, b); err != nil {
		return err
	}
	var fetch imapbox.Config
	var err error
	if b.GetString("imap_host") != "" {
		if fetch, err = m.Servers.IMAP(b); err != nil {
			return err
		}
		if err := imapbox.Test(ctx, fetch, report); err != nil {
			return nil // it was reported
		}
	}
	if b.GetString("smtp_host") == "" {
		return nil
	}
	send, err := m.Servers.SMTP(b)
	if err != nil {
		return err
	}
	return m.roundTrip(ctx, b, fetch, send, report)
}

// roundTrip sends a mail to the mailbox itself and waits until it is there.
func (m *Mails) roundTrip(ctx context.Context, b collections.Mailbox, fetch imapbox.Config, send relay.Config, report func(link.Step)) error {
	settings, err := collections.FindSettings(m.app)
	if err != nil {
		return err
	}
	o := mail.Outgoing{
		Purpose: mail.Notification, From: mail.Address{Name: mail.CleanHeader(settings.Organization()), Addr: b.Address()},
		To: []mail.Address{{Addr: b.Address()}}, Date: m.desk.now(), Subject: "Deskbell connection test",
		MessageID: core.GenerateDefaultRandomId() + ".test@" + b.Domain(), LoopToken: m.desk.keys.Mail.LoopToken(),
		Text: "This mail tests the connection of the help desk. It may be deleted.\n",
	}
	env := relay.Envelope{From: b.Address(), To: []string{b.Address()}}
	if err := relay.Test(ctx, send, env, composed{o}, report); err != nil || fetch.Server.Host == "" {
		return nil // it was reported, or there is nowhere to look
	}
	arrived := func() bool {
		_, err := m.app.FindFirstRecordByData(collections.InboundMails, "message_id", o.MessageID)
		return err == nil
	}
	ctx, stop := context.WithTimeout(ctx, testWait)
	defer stop()
	_ = link.Run("", "receive", report, func() (string, error) { // the error is in the report
		return "", imapbox.Await(ctx, fetch, o.MessageID, arrived)
	})
	return nil
}

// testWait is how long a test mail may take. Chosen: greylisting takes
// longer, people do not wait longer.
const testWait = 60 * time.Second
