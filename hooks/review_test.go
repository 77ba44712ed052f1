package hooks_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
)

func TestTeamHearsOfWhatNobodyHasAndReadsWhatIsConfidential(t *testing.T) {
	p := newPost(t)
	hr := p.save(t, collections.Teams, map[string]any{"name": "HR"})
	member := p.save(t, collections.Agents, map[string]any{"email": "ann@desk.test", "name": "Ann", "role": "agent", "active": true, "password": "secret-12345", "teams": []string{hr.Id}})
	lead := p.agent(t, "kim", "lead")
	r := p.incident(t, map[string]any{"confidential": true, "team": hr.Id})
	assert.Contains(t, p.ticket(t, r.Id).GetString("allowed"), member.Id)
	hired := p.save(t, collections.Agents, map[string]any{"email": "new@desk.test", "name": "New", "role": "agent", "active": true, "password": "secret-12345", "teams": []string{hr.Id}})
	assert.Contains(t, p.ticket(t, r.Id).GetString("allowed"), hired.Id, "who joins later reads it too")

	plain := p.incident(t, nil)
	require.NoError(t, p.as(lead, plain, map[string]any{"team": hr.Id}))
	assert.Equal(t, 2, p.count(t, collections.Notices, "kind = 'team_assigned'"))
}

func TestSharingFollowsTheOrganisation(t *testing.T) {
	p := newPost(t)
	org := p.save(t, collections.Organizations, map[string]any{"name": "Acme", "domains": []string{"customer.test"}})
	ticket := p.ticket(t, p.message(t, p.take(t, fromAda...)).Ticket())
	shared := func() string { return p.ticket(t, ticket.Id).GetString("allowed_requesters") }
	assert.Empty(t, shared())
	for _, on := range []bool{true, false} {
		row, err := p.FindRecordById(collections.Organizations, org.Id)
		require.NoError(t, err)
		row.Set("shares_tickets", on)
		require.NoError(t, p.Save(row))
		if on {
			assert.Equal(t, org.Id, shared())
		} else {
			assert.Empty(t, shared())
		}
	}
}

func TestEverydayMailThatIsOdd(t *testing.T) {
	p := newPost(t)
	in := p.take(t, "From: ada@customer.test", "To: support@desk.test", "Subject: with an empty file", "Message-ID: <empty@customer.test>", "MIME-Version: 1.0",
		`Content-Type: multipart/mixed; boundary="b"`, "", "--b", "", "See file.", "--b", `Content-Type: text/plain; name="ATT00001.txt"`, `Content-Disposition: attachment; filename="ATT00001.txt"`, "", "--b--")
	assert.Equal(t, "ticketed", in.GetString("state"), in.GetString("detail"))
	in = p.take(t, "Return-Path: <>", "From: db1@monitor.test", "To: support@desk.test", "Subject: Disk full", "Auto-Submitted: auto-generated", "Message-ID: <m@monitor.test>", "", "95 %")
	assert.Equal(t, "ticketed", in.GetString("state"), "monitoring opens a ticket even with a null sender")
	assert.Zero(t, p.count(t, collections.OutboundMails, "kind = 'ack' && to ~ 'monitor'"))
}

func TestFollowUpOfAConfidentialTicketStaysConfidential(t *testing.T) {
	p, ticket, answer, sam := answered(t)
	require.NoError(t, p.as(sam, ticket.Record, map[string]any{"confidential": true, "readers": []string{sam.Id}}))
	require.NoError(t, p.as(sam, ticket.Record, map[string]any{"state": "cancelled", "resolution_code": "withdrawn"}))
	in := p.take(t, "From: ada@customer.test", "To: support@desk.test", "Subject: Re: VPN drops", "Message-ID: <more@customer.test>", "In-Reply-To: <"+answer.MessageID()+">", "", "One more thing.")
	next := p.ticket(t, p.message(t, in).Ticket())
	assert.NotEqual(t, ticket.Id, next.Id)
	assert.True(t, next.Confidential())
	assert.Contains(t, next.GetString("allowed"), sam.Id)
}

func TestReplyOnAConfidentialTicketHasANeutralSubject(t *testing.T) {
	p, ticket, _, sam := answered(t)
	require.NoError(t, p.as(sam, ticket.Record, map[string]any{"confidential": true}))
	r := &relay{}
	out := p.hooks.NewOutbox(p, r)
	for range 3 {
		_, err := out.Drain(t.Context())
		require.NoError(t, err)
	}
	require.NotEmpty(t, r.sent)
	for _, o := range r.sent {
		if o.Purpose == mail.ByPerson {
			assert.Contains(t, o.Subject, ticket.Key())
			assert.NotContains(t, o.Subject, "VPN drops")
		}
	}
}

