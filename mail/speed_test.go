package mail_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/mail"
)

// common is a mail as most of them are: two bodies of some kB and a thread.
var common = strings.ReplaceAll(`From: Ann <ann@client.example>
To: support@desk.example
Subject: Re: Printer
Message-ID: <b@client.example>
In-Reply-To: <a@client.example>
References: <x@client.example> <a@client.example>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

`+strings.Repeat("It stops every few minutes =E2=80=93 and goes on by itself.\n", 60)+`
--b
Content-Type: text/html; charset=utf-8

<p>`+strings.Repeat("It stops every few minutes and goes on by itself.<br>\n", 60)+`</p>
--b--
`, "\n", "\r\n")

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(common)))
	for b.Loop() {
		_, err := mail.Parse(strings.NewReader(common), int64(len(common)), mail.DefaultLimits())
		require.NoError(b, err)
	}
}

func BenchmarkThread(b *testing.B) {
	s := newScene(b)
	m, err := mail.Parse(strings.NewReader(common), int64(len(common)), mail.DefaultLimits())
	require.NoError(b, err)
	for b.Loop() {
		_, err := mail.Thread(m, s.store, mail.Arrival{Keys: s.keys, Recipients: []string{support}})
		require.NoError(b, err)
	}
}

func BenchmarkCompose(b *testing.B) {
	o := answer()
	o.HTML = "<p>Please <b>restart</b> it.</p>"
	for b.Loop() {
		require.NoError(b, mail.Compose(io.Discard, o))
	}
}
