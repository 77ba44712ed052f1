package mail

import "strings"

// looksBounced recognises the many delivery reports without a machine part,
// by sender, subject and the text they open with. A mail of a person who
// writes about a bounce has none of these senders and opens otherwise.
//
// Source: the mail systems in the sisimai and flufl.bounce test sets.
func (s signs) looksBounced(m *Message) bool {
	if strings.TrimSpace(m.Header.Get("X-Failed-Recipients")) != "" {
		return true
	}
	head := opening(m.Text, 4000)
	start := cut(head, 400)
	anywhere := containsAny(head, bounceTexts())
	opens := containsAny(start, bounceTexts())
	machine := s.nullSender || s.daemonPath || strings.HasPrefix(s.autoSubmitted, "auto-")
	reply := len(m.InReplyTo) > 0 && strings.HasPrefix(strings.ToLower(m.Subject), "re:")
	switch {
	case s.autoSubject && !s.daemon:
		return false
	case s.daemon && (s.mailerDaemon || machine || !reply):
		return s.bounceSubject || opens && (s.mailerDaemon || machine || !personal(start)) || anywhere && (s.mailerDaemon || machine)
	case s.nullSender || s.daemonPath:
		return s.bounceSubject && (anywhere || !s.reply) || opens && !reply
	case s.bounceSubject && opens && !reply && !personal(start) && replyCode(head) != "":
		return true
	}
	return containsAny(cut(start, 250), bounceOpenings())
}

// personal says whether the first lines of a text greet, or speak of the
// writer: people write about bounces too.
func personal(start string) bool {
	return containsAny(" "+start, []string{
		" hi ", " hi,", " hello", " dear ", " good morning", " i ", " i've ", " i'm ", " my ", " we ", " our ", " us ", " please help", " thanks",
		" hallo", " guten ", " sehr geehrte", " ich ", " mein", " wir ", " unser", " bonjour", " je ", " nous ", " mon ", " hola", " buenos ", " mi ", " ciao", " buongiorno", " olá", " cześć", " привет", " здравствуйте", " добрый ",
	})
}

// opening is the beginning of a text in lower case with single blanks,
// without quoted lines.
func opening(text string, n int) string {
	var b strings.Builder
	for _, line := range strings.Split(cut(text, 4*n), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, ">") {
			continue
		}
		b.WriteString(strings.ToLower(strings.Join(strings.Fields(line), " ")))
		b.WriteByte(' ')
		if b.Len() > n {
			break
		}
	}
	return b.String()
}

func containsAny(s string, phrases []string) bool {
	for _, p := range phrases {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// bounceSubject says whether a subject is that of a delivery report: it
// begins with one of the phrases, after marks and one other word at most.
func bounceSubject(subject string) bool {
	s := strings.ToLower(strings.TrimLeft(subject, "*[!# "))
	for _, p := range bounceSubjects() {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return containsAny(s, bounceSubjectsAnywhere())
}

// delayNotice says whether a report without a machine part tells of a delay.
func delayNotice(m *Message) bool {
	head := strings.ToLower(m.Subject) + " " + opening(m.Text, 1500)
	return containsAny(head, []string{
		"warning message only", "this is a warning only", "just a warning", "(delay)", "delayed mail", "has been delayed", "not yet been delivered",
		"will be retried", "will continue to try", "still being retried", "could not send message for past", "message delayed",
	})
}