func TestCodeThatIsSwitchedOffHoldsNobodyUp(t *testing.T) {
	p, ticket, answer, sam := answered(t)
	require.NoError(t, p.as(sam, ticket.Record, map[string]any{"state": "resolved", "resolution": "Done", "resolution_code": "advice"}))
	code, err := collections.FindCode(p, collections.ResolutionCodes, "advice")
	require.NoError(t, err)
	code.Set("active", false)
	require.NoError(t, p.Save(code))
	in := p.take(t, "From: ada@customer.test", "To: support@desk.test", "Subject: Re: VPN drops", "Message-ID: <thx@customer.test>", "In-Reply-To: <"+answer.MessageID()+">", "", "Thanks!")
	assert.Equal(t, "ticketed", in.GetString("state"), in.GetString("detail"))
}

func TestTakenBackReplyIsUndoneOnTheTicket(t *testing.T) {
	p := newPost(t)
	sam := p.agent(t, "sam", "agent")
	ticket := p.ticket(t, p.message(t, p.take(t, fromAda...)).Ticket())
	m := p.save(t, collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Oops", "author_agent": sam.Id, "send_after": p.now.Add(5e9)})
	assert.Equal(t, "agent", p.ticket(t, ticket.Id).GetString("last_speaker"))
	require.NoError(t, p.Delete(m))
	got := p.ticket(t, ticket.Id)
	assert.Equal(t, "requester", got.GetString("last_speaker"))
	assert.True(t, got.GetDateTime("first_response_at").IsZero())
}

func TestAutomaticMailHasABudgetAndAnAlarm(t *testing.T) {
	p := newPost(t)
	p.agent(t, "kim", "lead")
	s, err := collections.FindSettings(p)
	require.NoError(t, err)
	s.Set("auto_quota", 2)
	require.NoError(t, p.Save(s.Record))
	for _, who := range []string{"a", "b", "c", "d"} {
		p.take(t, "From: "+who+"@customer.test", "To: support@desk.test", "Subject: Help", "Message-ID: <"+who+"@customer.test>", "", "Help")
	}
	assert.Equal(t, 4, p.count(t, collections.Tickets, "id != ''"))
	assert.Equal(t, 2, p.count(t, collections.OutboundMails, "kind = 'ack'"))
	assert.Equal(t, 1, p.count(t, collections.Notices, "kind = 'alarm'"), "told once")
}

func TestMailOverTheTotalQuotaWaitsInQuarantine(t *testing.T) {
	p := newPost(t)
	s, err := collections.FindSettings(p)
	require.NoError(t, err)
	s.Set("total_quota", 1)
	require.NoError(t, p.Save(s.Record))
	p.take(t, fromAda...)
	in := p.take(t, "From: bo@customer.test", "To: support@desk.test", "Message-ID: <bo@customer.test>", "", "Help")
	assert.Equal(t, "quarantined", in.GetString("state"))
	assert.Equal(t, "total_quota", in.GetString("reason"))
}

func TestEveryRefusedStepNamesWhatIsPossible(t *testing.T) {
	p := newPost(t)
	sam := p.agent(t, "sam", "agent")
	r := p.incident(t, nil)
	for _, step := range []map[string]any{
		{"state": "resolved", "resolution": "x", "resolution_code": "nonsense"},
		{"state": "resolved"}, {"state": "closed"}, {"state": "in_progress"},
	} {
		err := p.as(sam, r, step)
		require.Error(t, err, step)
		assert.Contains(t, errorData(err)["state"], "ossible", step)
	}
}

func TestSmtpTroubleShowsOnTheMailboxAndPasses(t *testing.T) {
	p := newPost(t)
	sam := p.agent(t, "sam", "agent")
	p.agent(t, "kim", "lead")
	ticket := p.ticket(t, p.message(t, p.take(t, fromAda...)).Ticket())
	p.save(t, collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Hello", "author_agent": sam.Id})
	box, err := p.FindRecordById(collections.Mailboxes, p.box.Id)
	require.NoError(t, err)
	box.Set("smtp_port", 1)
	box.Set("smtp_security", "none")
	require.NoError(t, p.Save(box))
	out := p.hooks.NewOutbox(p, p.hooks.NewServers(p))
	_, err = out.Drain(t.Context())
	require.NoError(t, err)
	box, err = p.FindRecordById(collections.Mailboxes, p.box.Id)
	require.NoError(t, err)
	assert.Contains(t, box.GetString("last_error"), "cure", "cause and cure are on the mailbox")
}
