package mail

import "strings"

// OwnMail says whether m was written by this desk and has come back: its id
// was made with our key, or it carries our loop token. Another desk of the same
// make has other keys.
func OwnMail(m *Message, keys *Keyring) bool {
	if _, ok := keys.VerifyMessageID(m.MessageID); ok {
		return true
	}
	n := 0
	for _, f := range m.Header {
		if strings.EqualFold(f.Name, LoopHeader) {
			if n++; n > 10 {
				break
			}
			if keys.VerifyLoop(f.Value) {
				return true
			}
		}
	}
	return false
}
