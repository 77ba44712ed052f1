package hooks

import (
	"fmt"
	"time"
)

// Constant is a value that nobody sets, for doctor to print.
type Constant struct{ Name, Value string }

// Constants lists the bounds that this package holds to.
func Constants() []Constant {
	return []Constant{
		{"header timeout", headerTimeout.String()},
		{"live connections", fmt.Sprintf("%d an address", liveClients)},
		{"wrong passwords", fmt.Sprintf("%d a minute for one account from one address", perAccountAndIP.failures)},
		{"whole database check", fmt.Sprintf("%s after the start", checkAfter)},
		{"stop", fmt.Sprintf("within %s", stopTime())},
	}
}

func stopTime() time.Duration {
	var sum time.Duration
	for _, g := range grace {
		sum += g
	}
	return sum
}
