package mail_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/mail"
)

func reread(t testing.TB, o mail.Outgoing) *mail.Message {
	t.Helper()
	raw := compose(t, o)
	m, err := mail.Parse(strings.NewReader(raw), int64(len(raw)), mail.Limits{})
	require.NoError(t, err)
	return m
}

func TestWhatWeComposeWeReadBack(t *testing.T) {
	o := full()
	m := reread(t, o)
	assert.Equal(t, o.Subject, m.Subject)
	assert.Equal(t, []mail.Address{o.From}, m.From)
	assert.Equal(t, []mail.Address{o.To[0], {Name: "张伟", Addr: "zhang@xn--r8jz45g.jp"}}, m.To)
	assert.Equal(t, o.Cc, m.Cc)
	assert.Equal(t, o.ReplyTo, m.ReplyTo)
	assert.Equal(t, o.MessageID, m.MessageID)
	assert.Equal(t, []string{o.InReplyTo}, m.InReplyTo)
	assert.Equal(t, o.References, m.References)
	assert.True(t, o.Date.Equal(m.Date))
	assert.Equal(t, o.HTML, m.HTML)
	assert.Equal(t, o.Text, strings.TrimSpace(strings.ReplaceAll(m.Text, "\r\n", "\n")), "the reader ends the last line")
	files := append(append([]mail.File{}, o.Inline...), o.Attachments...)
	order := []int{0, 2, 3, 4, 1} // the image that is not shown comes after the attachments
	require.Len(t, m.Attachments, len(files))
	for i, a := range m.Attachments {
		want := files[order[i]]
		assert.Equal(t, want.Name, a.Name)
		assert.Equal(t, content(t, want.Open), content(t, a.Open), want.Name)
		assert.Equal(t, want.ContentID, a.ContentID)
	}
	assert.True(t, m.Attachments[0].Inline)
	assert.False(t, mail.Classify(m).MustNotAnswer, "a person wrote it")
}

func content(t testing.TB, open func() (io.ReadCloser, error)) string {
	t.Helper()
	r, err := open()
	require.NoError(t, err)
	defer func() { assert.NoError(t, r.Close()) }()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(b)
}

func TestTextIsMadeFromHTMLWhenMissing(t *testing.T) {
	o := answer()
	o.Text, o.HTML = "", "<p>Please <b>restart</b> it.</p><p>Bye &amp; thanks</p>"
	m := reread(t, o)
	assert.Equal(t, o.HTML, m.HTML)
	assert.Equal(t, []string{"Please", "restart", "it.", "Bye", "&", "thanks"}, strings.Fields(m.Text))
}

func TestOurAutomaticMailIsTakenForWhatItIs(t *testing.T) {
	for _, p := range []mail.Purpose{mail.Notification, mail.Acknowledgement, mail.Announcement} {
		o := answer()
		o.Purpose = p
		c := mail.Classify(reread(t, o))
		assert.True(t, c.MustNotAnswer, p)
		assert.Equal(t, p == mail.Acknowledgement, c.AutoReply, p)
		assert.Equal(t, p == mail.Announcement, c.Bulk, p)
	}
}

// TestTextsComeBack is the property for bodies and names of files.
func TestTextsComeBack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	letters := []rune("abc =_.-\n\tXYZ09'äöüß你好мир🙂é≤“”--=_")
	word := func(n int) string {
		r := make([]rune, 1+rnd.IntN(n))
		for i := range r {
			r[i] = letters[rnd.IntN(len(letters))]
		}
		return string(r)
	}
	for i := range 200 {
		o := answer()
		o.Text = word(3000)
		name := strings.Join(strings.Fields("f"+word(60)+".pdf"), " ")
		data := word(500)
		o.Attachments = []mail.File{file(name, "application/pdf", []byte(data))}
		m := reread(t, o)
		require.Equal(t, strings.TrimSpace(o.Text), strings.TrimSpace(strings.ReplaceAll(m.Text, "\r\n", "\n")), i)
		require.Len(t, m.Attachments, 1)
		require.Equal(t, name, m.Attachments[0].Name, fmt.Sprint(i))
		require.Equal(t, data, content(t, m.Attachments[0].Open))
	}
}
