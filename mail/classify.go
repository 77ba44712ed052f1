package mail

import "strings"

// LoopHeader is the header field that our automatic mail carries; its value
// is a token of the desk (see [OwnMail]).
const LoopHeader = "X-Deskbell-Loop"

// Class says what kind of mail a message is and what may be done with it. A
// delivery report is Bounce and never AutoReply.
type Class struct {
	AutoReply bool // a machine's answer to a person: absence, acknowledgement
	Bounce    bool // a delivery report: failed, delayed or delivered
	Bulk      bool // a list or newsletter; the mailbox's setting decides
	MDN       bool // a receipt (RFC 8098)
	Feedback  bool // a complaint or feedback report (RFC 5965)
	Generated bool // sent by a machine of its own accord: cron, monitoring

	MustNotAnswer bool // nothing automatic may be sent back
	Opens         bool // may open a ticket when none matches
	Appends       bool // may be added to the ticket it belongs to
	Reopens       bool // may wake a solved ticket; false: a note only

	Reason string  // why it is not an ordinary mail of a person, "" if it is
	Loop   string  // value of [LoopHeader]; equal to our own token: our mail came back, drop it
	Report *Report // of a bounce
}

// Reasons of a [Class].
const (
	ReasonAutoReply  = "auto_reply"           // append to its ticket as a note
	ReasonUnmatched  = "auto_reply_unmatched" // why an auto reply without a ticket is ignored
	ReasonBounce     = "bounce"
	ReasonReport     = "delivery_report" // nothing failed, or nothing is told
	ReasonMDN        = "receipt"
	ReasonFeedback   = "feedback_report"
	ReasonBulk       = "bulk"
	ReasonGenerated  = "auto_generated"
	ReasonNotified   = "auto_notified"
	ReasonLoop       = "loop"
	ReasonNullSender = "null_sender"
	ReasonNoReply    = "no_reply_sender"
	ReasonSilence    = "auto_response_suppressed"
)

// Classify judges m by its header, the names of its sender and subject, and
// for bounces by its text and parts, which it reads through the raw mail.
//
// Source: RFC 3834 §5, RFC 3464, RFC 5965, RFC 8098 and vendor headers; the
// table stands in signs.go.
func Classify(m *Message) Class {
	s := signsOf(m)
	c := Class{Loop: m.Header.Get(LoopHeader), Opens: true, Appends: true, Reopens: true}
	c.Feedback = s.feedback
	c.MDN = s.receipt
	if !c.Feedback && (!c.MDN || s.daemon) {
		c.Report = findReport(m, s)
		c.Bounce = c.Report != nil && !c.Report.Delivered
		c.MDN = c.MDN && !c.Bounce
	}
	delivered := c.Report != nil && c.Report.Delivered
	c.AutoReply = c.Report == nil && !c.Feedback && !c.MDN && s.autoReply()
	c.Bulk = s.bulk
	c.Generated = !c.AutoReply && !c.Bounce && s.generated()
	c.Reason = c.why(s)
	c.MustNotAnswer = c.Reason != "" && c.Reason != ReasonSilence || s.silence
	note := c.AutoReply || c.Bounce || c.MDN || c.Feedback || delivered || s.report
	c.Opens = !note && (!s.nullSender || c.Generated)
	c.Reopens = !note && !s.nullSender
	return c
}

// why names the strongest reason.
func (c Class) why(s signs) string {
	for _, r := range []struct {
		is   bool
		name string
	}{
		{c.Bounce, ReasonBounce},
		{s.report, ReasonReport},
		{c.MDN, ReasonMDN},
		{c.Feedback, ReasonFeedback},
		{c.AutoReply, ReasonAutoReply},
		{c.Loop != "" || s.loop, ReasonLoop},
		{s.autoSubmitted == "auto-notified", ReasonNotified},
		{c.Generated, ReasonGenerated},
		{c.Bulk, ReasonBulk},
		{s.nullSender, ReasonNullSender},
		{s.robot, ReasonNoReply},
		{s.silence, ReasonSilence},
	} {
		if r.is {
			return r.name
		}
	}
	return ""
}

// signs are what the header tells about the sender being a machine.
type signs struct {
	autoSubmitted string // the keyword, lower case
	autoHeader    bool   // a vendor's header of auto answers
	autoSubject   bool   // the subject is that of an auto answer
	sureSubject   bool   // no person writes so
	reply         bool   // refers to another mail
	bulk          bool
	silence       bool // X-Auto-Response-Suppress asks for no answer
	loop          bool
	nullSender    bool
	daemon        bool // mailer-daemon, postmaster, by address or name
	mailerDaemon  bool // a daemon that is surely no person
	daemonPath    bool // the envelope sender is a mailer-daemon
	bounceSubject bool
	robot         bool // daemon or no-reply
	receipt       bool
	feedback      bool
	report        bool // multipart/report of delivery-status
}

// autoReply decides between a machine's answer and everything else.
func (s signs) autoReply() bool {
	switch {
	case s.autoSubmitted == "auto-replied", s.autoHeader:
		return true
	case s.autoSubmitted == "auto-generated":
		return s.reply || s.autoSubject
	case s.autoSubmitted == "no":
		return false
	case s.autoSubject:
		return s.sureSubject || s.reply || s.nullSender || s.robot || s.silence
	}
	return s.nullSender && s.reply && s.bulk
}

// generated says that a machine sent the mail of its own accord.
func (s signs) generated() bool {
	return strings.HasPrefix(s.autoSubmitted, "auto-")
}
