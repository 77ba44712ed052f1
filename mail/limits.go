package mail

// Limits bound the work that one mail may cost. What lies beyond a limit is
// not read; it stays in the raw mail, and [Message.Notes] says so.
type Limits struct {
	Depth       int   // levels of multipart
	Parts       int   // parts of all levels together
	Attachments int   // attachments listed
	Header      int   // bytes of one header; the headers of all inner parts together may have four times as much
	Message     int64 // bytes of the raw mail that are looked at
	Text        int   // bytes of decoded text and, apart, of decoded HTML

	html int // what is left of Text for HTML
}

// DefaultLimits returns the limits of requirement D1. The text limit is chosen:
// more than a person reads, little enough to keep in a record.
func DefaultLimits() Limits {
	return Limits{
		Depth:       50,
		Parts:       500,
		Attachments: 100,
		Header:      256 << 10,
		Message:     50 << 20,
		Text:        3 << 19,
	}
}

// orDefault replaces limits that are not set.
func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	for _, p := range []struct {
		have *int
		def  int
	}{{&l.Depth, d.Depth}, {&l.Parts, d.Parts}, {&l.Attachments, d.Attachments}, {&l.Header, d.Header}, {&l.Text, d.Text}} {
		if *p.have <= 0 {
			*p.have = p.def
		}
	}
	if l.Message <= 0 {
		l.Message = d.Message
	}
	l.html = l.Text
	return l
}

// Notes that [Parse] may leave on a message.
const (
	NoteTooDeep            = "too_deep"             // levels beyond Limits.Depth were not opened
	NoteTooManyParts       = "too_many_parts"       // parts beyond Limits.Parts were not read
	NoteTooManyAttachments = "too_many_attachments" // attachments beyond the limit are not listed
	NoteHeaderTooLarge     = "header_too_large"     // a header was cut
	NoteTooLarge           = "too_large"            // the mail was read to Limits.Message only
	NoteTruncated          = "truncated"            // text or HTML was cut
	NoteEncrypted          = "encrypted"            // the content is encrypted and was not read
	NoteSigned             = "signed"               // the content carries a signature, not verified
	NoteMalformed          = "malformed"            // something was repaired by guessing
)
