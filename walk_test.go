package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/mail"
)

// The main job in one walk: a mail comes in and is an incident; the agent
// answers; the requester finds the threaded answer; their reply comes back to
// the same incident. The desk is the real executable, the mail servers are in
// memory.
func TestMailInAnswerOutAnswerBack(t *testing.T) {
	servers := newPostOffice(t)
	agent := signIn(t, serve(t, setUp(t)))
	agent.create("mailboxes", servers.mailbox("support@desk.test"))

	// Ada writes to the help desk.
	servers.deliver("From: Ada Müller <ada@customer.test>", "To: support@desk.test", "Subject: VPN drops",
		"Message-ID: <first@customer.test>", "Date: Fri, 20 Nov 2026 09:00:00 +0100", "", "It drops every few minutes.")

	// It is an incident with her as requester, and she is told its number.
	incident := agent.await("tickets", `subject = "VPN drops"`)
	assert.Equal(t, "new", incident["state"])
	assert.Equal(t, "email", incident["channel"])
	assert.EqualValues(t, 4, incident["priority"])
	key := incident["key"].(string)
	ack := servers.next(t)
	assert.Equal(t, []string{"ada@customer.test"}, ack.to)
	assert.Empty(t, ack.from, "an acknowledgement has no envelope sender")
	assert.Contains(t, ack.mail.Subject, key)
	assert.Equal(t, "auto-replied", ack.mail.Header.Get("Auto-Submitted"))

	// The agent takes it and answers.
	agent.update("tickets", incident["id"], map[string]any{"assignee": agent.id, "state": "in_progress"})
	reply := agent.create("messages", map[string]any{"ticket": incident["id"], "visibility": "public",
		"html": "<p>Please try the <b>new</b> profile.</p>", "send_after": time.Now().UTC()})
	agent.create("messages", map[string]any{"ticket": incident["id"], "visibility": "internal", "text": "canary: she is on floor 3"})

	// Ada finds one threaded answer in her mailbox, without the note.
	answer := servers.next(t)
	assert.Equal(t, []string{"ada@customer.test"}, answer.to)
	assert.Equal(t, []string{"first@customer.test"}, answer.mail.InReplyTo)
	assert.Contains(t, answer.mail.References, "first@customer.test")
	assert.Contains(t, answer.mail.Subject, "VPN drops")
	assert.Contains(t, answer.mail.Text, "Please try the new profile.")
	assert.Contains(t, answer.mail.HTML, "<b>new</b>")
	assert.NotContains(t, string(answer.raw), "canary")
	assert.Empty(t, answer.mail.Header.Get("Auto-Submitted"), "a person wrote it")
	agent.awaitField("messages", reply["id"], "delivery", "sent")

	// Her reply quotes the answer and comes back to the same incident.
	agent.update("tickets", incident["id"], map[string]any{"state": "on_hold", "hold_reason": "awaiting_requester"})
	servers.deliver("From: Ada Müller <ada@customer.test>", "To: support@desk.test", "Subject: "+answer.mail.Subject,
		"Message-ID: <second@customer.test>", "In-Reply-To: <"+answer.mail.MessageID+">", "", "Still no luck, sorry.", "",
		"On Fri, 20 Nov 2026 at 10:00, Acme <support@desk.test> wrote:", "> Please try the new profile.")
	back := agent.await("messages", `message_id = "second@customer.test"`)
	assert.Equal(t, incident["id"], back["ticket"])
	assert.Equal(t, "public", back["visibility"])
	assert.Equal(t, "Still no luck, sorry.", strings.TrimSpace(back["text"].(string)))
	assert.NotEmpty(t, back["thread_how"])
	agent.awaitField("tickets", incident["id"], "state", "in_progress")

	// The agent resolves it; nobody is told twice of anything.
	agent.update("tickets", incident["id"], map[string]any{"state": "resolved", "resolution": "New profile", "resolution_code": "solved"})
	assert.Len(t, agent.list("tickets", ""), 1)
	notice := servers.next(t)
	assert.Equal(t, []string{agent.email}, notice.to, "the agent hears of Ada's reply by mail")
	assert.Equal(t, "auto-generated", notice.mail.Header.Get("Auto-Submitted"))
	servers.quiet(t)
}

// postOffice is an IMAP server with one mailbox and an SMTP server that
// keeps what it takes.
type postOffice struct {
	user     *imapmemserver.User
	imapPort int
	smtpPort int
	sent     chan letter
}

type letter struct {
	from string
	to   []string
	raw  []byte
	mail *mail.Message
}

func newPostOffice(t *testing.T) *postOffice {
	t.Helper()
	p := &postOffice{user: imapmemserver.NewUser("support@desk.test", "secret"), sent: make(chan letter, 100)}
	require.NoError(t, p.user.Create("INBOX", nil))
	users := imapmemserver.New()
	users.AddUser(p.user)
	box := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return users.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}, imap.CapIdle: {}},
		InsecureAuth: true,
	})
	relay := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &sender{office: p}, nil }))
	relay.Domain, relay.MaxMessageBytes, relay.EnableSMTPUTF8 = "relay.test", 60<<20, true
	p.imapPort = listenOn(t, box.Serve, box.Close)
	p.smtpPort = listenOn(t, relay.Serve, relay.Close)
	return p
}

