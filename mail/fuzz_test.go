package mail_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/deskbell/deskbell/mail"
)

// FuzzParse looks for mails that break the promises of Parse: no error, no
// panic, valid UTF-8 without NUL, sizes that are true.
func FuzzParse(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "parse", "*.eml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := mail.Parse(bytes.NewReader(raw), int64(len(raw)), mail.Limits{Depth: 5, Parts: 20, Attachments: 10, Header: 4096, Text: 4096})
		if err != nil {
			t.Fatal(err)
		}
		mail.Classify(m)
		for _, s := range append([]string{m.Subject, m.Text, m.HTML, m.MessageID}, append(m.References, m.InReplyTo...)...) {
			checkText(t, s)
		}
		for _, a := range m.From {
			checkText(t, a.Name+a.Addr)
		}
		for _, h := range m.Header {
			checkText(t, h.Name+h.Value)
		}
		for _, a := range m.Attachments {
			checkAttachment(t, a)
		}
		d := mail.NewDigest()
		if _, err := d.Write(raw); err != nil {
			t.Fatal(err)
		}
		d.Sum()
	})
}

func checkText(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		t.Errorf("not clean: %q", s)
	}
}

func checkAttachment(t *testing.T, a mail.Attachment) {
	t.Helper()
	checkText(t, a.Name+a.Declared+a.Type+a.ContentID)
	if strings.ContainsAny(a.Name, "/\\\n\r") {
		t.Errorf("name %q is not safe", a.Name)
	}
	rc, err := a.Open()
	if err != nil {
		return // damaged inside winmail.dat
	}
	defer func() { _ = rc.Close() }() // nothing was written
	n, err := io.Copy(io.Discard, rc)
	if err != nil || n != a.Size && !a.Unpacked {
		t.Errorf("attachment %q: %d of %d bytes, %v", a.Name, n, a.Size, err)
	}
}
