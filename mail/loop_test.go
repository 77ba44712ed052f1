package mail_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/mail"
)

// machine is a desk reduced to what decides about automatic answers.
type machine struct {
	t     *testing.T
	addr  string
	keys  *mail.Keyring
	store *book
	sent  int
	last  int64
}

func newMachine(t *testing.T, addr string, secret byte) *machine {
	return &machine{t: t, addr: addr, keys: ring(t, 1, secret), store: &book{ids: map[string][]mail.KnownID{}, numbers: map[int64]string{},
		ancestors: map[string][]string{}, people: map[string][]string{}, recipients: map[string][]string{}}}
}

// take receives a mail and returns the acknowledgement, nil if there is none.
// deaf leaves out what the header says about machines.
func (d *machine) take(raw []byte, deaf bool, now time.Time) []byte {
	m, err := mail.Parse(bytes.NewReader(raw), int64(len(raw)), mail.Limits{})
	require.NoError(d.t, err)
	dec, err := mail.Thread(m, d.store, mail.Arrival{Keys: d.keys})
	require.NoError(d.t, err)
	if dec.Loop {
		return nil
	}
	class := mail.Classify(m)
	facts := mail.AckFacts{NewThread: dec.Thread == "", Own: []string{d.addr}, SentPerHour: d.sent}
	if class.MustNotAnswer && !deaf {
		facts.Automatic = class.Reason
	}
	if dec.Thread == "" {
		d.last++
		dec.Thread = fmt.Sprint("t", d.last)
		d.store.numbers[d.last] = dec.Thread
		d.store.people[dec.Thread] = []string{mail.Fold(m.From[0].Addr)}
	}
	d.store.keep(dec.Thread, m)
	if ok, _ := mail.MayAcknowledge(m, facts); !ok {
		return nil
	}
	d.sent++
	id := d.keys.MessageID(d.last, "ack", fmt.Sprint(d.sent), "desk.example")
	d.store.ids[id] = []mail.KnownID{{Thread: dec.Thread, Ours: true}}
	var b bytes.Buffer
	require.NoError(d.t, mail.Compose(&b, mail.Outgoing{Purpose: mail.Acknowledgement, From: mail.Address{Addr: d.addr}, To: m.From,
		Subject: d.keys.Tag(fmt.Sprint("INC-", d.last), d.last), Date: now, MessageID: id, InReplyTo: m.MessageID,
		References: mail.ReplyReferences(d.keys.Anchor(d.last, "desk.example"), m), LoopToken: d.keys.LoopToken(), Text: "We have it."}))
	return b.Bytes()
}

func TestTwoDesksThatMailEachOtherFallSilent(t *testing.T) {
	for _, tt := range []struct {
		name string
		deaf bool
		most int
	}{
		{"when both keep to the standard", false, 1},
		{"when the other ignores every header of a machine", true, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
			a, b := newMachine(t, "help@a.example", 1), newMachine(t, "help@b.example", 2)
			raw := []byte("From: help@a.example\r\nTo: help@b.example\r\nSubject: x\r\nMessage-ID: <1@a.example>\r\n\r\nx\r\n")
			for from, to := a, b; raw != nil && now.Minute() < 59; now = now.Add(time.Second) {
				raw = to.take(raw, tt.deaf, now)
				from, to = to, from
			}
			assert.LessOrEqual(t, a.sent, tt.most)
			assert.LessOrEqual(t, b.sent, tt.most)
		})
	}
}

// FuzzComposeHeader looks for a value that adds a field or a recipient.
func FuzzComposeHeader(f *testing.F) {
	f.Add("Ann", ann, "Printer", "first@client.example", "a.pdf")
	f.Add("x\r\nBcc: v@x.example", "a@x\r\nRCPT TO:<v@x>", "=?utf-8?q?a=0D=0AB: c?=", "a>\r\nX: y", "\"\r\n\r\n")
	f.Fuzz(func(t *testing.T, name, addr, subject, id, attachment string) {
		o := answer()
		o.To = []mail.Address{{Name: name, Addr: addr}}
		o.Subject, o.InReplyTo, o.References = subject, id, []string{id}
		o.Attachments = []mail.File{file(attachment, "text/plain", []byte("x"))}
		var b bytes.Buffer
		if mail.Compose(&b, o) != nil {
			return
		}
		head, _, _ := strings.Cut(b.String(), "\r\n\r\n")
		allowed := "From To Subject Date Message-ID In-Reply-To References MIME-Version Content-Type"
		for _, line := range strings.Split(head, "\r\n") {
			if strings.HasPrefix(line, " ") {
				if strings.TrimSpace(line) == "" {
					t.Errorf("a line of blanks: %q", head)
				}
				continue
			}
			field, _, ok := strings.Cut(line, ":")
			if !ok || !strings.Contains(" "+allowed+" ", " "+field+" ") || strings.ContainsAny(line, "\r\n") {
				t.Errorf("unexpected line %q", line)
			}
		}
		env, err := o.Envelope()
		require.NoError(t, err)
		assert.Len(t, env.To, 1)
		assert.NotContains(t, env.To[0], ">")
	})
}
