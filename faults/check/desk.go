package check

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// steps is the life cycle of an incident, written down anew from PRACTICES.md.
var steps = map[string][]string{
	"":            {"new", "assigned", "in_progress", "resolved"},
	"new":         {"assigned", "in_progress", "resolved", "cancelled"},
	"assigned":    {"in_progress", "on_hold", "resolved", "cancelled"},
	"in_progress": {"on_hold", "assigned", "resolved", "cancelled"},
	"on_hold":     {"in_progress", "assigned", "resolved", "cancelled"},
	"resolved":    {"in_progress", "assigned", "closed"},
}

type ticketRow struct {
	id, state string
	number    int
}

// tickets is I4: numbers are unique without gaps that nobody can explain, and
// the events of each ticket tell a legal life that ends in its state.
func tickets(r *Result, e Evidence, db *sql.DB, messages []messageRow) error {
	rows, err := query(db, `SELECT id, state, number FROM tickets`, func(t *ticketRow) []any { return []any{&t.id, &t.state, &t.number} })
	if err != nil {
		return err
	}
	told, err := lives(r, db)
	if err != nil {
		return err
	}
	spoken := map[string]bool{}
	for _, m := range messages {
		spoken[m.ticket] = true
	}
	numbers, opened := map[int]bool{}, 0
	for _, t := range rows {
		if numbers[t.number] || t.number < 1 {
			r.found("I4 the ticket number %d is there twice", t.number)
		}
		numbers[t.number] = true
		if told[t.id] != t.state {
			r.found("I4 ticket %d is %s, its events end in %q", t.number, t.state, told[t.id])
		}
		if !spoken[t.id] {
			r.found("I4 ticket %d has no message: it was half opened", t.number)
		}
	}
	for _, l := range e.Letters {
		if l.Want == Ticketed && l.Opens {
			opened++
		}
	}
	if len(rows) != opened {
		r.found("I4 %d letters opened %d tickets", opened, len(rows))
	}
	return nil
}

type eventRow struct {
	seq                                          int64
	collection, subject, at, agent, requester    string
	source, kind, data, salt, dataHash, prev, of string
}

func readEvents(db *sql.DB) ([]eventRow, error) {
	return query(db, `SELECT seq, subject_collection, subject_id, at, actor_agent, actor_requester, source, type, data, salt, data_hash, prev_hash, hash
		FROM events ORDER BY seq`, func(e *eventRow) []any {
		return []any{&e.seq, &e.collection, &e.subject, &e.at, &e.agent, &e.requester, &e.source, &e.kind, &e.data, &e.salt, &e.dataHash, &e.prev, &e.of}
	})
}

// lives replays the events and returns the last state of each ticket.
func lives(r *Result, db *sql.DB) (map[string]string, error) {
	events, err := readEvents(db)
	state := map[string]string{}
	for _, e := range events {
		if e.collection != "tickets" {
			continue
		}
		var data struct {
			Changes map[string][2]any `json:"changes"`
		}
		if err := json.Unmarshal([]byte(e.data), &data); err != nil {
			r.found("I4 event %d is not readable: %v", e.seq, err)
			continue
		}
		change, ok := data.Changes["state"]
		if !ok {
			continue
		}
		from, _ := change[0].(string)
		to, _ := change[1].(string)
		if e.kind == "ticket.opened" {
			from = ""
		}
		if state[e.subject] != from || !slices.Contains(steps[from], to) {
			r.found("I4 event %d takes a ticket in %q from %q to %q", e.seq, state[e.subject], from, to)
		}
		state[e.subject] = to
	}
	return state, err
}

