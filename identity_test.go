package main

import (
	"strings"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/core"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

// fetches connects the house's mailbox with a post office in both directions.
func (h *house) fetches(office *postOffice) {
	values := office.mailbox("support@desk.test")
	values["active"], values["poll_s"] = true, 1
	h.set(h.box, values)
}

// await waits until a record with a value is there.
func (h *house) await(collection, field string, value any) *core.Record {
	h.t.Helper()
	var found *core.Record
	require.Eventually(h.t, func() bool {
		r, err := h.FindFirstRecordByData(collection, field, value)
		found = r
		return err == nil
	}, 15*time.Second, 10*time.Millisecond, "no %s with %s %v", collection, field, value)
	return found
}

// From is a claim and a ticket number is public: what a stranger gets hold of
// brings them nothing (C1, C3, C5, C6).
func TestMailOfStrangersChangesNothing(t *testing.T) {
	h, office := newHouse(t), newPostOffice(t)
	h.fetches(office)
	office.deliver("From: Ada <asker@customer.test>", "To: support@desk.test", "Subject: VPN drops", "Message-ID: <first@customer.test>", "", "It drops.")
	ticket := h.fresh(h.await(collections.Tickets, "id", h.await(collections.Messages, "message_id", "first@customer.test").GetString("ticket")))
	assert.Equal(t, h.id(collections.Asker), ticket.GetString("requester"))
	ack := office.next(t)
	got := h.ask(collections.Worker, "POST", messageRows, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Try again.", "send_after": time.Now().UTC()})
	require.Equal(t, 200, got.Code, got.Body)
	answer := office.next(t)
	require.Equal(t, []string{"asker@customer.test"}, answer.to)
	h.await(collections.Messages, "delivery", "sent")
	before := h.fresh(ticket)

	for _, tt := range []struct {
		name  string
		lines []string
	}{
		{"a stranger who copies the id of our answer", []string{"From: eve@else.test", "In-Reply-To: <" + answer.mail.MessageID + ">", "Subject: Re: x"}},
		{"a stranger who copies the id of the first mail", []string{"From: eve@else.test", "References: <first@customer.test>", "Subject: Re: x"}},
		{"an agents address without proof", []string{"From: wim@desk.test", "In-Reply-To: <" + answer.mail.MessageID + ">", "Subject: " + answer.mail.Subject}},
		{"somebody who wants a code sent", []string{"From: verify@service.test", "In-Reply-To: <" + answer.mail.MessageID + ">", "Subject: Your code is 4711"}},
	} {
		id := strings.ReplaceAll(tt.name, " ", ".") + "@else.test"
		office.deliver(append(tt.lines, "To: support@desk.test", "Message-ID: <"+id+">", "", "canary: close it and copy me")...)
		in := h.await(collections.InboundMails, "message_id", id)
		require.Eventually(t, func() bool { return h.fresh(in).GetString("state") != collections.MailReceived }, 15*time.Second, 10*time.Millisecond)
		in = h.fresh(in)
		require.Equal(t, collections.MailTicketed, in.GetString("state"), "%s: %s", tt.name, in.GetString("reason"))
		m := h.await(collections.Messages, "message_id", id)
		assert.Equal(t, ticket.Id, m.GetString("ticket"), tt.name)
		assert.Equal(t, "internal", m.GetString("visibility"), tt.name)
		assert.Contains(t, m.GetString("flags"), collections.FlagNewSender, tt.name)
		for _, role := range []collections.Role{collections.Asker} {
			assert.Equal(t, 404, h.ask(role, "GET", messageRows+"/"+m.Id, nil).Code, tt.name)
			assert.NotContains(t, h.ask(role, "GET", "/api/desk/tickets/"+ticket.GetString("key"), nil).Body.String(), "canary", tt.name)
		}
	}
	after := h.fresh(ticket)
	for _, field := range []string{"state", "version", "participants", "participant_addresses", "requester", "assignee", "last_speaker", "last_message_at"} {
		assert.Equal(t, before.GetString(field), after.GetString(field), field)
	}
	office.quiet(t)

	// By the subject alone a stranger gets a ticket of their own.
	office.deliver("From: eve@else.test", "To: support@desk.test", "Subject: "+ack.mail.Subject, "Message-ID: <tag@else.test>", "", "canary")
	m := h.await(collections.Messages, "message_id", "tag@else.test")
	assert.NotEqual(t, ticket.Id, m.GetString("ticket"))
	for range 2 { // the acknowledgement to the stranger, and nothing to anybody else
		select {
		case l := <-office.sent:
			assert.Equal(t, []string{"eve@else.test"}, l.to)
			assert.NotContains(t, string(l.raw), "canary")
		case <-time.After(300 * time.Millisecond):
		}
	}
	assert.Equal(t, before.GetInt("version"), h.fresh(ticket).GetInt("version"))

	// Whoever is added to the copy line gets nothing.
	office.deliver("From: asker@customer.test", "To: support@desk.test", "Cc: eve@else.test", "Subject: "+answer.mail.Subject, "In-Reply-To: <"+answer.mail.MessageID+">",
		"Message-ID: <copied@customer.test>", "", "Please copy eve.")
	h.await(collections.Messages, "message_id", "copied@customer.test")
	got = h.ask(collections.Worker, "POST", messageRows, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Done.", "send_after": time.Now().UTC()})
	require.Equal(t, 200, got.Code, got.Body)
	for {
		l := office.next(t)
		assert.NotContains(t, l.to, "eve@else.test")
		if strings.Contains(string(l.raw), "Done.") {
			break
		}
	}
	assert.NotContains(t, h.fresh(ticket).GetString("participant_addresses"), "eve")
}

// C11: what a sender puts into names and subjects stays in its line.
func TestNamesAndSubjectsAddNoHeader(t *testing.T) {
	h, office := newHouse(t), newPostOffice(t)
	h.fetches(office)
	office.deliver("From: =?utf-8?q?Ada=0D=0ABcc:_victim@else.test?= <ada@customer.test>", "To: support@desk.test",
		"Subject: =?utf-8?q?Help=0D=0ABcc:_victim@else.test?=", "Message-ID: <first@customer.test>", "", "Hello.")
	m := h.await(collections.Messages, "message_id", "first@customer.test")
	office.next(t) // the acknowledgement
	got := h.ask(collections.Worker, "POST", messageRows, map[string]any{"ticket": m.GetString("ticket"), "visibility": "public", "text": "Hi.", "send_after": time.Now().UTC()})
	require.Equal(t, 200, got.Code, got.Body)
	l := office.next(t)
	assert.Equal(t, []string{"ada@customer.test"}, l.to)
	assert.Empty(t, l.mail.Header.Get("Bcc"))
	for _, to := range []string{"a@b.test\r\nBcc: victim@else.test", "Name <a@b.test>", "a@b.test, victim@else.test", "a b@c.test", "root@"} {
		got := h.ask(collections.Worker, "POST", messageRows, map[string]any{"ticket": m.GetString("ticket"), "visibility": "public", "text": "Hi.", "to": []string{to}})
		assert.Equal(t, 400, got.Code, to)
	}
}
