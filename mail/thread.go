package mail

import (
	"fmt"
	"strconv"
	"strings"
)

// Bounds on the work that one mail can cause (chosen): a thread of a year
// names some dozens of ids.
const (
	maxThreadIDs    = 120 // ids looked up, the newest 100 and the oldest 20
	maxThreadTokens = 20  // addresses with something like a token
	maxThreadTrials = 40  // trials kept for the screen
)

// Thread decides to which thread a mail belongs: ids from the last reference
// backwards and then In-Reply-To, reply tokens, ids that two mails share, and
// last the key in the subject, which counts for participants only. Tokens and
// subject keys of a mail that fails authentication count for nothing; its ids
// do, but as a stranger's. The error is one of the store.
//
// Source: RFC 5322 §3.6.4; MAIL.md §1.6; SECURITY-REQUIREMENTS C1, C7.
func Thread(m *Message, q ThreadStore, in Arrival) (Decision, error) {
	t := threading{m: m, q: q, in: in, ids: threadIDs(m), bad: map[string]bool{}}
	t.d.How = HowNew
	t.d.Unverified = in.Auth.Verdict == AuthFail || len(m.From) != 1
	if len(m.From) > 0 {
		t.from = Fold(m.From[0].Addr)
	}
	for _, step := range []func() (bool, error){t.comesBack, t.byID, t.byToken, t.byAncestor, t.byTag} {
		found, err := step()
		if err != nil {
			return Decision{}, fmt.Errorf("thread mail %q: %w", m.MessageID, err)
		}
		if found {
			break
		}
	}
	return t.d, nil
}

// threading is one run of [Thread].
type threading struct {
	m    *Message
	q    ThreadStore
	in   Arrival
	ids  []threadID
	from string
	bad  map[string]bool // ids of ours with a wrong or retired key
	d    Decision
}

type threadID struct{ field, id string }

// threadIDs lists the ids to look at, best first.
func threadIDs(m *Message) []threadID {
	var ids []threadID
	seen := map[string]bool{m.MessageID: true, "": true}
	add := func(field string, list []string) {
		for i := len(list) - 1; i >= 0; i-- {
			if !seen[list[i]] {
				seen[list[i]] = true
				ids = append(ids, threadID{field, list[i]})
			}
		}
	}
	add("references", m.References)
	add("in_reply_to", m.InReplyTo)
	if len(ids) > maxThreadIDs {
		ids = append(ids[:maxThreadIDs-20:maxThreadIDs-20], ids[len(ids)-20:]...)
	}
	return ids
}

func (t *threading) note(field, value, outcome string) {
	if len(t.d.Trials) < maxThreadTrials {
		t.d.Trials = append(t.d.Trials, Trial{field, hideKey(value), outcome})
	}
}

func (t *threading) join(thread string, how How) (bool, error) {
	t.d.Thread, t.d.How = thread, how
	ok, err := t.takesPart(thread)
	t.d.Sender = Stranger
	if ok {
		t.d.Sender = Participant
	}
	return true, err
}

// takesPart is false for whoever cannot be taken for the person of From.
func (t *threading) takesPart(thread string) (bool, error) {
	if t.d.Unverified || t.from == "" {
		return false, nil
	}
	return t.q.IsParticipant(thread, t.from)
}

// comesBack finds mails of our own making. They are put on their thread, so
// that the screen can say where they went.
func (t *threading) comesBack() (bool, error) {
	if !OwnMail(t.m, t.in.Keys) {
		return false, nil
	}
	t.d.Loop = true
	number, ok := t.in.Keys.VerifyMessageID(t.m.MessageID)
	if !ok {
		return true, nil
	}
	t.note("message_id", t.m.MessageID, "keyed")
	thread, err := t.q.FindByNumber(number)
	if err != nil || thread == "" {
		return true, err
	}
	return t.join(thread, HowKeyedID)
}

func (t *threading) byID() (bool, error) {
	for _, id := range t.ids {
		thread, how, err := t.lookUp(id)
		if err != nil {
			return false, err
		}
		if thread != "" {
			return t.join(thread, how)
		}
	}
	return false, nil
}

// lookUp finds the thread of one id. An id of our making needs a valid key
// even when its row is known.
func (t *threading) lookUp(id threadID) (string, How, error) {
	known, err := t.q.FindByMessageID(id.id)
	if err != nil {
		return "", "", err
	}
	number, keyed := t.in.Keys.VerifyMessageID(id.id)
	_, looksKeyed := keyedParts(id.id, 4)
	var threads []string
	for _, k := range known {
		if !k.Ours || keyed || !looksKeyed {
			threads = append(threads, k.Thread)
		} else {
			t.bad[id.id] = true
		}
	}
	if len(threads) > 0 {
		t.note(id.field, id.id, "known")
		thread, err := t.best(threads)
		return thread, How(id.field), err
	}
	how := HowKeyedID
	if !keyed {
		how = HowAnchor
		number, keyed = t.in.Keys.VerifyAnchor(id.id)
	}
	if !keyed {
		_, looksAnchor := keyedParts(id.id, 2)
		t.note(id.field, id.id, pick(looksKeyed || looksAnchor, "bad_key", "unknown"))
		return "", "", nil
	}
	thread, err := t.q.FindByNumber(number)
	t.note(id.field, id.id, pick(thread == "", "no_thread", pick(how == HowAnchor, "anchor", "keyed")))
	return thread, how, err
}