func listenOn(t *testing.T, serve func(net.Listener) error, end func() error) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = serve(l) }() // ends with the listener
	t.Cleanup(func() { _ = end() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	return n
}

// mailbox is the record that makes a desk use this post office.
func (p *postOffice) mailbox(address string) map[string]any {
	return map[string]any{"name": "Support", "address": address,
		"imap_host": "127.0.0.1", "imap_port": p.imapPort, "imap_security": "none", "imap_username": "support@desk.test", "imap_password": "secret",
		"smtp_host": "127.0.0.1", "smtp_port": p.smtpPort, "smtp_security": "none"}
}

// deliver puts a mail of these lines into the mailbox.
func (p *postOffice) deliver(lines ...string) {
	raw := []byte(strings.Join(lines, "\r\n") + "\r\n")
	_, err := p.user.Append("INBOX", literal{bytes.NewReader(raw)}, &imap.AppendOptions{})
	if err != nil {
		panic(err) // memory does not fail
	}
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

// next waits for the next mail that the desk sends.
func (p *postOffice) next(t *testing.T) letter {
	t.Helper()
	select {
	case l := <-p.sent:
		return l
	case <-time.After(15 * time.Second):
		require.Fail(t, "the desk sent no mail")
		return letter{}
	}
}

// quiet says that nothing more was sent.
func (p *postOffice) quiet(t *testing.T) {
	t.Helper()
	select {
	case l := <-p.sent:
		require.Fail(t, "one mail too many", "%s", l.raw)
	case <-time.After(300 * time.Millisecond):
	}
}

type sender struct {
	office *postOffice
	letter letter
}

func (s *sender) Mail(from string, _ *smtp.MailOptions) error { s.letter.from = from; return nil }
func (s *sender) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.to = append(s.letter.to, to)
	return nil
}
func (s *sender) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := mail.Parse(bytes.NewReader(raw), int64(len(raw)), mail.DefaultLimits())
	if err != nil {
		return err
	}
	s.office.sent <- letter{s.letter.from, s.letter.to, raw, m}
	return nil
}
func (s *sender) Reset()        { s.letter = letter{} }
func (s *sender) Logout() error { return nil }

// setUp makes a desk with an administrator and returns its folder.
func setUp(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	code, out := program(t, "setup", "--dir", dir, "--admin-email", "sam@desk.test", "--admin-password", "secret-12345", "--org", "Acme", "--url", "http://desk.test")
	require.Zero(t, code, out)
	return dir
}

// client is somebody who is signed in.
type client struct {
	t     *testing.T
	url   string
	token string
	id    string
	email string
}

func signIn(t *testing.T, d *desk) *client {
	t.Helper()
	status, out := d.post(t, "/api/collections/agents/auth-with-password", map[string]any{"identity": "sam@desk.test", "password": "secret-12345"})
	require.Equal(t, http.StatusOK, status, out)
	var answer struct {
		Token  string
		Record struct{ ID, Email string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &answer))
	return &client{t: t, url: d.url, token: answer.Token, id: answer.Record.ID, email: answer.Record.Email}
}

func (c *client) call(method, path string, body any) (int, map[string]any) {
	c.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(c.t, err)
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, bytes.NewReader(raw))
	require.NoError(c.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", c.token)
	res, err := http.DefaultClient.Do(req)
	require.NoError(c.t, err)
	defer res.Body.Close()
	var out map[string]any
	text, err := io.ReadAll(res.Body)
	require.NoError(c.t, err)
	if len(text) > 0 && text[0] == '{' {
		require.NoError(c.t, json.Unmarshal(text, &out), string(text))
	}
	return res.StatusCode, out
}

func (c *client) create(collection string, values map[string]any) map[string]any {
	c.t.Helper()
	status, r := c.call(http.MethodPost, "/api/collections/"+collection+"/records", values)
	require.Equal(c.t, http.StatusOK, status, "%v", r)
	return r
}

func (c *client) update(collection string, id any, values map[string]any) map[string]any {
	c.t.Helper()
	status, r := c.call(http.MethodPatch, fmt.Sprintf("/api/collections/%s/records/%v", collection, id), values)
	require.Equal(c.t, http.StatusOK, status, "%v", r)
	return r
}

func (c *client) list(collection, filter string) []map[string]any {
	c.t.Helper()
	status, r := c.call(http.MethodGet, "/api/collections/"+collection+"/records?perPage=200&filter="+url.QueryEscape(filter), nil)
	require.Equal(c.t, http.StatusOK, status, "%v", r)
	var out []map[string]any
	for _, item := range r["items"].([]any) {
		out = append(out, item.(map[string]any))
	}
	return out
}

// await waits until a filter finds a record.
func (c *client) await(collection, filter string) map[string]any {
	c.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if found := c.list(collection, filter); len(found) > 0 {
			return found[0]
		}
	}
	_, boxes := c.call(http.MethodGet, "/api/desk/mailboxes/status", nil)
	require.Fail(c.t, "never found", "no record of %s with %s; mails: %v; mailboxes: %v", collection, filter, c.list("inbound_mails", ""), boxes)
	return nil
}

// awaitField waits until a field of a record has a value.
func (c *client) awaitField(collection string, id any, field string, want any) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		_, r := c.call(http.MethodGet, fmt.Sprintf("/api/collections/%s/records/%v", collection, id), nil)
		return r[field] == want
	}, 15*time.Second, 20*time.Millisecond, "%s of %s never is %v", field, collection, want)
}

// shared finds the folder of shared material beside the project.
func shared(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("DESKBELL_SHARED")
	for at, err := os.Getwd(); dir == "" && err == nil && at != "/"; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "shared", name)); err == nil {
			dir = filepath.Join(at, "shared")
		}
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); dir == "" || err != nil {
		t.Skipf("the shared folder with %s is missing: put it beside the project or name it in DESKBELL_SHARED", name)
	}
	return path
}
