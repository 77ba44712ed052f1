package mail_test

import (
	"strings"
	"testing"

	"github.com/deskbell/deskbell/mail"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// parse reads a mail given as text with LF line ends.
func parse(t *testing.T, raw string) *mail.Message {
	t.Helper()
	m, err := mail.Parse(strings.NewReader(raw), int64(len(raw)), mail.DefaultLimits())
	require.NoError(t, err)
	return m
}

func TestParseReadsAPlainMail(t *testing.T) {
	m := parse(t, "From: =?utf-8?q?J=C3=B6rg?= <Joerg@x.example>\nTo: desk@y.example\nSubject: Hello\nMessage-ID: <1@x.example>\n\nBody\n")
	assert.Equal(t, []mail.Address{{Name: "Jörg", Addr: "Joerg@x.example"}}, m.From)
	assert.Equal(t, "Hello", m.Subject)
	assert.Equal(t, "1@x.example", m.MessageID)
	assert.Equal(t, "Body\n", m.Text)
}
