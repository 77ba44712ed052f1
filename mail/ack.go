package mail

import (
	"strings"
	"time"
)

// Limits on acknowledgements (SECURITY-REQUIREMENTS C9).
const (
	AcksPerThread       = 1 // to one sender on one thread
	AcksPerHour         = 5 // to one sender over all threads
	AcksPerHourStranger = 1 // to an address that nobody ever proved to be there: forms can name a victim
)

// AckFacts is what [MayAcknowledge] must know beside the mail.
type AckFacts struct {
	NewThread  bool   // the mail opened a thread
	Automatic  string // reason why it must not be answered automatically (see [Classify]); "" if a person wrote it
	Loop       bool   // see [OwnMail]
	Unverified bool   // authentication failed
	Stranger   bool   // neither authentication passed nor was the address ever confirmed
	Paused     bool   // the thread is over its [Throttle], or the desk over its budget for outgoing mail

	Own         []string // folded addresses of all our mailboxes
	SentThread  int      // acknowledgements sent to the sender on this thread
	SentPerHour int      // acknowledgements sent to the sender in the last hour, on all threads
}

// MayAcknowledge says whether a mail may be answered with an acknowledgement.
// reason is the code of the first rule that forbids it, "" if none does.
//
// Source: RFC 3834 §2, RFC 5230 §4; MAIL.md §1.4, §2, §8 (c) and (d);
// SECURITY-REQUIREMENTS C9.
func MayAcknowledge(m *Message, f AckFacts) (ok bool, reason string) {
	hourly := AcksPerHour
	if f.Stranger {
		hourly = AcksPerHourStranger
	}
	for _, rule := range []struct {
		broken bool
		reason string
	}{
		{f.Loop, "own_mail"},
		{f.Automatic != "", f.Automatic},
		{!f.NewThread, "not_a_new_thread"},
		{f.Unverified, "unverified"},
		{len(m.From) != 1 || CheckAddress(m.From[0].Addr) != nil, "no_single_sender"},
		{len(m.From) == 1 && ownAddress(m.From[0].Addr, f.Own), "own_address"},
		{!names(m.To, f.Own) && !names(m.Cc, f.Own), "not_addressed_to_us"},
		{f.Paused, "paused"},
		{f.SentThread >= AcksPerThread, "once_per_thread"},
		{f.SentPerHour >= hourly, "hourly_limit"},
	} {
		if rule.broken {
			return false, rule.reason
		}
	}
	return true, ""
}

// names says whether one of the addresses is ours.
func names(list []Address, own []string) bool {
	for _, a := range list {
		if ownAddress(a.Addr, own) {
			return true
		}
	}
	return false
}

// ownAddress compares with and without the part behind a +.
func ownAddress(addr string, own []string) bool {
	addr = Fold(addr)
	local, domain, _ := cutAddress(addr)
	local, _, _ = strings.Cut(local, "+")
	return hasFold(own, addr) || hasFold(own, local+"@"+domain)
}

// Throttle bounds what one thread may cause in a span of time. Beyond it
// messages are still kept, but nothing is sent because of them, and an alarm
// is shown.
type Throttle struct {
	Limit int
	Span  time.Duration
}

// ThreadThrottle is the bound for the messages of one thread (MAIL.md §8).
var ThreadThrottle = Throttle{Limit: 30, Span: 10 * time.Minute}

// Paused says whether more than Limit of the instants lie in the Span that
// ends now. The order of the instants does not matter.
func (t Throttle) Paused(received []time.Time, now time.Time) bool {
	n := 0
	for _, at := range received {
		if age := now.Sub(at); age < t.Span {
			n++
		}
	}
	return n > t.Limit
}
