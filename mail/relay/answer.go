package relay

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/deskbell/deskbell/mail/link"
	"github.com/emersion/go-smtp"
	"golang.org/x/net/idna"
)

// checked returns the envelope with domains as A-labels (RFC 5890). It refuses
// addresses that could break out of a command.
func (e Envelope) checked() (Envelope, error) {
	if len(e.To) == 0 {
		return e, addressError("")
	}
	clean := Envelope{UTF8: e.UTF8}
	if e.From != "" {
		from, err := checkedAddress(e.From)
		if err != nil {
			return e, err
		}
		clean.From = from
	}
	for _, to := range e.To {
		address, err := checkedAddress(to)
		if err != nil {
			return e, err
		}
		clean.To = append(clean.To, address)
	}
	return clean, nil
}

// checkedAddress lets pass what is safe in a command; whether it exists is the
// server's to say. Source: SECURITY-REQUIREMENTS C11.
func checkedAddress(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	unsafe := func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' || r == '�' }
	if at < 1 || at == len(address)-1 || len(address) > 320 || strings.ContainsFunc(address, unsafe) {
		return "", addressError(address)
	}
	domain := address[at+1:]
	if isASCII(domain) {
		return address, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", addressError(address)
	}
	return address[:at+1] + ascii, nil
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}

func addressError(address string) *Error {
	return &Error{Stage: "mail", Trouble: &link.Trouble{
		Code:  "address_invalid",
		Cause: fmt.Sprintf("%q is no mail address.", address),
		Cure:  "Correct the address.",
	}}
}

func noUTF8(stage, address string) *Error {
	return &Error{Stage: stage, Enhanced: "5.6.7", Trouble: &link.Trouble{
		Code:  "smtputf8_missing",
		Cause: fmt.Sprintf("The mail server cannot deliver to or from addresses like %q.", address),
		Cure:  "Use an address of plain letters, or a mail server with SMTPUTF8.",
	}}
}

// localError says that the mail could not be produced.
func localError(stage string, err error) *Error {
	return &Error{Stage: stage, Temporary: true, Trouble: &link.Trouble{
		Code:      "mail_unreadable",
		Cause:     "The mail could not be read while it was sent; nothing was delivered.",
		Cure:      "It is tried again; look at the log of Deskbell.",
		Temporary: true,
		Err:       err,
	}}
}

// connectError wraps what happened before the mail began. Everything there is
// temporary for the mail: a password can be mended while it waits.
func connectError(err error) *Error {
	return &Error{Stage: "connect", Temporary: true, Trouble: link.AsTrouble(err)}
}

// failed describes an error of the talk and notes whether the connection is
// still of use.
func (s *session) failed(stage string, err error) *Error {
	answer, ok := err.(*smtp.SMTPError)
	if !ok {
		s.broken = true
		return &Error{Stage: stage, Temporary: true, Trouble: link.AsTrouble(err)}
	}
	if answer.Code == 421 {
		s.broken = true
	}
	failed := &Error{
		Stage: stage, Code: answer.Code, Text: answer.Message,
		Temporary: answer.Code/100 == 4 || answer.Code/100 != 5,
	}
	if answer.EnhancedCode[0] > 0 {
		failed.Enhanced = fmt.Sprintf("%d.%d.%d", answer.EnhancedCode[0], answer.EnhancedCode[1], answer.EnhancedCode[2])
	}
	failed.Trouble = refusalTrouble(stage, failed, answer)
	return failed
}

func refusalTrouble(stage string, e *Error, err error) *link.Trouble {
	t := &link.Trouble{Temporary: e.Temporary, Err: err}
	switch {
	case e.Temporary:
		t.Code, t.Cause, t.Cure = "refused_for_now", "The mail server refuses the mail for the moment.", "It is tried again."
	case e.Code == 530 || e.Code == 535:
		t.Code, t.Cause, t.Cure = "sign_in_needed", "The mail server wants a sign-in before it takes mail.", "Enter user name and password for outgoing mail."
	case stage == "mail":
		t.Code, t.Cause, t.Cure = "sender_refused", "The mail server does not take mail from this sender.", "Check that the user may send from the address of the mailbox."
	case stage == "rcpt":
		t.Code, t.Cause, t.Cure = "recipient_refused", "The mail server refuses the recipient.", "Check the address."
	default:
		t.Code, t.Cause, t.Cure = "message_refused", "The mail server refuses the mail.", "Read its answer; size, content or reputation are common reasons."
	}
	return t
}

// serverIDForms are the ways in which servers name what they queued: Postfix,
// Exim, Exchange, and Amazon SES, which rewrites Message-IDs to it.
var serverIDForms = []*regexp.Regexp{
	regexp.MustCompile(`(?i)queued as ([A-Za-z0-9._-]{4,200})`),
	regexp.MustCompile(`(?i)\bid=([A-Za-z0-9._-]{4,200})`),
	regexp.MustCompile(`<([^<>\s]{1,200}@[^<>\s]{1,200})>`),
	regexp.MustCompile(`(?i)^(?:\d\.\d\.\d )?ok:? +([A-Za-z0-9._-]{8,200})(?:\s|$)`),
}

// serverID finds the id in an answer, "" if there is none.
func serverID(answer string) string {
	for _, form := range serverIDForms {
		if found := form.FindStringSubmatch(answer); found != nil {
			return found[1]
		}
	}
	return ""
}
