package hooks_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/core"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/hooks"
	"github.com/deskbell/deskbell/mail"
)

// post is a desk with one mailbox whose mail comes by hand.
type post struct {
	*desk
	box    *core.Record
	vault  *collections.Vault
	ledger *collections.Ledger
	intake *hooks.Intake
	uid    uint32
}

func newPost(t testing.TB) *post {
	d := newDesk(t)
	p := &post{desk: d, vault: collections.NewVault(d.DataDir(), nil)}
	p.box = d.save(t, collections.Mailboxes, map[string]any{"name": "Support", "address": "support@desk.test", "active": true, "smtp_host": "127.0.0.1"})
	p.ledger = collections.NewLedger(d, func() time.Time { return d.now }, func() {})
	p.intake = d.hooks.NewIntake(d, p.vault)
	return p
}

// take receives a mail of these lines and processes it; the answer is its row.
func (p *post) take(t testing.TB, lines ...string) *core.Record {
	t.Helper()
	stored, err := p.vault.Put(t.Context(), strings.NewReader(strings.Join(lines, "\r\n")+"\r\n"))
	require.NoError(t, err)
	p.uid++
	require.NoError(t, p.ledger.Commit(t.Context(), []mail.Receipt{{Mailbox: p.box.Id, UIDValidity: 1, UID: p.uid, ReceivedAt: p.now, Stored: stored}}))
	require.NoError(t, p.intake.Drain(t.Context()))
	row, err := p.FindFirstRecordByFilter(collections.InboundMails, "uid = {:uid}", map[string]any{"uid": p.uid})
	require.NoError(t, err)
	return row
}

func (p *post) message(t testing.TB, in *core.Record) collections.Message {
	t.Helper()
	r, err := p.FindRecordById(collections.Messages, in.GetString("message"))
	require.NoError(t, err)
	return collections.AsMessage(r)
}

func (p *post) ticket(t testing.TB, id string) collections.Ticket {
	t.Helper()
	r, err := p.FindRecordById(collections.Tickets, id)
	require.NoError(t, err)
	return collections.AsTicket(r)
}

func (p *post) count(t testing.TB, collection, filter string) int {
	t.Helper()
	rows, err := p.FindRecordsByFilter(collection, filter, "", 0, 0)
	require.NoError(t, err)
	return len(rows)
}

var fromAda = []string{"From: Ada <ada@customer.test>", "To: support@desk.test", "Subject: VPN drops", "Message-ID: <one@customer.test>", "", "It drops."}

