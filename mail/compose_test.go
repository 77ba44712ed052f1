package mail_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	stdmail "net/mail"
	"runtime"
	"strings"
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

func file(name, kind string, content []byte) mail.File {
	return mail.File{Name: name, Type: kind, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}

// full is a mail with every part there is.
func full() mail.Outgoing {
	o := answer()
	o.From.Name = "Dienst, der \"Helpdesk\""
	o.To = []mail.Address{{Name: "Änne Müller, Abt. 3", Addr: ann}, {Name: "张伟", Addr: "zhang@例え.jp"}}
	o.Cc = []mail.Address{{Addr: "root@host"}}
	o.Bcc = []mail.Address{{Addr: "secret@client.example"}}
	o.ReplyTo = []mail.Address{{Addr: "support+42.tok@desk.example"}}
	o.Subject = "Re: [INC-42 kaaaaaaaaaa] 打印机坏了，请尽快处理，谢谢。这是一个很长的主题，需要折叠成几行才可以"
	o.InReplyTo = "first@client.example"
	o.References = []string{"42.anchor@desk.example", "first@client.example"}
	o.Text = "Grüße\nFrom here\n.\n" + strings.Repeat("long ", 400) + "end"
	o.HTML = "<p>Grüße <img src=\"cid:pic1@desk\"></p>"
	pic := file("bild.png", "image/png", bytes.Repeat([]byte{0x89, 'P', 0, '\n'}, 999))
	pic.ContentID = "pic1@desk"
	unused := file("unused.png", "image/png", []byte("x"))
	unused.ContentID = "pic2@desk"
	o.Inline = []mail.File{pic, unused}
	o.Attachments = []mail.File{
		file("日程表 "+strings.Repeat("很长", 30)+".pdf", "application/pdf", []byte("%PDF")),
		file("letter.eml", "message/rfc822", []byte("Subject: x\r\n\r\ny")),
		file("empty.txt", "text/plain", nil),
	}
	return o
}

func TestComposeKeepsToTheWireRules(t *testing.T) {
	raw := compose(t, full())
	head, _, _ := strings.Cut(raw, "\r\n\r\n")
	for i, line := range strings.Split(raw, "\r\n") {
		assert.LessOrEqual(t, len(line), 78, "line %d: %s", i, line)
		assert.NotContains(t, line, "\n")
		assert.NotContains(t, line, "\r")
	}
	for i := range len(raw) {
		if raw[i] >= 0x80 || raw[i] == 0 {
			t.Fatalf("byte %d is %#x", i, raw[i])
		}
	}
	assert.True(t, strings.HasSuffix(raw, "--\r\n"))
	assert.NotContains(t, raw, "secret@client.example", "blind copies stay blind")
	assert.NotContains(t, raw, "message/rfc822", "a message cannot be base64")
	for _, quiet := range []string{"Auto-Submitted", "X-Auto-Response-Suppress", "X-Deskbell-Loop", "Precedence"} {
		assert.NotContains(t, head, quiet, "a person's reply")
	}
	assert.Contains(t, raw, "<zhang@xn--r8jz45g.jp>")
}

func TestComposeIsReadBackByTheLibrary(t *testing.T) {
	m, err := stdmail.ReadMessage(strings.NewReader(compose(t, full())))
	require.NoError(t, err)
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	require.NoError(t, err)
	assert.Equal(t, full().Subject, subject)
	to, err := m.Header.AddressList("To")
	require.NoError(t, err)
	require.Len(t, to, 2)
	assert.Equal(t, "Änne Müller, Abt. 3", to[0].Name)
	assert.Equal(t, "张伟", to[1].Name)
	from, err := m.Header.AddressList("From")
	require.NoError(t, err)
	assert.Equal(t, "Dienst, der \"Helpdesk\"", from[0].Name)
	assert.Equal(t, "<42.anchor@desk.example> <first@client.example>", m.Header.Get("References"))
}

func TestComposeGivesTheSameBytesOnEachAttempt(t *testing.T) {
	assert.Equal(t, compose(t, full()), compose(t, full()))
	other := full()
	other.MessageID = "43.m.r.k@desk.example"
	assert.NotContains(t, compose(t, other), boundaryOf(compose(t, full())))
}

func boundaryOf(raw string) string {
	_, rest, _ := strings.Cut(raw, "boundary=\"")
	mark, _, _ := strings.Cut(rest, "\"")
	return mark
}

func TestComposeMarksAutomaticMail(t *testing.T) {
	for _, tt := range []struct {
		purpose   mail.Purpose
		submitted string
		bulk      bool
		sender    string
	}{
		{mail.Notification, "auto-generated", false, support},
		{mail.Acknowledgement, "auto-replied", false, ""},
		{mail.Announcement, "auto-generated", true, support},
	} {
		t.Run(string(tt.purpose), func(t *testing.T) {
			o := answer()
			o.Purpose = tt.purpose
			raw := compose(t, o)
			assert.Contains(t, raw, "\r\nAuto-Submitted: "+tt.submitted+"\r\n")
			assert.Contains(t, raw, "\r\nX-Auto-Response-Suppress: All\r\n")
			assert.Contains(t, raw, "\r\nX-Deskbell-Loop: loop\r\n")
			assert.Equal(t, tt.bulk, strings.Contains(raw, "\r\nPrecedence: bulk\r\n"))
			env, err := o.Envelope()
			require.NoError(t, err)
			assert.Equal(t, tt.sender, env.From)
		})
	}
}

func TestEnvelopeHoldsEveryRecipientOnce(t *testing.T) {
	o := full()
	o.Cc = append(o.Cc, mail.Address{Addr: strings.ToUpper(ann)})
	o.EnvelopeFrom = "support+42.tok@desk.example"
	env, err := o.Envelope()
	require.NoError(t, err)
	assert.Equal(t, mail.Envelope{From: "support+42.tok@desk.example",
		To: []string{ann, "zhang@xn--r8jz45g.jp", "root@host", "secret@client.example"}}, env)
	o.To[1].Addr = "张伟@client.example"
	env, err = o.Envelope()
	require.NoError(t, err)
	assert.True(t, env.UTF8, "a local part of another script needs SMTPUTF8")
	assert.Contains(t, compose(t, o), "<张伟@client.example>")
}

func TestComposeRefusesWhatWouldBreakTheHeader(t *testing.T) {
	inject := "x\r\nBcc: victim@x.example"
	for _, tt := range []struct {
		name   string
		change func(o *mail.Outgoing)
	}{
		{"line end in the subject", func(o *mail.Outgoing) { o.Subject = inject }},
		{"bare CR in the subject", func(o *mail.Outgoing) { o.Subject = "a\rb" }},
		{"NUL in the subject", func(o *mail.Outgoing) { o.Subject = "a\x00b" }},
		{"line end in a name", func(o *mail.Outgoing) { o.To[0].Name = inject }},
		{"Unicode line separator in a name", func(o *mail.Outgoing) { o.To[0].Name = "a\u2028b" }},
		{"line end in an address", func(o *mail.Outgoing) { o.To[0].Addr = "ann@client.example\r\nBcc: v@x.example" }},
		{"second recipient in an address", func(o *mail.Outgoing) { o.To[0].Addr = "ann@client.example,v@x.example" }},
		{"bracket in an address", func(o *mail.Outgoing) { o.To[0].Addr = "ann> <v@x.example" }},
		{"line end in the sender", func(o *mail.Outgoing) { o.From.Name = inject }},
		{"line end in Reply-To", func(o *mail.Outgoing) { o.ReplyTo = []mail.Address{{Name: inject, Addr: ann}} }},
		{"line end in a blind copy", func(o *mail.Outgoing) { o.Bcc = []mail.Address{{Addr: "a\n@x.example"}} }},
		{"line end in the envelope sender", func(o *mail.Outgoing) { o.EnvelopeFrom = "a\n@x.example" }},
		{"line end in our id", func(o *mail.Outgoing) { o.MessageID = "a\r\n@b" }},
		{"no id", func(o *mail.Outgoing) { o.MessageID = "" }},
		{"no date", func(o *mail.Outgoing) { o.Date = time.Time{} }},
		{"nobody to send to", func(o *mail.Outgoing) { o.To = nil }},
		{"line end in the loop token", func(o *mail.Outgoing) { o.Purpose, o.LoopToken = mail.Notification, inject }},
		{"unknown purpose", func(o *mail.Outgoing) { o.Purpose = "" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := answer()
			tt.change(&o)
			var b bytes.Buffer
			err := mail.Compose(&b, o)
			var refused *mail.HeaderError
			require.ErrorAs(t, err, &refused)
			assert.Zero(t, b.Len(), "nothing is written")
		})
	}
	assert.Equal(t, "x  Bcc: victim@x.example", mail.CleanHeader(inject+"\r\n"), "the way to make it fit")
}

func TestComposeLeavesOutForeignIdsThatCannotBeWritten(t *testing.T) {
	o := answer()
	o.InReplyTo = "a b\r\nBcc: v@x.example"
	o.References = []string{"good@x.example", "bad>\r\nX: y", strings.Repeat("x", 1000)}
	raw := compose(t, o)
	assert.NotContains(t, raw, "In-Reply-To")
	assert.NotContains(t, raw, "Bcc")
	assert.Contains(t, raw, "References: <good@x.example>\r\n")
}

func TestComposeCannotBeInjectedThroughFiles(t *testing.T) {
	o := answer()
	o.Attachments = []mail.File{file("a\"\r\nX-Evil: 1\r\n\r\n../../\u202efdp.exe", "text/html\r\nX-Evil: 1", []byte("x"))}
	o.Attachments[0].ContentID = "c>\r\nX-Evil: 1"
	raw := compose(t, o)
	assert.NotContains(t, raw, "X-Evil: 1\r\n")
	assert.NotContains(t, raw, "\r\nX-Evil")
	assert.NotContains(t, raw, "..")
}

func TestComposeTellsWhyAFileCannotBeSent(t *testing.T) {
	o := answer()
	o.Attachments = []mail.File{{Name: "a.txt", Open: func() (io.ReadCloser, error) { return nil, errors.New("disk gone") }}}
	assert.ErrorContains(t, mail.Compose(io.Discard, o), `attachment "a.txt": disk gone`)
}

func TestComposeStreamsFiles(t *testing.T) {
	o := answer()
	o.Attachments = []mail.File{{Name: "big.bin", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zeros{}, 30<<20)), nil
	}}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.NoError(t, mail.Compose(io.Discard, o))
	runtime.ReadMemStats(&after)
	allocated := int64(after.TotalAlloc - before.TotalAlloc)
	assert.Less(t, allocated, int64(1<<20), "bytes for a mail of 30 MB")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestReplyReferences(t *testing.T) {
	long := make([]string, 40)
	for i := range long {
		long[i] = fmt.Sprintf("%02d-%s@client.example", i, strings.Repeat("x", 30))
	}
	for _, tt := range []struct {
		name   string
		parent *mail.Message
		want   []string
	}{
		{"a first mail has the anchor alone", nil, []string{"anchor@d"}},
		{"an answer to a first mail", &mail.Message{MessageID: "p@c"}, []string{"anchor@d", "p@c"}},
		{"the parent's references come along", &mail.Message{MessageID: "p@c", References: []string{"a@c", "b@c"}, InReplyTo: []string{"z@c"}},
			[]string{"anchor@d", "a@c", "b@c", "p@c"}},
		{"without references its one In-Reply-To", &mail.Message{MessageID: "p@c", InReplyTo: []string{"z@c"}}, []string{"anchor@d", "z@c", "p@c"}},
		{"of several In-Reply-To none", &mail.Message{MessageID: "p@c", InReplyTo: []string{"y@c", "z@c"}}, []string{"anchor@d", "p@c"}},
		{"nothing twice", &mail.Message{MessageID: "p@c", References: []string{"anchor@d", "p@c", "a@c", "a@c"}}, []string{"anchor@d", "a@c", "p@c"}},
		{"a parent without id", &mail.Message{References: []string{"a@c"}}, []string{"anchor@d", "a@c"}},
		{"ids that break the header go", &mail.Message{MessageID: "a\r\nb@c", References: []string{"x y@c", "ok@c"}}, []string{"anchor@d", "ok@c"}},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, mail.ReplyReferences("anchor@d", tt.parent)) })
	}
	got := mail.ReplyReferences("anchor@d", &mail.Message{MessageID: "p@c", References: long})
	assert.Equal(t, "anchor@d", got[0])
	assert.Equal(t, append(long[36:], "p@c"), got[len(got)-5:], "the last five stay")
	size := 0
	for _, id := range got {
		size += len(id) + 3
	}
	assert.LessOrEqual(t, size, 900)
	assert.Greater(t, size, 800, "no more goes than must")
}

