package check

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

type mailRow struct {
	id, sha, state, reason, message string
	validity                        int64 // below zero once the folder was made anew
	uid                             uint32
	settled                         bool
}

type messageRow struct {
	id, ticket, text, files string
	inbound                 bool
}

func readMails(db *sql.DB) ([]mailRow, error) {
	return query(db, `SELECT id, sha256, state, reason, message, uidvalidity, uid, settled FROM inbound_mails ORDER BY rowid`, func(r *mailRow) []any {
		return []any{&r.id, &r.sha, &r.state, &r.reason, &r.message, &r.validity, &r.uid, &r.settled}
	})
}

func readMessages(db *sql.DB) ([]messageRow, error) {
	return query(db, `SELECT id, ticket, text, attachments, inbound FROM messages`, func(r *messageRow) []any {
		return []any{&r.id, &r.ticket, &r.text, &r.files, &r.inbound}
	})
}

func query[T any](db *sql.DB, text string, into func(*T) []any) ([]T, error) {
	rows, err := db.Query(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var one T
		if err := rows.Scan(into(&one)...); err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

type place struct {
	validity int64
	uid      uint32
}

func byPlace(rows []mailRow) map[place][]mailRow {
	out := map[place][]mailRow{}
	for _, row := range rows {
		if row.uid > 0 && row.validity > 0 {
			out[place{row.validity, row.uid}] = append(out[place{row.validity, row.uid}], row)
		}
	}
	return out
}

// acknowledged is I2: what the server was told to flag, move or remove, and
// what was answered with 250, is on disk.
func acknowledged(r *Result, e Evidence, rows []mailRow) {
	places, done := byPlace(rows), map[place]bool{}
	for _, act := range e.Acts {
		at := place{int64(act.Validity), act.UID}
		if act.What == "fetched" || done[at] {
			continue
		}
		done[at] = true
		if len(places[at]) == 0 {
			r.Lost++
			r.found("I2 uid %d/%d was %s without a receipt", act.Validity, act.UID, act.What)
			continue
		}
		if row := places[at][0]; row.reason != "too_large" && row.reason != "unfetchable" {
			if err := raw(e.Dir, row.sha); err != nil {
				r.Lost++
				r.found("I2 uid %d/%d was %s, but %v", act.Validity, act.UID, act.What, err)
			}
		}
	}
	hashes := map[string]bool{}
	for _, row := range rows {
		hashes[row.sha] = true
	}
	for _, d := range e.Deliveries {
		if d.UID == 0 && d.Taken && (!hashes[d.SHA256] || raw(e.Dir, d.SHA256) != nil) {
			r.Lost++
			r.found("I2 letter %d got its 250 and is not there", d.Letter)
		}
	}
}

// raw says what is wrong with the stored bytes of a mail.
func raw(dir, sha string) error {
	if len(sha) != 64 {
		return fmt.Errorf("the receipt has no hash (%q)", sha)
	}
	sum, err := hashFile(filepath.Join(dir, "mails", sha[:2], sha[2:4], sha+".eml"))
	if err == nil && sum != sha {
		err = errors.New("the raw bytes differ from their hash")
	}
	return err
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// received is I1 for deliveries: each has one receipt and its very bytes.
func received(r *Result, e Evidence, rows []mailRow) {
	places, sound := byPlace(rows), map[string]bool{}
	expected := map[place]bool{}
	for _, d := range e.Deliveries {
		if d.UID == 0 {
			continue
		}
		at := place{int64(d.Validity), d.UID}
		if d.Retired {
			if !slices.ContainsFunc(rows, func(row mailRow) bool { return row.validity < 0 && row.uid == d.UID && row.sha == d.SHA256 }) {
				r.Lost++
				r.found("I1 the receipt of uid %d/%d is gone with its folder", d.Validity, d.UID)
			}
			continue
		}
		expected[at] = true
		got := places[at]
		switch {
		case len(got) == 0:
			r.Lost++
			r.found("I1 letter %d, uid %d/%d, has no receipt", e.Letters[d.Letter].Number, d.Validity, d.UID)
		case len(got) > 1:
			r.Doubled++
			r.found("I1 uid %d/%d has %d receipts", d.Validity, d.UID, len(got))
		case e.Letters[d.Letter].Want == Stub:
			if got[0].sha != "" || got[0].state != Quarantined {
				r.found("I1 the stub of letter %d is %s with hash %q", e.Letters[d.Letter].Number, got[0].state, got[0].sha)
			}
			continue
		case got[0].sha != d.SHA256:
			r.Lost++
			r.found("I1 uid %d/%d was stored with other bytes", d.Validity, d.UID)
		case !got[0].settled:
			r.found("I1 uid %d/%d was never settled with the server", d.Validity, d.UID)
		}
		if !sound[d.SHA256] {
			sound[d.SHA256] = true
			if err := raw(e.Dir, d.SHA256); err != nil {
				r.Lost++
				r.found("I1 letter %d: %v", e.Letters[d.Letter].Number, err)
			}
		}
	}
	for at := range places {
		if !expected[at] {
			r.found("I1 a receipt for uid %d/%d, which was never delivered", at.validity, at.uid)
		}
	}
}

// became is I1 for letters: each became one message, or was put aside.
func became(r *Result, e Evidence, rows []mailRow, messages []messageRow) {
	bySHA := map[string][]mailRow{}
	for _, row := range rows {
		bySHA[row.sha] = append(bySHA[row.sha], row)
		if row.state == "received" {
			r.Lost++
			r.found("I1 mail %s was never processed", row.id)
		}
	}
	byID := map[string]messageRow{}
	holding := map[string][]string{} // token → messages
	for _, m := range messages {
		byID[m.id] = m
		if m.inbound {
			for _, l := range e.Letters {
				if strings.Contains(m.text, l.Token) {
					holding[l.Token] = append(holding[l.Token], m.id)
				}
			}
		}
	}
	copies := make([]map[string]bool, len(e.Letters)) // letter → hashes
	for _, d := range e.Deliveries {
		if copies[d.Letter] == nil {
			copies[d.Letter] = map[string]bool{}
		}
		copies[d.Letter][d.SHA256] = true
	}
	for i, l := range e.Letters {
		var mine []mailRow
		for sha := range copies[i] {
			mine = append(mine, bySHA[sha]...)
		}
		one(r, l, mine, byID, holding[l.Token])
	}
}

// one checks what became of one letter.
func one(r *Result, l Letter, mine []mailRow, byID map[string]messageRow, holding []string) {
	states := map[string]int{}
	message := ""
	for _, row := range mine {
		states[row.state]++
		if row.state == Ticketed {
			message = row.message
		}
	}
	switch l.Want {
	case Stub:
		return
	case Quarantined:
		if len(mine) == 0 || states[Quarantined] != len(mine) || len(holding) > 0 {
			r.found("I1 the poisonous letter %d is not put aside: %v, %d messages", l.Number, states, len(holding))
		}
		return
	}
	switch {
	case len(holding) == 0 || states[Ticketed] == 0:
		r.Lost++
		r.found("I1 letter %d became %d messages: %v", l.Number, len(holding), states)
	case len(holding) > 1 || states[Ticketed] > 1:
		r.Doubled++
		r.found("I1 letter %d became %d messages: %v", l.Number, len(holding), states)
	case states[Ticketed]+states["duplicate"] != len(mine):
		r.found("I1 letter %d: %v", l.Number, states)
	case holding[0] != message || byID[message].ticket == "":
		r.found("I1 letter %d stands in message %s, its receipt names %q", l.Number, holding[0], message)
	}
}
