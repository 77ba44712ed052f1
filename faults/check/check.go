// Package check verifies the invariants of RELIABILITY-REQUIREMENTS on a data
// folder whose process has ended. It trusts none of the desk's counters and
// shares no code with it: the database is read from a copy, files are hashed,
// the audit chain is computed anew, and all is compared with what was put in
// and with what the servers saw.
package check

import (
	"database/sql"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver, as the desk uses it

	"github.com/deskbell/deskbell/faults/witness"
)

// What a letter must have become.
const (
	Ticketed    = "ticketed"    // a message of a ticket, once
	Quarantined = "quarantined" // put aside with its bytes
	Stub        = "stub"        // put aside without bytes, left on the server
)

// Letter is one mail as its sender meant it, however often it was delivered.
type Letter struct {
	Token  string   // stands in its text and in no other
	Want   string   // one of the constants above
	Files  []string // SHA-256 of its attachments
	Opens  bool     // it opens a ticket, and is acknowledged
	Number int      // for people who read a finding
}

// Delivery is one copy of a letter on the server.
type Delivery struct {
	Letter   int    // index
	Validity uint32 // 0 by the desk's own listener
	UID      uint32
	SHA256   string // of the raw bytes
	Retired  bool   // its folder was made anew under the same UIDVALIDITY
	Taken    bool   // by the listener: it was answered with 250
}

// Evidence is what a data folder is compared with.
type Evidence struct {
	Dir        string // data folder
	Tmp        string // the process's folder for temporary files
	Letters    []Letter
	Deliveries []Delivery
	Acts       []witness.Act
	Arrivals   []witness.Arrival
	Kills      map[string]int // by fault point
	Saved      []string       // ids of messages that the desk called saved
}

// Result is what was found.
type Result struct {
	Lost, Doubled int      // letters and outgoing mails
	Findings      []string // what is wrong, in words; empty if nothing is
	Copies        int      // outgoing mails that the server got once more, as it may after a kill
}

const maxFindings = 40 // chosen: what a person still reads

func (r *Result) found(format string, args ...any) {
	if len(r.Findings) < maxFindings {
		r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
	}
}

// Killed checks a folder right after a kill: whatever the server was told
// must be on disk (I2), and the database must be sound (I8).
func Killed(e Evidence) (Result, error) {
	var r Result
	err := withDatabase(e.Dir, func(db *sql.DB) error {
		rows, err := readMails(db)
		if err != nil {
			return err
		}
		acknowledged(&r, e, rows)
		return sound(&r, db)
	})
	return r, err
}

// Settled checks a folder after an orderly stop, when all work is done.
func Settled(e Evidence) (Result, error) {
	var r Result
	err := withDatabase(e.Dir, func(db *sql.DB) error {
		rows, err := readMails(db)
		if err != nil {
			return err
		}
		messages, err := readMessages(db)
		if err != nil {
			return err
		}
		acknowledged(&r, e, rows)
		received(&r, e, rows)
		became(&r, e, rows, messages)
		saved(&r, e, messages)
		for _, step := range []func() error{
			func() error { return tickets(&r, e, db, messages) },
			func() error { return outgoing(&r, e, db) },
			func() error { return attachments(&r, e, db, rows, messages) },
			func() error { return chain(&r, db) },
			func() error { return sound(&r, db) },
			func() error { return leftovers(&r, e, rows) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	return r, err
}

// withDatabase opens a copy, so that the folder stays as the process left it.
func withDatabase(dir string, f func(*sql.DB) error) error {
	tmp, err := os.MkdirTemp("", "deskbell-check-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	for _, name := range []string{"data.db", "data.db-wal"} {
		if err := copyFile(filepath.Join(dir, name), filepath.Join(tmp, name)); err != nil {
			return err
		}
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(tmp, "data.db")+"?_pragma=query_only(1)")
	if err != nil {
		return err
	}
	defer db.Close()
	return f(db)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if os.IsNotExist(err) {
		return nil // no write-ahead log after an orderly stop
	}
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	return err
}

// sound is I8.
func sound(r *Result, db *sql.DB) error {
	rows, err := db.Query(`PRAGMA integrity_check`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			r.found("I8 integrity_check: %s", line)
		}
	}
	return rows.Err()
}

// leftovers is the part of I9 that is seen on disk.
func leftovers(r *Result, e Evidence, rows []mailRow) error {
	for _, dir := range []string{filepath.Join(e.Dir, "mails", "tmp"), e.Tmp} {
		entries, err := os.ReadDir(dir)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		for _, entry := range entries {
			r.found("I9 left behind: %s", filepath.Join(dir, entry.Name()))
		}
	}
	known := map[string]bool{}
	for _, row := range rows {
		known[row.sha+".eml"] = true
	}
	err := filepath.WalkDir(filepath.Join(e.Dir, "mails"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !known[d.Name()] {
			r.found("I9 a raw mail without a receipt: %s", path)
		}
		return err
	})
	if os.IsNotExist(err) {
		return nil
	}
	return err
}
