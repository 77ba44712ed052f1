package cli

// Grade says how bad a finding of doctor is.
type Grade int

// Grades of findings. Only Failed makes the exit code differ from 0.
const (
	Fine Grade = iota
	Warned
	Failed
)

// Finding is one line of doctor: what was looked at, what was found, and what
// to do about it.
type Finding struct {
	Grade Grade
	Part  string // "database", "mailbox Support", …
	Text  string // what was found
	Do    string // what to do; "" when all is well
}

// Fixed is a value that is a constant of the program.
type Fixed struct{ Name, Value string }
