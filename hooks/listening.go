package hooks

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/mail/listen"
)

// listen starts the SMTP and LMTP listeners that are switched on.
func (m *Mails) listen(life *Lifecycle, l Listeners) error {
	for protocol, address := range map[listen.Protocol]string{listen.SMTP: l.SMTP, listen.LMTP: l.LMTP} {
		if address == "" {
			continue
		}
		socket, err := net.Listen("tcp", address)
		if err != nil {
			return fmt.Errorf("cannot take mail by %s on %q (%w): choose another address", strings.ToUpper(string(protocol)), address, err)
		}
		settings, err := collections.FindSettings(m.app)
		if err != nil {
			return err
		}
		server := listen.New(listen.Config{
			Protocol: protocol,
			Limits:   listen.Limits{MaxBytes: settings.MaxMail()},
			Accept:   m.accepts,
			Paused:   func() bool { return m.Vault.Full() },
			Vault:    m.Vault,
			Ledger:   m.Ledger,
			Now:      m.desk.now,
			Log:      func(what string, err error) { m.app.Logger().Warn("mail listener", "what", what, "error", err) },
		})
		life.OnStop(StageIntake, string(protocol)+" listener", server.Shutdown)
		life.Go(StageIntake, string(protocol)+" listener", func(context.Context) error { return server.Serve(socket) })
	}
	return nil
}

// accepts answers for which mailbox a recipient is: one of ours, with or
// without something behind a +.
func (m *Mails) accepts(recipient string) (string, bool, error) {
	return mailboxOf(m.app, recipient)
}

func mailboxOf(app core.App, recipient string) (string, bool, error) {
	boxes, err := collections.FindMailboxes(app)
	if err != nil {
		return "", false, fmt.Errorf("read mailboxes: %w", err)
	}
	addr := mail.Fold(recipient)
	local, domain, _ := strings.Cut(addr, "@")
	base, _, _ := strings.Cut(local, "+")
	for _, b := range boxes {
		own := mail.Fold(b.Address())
		if b.GetBool("active") && (own == addr || own == base+"@"+domain) {
			return b.Id, true, nil
		}
	}
	return "", false, nil
}
