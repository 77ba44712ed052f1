package hooks_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/mail"
)

// receive stores n mails of one sender each and commits their receipts; it
// processes nothing. The answer is the hashes.
func (p *post) receive(t *testing.T, n int) []string {
	t.Helper()
	var receipts []mail.Receipt
	var hashes []string
	for i := range n {
		p.uid++
		raw := fmt.Sprintf("From: P <p%d@customer.test>\r\nTo: support@desk.test\r\nSubject: Mail %d\r\nMessage-ID: <%d@customer.test>\r\n\r\nHelp.\r\n", i, i, i)
		stored, err := p.vault.Put(t.Context(), strings.NewReader(raw))
		require.NoError(t, err)
		hashes = append(hashes, stored.SHA256)
		receipts = append(receipts, mail.Receipt{Mailbox: p.box.Id, UIDValidity: 1, UID: p.uid, ReceivedAt: p.now, Stored: stored})
	}
	require.NoError(t, p.ledger.Commit(t.Context(), receipts))
	return hashes
}

func TestWaitingMailsBecomeTicketsInTheirOrder(t *testing.T) {
	p := newPost(t)
	p.receive(t, 19)
	require.NoError(t, p.intake.Drain(t.Context()))
	rows, err := p.FindRecordsByFilter(collections.Tickets, "id != ''", "number", 0, 0)
	require.NoError(t, err)
	require.Len(t, rows, 19)
	for i, r := range rows {
		assert.Equal(t, fmt.Sprint("Mail ", i), r.GetString("subject"))
		assert.Equal(t, i+1, r.GetInt("number"), "no number is lost")
		assert.Equal(t, 1, r.GetInt("version"), "written once")
	}
}

func TestOneBadMailHoldsUpNoOther(t *testing.T) {
	p := newPost(t)
	hashes := p.receive(t, 5)
	require.NoError(t, os.Remove(p.vault.Path(hashes[2])))
	for range 3 {
		require.NoError(t, p.intake.Drain(t.Context()))
	}
	assert.Equal(t, 4, p.count(t, collections.Tickets, "id != ''"))
	assert.Equal(t, 4, p.count(t, collections.InboundMails, "state = 'ticketed'"))
	assert.Equal(t, 1, p.count(t, collections.InboundMails, "state = 'quarantined' && attempts = 3"))
	good, bad, finding, err := collections.VerifyChain(p)
	require.NoError(t, err)
	assert.Zero(t, bad, finding)
	assert.NotZero(t, good)
}
