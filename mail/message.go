// Package mail reads, threads and writes Internet messages (RFC 5322, MIME).
// It knows nothing of records or of what a desk does with a message: callers
// hand it bytes and small stores, and get values back.
package mail

import (
	"context"
	"io"
	"strings"
	"time"
)

// Address is one mailbox of a header field. Addr keeps the case in which it
// was written, for sending; compare with [Fold].
type Address struct {
	Name string `json:"name"`
	Addr string `json:"addr"`
}

// Fold returns the form of an address under which two are compared: lower
// case, the domain as its A-label would be after lower-casing, outer blanks
// gone. It never fails; what is no address is only folded.
func Fold(addr string) string { return strings.ToLower(strings.TrimSpace(addr)) }

// Message is one mail as it was read. Every text is valid UTF-8 without NUL.
type Message struct {
	MessageID  string    // without < >, "" if none
	InReplyTo  []string  // ids without < >, in order
	References []string  // ids without < >, oldest first
	Date       time.Time // of the header, zero if unreadable; a claim
	From       []Address // usually one
	Sender     []Address
	ReplyTo    []Address
	To         []Address
	Cc         []Address
	Subject    string // decoded, one line

	Text        string       // the body as text; made from HTML when there is no usable plain part
	HTML        string       // the body as HTML, not sanitised; "" if none
	TextMade    bool         // Text was made from HTML: strip quotes from HTML, not from Text
	Attachments []Attachment // every leaf that is not the chosen body, in order

	Header Header   // all fields, in order, as received
	Notes  []string // what a reader should know: "too_deep", "too_many_parts", "encrypted", "signed", "truncated", …
}

// Header is the ordered header of a message. Values are unfolded but not
// decoded.
type Header []Field

// Field is one header field.
type Field struct{ Name, Value string }

// Get returns the first value of a field, "" if absent; the name is compared
// without regard to case.
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has says whether a field is present, even if empty.
func (h Header) Has(name string) bool {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// Attachment is a leaf of the message that is not its body. Its bytes stay in
// the raw mail until opened.
type Attachment struct {
	Name      string // cleaned for showing; "" if the mail names none
	Type      string // media type as declared, lower case, without parameters
	Size      int64  // bytes after decoding
	ContentID string // without < >
	Inline    bool   // referenced by the HTML through cid:
	Declared  string // the name as the mail gives it, decoded but not cleaned; never for a path
	Preview   string // of an attached mail: its From, Date, To and Subject, a line each
	Shown     bool   // its content stands in the body too: an inline mail or a text with a name
	Unpacked  bool   // found inside another part: in winmail.dat or encoded in the text

	open func() (io.ReadCloser, error)
}

// Open returns the decoded bytes. The raw mail that was given to [Parse] must
// still be readable.
func (a Attachment) Open() (io.ReadCloser, error) {
	if a.open == nil {
		return io.NopCloser(strings.NewReader("")), nil
	}
	return a.open()
}

// Stored tells what a [Vault] keeps of one raw mail.
type Stored struct {
	SHA256        string // hex, of the raw bytes
	ContentSHA256 string // hex, of body and header without trace fields (see [Digest])
	MessageID     string // without < >, "" if none
	Size          int64  // bytes
}

// Vault keeps raw mails by their hash.
type Vault interface {
	// Put copies r to disk and returns after the bytes are synced. An error
	// of r, io.ErrUnexpectedEOF included, leaves nothing behind.
	Put(ctx context.Context, r io.Reader) (Stored, error)
}

// Receipt says how one raw mail reached us.
type Receipt struct {
	Mailbox      string    // id of the mailbox it is for
	UIDValidity  uint32    // 0 from a listener
	UID          uint32    // 0 from a listener
	ReceivedAt   time.Time // IMAP internal date or the listener's clock
	EnvelopeFrom string    // of a listener; "" unknown or null sender
	Recipients   []string  // envelope recipients of a listener
	Stored       Stored    // zero for a stub
	Stub         string    // why there are no bytes: "too_large", "unfetchable"; "" otherwise
	Size         int64     // bytes as announced, for a stub
}

// Ledger records receipts.
type Ledger interface {
	// Commit writes the receipts in one durable transaction. A receipt whose
	// (mailbox, uidvalidity, uid) is known already is skipped.
	Commit(ctx context.Context, receipts []Receipt) error
	// HighWater is the largest UID with a receipt, 0 if none.
	HighWater(ctx context.Context, mailbox string, uidValidity uint32) (uint32, error)
	// Unsettled lists the UIDs whose receipt is committed but that the server
	// has not been told about. Stubs are never among them: their mails stay on
	// the server as they are.
	Unsettled(ctx context.Context, mailbox string, uidValidity uint32) ([]uint32, error)
	// Settle notes that the server has been told.
	Settle(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32) error
}
