package main

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/deskbell/deskbell/faults/check"
)

// doubt turns on the checker itself: each damage that is done to a good
// folder must be found.
func doubt() scenario {
	return scenario{"checker", func(r *run) error {
		if err := r.start(""); err != nil {
			return err
		}
		for range 10 {
			r.deliver(r.post.write(letter{files: 1}))
		}
		r.deliver(r.post.again(3))
		r.settled(len(r.deliveries), 20*time.Second)
		if err := r.settle(len(r.deliveries)); err != nil {
			return err
		}
		for i, d := range damages {
			if err := r.damage(i, d); err != nil {
				return fmt.Errorf("%s: %w", d.what, err)
			}
		}
		r.note("%d kinds of damage, each found", len(damages))
		return nil
	}}
}

// damage is one thing that goes wrong, and the beginning of what the checker
// must say.
type damage struct {
	what, says string
	query      string // what it does to the database
	files      string // or the files of which one is removed
}

var damages = []damage{
	{"a receipt is lost", "I2", `DELETE FROM inbound_mails WHERE uid = 5`, ""},
	{"a message is lost", "I1", `DELETE FROM messages WHERE rowid = (SELECT MIN(rowid) FROM messages)`, ""},
	{"a message is doubled", "I1", `UPDATE messages SET text = (SELECT text FROM messages WHERE rowid = 2) WHERE rowid = 3`, ""},
	{"a mail was not processed", "I1", `UPDATE inbound_mails SET state = 'received' WHERE uid = 6`, ""},
	{"a raw mail is gone", "I2", "", "mails/*/*/*.eml"},
	{"a number is there twice", "I4", `DROP INDEX IF EXISTS idx_tickets_number; UPDATE tickets SET number = 1 WHERE number = 2`, ""},
	{"a step was made past the events", "I4", `UPDATE tickets SET state = 'closed' WHERE number = 3`, ""},
	{"an event was changed", "I7", `DROP TRIGGER events_fixed; UPDATE events SET data = '{}' WHERE seq = 7`, ""},
	{"an event was removed", "I7", `DROP TRIGGER events_keep; DELETE FROM events WHERE seq = 7`, ""},
	{"a mail is still leased", "I3", `UPDATE outbound_mails SET state = 'sending' WHERE rowid = 2`, ""},
	{"a mail was never sent", "I3", `UPDATE outbound_mails SET message_id = 'other@desk.test' WHERE rowid = 2`, ""},
	{"an attachment is gone", "I6", "", "storage/*/*/*.bin"},
}

func (r *run) damage(n int, d damage) error {
	e := r.evidence()
	e.Dir = filepath.Join(r.home, fmt.Sprint("damaged-", n))
	if err := exec.Command("cp", "-r", r.dir(), e.Dir).Run(); err != nil {
		return err
	}
	defer os.RemoveAll(e.Dir)
	if d.query != "" {
		db, err := sql.Open("sqlite", filepath.Join(e.Dir, "data.db"))
		if err != nil {
			return err
		}
		_, err = db.Exec(d.query)
		if err := db.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	} else {
		files, err := filepath.Glob(filepath.Join(e.Dir, d.files))
		if err != nil || len(files) == 0 {
			return fmt.Errorf("no file %s (%w)", d.files, err)
		}
		if err := os.Remove(files[0]); err != nil {
			return err
		}
	}
	result, err := check.Settled(e)
	if err != nil {
		return err
	}
	for _, f := range result.Findings {
		if strings.HasPrefix(f, d.says) {
			return nil
		}
	}
	r.found("the checker does not see that %s: %v", d.what, result.Findings)
	return nil
}
