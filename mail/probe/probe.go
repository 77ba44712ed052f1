// Package probe tests the settings of a mailbox from the name of the server
// to a mail that makes the round trip.
package probe

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/deskbell/deskbell/mail/imapbox"
	"github.com/deskbell/deskbell/mail/link"
	"github.com/deskbell/deskbell/mail/relay"
)

// Header marks a test mail; its value is the random id. Whoever reads mail
// passes over it.
const Header = "X-Deskbell-Connection-Test"

// Config says what to test. Parts that are nil are left out; the round trip
// needs both.
type Config struct {
	IMAP    *imapbox.Config
	SMTP    *relay.Config
	Address string // of the mailbox: the test mail goes from here to here

	// Arrived says whether a mail with the Message-ID (without < >) has come in
	// by another way, for instance through a watcher that took it from the
	// folder first. It may be nil.
	Arrived func(messageID string) bool
	Wait    time.Duration // for the test mail to arrive; 0 is 60 s
}

// defaultWait suits servers that scan mail before they deliver it; chosen.
const defaultWait = 60 * time.Second

// Run does the steps name, tls, sign_in and folder of IMAP, then name, tls,
// sign_in and send of SMTP, then receive, and reports each when it is
// finished. A step that fails ends its own side; the other side is tested all
// the same. The error is the first one met, a [*link.Trouble].
func Run(ctx context.Context, cfg Config, report func(link.Step)) error {
	var in, out error
	if cfg.IMAP != nil {
		in = imapbox.Test(ctx, *cfg.IMAP, report)
	}
	id := rand.Text()
	if cfg.SMTP != nil {
		envelope := relay.Envelope{From: cfg.Address, To: []string{cfg.Address}}
		out = relay.Test(ctx, *cfg.SMTP, envelope, bytes.NewReader(testMail(cfg.Address, id, time.Now())), report)
	}
	switch {
	case in != nil:
		return in
	case out != nil:
		return out
	case cfg.IMAP == nil || cfg.SMTP == nil:
		return nil
	}
	return receive(ctx, cfg, messageID(id), report)
}

func receive(ctx context.Context, cfg Config, id string, report func(link.Step)) error {
	if cfg.Wait <= 0 {
		cfg.Wait = defaultWait
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.Wait)
	defer cancel()
	arrived := func() bool { return cfg.Arrived != nil && cfg.Arrived(id) }
	return link.Run("", "receive", report, func() (string, error) {
		return "", imapbox.Await(ctx, *cfg.IMAP, id, arrived)
	})
}

func messageID(id string) string { return id + "@connection-test.invalid" }

// testMail is the mail of the round trip. It answers to nobody.
func testMail(address, id string, now time.Time) []byte {
	return fmt.Appendf(nil, "From: <%[1]s>\r\nTo: <%[1]s>\r\nSubject: Deskbell connection test\r\n"+
		"Date: %[2]s\r\nMessage-ID: <%[3]s>\r\n%[4]s: %[5]s\r\n"+
		"Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"+
		"This mail tests the settings of a mailbox. It may be deleted.\r\n",
		address, now.Format(time.RFC1123Z), messageID(id), Header, id)
}