// chain is I7: the audit chain, computed anew as docs and collections/audit.go
// fix its form.
func chain(r *Result, db *sql.DB) error {
	events, err := readEvents(db)
	prev, seq := strings.Repeat("0", 64), int64(0)
	for _, e := range events {
		lines := []string{prev, strconv.FormatInt(e.seq, 10), e.collection + "/" + e.subject, e.at, e.source, e.kind, "agent:" + e.agent, "requester:" + e.requester, e.dataHash}
		switch {
		case e.seq != seq+1:
			r.found("I7 event %d follows event %d", e.seq, seq)
		case e.prev != prev:
			r.found("I7 event %d names another predecessor", e.seq)
		case e.of != sum(strings.Join(lines, "\n")):
			r.found("I7 event %d does not fit its hash", e.seq)
		case e.dataHash != sum(e.salt+e.data):
			r.found("I7 the data of event %d do not fit their hash", e.seq)
		}
		prev, seq = e.of, e.seq
	}
	return err
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

type outRow struct {
	id, messageID, state, kind, ticket string
	attempts                           int
}

// outgoing is I3: one Message-ID for each mail, each tried or visibly queued
// or failed, and none sent more often than kills explain.
func outgoing(r *Result, e Evidence, db *sql.DB) error {
	rows, err := query(db, `SELECT id, message_id, state, kind, ticket, attempts FROM outbound_mails ORDER BY rowid`, func(o *outRow) []any {
		return []any{&o.id, &o.messageID, &o.state, &o.kind, &o.ticket, &o.attempts}
	})
	if err != nil {
		return err
	}
	physical := map[string]int{}
	for _, a := range e.Arrivals {
		physical[a.MessageID]++
	}
	ids, acks := map[string]bool{}, map[string]int{}
	inOrder(r, e, rows)
	for _, o := range rows {
		if o.messageID == "" || ids[o.messageID] {
			r.found("I3 outgoing mail %s has no Message-ID of its own (%q)", o.id, o.messageID)
		}
		ids[o.messageID] = true
		n := physical[o.messageID]
		switch {
		case o.state == "sending":
			r.found("I3 outgoing mail %s is still leased", o.id)
		case o.state == "sent" && n == 0:
			r.Lost++
			r.found("I3 outgoing mail %s counts as sent and never arrived", o.id)
		case o.state == "queued":
			r.found("I3 outgoing mail %s is still queued after %d tries", o.id, o.attempts)
		}
		if n > 1 {
			r.Copies += n - 1
		}
		if o.kind == "ack" {
			acks[o.ticket]++
			if acks[o.ticket] > 1 {
				r.Doubled++
				r.found("I3 ticket %s was acknowledged twice", o.ticket)
			}
		}
	}
	for id := range physical {
		if !ids[id] {
			r.found("I3 a mail with the unknown id %s arrived", id)
		}
	}
	if may := excused(e.Kills); r.Copies > may {
		r.Doubled += r.Copies - may
		r.found("I3 %d mails arrived once more, %d kills explain no more than that", r.Copies, may)
	}
	return nil
}

// excused is how many mails may have arrived once more: one for each kill,
// since one mail at a time is between its last byte and the note of its
// answer. At F20 and F22 nothing is.
func excused(kills map[string]int) int {
	n := 0
	for point, times := range kills {
		if point != "F20" && point != "F22" {
			n += times
		}
	}
	return n
}

// inOrder finds mails that overtook an older one of their ticket.
func inOrder(r *Result, e Evidence, rows []outRow) {
	first := map[string]int{}
	for i, a := range e.Arrivals {
		if _, ok := first[a.MessageID]; !ok {
			first[a.MessageID] = i
		}
	}
	last := map[string]int{} // ticket → place of the mail before
	for _, o := range rows {
		at, ok := first[o.messageID]
		if !ok || o.ticket == "" || o.kind != "reply" && o.kind != "ack" {
			continue
		}
		if before, ok := last[o.ticket]; ok && before > at {
			r.found("I3 mail %s overtook an older one of its ticket", o.messageID)
		}
		last[o.ticket] = at
	}
}

// saved is the promise of the screen: what was called saved is saved.
func saved(r *Result, e Evidence, messages []messageRow) {
	there := map[string]bool{}
	for _, m := range messages {
		there[m.id] = true
	}
	for _, id := range e.Saved {
		if !there[id] {
			r.Lost++
			r.found("message %s was called saved and is gone", id)
		}
	}
}

// attachments is I6, with the orphans that belong to I9.
func attachments(r *Result, e Evidence, db *sql.DB, rows []mailRow, messages []messageRow) error {
	var collection string
	if err := db.QueryRow(`SELECT id FROM _collections WHERE name = 'messages'`).Scan(&collection); err != nil {
		return err
	}
	root := filepath.Join(e.Dir, "storage", collection)
	known := map[string]bool{}
	for _, m := range messages {
		known[m.id] = true
		var names []string
		if m.files == "" {
			continue
		}
		if err := json.Unmarshal([]byte(m.files), &names); err != nil {
			r.found("I6 attachments of message %s: %v", m.id, err)
			continue
		}
		var got []string
		for _, name := range names {
			h, err := hashFile(filepath.Join(root, m.id, name))
			if err != nil {
				r.Lost++
				r.found("I6 attachment: %v", err)
				continue
			}
			got = append(got, h)
		}
		for _, l := range e.Letters {
			if m.inbound && strings.Contains(m.text, l.Token) && !same(got, l.Files) {
				r.Lost++
				r.found("I6 the attachments of letter %d differ: %d of %d", l.Number, len(got), len(l.Files))
			}
		}
	}
	entries, err := os.ReadDir(root)
	if os.IsNotExist(err) {
		return nil
	}
	for _, entry := range entries {
		if !known[entry.Name()] {
			r.found("I9 attachments without a message: %s", filepath.Join(root, entry.Name()))
		}
	}
	return err
}

func same(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}
