// Package itil holds the words and rules of the practices: kinds of ticket,
// states, the steps between them, the guards of each step, and the priority
// matrix. It is pure: no storage, no clock, no I/O.
package itil

// Refusal is a broken rule. Code is stable and translated by the screens;
// Message is an English sentence that says what is missing and what to do.
type Refusal struct {
	Field   string `json:"field"` // the field that must change
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error returns the sentence.
func (r *Refusal) Error() string { return r.Message }

func refusal(field, code, message string) *Refusal {
	return &Refusal{Field: field, Code: code, Message: message}
}
