package hooks

import (
	"context"
	"fmt"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail/link"
	"github.com/deskbell/deskbell/mail/probe"
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
	began := time.Now().Add(-20 * time.Millisecond) // file times lag behind by a tick of the kernel
	life.Go(StageSchedulers, "orphaned attachments", func(ctx context.Context) error {
		n, err := collections.RemoveOrphans(ctx, m.app, began)
		if n > 0 {
			m.app.Logger().Info("attachments without a message removed", "folders", n)
		}
		return err
	})
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
// the stored mailbox of the same id. A step that fails is in the report; the
// error is for what could not be tried at all.
func (m *Mails) Test(ctx context.Context, b collections.Mailbox, report func(link.Step)) error {
	mailboxDefaults(b)
	if err := m.desk.sealSecrets(m.app, b); err != nil {
		return err
	}
	cfg := probe.Config{Address: b.Address(), Arrived: func(id string) bool {
		_, err := m.app.FindFirstRecordByData(collections.InboundMails, "message_id", id)
		return err == nil
	}}
	if b.GetString("imap_host") != "" {
		fetch, err := m.Servers.IMAP(b)
		if err != nil {
			return err
		}
		cfg.IMAP = &fetch
	}
	if b.GetString("smtp_host") != "" {
		send, err := m.Servers.SMTP(b)
		if err != nil {
			return err
		}
		cfg.SMTP = &send
	}
	_ = probe.Run(ctx, cfg, report) // the report says what failed
	return nil
}
