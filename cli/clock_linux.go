package cli

import "syscall"

// timeError is the state of a clock that nothing synchronises.
//
// Source: adjtimex(2), TIME_ERROR
const timeError = 5

// clockSynced asks the kernel whether the clock is kept right.
func clockSynced() (synced, known bool) {
	state, err := syscall.Adjtimex(&syscall.Timex{})
	return state != timeError, err == nil
}
