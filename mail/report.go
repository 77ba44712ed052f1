package mail

// Report is what a bounce tells.
type Report struct {
	Recipients []Recipient // every block, in order
	OriginalID string      // Message-ID of the mail that did not arrive, "" if not told
	Hard       bool        // a failure for good (5.x): the address is bad or closed
	Delayed    bool        // nothing has failed yet: no block says failed
}

// Recipient is one block of a delivery report.
type Recipient struct {
	Recipient  string // address
	Action     string // failed, delayed, delivered, relayed, expanded; lower case
	Status     string // enhanced status code such as 5.1.1, "" if not told
	Diagnostic string // what the other server said
}

// findReport returns what a bounce says, nil if m is none.
func findReport(m *Message, s signs) *Report {
	if s.report {
		return &Report{}
	}
	return nil
}