// answered is a post with Ada's ticket and an agent's answer on it.
func answered(t *testing.T) (p *post, ticket collections.Ticket, answer collections.Message, sam *core.Record) {
	p = newPost(t)
	sam = p.agent(t, "sam", "agent")
	ticket = p.ticket(t, p.message(t, p.take(t, fromAda...)).Ticket())
	require.NoError(t, p.as(sam, ticket.Record, map[string]any{"assignee": sam.Id, "state": "in_progress"}))
	r := p.save(t, collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Try again.", "author_agent": sam.Id})
	return p, ticket, collections.AsMessage(r), sam
}

func TestMailOpensATicketForItsSender(t *testing.T) {
	p := newPost(t)
	in := p.take(t, fromAda...)
	assert.Equal(t, "ticketed", in.GetString("state"))
	ticket := p.ticket(t, p.message(t, in).Ticket())
	assert.Equal(t, "VPN drops", ticket.Subject())
	assert.Equal(t, 4, ticket.GetInt("impact"))
	assert.Equal(t, 3, ticket.GetInt("urgency"))
	who, err := collections.FindRequesterByAddress(p, "ADA@customer.test")
	require.NoError(t, err)
	assert.Equal(t, who.Id, ticket.Requester())
	assert.Equal(t, 1, p.count(t, collections.OutboundMails, "kind = 'ack'"))
}

func TestSenderWhoCannotHaveAnAccountStillGetsATicketAndAnswers(t *testing.T) {
	p := newPost(t)
	in := p.take(t, "From: root@host", "To: support@desk.test", "Subject: cron failed", "Message-ID: <c@host>", "", "exit 1")
	ticket := p.ticket(t, p.message(t, in).Ticket())
	assert.Empty(t, ticket.Requester())
	assert.Equal(t, "root@host", ticket.AuthorAddress())
	sam := p.agent(t, "sam", "agent")
	m := p.save(t, collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Seen.", "author_agent": sam.Id})
	assert.Equal(t, []string{"root@host"}, collections.AsMessage(m).To())
}

func TestTheSameMailTwiceIsOneMessage(t *testing.T) {
	p := newPost(t)
	first := p.take(t, fromAda...)
	again := p.take(t, append([]string{"Received: by another.test", "Delivered-To: support@desk.test"}, fromAda...)...)
	assert.Equal(t, "duplicate", again.GetString("state"))
	assert.Equal(t, first.GetString("message"), again.GetString("message"))
	other := p.take(t, append(fromAda[:5:5], "Another text under the same id.")...)
	assert.Equal(t, "ticketed", other.GetString("state"), "senders reuse ids: other content is another mail")
}

func TestReplyOfTheRequesterComesBackAndWakesTheTicket(t *testing.T) {
	p, ticket, answer, sam := answered(t)
	require.NoError(t, p.as(sam, ticket.Record, map[string]any{"state": "on_hold", "hold_reason": "awaiting_requester"}))
	in := p.take(t, "From: ada@customer.test", "To: support@desk.test", "Subject: Re: VPN drops", "Message-ID: <two@customer.test>",
		"In-Reply-To: <"+answer.MessageID()+">", "", "Still broken.", "", "On Friday Sam wrote:", "> Try again.")
	m := p.message(t, in)
	assert.Equal(t, ticket.Id, m.Ticket())
	assert.True(t, m.IsPublic())
	assert.Equal(t, "Still broken.", strings.TrimSpace(m.GetString("text")))
	assert.Equal(t, "in_progress", string(p.ticket(t, ticket.Id).State()))
	assert.Equal(t, 1, p.count(t, collections.Notices, "kind = 'replied'"))
}

func TestThankYouLeavesAResolvedTicketResolved(t *testing.T) {
	p, ticket, answer, sam := answered(t)
	require.NoError(t, p.as(sam, ticket.Record, map[string]any{"state": "resolved", "resolution": "Done", "resolution_code": "solved"}))
	reply := func(id, text string) {
		p.take(t, "From: ada@customer.test", "To: support@desk.test", "Subject: Re: VPN drops", "Message-ID: <"+id+">", "In-Reply-To: <"+answer.MessageID()+">", "", text)
	}
	reply("thanks@customer.test", "Thank you very much!")
	assert.Equal(t, "resolved", string(p.ticket(t, ticket.Id).State()))
	reply("again@customer.test", "It happens again since noon.")
	got := p.ticket(t, ticket.Id)
	assert.Equal(t, "in_progress", string(got.State()))
	assert.Equal(t, 1, got.GetInt("reopened"))
}

func TestMailOnAClosedTicketOpensOneThatFollows(t *testing.T) {
	p, ticket, answer, sam := answered(t)
	require.NoError(t, p.as(sam, ticket.Record, map[string]any{"state": "resolved", "resolution": "Done", "resolution_code": "solved"}))
	lead := p.agent(t, "kim", "lead")
	require.NoError(t, p.as(lead, ticket.Record, map[string]any{"state": "closed"}))
	in := p.take(t, "From: ada@customer.test", "To: support@desk.test", "Subject: Re: VPN drops", "Message-ID: <late@customer.test>", "In-Reply-To: <"+answer.MessageID()+">", "", "Broken again.")
	got := p.ticket(t, p.message(t, in).Ticket())
	assert.NotEqual(t, ticket.Id, got.Id)
	assert.Equal(t, ticket.Id, got.GetString("follows"))
}

func TestStrangerWithOurMessageIDIsForAgentsOnly(t *testing.T) {
	p, ticket, answer, _ := answered(t)
	out := p.count(t, collections.OutboundMails, "id != ''")
	in := p.take(t, "From: eve@elsewhere.test", "To: support@desk.test", "Cc: mallory@elsewhere.test", "Subject: Re: VPN drops", "Message-ID: <eve@elsewhere.test>",
		"In-Reply-To: <"+answer.MessageID()+">", "", "Please reset the password of Ada.")
	m := p.message(t, in)
	assert.Equal(t, ticket.Id, m.Ticket())
	assert.False(t, m.IsPublic())
	assert.Contains(t, m.Flags(), collections.FlagNewSender)
	got := p.ticket(t, ticket.Id)
	assert.Empty(t, got.Participants())
	assert.Empty(t, got.ParticipantAddresses())
	assert.Equal(t, "in_progress", string(got.State()))
	assert.Equal(t, out, p.count(t, collections.OutboundMails, "id != ''"), "nothing is sent because of it")
	assert.Zero(t, p.count(t, collections.Notices, "kind = 'replied'"))
}

func TestStrangerWhoNamesATicketGetsATicketOfTheirOwn(t *testing.T) {
	p, ticket, _, _ := answered(t)
	in := p.take(t, "From: eve@elsewhere.test", "To: support@desk.test", "Subject: Re: ["+ticket.Key()+"] VPN drops", "Message-ID: <eve2@elsewhere.test>", "", "Me too.")
	got := p.ticket(t, p.message(t, in).Ticket())
	assert.NotEqual(t, ticket.Id, got.Id)
}

func TestMachinesAreReadButNotAnswered(t *testing.T) {
	for _, tt := range []struct {
		name    string
		headers []string
		state   string
		reason  string
	}{
		{"an absence note without a ticket is ignored", []string{"Auto-Submitted: auto-replied", "Subject: Out of office"}, "ignored", "auto_reply_unmatched"},
		{"monitoring opens a ticket", []string{"Auto-Submitted: auto-generated", "Subject: Disk full on db1"}, "ticketed", ""},
		{"a newsletter opens a ticket by default", []string{"Precedence: bulk", "List-Id: <news.test>", "Subject: News"}, "ticketed", ""},
		{"a null sender opens none", []string{"Return-Path: <>", "Subject: hello"}, "ignored", "null_sender_unmatched"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPost(t)
			in := p.take(t, append(tt.headers, "From: robot@machine.test", "To: support@desk.test", "Message-ID: <r@machine.test>", "", "Text")...)
			assert.Equal(t, tt.state, in.GetString("state"))
			assert.Equal(t, tt.reason, in.GetString("reason"))
			assert.Zero(t, p.count(t, collections.OutboundMails, "id != ''"))
		})
	}
}

func TestAcknowledgementsToOneSenderAreFew(t *testing.T) {
	p := newPost(t)
	for i := range 8 {
		p.take(t, "From: ada@customer.test", "To: support@desk.test", fmt.Sprintf("Subject: Problem %d", i), fmt.Sprintf("Message-ID: <p%d@customer.test>", i), "", "Help")
	}
	assert.Equal(t, 8, p.count(t, collections.Tickets, "id != ''"))
	assert.Equal(t, 5, p.count(t, collections.OutboundMails, "kind = 'ack'"))
}

func TestFloodOfAnUnknownSenderGoesToQuarantineAndComesBack(t *testing.T) {
	p := newPost(t)
	s, err := collections.FindSettings(p)
	require.NoError(t, err)
	s.Set("sender_quota", 2)
	require.NoError(t, p.Save(s.Record))
	var last *core.Record
	for i := range 4 {
		last = p.take(t, "From: flood@elsewhere.test", "To: support@desk.test", fmt.Sprintf("Message-ID: <f%d@elsewhere.test>", i), "", "x")
	}
	assert.Equal(t, "quarantined", last.GetString("state"))
	require.NoError(t, p.hooks.Retry(p, last.Id, collections.Stamp{Source: collections.SourceAPI}))
	require.NoError(t, p.intake.Drain(t.Context()))
	assert.Equal(t, 3, p.count(t, collections.InboundMails, "state = 'ticketed'"), "one press releases it")
}

func TestTwoHundredParallelCreatesGetTwoHundredNumbers(t *testing.T) {
	d := newDesk(t)
	c, err := d.FindCollectionByNameOrId(collections.Tickets)
	require.NoError(t, err)
	var wg sync.WaitGroup
	errs := make(chan error, 200)
	for range 200 {
		wg.Go(func() {
			r := core.NewRecord(c)
			r.Set("subject", "At once")
			errs <- d.Save(r)
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	var numbers []int
	require.NoError(t, d.DB().NewQuery(`SELECT DISTINCT number FROM tickets`).Column(&numbers))
	assert.Len(t, numbers, 200)
	good, bad, finding, err := collections.VerifyChain(d)
	require.NoError(t, err)
	assert.Zero(t, bad, finding)
	assert.GreaterOrEqual(t, good, int64(200))
}

func TestMessageIsTakenBackBeforeItLeaves(t *testing.T) {
	p, ticket, _, sam := answered(t)
	r := p.save(t, collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Oops", "author_agent": sam.Id, "send_after": p.now.Add(5 * time.Second)})
	require.Equal(t, 1, p.count(t, collections.OutboundMails, "message = '"+r.Id+"'"))
	require.NoError(t, p.Delete(r))
	assert.Zero(t, p.count(t, collections.OutboundMails, "message = '"+r.Id+"'"))

	r = p.save(t, collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Too late", "author_agent": sam.Id, "send_after": p.now.Add(5 * time.Second)})
	p.now = p.now.Add(6 * time.Second)
	err := p.Delete(r)
	require.Error(t, err)
	requireCode(t, err, "send_after", "message_already_sent")
}

// relay takes mails or refuses them, as told.
type relay struct {
	sent []mail.Outgoing
	fail error
}

func (r *relay) Deliver(_ context.Context, _ collections.Mailbox, o mail.Outgoing) (hooks.Delivery, error) {
	if r.fail != nil {
		return hooks.Delivery{}, r.fail
	}
	r.sent = append(r.sent, o)
	return hooks.Delivery{}, nil
}

func TestOutboxKeepsTheOrderOfATicketThroughARefusal(t *testing.T) {
	p, ticket, _, sam := answered(t)
	p.save(t, collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Second", "author_agent": sam.Id})
	r := &relay{fail: fmt.Errorf("relay is down")}
	out := p.hooks.NewOutbox(p, r)
	drain := func() {
		for {
			n, err := out.Drain(t.Context())
			require.NoError(t, err)
			if n == 0 {
				return
			}
		}
	}
	drain()
	require.Empty(t, r.sent)
	r.fail = nil
	drain()
	require.Empty(t, r.sent, "not before its next try")
	p.now = p.now.Add(2 * time.Minute)
	drain()
	var texts []string
	for _, o := range r.sent {
		if o.Purpose == mail.ByPerson {
			texts = append(texts, strings.TrimSpace(o.Text))
		}
	}
	assert.Equal(t, []string{"Try again.", "Second"}, texts)
}

func TestOutboxGivesUpWhatIsRefusedForGood(t *testing.T) {
	p, ticket, answer, _ := answered(t)
	out := p.hooks.NewOutbox(p, &relay{fail: &hooks.Permanent{Err: fmt.Errorf("550 no such user")}})
	for range 5 {
		_, err := out.Drain(t.Context())
		require.NoError(t, err)
	}
	m, err := p.FindRecordById(collections.Messages, answer.Id)
	require.NoError(t, err)
	assert.Equal(t, "failed", m.GetString("delivery"))
	assert.Equal(t, 2, p.count(t, collections.Messages, "ticket = '"+ticket.Id+"' && visibility = 'internal'"), "a note each for the acknowledgement and the answer")
	assert.Equal(t, 1, p.count(t, collections.Notices, "kind = 'delivery'"), "and the agent hears of it")
}

// answering gives the answers of a server, one a try.
type answering struct {
	tries   [][]string
	answers []hooks.Delivery
}

func (a *answering) Deliver(_ context.Context, _ collections.Mailbox, o mail.Outgoing) (hooks.Delivery, error) {
	env, err := o.Envelope()
	if err != nil {
		return hooks.Delivery{}, err
	}
	a.tries = append(a.tries, env.To)
	d := a.answers[0]
	a.answers = a.answers[1:]
	return d, nil
}

func TestRecipientsOfOneMailHaveTheirOwnFate(t *testing.T) {
	p := newPost(t)
	sam := p.agent(t, "sam", "agent")
	ticket := p.incident(t, nil)
	m := p.save(t, collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Hello", "author_agent": sam.Id,
		"to": []string{"grey@customer.test", "bad@customer.test", "ok@customer.test"}})
	r := &answering{answers: []hooks.Delivery{
		{Later: map[string]string{"grey@customer.test": "450 later"}, Refused: map[string]string{"bad@customer.test": "550 unknown"}}, {}}}
	out := p.hooks.NewOutbox(p, r)
	for range 3 {
		_, err := out.Drain(t.Context())
		require.NoError(t, err)
		p.now = p.now.Add(2 * time.Minute)
	}
	assert.Equal(t, [][]string{{"grey@customer.test", "bad@customer.test", "ok@customer.test"}, {"grey@customer.test"}}, r.tries)
	got, err := p.FindRecordById(collections.Messages, m.Id)
	require.NoError(t, err)
	assert.Equal(t, "sent", got.GetString("delivery"))
	assert.Contains(t, got.GetString("delivery_note"), "bad@customer.test")
	assert.Equal(t, 1, p.count(t, collections.Messages, "ticket = '"+ticket.Id+"' && visibility = 'internal'"), "the refusal is noted at once")
}

func TestReplyPlannedForTomorrowHoldsNothingUp(t *testing.T) {
	p, ticket, _, sam := answered(t)
	p.save(t, collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Tomorrow", "author_agent": sam.Id, "send_after": p.now.AddDate(0, 0, 1)})
	p.save(t, collections.Messages, map[string]any{"ticket": ticket.Id, "visibility": "public", "text": "Now", "author_agent": sam.Id})
	r := &relay{}
	out := p.hooks.NewOutbox(p, r)
	for range 4 {
		_, err := out.Drain(t.Context())
		require.NoError(t, err)
	}
	var texts []string
	for _, o := range r.sent {
		texts = append(texts, strings.TrimSpace(o.Text))
	}
	assert.Contains(t, texts, "Now")
	assert.NotContains(t, texts, "Tomorrow")
}
