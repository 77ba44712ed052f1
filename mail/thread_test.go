package mail_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/mail"
)

// book is a ThreadStore in memory.
type book struct {
	ids        map[string][]mail.KnownID
	numbers    map[int64]string
	ancestors  map[string][]string
	people     map[string][]string
	recipients map[string][]string
}

func (b *book) FindByMessageID(id string) ([]mail.KnownID, error) { return b.ids[id], nil }
func (b *book) FindByNumber(n int64) (string, error)              { return b.numbers[n], nil }
func (b *book) FindByAncestor(id string) ([]string, error)        { return b.ancestors[id], nil }
func (b *book) Recipients(thread string) ([]string, error)        { return b.recipients[thread], nil }
func (b *book) IsParticipant(thread, addr string) (bool, error) {
	for _, p := range b.people[thread] {
		if p == addr {
			return true, nil
		}
	}
	return false, nil
}

// keep notes a received mail, as a desk does after the decision.
func (b *book) keep(thread string, m *mail.Message) {
	b.ids[m.MessageID] = append(b.ids[m.MessageID], mail.KnownID{Thread: thread})
	for _, id := range append(append([]string{}, m.References...), m.InReplyTo...) {
		b.ancestors[id] = append(b.ancestors[id], thread)
	}
}

const (
	support = "support@desk.example"
	ann     = "ann@client.example"
	eve     = "eve@elsewhere.example"
)

// scene is a thread 42 of ann's with one mail of ours on it, and a thread 7 of
// somebody else's.
type scene struct {
	keys  *mail.Keyring
	store *book
	ourID string
}

func newScene(t testing.TB) scene {
	keys := ring(t, 1, 7)
	id := keys.MessageID(42, "msg000000000001", "rnd", "desk.example")
	return scene{keys, &book{
		ids: map[string][]mail.KnownID{
			id:                           {{Thread: "t42", Ours: true}},
			"first@client.example":       {{Thread: "t42"}},
			"ses-1@amazonses.example":    {{Thread: "t42", Ours: true}},
			"reused@client.example":      {{Thread: "t7"}, {Thread: "t42"}},
			"other-first@client.example": {{Thread: "t7"}},
		},
		numbers:    map[int64]string{42: "t42", 7: "t7"},
		ancestors:  map[string][]string{"never-seen@list.example": {"t42"}},
		people:     map[string][]string{"t42": {ann}, "t7": {"zoe@client.example"}},
		recipients: map[string][]string{"t42": {ann}, "t7": {"zoe@client.example"}},
	}, id}
}

func letter(from, subject string, change func(m *mail.Message)) *mail.Message {
	m := &mail.Message{MessageID: "new@client.example", Subject: subject,
		From: []mail.Address{{Addr: from}}, To: []mail.Address{{Addr: support}}}
	if change != nil {
		change(m)
	}
	return m
}

func refs(ids ...string) func(m *mail.Message) {
	return func(m *mail.Message) { m.References = ids }
}

