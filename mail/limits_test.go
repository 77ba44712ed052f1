package mail_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/deskbell/deskbell/mail"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sane is far above what any of these mails should take; it only catches
// work that grows with the square of the mail.
const sane = 30 * time.Second

// within fails the test if fn takes longer than is sane.
func within(t *testing.T, fn func()) {
	t.Helper()
	start := time.Now()
	fn()
	assert.Less(t, time.Since(start), sane)
}

func TestParseBoundsNesting(t *testing.T) {
	var b strings.Builder
	b.WriteString("From: a@x.example\nSubject: deep\nMIME-Version: 1.0\n")
	for i := range 12000 {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"b%d\"\n\n--b%d\n", i, i)
	}
	b.WriteString("Content-Type: text/plain\n\nbottom\n")
	within(t, func() {
		m := parse(t, b.String())
		assert.Equal(t, "deep", m.Subject)
		assert.Contains(t, m.Notes, mail.NoteTooDeep)
		assert.LessOrEqual(t, len(m.Attachments), 1)
	})
}

func TestParseBoundsNestedMails(t *testing.T) {
	raw := "From: a@x.example\nSubject: deep\n" +
		strings.Repeat("Content-Type: message/rfc822\nContent-Disposition: inline\n\nSubject: x\n", 20000) + "\nbottom\n"
	within(t, func() {
		m := parse(t, raw)
		assert.Equal(t, "deep", m.Subject)
		assert.LessOrEqual(t, len(m.Attachments), mail.DefaultLimits().Depth+1)
	})
}

func TestParseBoundsParts(t *testing.T) {
	raw := "From: a@x.example\nSubject: many\nContent-Type: multipart/mixed; boundary=b\n\n" +
		strings.Repeat("--b\nContent-Type: application/x\n\nx\n", 100000) + "--b--\n"
	within(t, func() {
		m := parse(t, raw)
		assert.Equal(t, "many", m.Subject)
		assert.Contains(t, m.Notes, mail.NoteTooManyParts)
		assert.Contains(t, m.Notes, mail.NoteTooManyAttachments)
		assert.Len(t, m.Attachments, mail.DefaultLimits().Attachments)
	})
}

func TestParseBoundsTheHeader(t *testing.T) {
	filler := strings.Repeat("X-Filler: "+strings.Repeat("x", 90)+"\n", 20<<20/101)
	raw := filler + "From: late@x.example\nSubject: still here\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b--\n"
	within(t, func() {
		m := parse(t, raw)
		assert.Contains(t, m.Notes, mail.NoteHeaderTooLarge)
		assert.Equal(t, "still here", m.Subject, "vital fields are found beyond the limit")
		assert.Equal(t, "late@x.example", m.From[0].Addr)
		assert.Equal(t, "text", strings.TrimSpace(m.Text))
	})
}

func TestParseBoundsOddLines(t *testing.T) {
	for _, tt := range []struct{ name, raw string }{
		{"one line of 8 MiB as header", strings.Repeat("x", 8<<20)},
		{"header of lines that are no fields", strings.Repeat("rubbish\n", 1<<20)},
		{"8 MiB of continuation", "Subject: x\n" + strings.Repeat(" x\n", 8<<20/3)},
		{"8 MiB of quotes in From", "From: " + strings.Repeat(`"<(`, 80000) + "\n\nx\n"},
		{"a References field of 250 KB", "References: " + strings.Repeat("<a@b>", 50000) + "\n\nx\n"},
		{"encoded words without end", "Subject: " + strings.Repeat("=?utf-8?q?", 25000) + "\n\nx\n"},
		{"many empty encoded words", "Subject: " + strings.Repeat("=?utf-8?b?4g==?= ", 14000) + "\n\nx\n"},
		{"parameters without end", "Content-Type: text/plain" + strings.Repeat(";a=\"b", 50000) + "\n\nx\n"},
		{"boundaries of dashes", "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--\n----\n", 1<<20)},
		{"open tags", "Content-Type: text/html\n\n" + strings.Repeat("<div><a href='", 1<<19)},
		{"begin lines", "\n" + strings.Repeat("begin 644 a\n", 1<<19)},
		{"cid links", "Content-Type: text/html\n\n" + strings.Repeat("cid:", 1<<18)},
		{"comments", "From: " + strings.Repeat("(", 200000) + "\nDate: " + strings.Repeat("(", 200000) + "\n\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			within(t, func() { mail.Classify(parse(t, tt.raw)) })
		})
	}
}

func TestParseStopsAtTheMessageLimit(t *testing.T) {
	raw := "Subject: large\n\n" + strings.Repeat("line\n", 1000)
	m, err := mail.Parse(strings.NewReader(raw), int64(len(raw)), mail.Limits{Message: 1000})
	require.NoError(t, err)
	assert.Contains(t, m.Notes, mail.NoteTooLarge)
	assert.Less(t, len(m.Text), 1000)
}

func TestParseReportsReadErrors(t *testing.T) {
	_, err := mail.Parse(broken{}, 100, mail.DefaultLimits())
	assert.ErrorIs(t, err, io.ErrClosedPipe)
}

// broken fails at every read.
type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

// heapOf measures all that fn allocates, an upper bound of what it holds.
func heapOf(fn func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

func TestParseStreamsLargeAttachments(t *testing.T) {
	name := filepath.Join(t.TempDir(), "large.eml")
	f, err := os.Create(name)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	_, err = io.WriteString(f, "From: a@x.example\nSubject: large\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee attached\n--b\n"+
		"Content-Type: application/zip; name=big.zip\nContent-Transfer-Encoding: base64\n\n")
	require.NoError(t, err)
	line := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 57)) + "\n"
	lines := 30 << 20 / len(line)
	_, err = io.Copy(f, strings.NewReader(strings.Repeat(line, lines)))
	require.NoError(t, err)
	_, err = io.WriteString(f, "--b--\n")
	require.NoError(t, err)
	info, err := f.Stat()
	require.NoError(t, err)

	allocated := heapOf(func() {
		m, err := mail.Parse(f, info.Size(), mail.DefaultLimits())
		require.NoError(t, err)
		require.Len(t, m.Attachments, 1)
		assert.Equal(t, int64(57*lines), m.Attachments[0].Size)
		rc, err := m.Attachments[0].Open()
		require.NoError(t, err)
		n, err := io.Copy(io.Discard, rc)
		require.NoError(t, err)
		assert.Equal(t, int64(57*lines), n)
	})
	assert.Less(t, allocated, int64(2<<20), "all allocations together stay small: nothing is held")
}

func TestParseBoundsLargeTexts(t *testing.T) {
	for _, ctype := range []string{"text/plain", "text/plain; format=flowed", "text/html"} {
		raw := "Subject: x\nContent-Type: " + ctype + "\n\n" + strings.Repeat("words and words \n", 30<<20/17)
		r := strings.NewReader(raw)
		allocated := heapOf(func() {
			m, err := mail.Parse(r, r.Size(), mail.DefaultLimits())
			require.NoError(t, err)
			assert.Contains(t, m.Notes, mail.NoteTruncated)
			assert.LessOrEqual(t, len(m.Text), mail.DefaultLimits().Text+2)
		})
		t.Log(ctype, allocated>>10, "KiB allocated")
		assert.Less(t, allocated, int64(40<<20), ctype)
	}
}