// best chooses among threads that share an id, which senders reuse: the one in
// which the sender takes part, else the first.
func (t *threading) best(threads []string) (string, error) {
	if len(threads) > maxThreadTokens {
		threads = threads[:maxThreadTokens]
	}
	for _, th := range threads {
		if len(threads) == 1 {
			break
		}
		ok, err := t.takesPart(th)
		if err != nil || ok {
			return th, err
		}
	}
	return threads[0], nil
}

// byToken tries every address to which the mail was delivered.
func (t *threading) byToken() (bool, error) {
	tried := 0
	seen := map[string]bool{}
	for _, addr := range deliveredTo(t.m, t.in.Recipients) {
		digits, _, ok := addressToken(addr)
		if addr = Fold(addr); !ok || seen[addr] || tried >= maxThreadTokens {
			continue
		}
		seen[addr] = true
		tried++
		thread, outcome, err := t.redeem(addr, digits)
		if err != nil {
			return false, err
		}
		if thread != "" && t.d.Unverified {
			outcome = "unauthenticated"
			t.hint(HintUnauthenticated, thread)
		}
		t.note("address", addr, outcome)
		if outcome == "token" {
			return t.join(thread, HowToken)
		}
	}
	return false, nil
}

// redeem checks a token against the sender, then against all for whom tokens
// of that thread were made: a forwarded mail still carries a valid one.
func (t *threading) redeem(addr, digits string) (thread, outcome string, err error) {
	number, _ := strconv.ParseInt(digits, 10, 64)
	if thread, err = t.q.FindByNumber(number); err != nil || thread == "" {
		return "", "no_thread", err
	}
	if _, ok := t.in.Keys.VerifyAddress(addr, t.from); ok {
		return thread, "token", nil
	}
	recipients, err := t.q.Recipients(thread)
	if err != nil {
		return "", "", err
	}
	for _, r := range recipients {
		if _, ok := t.in.Keys.VerifyAddress(addr, r); ok {
			return thread, "token", nil
		}
	}
	return "", "bad_key", nil
}

// byAncestor joins mails that refer to the same mail which we never saw, or of
// which one refers to the other.
func (t *threading) byAncestor() (bool, error) {
	ids := t.ids
	if t.m.MessageID != "" {
		ids = append(ids[:len(ids):len(ids)], threadID{"message_id", t.m.MessageID})
	}
	for _, id := range ids {
		if t.bad[id.id] {
			continue
		}
		threads, err := t.q.FindByAncestor(id.id)
		if err != nil {
			return false, err
		}
		if len(threads) > 0 {
			t.note(id.field, id.id, "ancestor")
			thread, err := t.best(threads)
			if err != nil {
				return false, err
			}
			return t.join(thread, HowAncestor)
		}
	}
	return false, nil
}

// byTag counts for participants only; of others it leaves a hint.
func (t *threading) byTag() (bool, error) {
	for _, tag := range FindTag(t.m.Subject) {
		thread, err := t.q.FindByNumber(tag.Number)
		if err != nil {
			return false, err
		}
		_, keyed := t.in.Keys.VerifyTag(tag)
		if thread == "" {
			t.note("subject", tag.Label, "no_thread")
			continue
		}
		part, err := t.takesPart(thread)
		if err != nil {
			return false, err
		}
		bare, err := t.named(tag, thread)
		if err != nil {
			return false, err
		}
		switch {
		case keyed && part:
			t.note("subject", tag.Label, "tag")
			return t.join(thread, HowSubjectTag)
		case bare && part:
			t.note("subject", tag.Label, "tag")
			return t.join(thread, HowSubjectTag)
		case (keyed || bare) && t.d.Unverified:
			t.note("subject", tag.Label, "unauthenticated")
			t.hint(HintUnauthenticated, thread)
		case keyed || bare:
			t.note("subject", tag.Label, "stranger")
			t.hint(HintStrangerTag, thread)
		default:
			t.note("subject", tag.Label, "bad_key")
			if part {
				t.hint(HintWrongKey, thread)
			}
		}
	}
	return false, nil
}

// named says whether a person typed the name of a thread as it is, without a
// key: enough from somebody who takes part, who need not copy keys.
func (t *threading) named(tag SubjectTag, thread string) (bool, error) {
	if tag.Key != "" || t.in.Label == nil {
		return false, nil
	}
	label, err := t.in.Label(thread)
	return err == nil && strings.EqualFold(label, tag.Label), err
}

// hint keeps the first.
func (t *threading) hint(code, thread string) {
	if t.d.Hint == "" {
		t.d.Hint, t.d.HintThread = code, thread
	}
}

// deliveredTo lists every address that a mail names as its destination.
func deliveredTo(m *Message, envelope []string) []string {
	list := append([]string(nil), envelope...)
	for _, f := range m.Header {
		switch strings.ToLower(f.Name) {
		case "delivered-to", "x-original-to", "envelope-to", "x-envelope-to":
			list = append(list, strings.Trim(strings.TrimSpace(f.Value), "<>"))
		}
	}
	for _, a := range append(append([]Address(nil), m.To...), m.Cc...) {
		list = append(list, a.Addr)
	}
	return list
}

// hideKey leaves of a token what a person needs to recognise it.
func hideKey(value string) string {
	local, domain, ok := cutAddress(value)
	dot := strings.LastIndexByte(local, '.')
	if !ok || len(local)-dot-1 != tokenLen || dot < 1 {
		return value
	}
	return local[:dot] + ".…@" + domain
}

func pick(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}
