package mail_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/deskbell/deskbell/mail"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// digest writes raw in one piece, and byte by byte, which must not matter.
func digest(t *testing.T, raw string) mail.Stored {
	t.Helper()
	whole, slow := mail.NewDigest(), mail.NewDigest()
	_, err := io.WriteString(whole, raw)
	require.NoError(t, err)
	buf := make([]byte, 1)
	_, err = io.CopyBuffer(struct{ io.Writer }{slow}, iotest.OneByteReader(strings.NewReader(raw)), buf)
	require.NoError(t, err)
	require.Equal(t, whole.Sum(), slow.Sum())
	return whole.Sum()
}

func TestDigestTellsCopiesFromNewMails(t *testing.T) {
	const base = "From: a@x.example\nMessage-ID: <1@x.example>\nSubject: Hi\n\nText\n"
	content := digest(t, base).ContentSHA256
	for _, tt := range []struct {
		name, raw string
		same      bool
	}{
		{"with trace fields", "Return-Path: <a@x.example>\nReceived: from b\n\tby c\nDelivered-To: d\nX-Original-To: e\nARC-Seal: f\nAuthentication-Results: g\nDKIM-Signature: h\n i\nX-Spam-Status: j\n" + base, true},
		{"with CRLF", strings.ReplaceAll(base, "\n", "\r\n"), true},
		{"from an mbox", "From a@x.example Wed May 1\n" + base, true},
		{"other text", base + "more\n", false},
		{"other subject", strings.Replace(base, "Hi", "Ho", 1), false},
		{"a field more", "X-Other: 1\n" + base, false},
		{"trace words in the body", strings.Replace(base, "Text", "Received: by me\nText", 1), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := digest(t, tt.raw)
			assert.Equal(t, tt.same, got.ContentSHA256 == content)
			assert.Equal(t, "1@x.example", got.MessageID)
			assert.Equal(t, int64(len(tt.raw)), got.Size)
			assert.Len(t, got.SHA256, 64)
		})
	}
}

func TestDigestFindsTheIDThatParseFinds(t *testing.T) {
	for _, raw := range []string{
		"Message-ID: <1@x.example>\n\n", "message-id:\n <1@x.example>\n\n", "Message-Id: 1@x.example\r\n\r\n", "Message-ID: <1@x.example>\nMessage-ID: <2@x.example>\n\n",
		"Subject: no id\n\nMessage-ID: <3@x.example>\n", "", "Message-ID: <1@x.example>",
	} {
		assert.Equal(t, parse(t, raw).MessageID, digest(t, raw).MessageID, raw)
	}
}

func TestDigestHoldsLittle(t *testing.T) {
	line := []byte("X-Filler: " + strings.Repeat("x", 1000) + "\n")
	d := mail.NewDigest()
	allocated := heapOf(func() {
		for range 20000 {
			_, _ = d.Write(line) // a digest does not fail
		}
		_, _ = io.WriteString(d, strings.Repeat("Message-ID: ", 1000)+"\n\nbody\n")
	})
	assert.Less(t, allocated, int64(8<<20))
}
