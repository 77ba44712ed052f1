package hooks

import (
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/mailer"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/notify"
)

// systemLife is how long a code or a link is worth sending: no longer than
// the longest of them holds (F3).
const systemLife = 30 * time.Minute

// errNoMailbox says that a code or a link has no way out.
var errNoMailbox = errors.New("no active mailbox sends mail: name an SMTP server in the mail settings")

// signInPath and resetPath are where people enter what a mail brought them.
const (
	signInPath = "/"                              // a page of somebody who is not signed in asks for it
	resetPath  = "#/auth/confirm-password-reset/" // of the dashboard, which serves all accounts with a password
)

// bindSystemMail catches every mail of PocketBase, gives it the desk's words
// and puts it into the outbox. Its own ways out, SMTP settings and sendmail,
// are never taken: nothing goes on behind the last handler.
func (d *Desk) bindSystemMail(app core.App) {
	on(app.OnRecordRequestOTPRequest(collections.Requesters), "system.newcomer", d.admit)
	on(app.OnMailerRecordOTPSend(), "system.code", d.wordCode)
	on(app.OnMailerRecordPasswordResetSend(), "system.reset", d.wordReset)
	on(app.OnMailerSend(), "system.mail", d.catchMail)
}

// admit finds the requester who asks for a code whatever the case of the
// address, and makes one of an address whose domain an organisation lists.
// Anybody else gets the same answer, and no code.
func (d *Desk) admit(e *core.RecordCreateOTPRequestEvent) error {
	if e.Record != nil {
		return e.Next()
	}
	addr := folded(e.RequestEvent, "email")
	known, err := collections.FindRequesterByAddress(e.App, addr)
	if errors.Is(err, sql.ErrNoRows) {
		known, err = d.newcomer(e.App, addr)
	}
	if err != nil {
		return err
	}
	e.Record = known.Record
	return e.Next()
}

func (d *Desk) newcomer(app core.App, addr string) (collections.Requester, error) {
	org, err := collections.OrganizationOf(app, addr)
	if err != nil || org == "" {
		return collections.Requester{}, err
	}
	var r collections.Requester
	err = app.RunInTransaction(func(tx core.App) (err error) {
		r, err = collections.EnsureRequester(tx, addr, "", collections.Stamp{Source: collections.SourceUI, Name: "sign-in", At: d.now()})
		return err
	})
	return r, err
}

func (d *Desk) wordCode(e *core.MailerRecordEvent) error {
	code, _ := e.Meta["password"].(string)
	minutes := int(e.Record.Collection().OTP.DurationTime().Minutes())
	return d.word(e, notify.SignInCode, func(settings collections.DeskSettings, v *notify.Values) {
		v.Code, v.Minutes = code, strconv.Itoa(minutes)
		v.Link = notify.Link(settings.PublicURL(), signInPath)
	})
}

func (d *Desk) wordReset(e *core.MailerRecordEvent) error {
	token, _ := e.Meta["token"].(string)
	minutes := int(e.Record.Collection().PasswordResetToken.DurationTime().Minutes())
	return d.word(e, notify.PasswordReset, func(settings collections.DeskSettings, v *notify.Values) {
		v.Minutes = strconv.Itoa(minutes)
		if base := notify.Link(settings.PublicURL(), "/_/"); base != "" {
			v.Link = base + resetPath + token
		}
	})
}

// word replaces PocketBase's words by the desk's, in the reader's language.
func (d *Desk) word(e *core.MailerRecordEvent, name notify.Name, fill func(collections.DeskSettings, *notify.Values)) error {
	settings, err := collections.FindSettings(e.App)
	if err != nil {
		return err
	}
	v := notify.Values{Desk: settings.Organization(), Person: e.Record.GetString("name")}
	fill(settings, &v)
	locale := e.Record.GetString("locale")
	if locale == "" {
		locale = settings.Locale()
	}
	text, err := d.texts.Write(name, locale, v)
	if err != nil {
		return err
	}
	e.Message.Subject, e.Message.Text, e.Message.HTML = text.Subject, text.Text, text.HTML
	return e.Next()
}

// catchMail writes a mail of PocketBase into the outbox and ends its way. One
// with a link waits for no public address: it is refused.
func (d *Desk) catchMail(e *core.MailerEvent) error {
	settings, err := collections.FindSettings(e.App)
	if err != nil {
		return err
	}
	if settings.PublicURL() == "" && holdsLink(e.Message) {
		return errNoPublicURL
	}
	box, err := collections.SendingMailbox(e.App)
	if err != nil {
		return err
	}
	if box.Record == nil {
		return errNoMailbox
	}
	out, err := collections.NewOutbound(e.App, collections.OutSystem)
	if err != nil {
		return err
	}
	var to []string
	for _, a := range e.Message.To {
		to = append(to, a.Address)
	}
	text := e.Message.Text
	if text == "" {
		text = mail.TextFromHTML(e.Message.HTML)
	}
	out.Load(map[string]any{"mailbox": box.Id, "to": to, "subject": e.Message.Subject, "text": text, "html": e.Message.HTML,
		"message_id": core.GenerateDefaultRandomId() + ".system@" + box.Domain(), "next_at": collections.Instant(d.now())})
	if err := e.App.Save(out.Record); err != nil {
		return err
	}
	wake(d.outbox)
	return nil // not e.Next(): the mail has found its way
}

func holdsLink(m *mailer.Message) bool {
	all := strings.ToLower(m.Subject + m.Text + m.HTML)
	return strings.Contains(all, "http://") || strings.Contains(all, "https://")
}
