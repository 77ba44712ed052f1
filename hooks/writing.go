package hooks

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/filesystem"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
)

// write makes the mail of an outbox row. The same row gives the same mail
// each time: everything in it was settled when the row was written.
func (o *Outbox) write(row collections.Outbound) (collections.Mailbox, mail.Outgoing, error) {
	if row.GetString("kind") == collections.OutSystem && o.desk.now().Sub(row.Created()) > systemLife {
		return collections.Mailbox{}, mail.Outgoing{}, &Permanent{errors.New("what it holds has expired")}
	}
	box, err := o.mailbox(row)
	if err != nil {
		return box, mail.Outgoing{}, err
	}
	settings, err := collections.FindSettings(o.app)
	if err != nil {
		return box, mail.Outgoing{}, err
	}
	name := box.GetString("sender_name")
	if name == "" {
		name = settings.Organization()
	}
	out := mail.Outgoing{
		From: mail.Address{Name: mail.CleanHeader(name), Addr: box.Address()},
		To:   named(row.To()), Cc: named(row.Cc()), Bcc: named(row.Bcc()), Only: row.Pending(),
		Date: row.Created(), MessageID: row.GetString("message_id"), LoopToken: o.desk.keys.Mail.LoopToken(),
		InReplyTo: firstID(row.GetString("in_reply_to")), References: strings.Fields(row.GetString("references")),
		Subject: row.GetString("subject"), Text: row.GetString("text"), HTML: row.GetString("html"),
	}
	switch row.GetString("kind") {
	case collections.OutReply:
		err = o.writeReply(box, row, &out)
	case collections.OutAck:
		out.Purpose = mail.Acknowledgement
	default:
		out.Purpose = mail.Notification
	}
	return box, out, err
}

// mailbox finds by which mailbox a row leaves. A mailbox that was removed or
// switched off meanwhile is replaced by another that sends.
func (o *Outbox) mailbox(row collections.Outbound) (collections.Mailbox, error) {
	box, err := collections.SendingMailbox(o.app, row.GetString("mailbox"))
	if err != nil {
		return box, err
	}
	if box.Record == nil {
		return box, errors.New("no active mailbox sends mail: name an SMTP server in the mail settings")
	}
	return box, nil
}

// writeReply gives the mail what the agent wrote.
func (o *Outbox) writeReply(box collections.Mailbox, row collections.Outbound, out *mail.Outgoing) error {
	t, m, err := row.Subject(o.app)
	if errors.Is(err, sql.ErrNoRows) || err == nil && m.Record == nil {
		return &Permanent{errors.New("the message is gone")}
	}
	if err != nil {
		return err
	}
	if !m.IsPublic() {
		return &Permanent{errors.New("an internal note is never sent")}
	}
	n := int64(t.Number())
	out.Purpose = mail.ByPerson
	subject := t.Subject()
	if t.Confidential() {
		subject = "" // neutral: subjects show on locked telephones (H2)
	}
	out.Subject = mail.ReplySubject(o.desk.keys.Mail.Tag(t.Key(), n), subject)
	out.InReplyTo = firstID(m.GetString("in_reply_to"))
	out.References = strings.Fields(m.GetString("references"))
	out.Text, out.HTML = m.GetString("text"), m.GetString("html")
	sign(m, out)
	if box.GetBool("subaddressing") && len(m.To()) > 0 {
		out.ReplyTo = []mail.Address{{Name: out.From.Name, Addr: o.desk.keys.Mail.Address(box.Address(), n, m.To()[0])}}
	}
	return o.enclose(m, out)
}

// sign puts the agent's signature under the text, in the form in which it was
// when the message was written.
func sign(m collections.Message, out *mail.Outgoing) {
	signature := m.GetString("signature")
	if signature == "" {
		return
	}
	if out.HTML != "" {
		out.HTML += `<p>-- </p>` + signature
	}
	out.Text = strings.TrimRight(out.Text, "\n") + "\n\n-- \n" + mail.TextFromHTML(signature)
}

// enclose adds the files of a message; those that its HTML shows go inline.
func (o *Outbox) enclose(m collections.Message, out *mail.Outgoing) error {
	known := map[string]collections.FileInfo{}
	for _, f := range m.Files() {
		known[f.File] = f
	}
	for _, stored := range m.GetStringSlice("attachments") {
		info := known[stored]
		f := mail.File{Name: info.Name, Type: info.Type, ContentID: info.CID, Open: opener(o.app, m.Record, stored)}
		if f.Name == "" {
			f.Name = stored
		}
		if info.CID != "" && strings.Contains(out.HTML, "cid:"+info.CID) {
			out.Inline = append(out.Inline, f)
			continue
		}
		f.ContentID = ""
		out.Attachments = append(out.Attachments, f)
	}
	return nil
}

// opener opens a stored file; closing it closes the file system too.
func opener(app core.App, r *core.Record, name string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		fs, err := app.NewFilesystem()
		if err != nil {
			return nil, err
		}
		f, err := fs.GetReader(r.BaseFilesPath() + "/" + name)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("attachment %s: %w", name, err), fs.Close())
		}
		return &openFile{f, fs}, nil
	}
}

type openFile struct {
	io.ReadCloser
	fs *filesystem.System
}

func (f *openFile) Close() error { return errors.Join(f.ReadCloser.Close(), f.fs.Close()) }

func named(addrs []string) []mail.Address {
	out := make([]mail.Address, len(addrs))
	for i, a := range addrs {
		out[i].Addr = a
	}
	return out
}

func firstID(ids string) string {
	if f := strings.Fields(ids); len(f) > 0 {
		return f[0]
	}
	return ""
}
