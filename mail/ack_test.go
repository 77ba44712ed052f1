package mail_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/deskbell/deskbell/mail"
)

func TestMayAcknowledge(t *testing.T) {
	own := []string{support, "it@desk.example"}
	for _, tt := range []struct {
		name   string
		m      *mail.Message
		change func(f *mail.AckFacts)
		want   string // reason, "" if allowed
	}{
		{"a person's first mail", letter(ann, "x", nil), nil, ""},
		{"to an address with extension", letter(ann, "x", func(m *mail.Message) { m.To[0].Addr = "IT+vpn@desk.example" }), nil, ""},
		{"with our address in Cc", letter(ann, "x", func(m *mail.Message) { m.Cc, m.To = m.To, nil }), nil, ""},
		{"an answer on a thread", letter(ann, "x", nil), func(f *mail.AckFacts) { f.NewThread = false }, "not_a_new_thread"},
		{"a machine's mail", letter(ann, "x", nil), func(f *mail.AckFacts) { f.Automatic = "auto_submitted" }, "auto_submitted"},
		{"our own mail", letter(ann, "x", nil), func(f *mail.AckFacts) { f.Loop = true }, "own_mail"},
		{"a mail from our own address", letter("Support+x@desk.example", "x", nil), nil, "own_address"},
		{"a blind copy or a list", letter(ann, "x", func(m *mail.Message) { m.To[0].Addr = eve }), nil, "not_addressed_to_us"},
		{"failed authentication", letter(ann, "x", nil), func(f *mail.AckFacts) { f.Unverified = true }, "unverified"},
		{"several authors", letter(ann, "x", func(m *mail.Message) { m.From = append(m.From, m.From...) }), nil, "no_single_sender"},
		{"nobody to answer", letter("not an address", "x", nil), nil, "no_single_sender"},
		{"one acknowledged already on this thread", letter(ann, "x", nil), func(f *mail.AckFacts) { f.SentThread = 1 }, "once_per_thread"},
		{"the fifth in an hour", letter(ann, "x", nil), func(f *mail.AckFacts) { f.SentPerHour = 4 }, ""},
		{"the sixth in an hour", letter(ann, "x", nil), func(f *mail.AckFacts) { f.SentPerHour = 5 }, "hourly_limit"},
		{"the second in an hour to an address never confirmed", letter(ann, "x", nil), func(f *mail.AckFacts) { f.Stranger, f.SentPerHour = true, 1 }, "hourly_limit"},
		{"while sending is paused", letter(ann, "x", nil), func(f *mail.AckFacts) { f.Paused = true }, "paused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := mail.AckFacts{NewThread: true, Own: own}
			if tt.change != nil {
				tt.change(&f)
			}
			ok, reason := mail.MayAcknowledge(tt.m, f)
			assert.Equal(t, tt.want, reason)
			assert.Equal(t, tt.want == "", ok)
		})
	}
}

func TestThrottlePausesAfterThirtyInTenMinutes(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var received []time.Time
	for i := range 30 {
		received = append(received, now.Add(-time.Duration(i)*time.Second))
	}
	assert.False(t, mail.ThreadThrottle.Paused(received, now), "thirty are allowed")
	received = append(received, now.Add(-9*time.Minute))
	assert.True(t, mail.ThreadThrottle.Paused(received, now), "the thirty-first pauses")
	assert.False(t, mail.ThreadThrottle.Paused(received, now.Add(2*time.Minute)), "it ends as they age")
}
