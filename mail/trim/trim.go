// Package trim separates what a person wrote in a mail from what the mail
// quotes: earlier messages, signatures, legal notices. Nothing is deleted;
// the parts are only told apart.
//
// What is kept although it looks foreign: messages that are passed on, the
// whole text when quotes are answered in between, and quotes when nothing
// else would remain.
package trim

import "strings"

// Result is a body in two parts. Together they hold every visible character
// of it.
type Result struct {
	Reply     string // what was written; for HTML a fragment that is not sanitised
	ReplyText string // the text of Reply
	Rest      string // what was taken away, in order, in the form of Reply; "" if nothing
	Quoted    bool   // Rest is not empty
}

// maxBytes is the largest body that is looked into; a larger one is all
// Reply. SECURITY-REQUIREMENTS A7.
const maxBytes = 1 << 20

// Text separates a text body. Line ends become "\n".
func Text(s string) Result {
	if len(s) > maxBytes {
		return Result{Reply: s, ReplyText: s}
	}
	lines := decide(splitLines(s), true)
	reply := assemble(lines, false, len(lines))
	rest := assemble(lines, true, len(lines))
	return Result{Reply: reply, ReplyText: reply, Rest: rest, Quoted: rest != ""}
}

// assemble joins the lines of one part: without blank lines at its ends, and
// with no more than one where the other part was taken out, nor more than
// blanks anywhere.
func assemble(lines []line, drop bool, blanks int) string {
	var b strings.Builder
	gap, started, torn := 0, false, false
	for _, l := range lines {
		switch {
		case l.kind == blank:
			gap++
			continue
		case l.drop != drop:
			torn = true
			continue
		}
		if started {
			if torn {
				gap = min(gap, 1)
			}
			b.WriteString(strings.Repeat("\n", min(gap, blanks)+1))
		}
		b.WriteString(l.s)
		gap, started, torn = 0, true, false
	}
	return b.String()
}
