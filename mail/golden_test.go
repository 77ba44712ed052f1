package mail_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deskbell/deskbell/mail"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// update rewrites the answers beside the mails; read the diff.
var update = flag.Bool("update", false, "rewrite the golden files")

// golden is what is kept of a mail beside it.
type golden struct {
	Subject     string
	From, To    []mail.Address
	MessageID   string   `json:",omitempty"`
	InReplyTo   []string `json:",omitempty"`
	Text        string
	HTML        string       `json:",omitempty"`
	TextMade    bool         `json:",omitempty"`
	Attachments []goldenFile `json:",omitempty"`
	Notes       []string     `json:",omitempty"`
	Class       *mail.Class  `json:",omitempty"`
}

// goldenFile is an attachment with the beginning of its bytes.
type goldenFile struct {
	Name, Declared, Type, ContentID string
	Size                            int64
	Inline, Shown, Unpacked         bool
	Begins                          string
	Preview                         string `json:",omitempty"`
}

func TestParseGolden(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "parse", "*.eml"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".eml"), func(t *testing.T) {
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			m, err := mail.Parse(bytes.NewReader(raw), int64(len(raw)), mail.DefaultLimits())
			require.NoError(t, err)
			got, err := json.MarshalIndent(describe(t, m), "", "\t")
			require.NoError(t, err)
			answer := strings.TrimSuffix(name, ".eml") + ".json"
			if *update {
				require.NoError(t, os.WriteFile(answer, append(got, '\n'), 0o644))
				return
			}
			want, err := os.ReadFile(answer)
			require.NoError(t, err, "run with -update and read the answer")
			assert.Equal(t, string(want), string(got)+"\n")
		})
	}
}

// describe reads a message and its attachments.
func describe(t *testing.T, m *mail.Message) golden {
	t.Helper()
	g := golden{Subject: m.Subject, From: m.From, To: m.To, MessageID: m.MessageID, InReplyTo: m.InReplyTo, Text: m.Text, HTML: m.HTML, TextMade: m.TextMade, Notes: m.Notes}
	for _, a := range m.Attachments {
		rc, err := a.Open()
		require.NoError(t, err)
		b, err := io.ReadAll(rc)
		require.NoError(t, err)
		require.NoError(t, rc.Close())
		assert.Equal(t, a.Size, int64(len(b)), "size of %s", a.Name)
		g.Attachments = append(g.Attachments, goldenFile{a.Name, a.Declared, a.Type, a.ContentID, a.Size, a.Inline, a.Shown, a.Unpacked, string(b[:min(len(b), 40)]), a.Preview})
	}
	if c := mail.Classify(m); c.Reason != "" {
		g.Class = &c
	}
	return g
}