func TestThread(t *testing.T) {
	s := newScene(t)
	tag, otherTag := s.keys.Tag("INC-42", 42), s.keys.Tag("INC-7", 7)
	anchor := s.keys.Anchor(42, "desk.example")
	lostRow := s.keys.MessageID(42, "lost", "rnd", "desk.example")
	token := s.keys.Address(support, 42, ann)
	to := func(addr string) func(m *mail.Message) {
		return func(m *mail.Message) { m.To = []mail.Address{{Addr: addr}} }
	}
	failed := mail.AuthResult{Verdict: mail.AuthFail}
	for _, tt := range []struct {
		name   string
		m      *mail.Message
		auth   mail.AuthResult
		rcpt   []string
		thread string
		how    mail.How
		sender mail.Sender
		hint   string
	}{
		{name: "an unknown mail opens a thread", m: letter(eve, "Help", nil), how: mail.HowNew},
		{name: "our id in References", m: letter(ann, "x", refs(s.ourID)), thread: "t42", how: mail.HowReferences, sender: mail.Participant},
		{name: "our id in In-Reply-To", m: letter(ann, "x", func(m *mail.Message) { m.InReplyTo = []string{s.ourID} }),
			thread: "t42", how: mail.HowInReplyTo, sender: mail.Participant},
		{name: "the sender is compared folded", m: letter("ANN@Client.Example", "x", refs(s.ourID)), thread: "t42", how: mail.HowReferences, sender: mail.Participant},
		{name: "a stranger who has our id joins as one", m: letter(eve, "x", refs(s.ourID)), thread: "t42", how: mail.HowReferences, sender: mail.Stranger},
		{name: "an id that we received on the thread", m: letter(eve, "x", refs("first@client.example")), thread: "t42", how: mail.HowReferences, sender: mail.Stranger},
		{name: "an id that a provider gave our mail", m: letter(ann, "x", refs("ses-1@amazonses.example")), thread: "t42", how: mail.HowReferences, sender: mail.Participant},
		{name: "a rewritten id beside our anchor", m: letter(ann, "x", refs(anchor, "rewritten@ses.example")), thread: "t42", how: mail.HowAnchor, sender: mail.Participant},
		{name: "our id whose row is lost", m: letter(ann, "x", refs(lostRow)), thread: "t42", how: mail.HowKeyedID, sender: mail.Participant},
		{name: "our id with one byte changed", m: letter(ann, "x", refs(strings.Replace(s.ourID, "rnd", "rne", 1))), how: mail.HowNew},
		{name: "an id of a number that does not exist", m: letter(ann, "x", refs(s.keys.MessageID(99, "m", "r", "d.example"))), how: mail.HowNew},
		{name: "the last reference wins", m: letter(ann, "x", refs("other-first@client.example", s.ourID)), thread: "t42", how: mail.HowReferences, sender: mail.Participant},
		{name: "References before In-Reply-To", m: letter(ann, "x", func(m *mail.Message) {
			m.References, m.InReplyTo = []string{s.ourID}, []string{"other-first@client.example"}
		}), thread: "t42", how: mail.HowReferences, sender: mail.Participant},
		{name: "an id on two threads goes where the sender takes part", m: letter(ann, "x", refs("reused@client.example")), thread: "t42", how: mail.HowReferences, sender: mail.Participant},
		{name: "ids before the subject", m: letter(ann, "Re: "+otherTag, refs(s.ourID)), thread: "t42", how: mail.HowReferences, sender: mail.Participant},
		{name: "its own id among its references counts for nothing", m: letter(ann, "x", func(m *mail.Message) {
			m.MessageID, m.References = "other-first@client.example", []string{"other-first@client.example"}
		}), how: mail.HowNew},
		{name: "a token in To", m: letter(ann, "x", to(token)), thread: "t42", how: mail.HowToken, sender: mail.Participant},
		{name: "a token in upper case", m: letter(ann, "x", to(strings.ToUpper(token))), thread: "t42", how: mail.HowToken, sender: mail.Participant},
		{name: "a token in the envelope", m: letter(ann, "x", nil), rcpt: []string{token}, thread: "t42", how: mail.HowToken, sender: mail.Participant},
		{name: "a token in Delivered-To", m: letter(ann, "x", func(m *mail.Message) {
			m.Header = mail.Header{{Name: "Delivered-To", Value: " <" + token + ">"}}
		}), thread: "t42", how: mail.HowToken, sender: mail.Participant},
		{name: "a token given to another", m: letter(eve, "x", to(token)), thread: "t42", how: mail.HowToken, sender: mail.Stranger},
		{name: "a token of somebody who was never given one", m: letter(eve, "x", to(s.keys.Address(support, 42, "nobody@x.example"))), how: mail.HowNew},
		{name: "a token with another number", m: letter(ann, "x", to(strings.Replace(token, "+42", "+7", 1))), how: mail.HowNew},
		{name: "a token of a mail that failed authentication", m: letter(ann, "x", to(token)), auth: failed, how: mail.HowNew, hint: mail.HintUnauthenticated},
		{name: "an ancestor that another mail refers to", m: letter(ann, "x", refs("never-seen@list.example")), thread: "t42", how: mail.HowAncestor, sender: mail.Participant},
		{name: "a mail that arrives after its answer", m: letter(eve, "x", func(m *mail.Message) { m.MessageID = "never-seen@list.example" }),
			thread: "t42", how: mail.HowAncestor, sender: mail.Stranger},
		{name: "the key in the subject from a participant", m: letter(ann, "AW: "+tag+" Drucker", nil), thread: "t42", how: mail.HowSubjectTag, sender: mail.Participant},
		{name: "the key in the subject from a stranger", m: letter(eve, "Re: "+tag, nil), how: mail.HowNew, hint: mail.HintStrangerTag},
		{name: "the number without key from a participant", m: letter(ann, "Re: [INC-42] Drucker", nil), thread: "t42", how: mail.HowSubjectTag, sender: mail.Participant},
		{name: "the name without key from a stranger", m: letter(eve, "Re: [inc-42]", nil), how: mail.HowNew, hint: mail.HintStrangerTag},
		{name: "the name of somebody else's thing with our number", m: letter(ann, "Re: [JIRA-42]", nil), how: mail.HowNew, hint: mail.HintWrongKey},
		{name: "the name without key in a mail that failed authentication", m: letter(ann, "Re: [INC-42]", nil), auth: failed, how: mail.HowNew, hint: mail.HintUnauthenticated},
		{name: "the key of another thread", m: letter(ann, "Re: "+otherTag, nil), how: mail.HowNew, hint: mail.HintStrangerTag},
		{name: "the key in a mail that failed authentication", m: letter(ann, "Re: "+tag, nil), auth: failed, how: mail.HowNew, hint: mail.HintUnauthenticated},
		{name: "our id in a mail that failed authentication", m: letter(ann, "x", refs(s.ourID)), auth: failed, thread: "t42", how: mail.HowReferences, sender: mail.Stranger},
		{name: "several From mailboxes are nobody", m: letter(ann, "Re: "+tag, func(m *mail.Message) {
			m.From = append(m.From, mail.Address{Addr: eve})
		}), how: mail.HowNew, hint: mail.HintUnauthenticated},
		{name: "no From is nobody", m: letter("", "x", func(m *mail.Message) { m.From, m.References = nil, []string{s.ourID} }),
			thread: "t42", how: mail.HowReferences, sender: mail.Stranger},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := mail.Thread(tt.m, s.store, mail.Arrival{Keys: s.keys, Recipients: tt.rcpt, Auth: tt.auth, Label: func(thread string) (string, error) { return "INC-" + strings.TrimPrefix(thread, "t"), nil }})
			require.NoError(t, err)
			assert.Equal(t, tt.thread, d.Thread)
			assert.Equal(t, tt.how, d.How)
			assert.Equal(t, tt.sender, d.Sender)
			assert.Equal(t, tt.hint, d.Hint)
			assert.False(t, d.Loop)
		})
	}
}

