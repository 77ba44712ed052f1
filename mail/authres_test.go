package mail_test

import (
	"bufio"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	desk "github.com/deskbell/deskbell/mail"
)

func TestAuthenticate(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fields  []string
		want    desk.Verdict
		reason  string
		servers []string
	}{
		{"nobody checked", nil, desk.AuthUnknown, "", nil},
		{"DMARC passed", []string{"mx.desk.example; dmarc=pass (p=reject; dis=none) header.from=client.example"}, desk.AuthPass, "dmarc", nil},
		{"DMARC failed", []string{"mx.desk.example; dkim=pass header.d=evil.example; dmarc=fail header.from=client.example"}, desk.AuthFail, "dmarc", nil},
		{"DMARC passed for another From", []string{"mx.desk.example; dmarc=pass header.from=evil.example"}, desk.AuthUnknown, "", nil},
		{"aligned DKIM without DMARC", []string{"mx.desk.example 1; dkim=pass reason=\"good; signature\" header.d=Client.Example header.s=a"}, desk.AuthPass, "dkim", nil},
		{"DKIM of a sister host", []string{"mx.desk.example; dkim=pass header.i=@mail.client.example"}, desk.AuthPass, "dkim", nil},
		{"DKIM of somebody else", []string{"mx.desk.example; dkim=pass header.d=esp.example"}, desk.AuthUnknown, "", nil},
		{"aligned SPF", []string{"mx.desk.example; spf=pass smtp.mailfrom=bounce@client.example"}, desk.AuthPass, "spf", nil},
		{"SPF refused by the domain of From", []string{"mx.desk.example; spf=fail smtp.mailfrom=ann@client.example"}, desk.AuthFail, "spf", nil},
		{"SPF soft", []string{"mx.desk.example; spf=softfail smtp.mailfrom=ann@client.example"}, desk.AuthUnknown, "", nil},
		{"none", []string{"mx.desk.example; none"}, desk.AuthUnknown, "", nil},
		{"only the topmost of the server counts", []string{"mx.desk.example; dmarc=fail", "mx.desk.example; dmarc=pass"}, desk.AuthFail, "dmarc", nil},
		{"another server's word counts for nothing", []string{"evil.example; dmarc=pass"}, desk.AuthUnknown, "", nil},
		{"another server's word above ours is passed over", []string{"evil.example; dmarc=pass", "MX.Desk.Example; dmarc=fail"}, desk.AuthFail, "dmarc", nil},
		{"a pass hidden in a comment", []string{"mx.desk.example (; dmarc=pass ;); spf=none"}, desk.AuthUnknown, "", nil},
		{"a pass hidden in a quoted string", []string{`mx.desk.example; spf=none smtp.mailfrom="x; dmarc=pass"`}, desk.AuthUnknown, "", nil},
		{"a second DMARC result cannot mend the first", []string{"mx.desk.example; dmarc=fail; dmarc=pass"}, desk.AuthFail, "dmarc", nil},
		{"Exchange names no server", []string{"spf=pass (sender IP is 1.2.3.4)\r\n smtp.mailfrom=client.example; dkim=pass (signature was verified)\r\n header.d=client.example;dmarc=pass action=none\r\n header.from=client.example;compauth=pass reason=100"}, desk.AuthPass, "dmarc", []string{""}},
		{"and is not believed unless asked for", []string{"dmarc=pass header.from=client.example"}, desk.AuthUnknown, "", nil},
		{"blanks around the sign", []string{"mx.desk.example; dmarc = pass"}, desk.AuthPass, "dmarc", nil},
		{"rubbish", []string{"mx.desk.example; ((((; =; ;= \"", "x"}, desk.AuthUnknown, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := letter(ann, "x", nil)
			for _, f := range tt.fields {
				m.Header = append(m.Header, desk.Field{Name: "authentication-results", Value: f})
			}
			servers := tt.servers
			if servers == nil {
				servers = []string{"mx.desk.example"}
			}
			got := desk.Authenticate(m, servers)
			assert.Equal(t, tt.want, got.Verdict)
			assert.Equal(t, tt.reason, got.Reason)
		})
	}
}

func TestAuthenticateTrustsNoMailOfSeveralAuthors(t *testing.T) {
	m := letter(ann, "x", func(m *desk.Message) {
		m.From = append(m.From, desk.Address{Addr: eve})
		m.Header = desk.Header{{Name: "Authentication-Results", Value: "mx; dmarc=pass"}}
	})
	got := desk.Authenticate(m, []string{"mx"})
	assert.Equal(t, desk.AuthFail, got.Verdict)
	assert.Equal(t, "several_from", got.Reason)
	m.From = nil
	assert.Equal(t, "no_from", desk.Authenticate(m, nil).Reason)
}

// corpus finds the mails of others that lie beside the project.
func corpus(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("DESKBELL_SHARED"); dir != "" {
		return filepath.Join(dir, "mail-corpus")
	}
	dir, err := os.Getwd()
	require.NoError(t, err)
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		found := filepath.Join(dir, "shared", "mail-corpus")
		if _, err := os.Stat(found); err == nil {
			return found
		}
	}
	t.Skip("shared/mail-corpus is not here; set DESKBELL_SHARED to its parent")
	return ""
}

func TestAuthenticateReadsRealFields(t *testing.T) {
	var fields, read int
	err := filepath.WalkDir(filepath.Join(corpus(t), "given"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		m, err := mail.ReadMessage(bufio.NewReader(f))
		if err != nil {
			return nil // broken mails are the parser's business
		}
		for _, v := range m.Header["Authentication-Results"] {
			fields++
			l := letter(ann, "x", nil)
			server := strings.TrimSpace(v)
			if i := strings.IndexAny(server, "; \t("); i >= 0 {
				server = server[:i]
			}
			if strings.Contains(server, "=") {
				server = ""
			}
			l.Header = desk.Header{{Name: "Authentication-Results", Value: v}}
			got := desk.Authenticate(l, []string{server})
			if len(got.Methods) > 0 || strings.Contains(v, "none") {
				read++
			} else {
				t.Logf("%s: %q", path, v)
			}
		}
		return nil
	})
	require.NoError(t, err)
	t.Logf("%d of %d Authentication-Results fields read", read, fields)
	assert.Equal(t, fields, read)
}
