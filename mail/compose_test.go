package mail_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/mail"
)

// answer is an agent's reply with everything in it that a plain one has.
func answer() mail.Outgoing {
	return mail.Outgoing{
		Purpose:   mail.ByPerson,
		From:      mail.Address{Name: "Desk", Addr: support},
		To:        []mail.Address{{Name: "Ann", Addr: ann}},
		Subject:   "Re: [INC-42 kaaaaaaaaaa] Printer",
		Date:      time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
		MessageID: "42.m.r.k@desk.example",
		LoopToken: "loop",
		Text:      "Please restart it.",
	}
}

func compose(t testing.TB, o mail.Outgoing) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, mail.Compose(&b, o))
	return b.String()
}

func TestComposeWritesAPlainMail(t *testing.T) {
	assert.Equal(t, "From: Desk <support@desk.example>\r\n"+
		"To: Ann <ann@client.example>\r\n"+
		"Subject: Re: [INC-42 kaaaaaaaaaa] Printer\r\n"+
		"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n"+
		"Message-ID: <42.m.r.k@desk.example>\r\n"+
		"MIME-Version: 1.0\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\n"+
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n"+
		"Please restart it.\r\n", compose(t, answer()))
}
