// Package faults names the places at which a kill, an error or a delay hurts
// most, so that tests can cause one there. In the ordinary build [At] is an
// empty function that the compiler removes; with `-tags faults` it obeys the
// environment variable DESKBELL_FAULT.
//
// The variable holds POINT:ACTION or POINT:ACTION:N, several separated by
// commas: `F10:exit`, `F03:error:2,F04:delay`. Actions are exit (SIGKILL to
// ourselves, nothing is flushed), error ([At] returns [ErrInjected]), delay (2 s) and
// panic. With N only the N-th pass of the point is hit, without it every pass.
package faults

import "errors"

// Point is one place in the code.
type Point string

// The points, in the order in which a mail and its answer pass them.
//
// Source: RELIABILITY-REQUIREMENTS, "Fault points".
const (
	F01 Point = "F01" // connected to the IMAP server, not signed in
	F02 Point = "F02" // folder selected, nothing fetched
	F03 Point = "F03" // within the literal of a body
	F04 Point = "F04" // the literal is complete, the vault has not returned
	F05 Point = "F05" // raw mail being written to the vault
	F06 Point = "F06" // raw mail written, not synced
	F07 Point = "F07" // raw mail synced, transaction of the receipts not begun
	F08 Point = "F08" // receipts inserted
	F09 Point = "F09" // about to commit the receipts
	F10 Point = "F10" // receipts committed, server not told (flag, move, 250)
	F11 Point = "F11" // server told, receipts not settled
	F12 Point = "F12" // about to move or expunge
	F13 Point = "F13" // within the parsing of a mail
	F14 Point = "F14" // ticket or message inserted
	F15 Point = "F15" // attachment file written, its row not
	F16 Point = "F16" // about to commit the processing of a mail
	F17 Point = "F17" // processing committed
	F18 Point = "F18" // about to index
	F19 Point = "F19" // indexed, job not marked
	F20 Point = "F20" // outbox row leased, nothing sent
	F21 Point = "F21" // DATA sent, answer of the server not read
	F22 Point = "F22" // answer read, outbox row not marked
	F23 Point = "F23" // within the processing of a bounce
	F24 Point = "F24" // within the copy of a backup
	F25 Point = "F25" // backup written, not renamed to its name
	F26 Point = "F26" // within a schema step
	F27 Point = "F27" // schema version written
	F28 Point = "F28" // within the swap of a restore
	F29 Point = "F29" // within the upload of a replica
	F30 Point = "F30" // shutting down, work still draining
)

// Points returns all points in order.
func Points() []Point {
	return []Point{
		F01, F02, F03, F04, F05, F06, F07, F08, F09, F10, F11, F12, F13, F14, F15,
		F16, F17, F18, F19, F20, F21, F22, F23, F24, F25, F26, F27, F28, F29, F30,
	}
}

// ErrInjected is what [At] returns when the action of a point is "error".
var ErrInjected = errors.New("faults: injected error")
