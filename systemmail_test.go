package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

const requestCode = "/api/collections/requesters/request-otp"

// sends connects the house's default mailbox with a post office.
func (h *house) sends(office *postOffice) {
	h.set(h.box, map[string]any{"smtp_port": office.smtpPort, "smtp_security": "none", "active": true})
}

func (h *house) settings(values map[string]any) {
	s, err := collections.FindSettings(h.App)
	require.NoError(h.t, err)
	h.set(s.Record, values)
}

// wordless waits until the last system mail is sent and forgotten.
func (h *house) wordless() {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		rows, err := h.FindRecordsByFilter(collections.OutboundMails, "kind = 'system'", "-created", 1, 0)
		require.NoError(h.t, err)
		return len(rows) == 1 && rows[0].GetString("state") == collections.OutSent && rows[0].GetString("subject")+rows[0].GetString("text")+rows[0].GetString("html") == ""
	}, 10*time.Second, 10*time.Millisecond)
}

func TestACodeLeavesByTheDefaultMailboxAndIsForgotten(t *testing.T) {
	h, office := newHouse(t), newPostOffice(t)
	h.sends(office)
	eve := h.make(collections.Requesters, map[string]any{"email": "eve@customer.test", "name": "Eve", "locale": "zh", "password": "correct horse"})
	byMail := h.ticket("From a mail", map[string]any{"channel": "email", "requester": eve.Id})

	got := h.as(nil, "POST", requestCode, map[string]any{"email": "EVE@customer.test"}, "Host", "evil.example")
	require.Equal(t, 200, got.Code, got.Body)
	letter := office.next(t)
	assert.Equal(t, []string{"eve@customer.test"}, letter.to)
	assert.Contains(t, letter.mail.Subject, "验证码")
	assert.Equal(t, "support@desk.test", letter.mail.From[0].Addr)
	assert.NotContains(t, string(letter.raw), "http", "no link while no public address is set")
	assert.Equal(t, "auto-generated", letter.mail.Header.Get("Auto-Submitted"))
	code := regexp.MustCompile(`\d{8}`).FindString(letter.mail.Text)
	require.NotEmpty(t, code)
	h.wordless()

	// Whoever has the code has the address: what came by mail shows now.
	got = h.as(nil, "POST", "/api/collections/requesters/auth-with-otp", map[string]any{"otpId": got.json()["otpId"], "password": code})
	require.Equal(t, 200, got.Code, got.Body)
	token, _ := got.json()["token"].(string)
	assert.NotContains(t, got.Body.String(), `"vip"`)
	got = h.as(nil, "GET", ticketRows+"/"+byMail.Id, nil, "Authorization", token)
	assert.Equal(t, 200, got.Code, got.Body)
	for _, line := range h.logs() {
		assert.False(t, strings.Contains(line, code), "the code is in no log: %.300s", line)
	}
	rows, err := h.FindAllRecords(collections.Events)
	require.NoError(t, err)
	for _, r := range rows {
		assert.NotContains(t, r.GetString("data"), code)
	}
}

func TestWhoMayAskForACode(t *testing.T) {
	h, office := newHouse(t), newPostOffice(t)
	h.sends(office)
	h.settings(map[string]any{"public_url": "https://desk.example.com"})
	ask := func(addr string) reply { return h.as(nil, "POST", requestCode, map[string]any{"email": addr}) }

	known := ask("asker@customer.test")
	letter := office.next(t)
	assert.Equal(t, []string{"asker@customer.test"}, letter.to)
	assert.Contains(t, letter.mail.Text, "https://desk.example.com")

	newcomer := ask("New.Person@Customer.test")
	assert.Equal(t, []string{"new.person@customer.test"}, office.next(t).to)
	r, err := collections.FindRequesterByAddress(h.App, "new.person@customer.test")
	require.NoError(t, err)
	assert.Equal(t, h.org.Id, r.Organization(), "an organisation lists the domain")
	assert.False(t, r.Verified(), "until the code is entered")

	for _, addr := range []string{"who@else.test", "who@sub.customer.test", "who@xcustomer.test", "who@customer.tes", "wim@desk.test", `who@%`} {
		unknown := ask(addr)
		if addr != `who@%` {
			assert.Equal(t, known.Code, unknown.Code, addr)
			assert.Len(t, unknown.Body.String(), known.Body.Len(), addr)
			assert.Equal(t, newcomer.Code, unknown.Code, addr)
		}
		_, err := collections.FindRequesterByAddress(h.App, addr)
		assert.Error(t, err, addr)
	}
	office.quiet(t)
}

func TestNoMailboxNoCodeAndTheLogSaysSo(t *testing.T) {
	h := newHouse(t)
	got := h.as(nil, "POST", requestCode, map[string]any{"email": "asker@customer.test"})
	assert.Equal(t, 200, got.Code, "the answer tells nothing")
	require.Eventually(t, func() bool { return strings.Contains(strings.Join(h.logs(), "\n"), "no active mailbox sends mail") }, 10*time.Second, 20*time.Millisecond)
	n, err := h.CountRecords(collections.OutboundMails)
	require.NoError(t, err)
	assert.Zero(t, n)
}

func TestLinksPointToTheConfiguredAddressOnly(t *testing.T) {
	h, office := newHouse(t), newPostOffice(t)
	h.sends(office)
	reset := func() int {
		return h.as(nil, "POST", "/api/collections/agents/request-password-reset", map[string]any{"email": "wim@desk.test"}, "Host", "evil.example", "X-Forwarded-Host", "evil.example").Code
	}
	assert.Equal(t, http.StatusNoContent, reset())
	office.quiet(t) // no public address is set
	h.settings(map[string]any{"public_url": "https://desk.example.com"})
	assert.Equal(t, http.StatusNoContent, reset())
	letter := office.next(t)
	assert.Equal(t, []string{"wim@desk.test"}, letter.to)
	assert.Contains(t, letter.mail.Text, "https://desk.example.com/_/#/auth/confirm-password-reset/")
	assert.NotContains(t, string(letter.raw), "evil.example")
	h.wordless()
}

// Whatever else PocketBase would mail takes the same way out.
func TestTheDashboardsTestMailLeavesByTheMailbox(t *testing.T) {
	h, office := newHouse(t), newPostOffice(t)
	body := map[string]any{"email": "root@desk.test", "template": "otp", "collection": "requesters"}
	got := h.ask(collections.Super, "POST", "/api/settings/test/email", body)
	assert.Equal(t, 400, got.Code, "no mailbox sends")
	h.sends(office)
	got = h.ask(collections.Super, "POST", "/api/settings/test/email", body)
	assert.Equal(t, 204, got.Code, got.Body)
	assert.Equal(t, []string{"root@desk.test"}, office.next(t).to)
	body["template"], body["collection"] = "verification", "agents"
	got = h.ask(collections.Super, "POST", "/api/settings/test/email", body)
	assert.Equal(t, 400, got.Code, "a link, and no public address")
	office.quiet(t)
}
