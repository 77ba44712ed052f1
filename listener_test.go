package main

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// Our own listeners feed the same intake: the yes comes after the commit, one
// mail that arrives by both ways is one ticket, and foreign recipients are
// refused.
func TestMailByOurOwnListeners(t *testing.T) {
	smtpAt, lmtpAt := freeAddress(t), freeAddress(t)
	agent := signIn(t, serve(t, setUp(t), "--smtp-listen", smtpAt, "--lmtp-listen", lmtpAt))
	agent.create("mailboxes", map[string]any{"name": "Support", "address": "support@desk.test", "smtp_host": "127.0.0.1", "smtp_port": 9, "smtp_security": "none"})
	raw := "From: ada@customer.test\r\nTo: support@desk.test\r\nSubject: By the front door\r\nMessage-ID: <door@customer.test>\r\n\r\nHello.\r\n"

	c, err := smtp.Dial(smtpAt)
	require.NoError(t, err)
	err = c.SendMail("ada@customer.test", []string{"somebody@elsewhere.test"}, strings.NewReader(raw))
	require.Error(t, err)
	assert.Contains(t, err.Error(), "550")
	require.NoError(t, c.Reset())
	require.NoError(t, c.SendMail("ada@customer.test", []string{"Support+tag@desk.test"}, strings.NewReader(raw)))
	require.Len(t, agent.list("inbound_mails", `message_id = "door@customer.test"`), 1, "the 250 comes after the commit")
	require.NoError(t, c.Quit())

	conn, err := net.Dial("tcp", lmtpAt)
	require.NoError(t, err)
	l := smtp.NewClientLMTP(conn)
	require.NoError(t, l.Mail("ada@customer.test", nil))
	require.NoError(t, l.Rcpt("support@desk.test", nil))
	w, err := l.Data()
	require.NoError(t, err)
	_, err = fmt.Fprint(w, raw)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, l.Quit())

	ticket := agent.await("tickets", `subject = "By the front door"`)
	agent.await("inbound_mails", `state = "duplicate"`)
	assert.Len(t, agent.list("tickets", ""), 1)
	assert.Len(t, agent.list("messages", fmt.Sprintf(`ticket = "%v"`, ticket["id"])), 1)
}