func TestCheckAddress(t *testing.T) {
	for addr, ok := range map[string]bool{
		"ann@client.example": true, "root@host": true, "a..b@docomo.example": true, "a.@docomo.example": true,
		"用户@例え.jp": true, "o'hara+x=y@client.example": true, `"john doe"@client.example`: true,
		"": false, "ann": false, "@x": false, "ann@": false, ".ann@x.example": false, "an n@x.example": false,
		"ann@x..example": false, "ann@-x.example": false, "ann@[127.0.0.1]": false, "<ann@x.example>": false,
		"ann@x.example>": false, "ann@x.example\r\n": false, "a,b@x.example": false, "a@b@x.example": false,
		`"a"b"@x.example`: false, "a\u202eb@x.example": false, "a\xff@x.example": false,
		strings.Repeat("a", 65) + "@x.example": false, "a@" + strings.Repeat("a.", 130) + "example": false,
		"@relay.example:ann@x.example": false, "ann(comment)@x.example": false,
	} {
		assert.Equal(t, ok, mail.CheckAddress(addr) == nil, "%q", addr)
	}
}

// TestComposedHeadersComeBack is the property for headers: any clean text
// comes back from a decoder of the standard as it went in.
func TestComposedHeadersComeBack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	letters := []rune(`abc XYZ09.,;:"()<>[]@\=?_-äöüß你好мир🙂é`)
	for range 500 {
		word := func(n int) string {
			r := make([]rune, rnd.IntN(n))
			for i := range r {
				r[i] = letters[rnd.IntN(len(letters))]
			}
			return strings.TrimSpace(string(r))
		}
		o := answer()
		o.Subject, o.To[0].Name = word(200), word(80)
		m, err := stdmail.ReadMessage(strings.NewReader(compose(t, o)))
		require.NoError(t, err)
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		require.NoError(t, err)
		assert.Equal(t, o.Subject, subject)
		to, err := m.Header.AddressList("To")
		require.NoError(t, err, "%q", m.Header.Get("To"))
		assert.Equal(t, o.To[0].Name, to[0].Name)
	}
}