func TestThreadTakesNoRetiredKey(t *testing.T) {
	s := newScene(t)
	s.store.ancestors[s.ourID] = []string{"t42"}
	d, err := mail.Thread(letter(ann, "x", refs(s.ourID)), s.store, mail.Arrival{Keys: ring(t, 2, 9)})
	require.NoError(t, err)
	assert.Equal(t, mail.HowNew, d.How, "neither by its row nor as an ancestor")
	assert.Equal(t, "bad_key", d.Trials[0].Outcome)
}

func TestThreadKnowsOurOwnMail(t *testing.T) {
	s := newScene(t)
	d, err := mail.Thread(letter(support, "x", func(m *mail.Message) { m.MessageID = s.ourID }), s.store, mail.Arrival{Keys: s.keys})
	require.NoError(t, err)
	assert.True(t, d.Loop)
	assert.Equal(t, "t42", d.Thread)
	looped := letter(eve, "x", func(m *mail.Message) {
		m.Header = mail.Header{{Name: "X-Deskbell-Loop", Value: s.keys.LoopToken()}}
	})
	d, err = mail.Thread(looped, s.store, mail.Arrival{Keys: s.keys})
	require.NoError(t, err)
	assert.True(t, d.Loop)
	d, err = mail.Thread(looped, s.store, mail.Arrival{Keys: ring(t, 1, 8)})
	require.NoError(t, err)
	assert.False(t, d.Loop, "another desk's mail")
}

func TestThreadExplainsWithoutShowingKeys(t *testing.T) {
	s := newScene(t)
	d, err := mail.Thread(letter(ann, "x", refs(s.ourID, "strange@x.example")), s.store, mail.Arrival{Keys: s.keys})
	require.NoError(t, err)
	assert.Equal(t, []mail.Trial{
		{Field: "references", Value: "strange@x.example", Outcome: "unknown"},
		{Field: "references", Value: "42.msg000000000001.rnd.…@desk.example", Outcome: "known"},
	}, d.Trials)
}

// counting counts what a mail costs.
type counting struct {
	*book
	n int
}

func (c *counting) FindByMessageID(id string) ([]mail.KnownID, error) {
	c.n++
	return c.book.FindByMessageID(id)
}

func TestThreadBoundsTheWork(t *testing.T) {
	s := newScene(t)
	store := &counting{book: s.store}
	m := letter(eve, strings.Repeat("[INC-42 kaaaaaaaaaa]", 10000), nil)
	for i := range 10000 {
		m.References = append(m.References, strings.Repeat("x", i%7)+string(rune('a'+i%26))+strings.Repeat("y", i/26%50)+"@x")
		m.To = append(m.To, mail.Address{Addr: "s+42." + strings.Repeat("a", 26) + "@" + strings.Repeat("x", i%60+1)})
	}
	_, err := mail.Thread(m, store, mail.Arrival{Keys: s.keys})
	require.NoError(t, err)
	assert.LessOrEqual(t, store.n, 120)
}

func FuzzThread(f *testing.F) {
	s := newScene(f)
	f.Add(s.ourID, "Re: "+s.keys.Tag("INC-42", 42), s.keys.Address(support, 42, ann), ann)
	f.Add("42.a.b@x", "[#42]", "+42.@", "")
	f.Fuzz(func(t *testing.T, id, subject, to, from string) {
		m := letter(from, subject, refs(id, "strange@x.example"))
		m.To = append(m.To, mail.Address{Addr: to})
		d, err := mail.Thread(m, s.store, mail.Arrival{Keys: s.keys})
		require.NoError(t, err)
		if d.How == mail.HowNew && (d.Thread != "" || d.Sender != "") {
			t.Errorf("new, yet %+v", d)
		}
		if d.How == mail.HowSubjectTag && d.Sender != mail.Participant {
			t.Errorf("a stranger joined by subject: %+v", d)
		}
		_, _, _ = mail.SendForm(to)
	})
}
