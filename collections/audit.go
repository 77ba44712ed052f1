package collections

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
)

// Event is one link of the audit chain before it is sealed in.
type Event struct {
	Collection string // of the record that the event is about
	Subject    string // its id
	Ticket     string // id of the ticket, "" if none
	Stamp      Stamp
	Type       string         // "ticket.changed", "message.added", …
	Data       map[string]any // what happened; JSON values
}

// Link is one row of the chain as stored.
type Link struct {
	Seq        int64  `db:"seq"`
	Collection string `db:"subject_collection"`
	Subject    string `db:"subject_id"`
	At         string `db:"at"`
	Agent      string `db:"actor_agent"`
	Requester  string `db:"actor_requester"`
	Source     string `db:"source"`
	Type       string `db:"type"`
	Data       string `db:"data"`
	Salt       string `db:"salt"`
	DataHash   string `db:"data_hash"`
	PrevHash   string `db:"prev_hash"`
	Hash       string `db:"hash"`
}

// instantFormat is how an event's time is written and hashed: UTC with
// milliseconds.
const instantFormat = "2006-01-02 15:04:05.000Z"

// Append seals an event into the chain. app must be the transaction in which
// the change itself is stored: there is one writer, so seq has no gaps and no
// two events share a predecessor.
func Append(app core.App, e Event) error {
	data, err := canonical(e.Data)
	if err != nil {
		return fmt.Errorf("event %s: %w", e.Type, err)
	}
	prev, err := lastLink(app)
	if err != nil {
		return fmt.Errorf("read end of the chain: %w", err)
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: see crypto/rand
	l := Link{
		Seq: prev.Seq + 1, Collection: e.Collection, Subject: e.Subject, At: e.Stamp.At.UTC().Format(instantFormat),
		Agent: e.Stamp.Agent, Requester: e.Stamp.Requester, Source: e.Stamp.Source, Type: e.Type,
		Data: string(data), Salt: hex.EncodeToString(salt), PrevHash: prev.Hash,
	}
	l.DataHash = HashData(l.Salt, data)
	l.Hash = l.Sum()
	_, err = app.DB().Insert(Events, dbx.Params{
		"id": core.GenerateDefaultRandomId(), "seq": l.Seq, "subject_collection": l.Collection, "subject_id": l.Subject,
		"ticket": e.Ticket, "at": l.At, "actor_agent": l.Agent, "actor_requester": l.Requester, "actor_name": e.Stamp.Name,
		"source": l.Source, "type": l.Type, "data": l.Data, "salt": l.Salt, "data_hash": l.DataHash,
		"prev_hash": l.PrevHash, "hash": l.Hash, "created": l.At, "updated": l.At,
	}).Execute()
	return err
}

// Sum computes the hash of a link from its fields: SHA-256 over the lines
// prev_hash, seq, subject, at, source, type, actors and data_hash.
// The format is fixed in docs/audit.md.
func (l Link) Sum() string {
	lines := []string{
		l.PrevHash, strconv.FormatInt(l.Seq, 10), l.Collection + "/" + l.Subject, l.At, l.Source, l.Type,
		"agent:" + l.Agent, "requester:" + l.Requester, l.DataHash,
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}

// HashData is SHA-256 over the salt (as hex) and the canonical data.
func HashData(salt string, data []byte) string {
	h := sha256.New()
	h.Write([]byte(salt))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// canonical is JSON with sorted keys, no blanks and no HTML escapes.
func canonical(data map[string]any) ([]byte, error) {
	if data == nil {
		data = map[string]any{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(data); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func lastLink(app core.App) (Link, error) {
	var l Link
	err := app.DB().NewQuery(`SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1`).One(&l)
	if errors.Is(err, sql.ErrNoRows) {
		return Link{Hash: strings.Repeat("0", 64)}, nil
	}
	return l, err
}

// VerifyChain walks the chain and returns the number of good links and, if
// one does not fit, its seq and what is wrong. An erased link (data and salt
// empty) keeps its hash.
func VerifyChain(app core.App) (good int64, bad int64, finding string, err error) {
	prev := Link{Hash: strings.Repeat("0", 64)}
	for {
		var page []Link
		err := app.DB().NewQuery(`SELECT seq, subject_collection, subject_id, at, actor_agent, actor_requester, source, type,
			data, salt, data_hash, prev_hash, hash FROM events WHERE seq > {:seq} ORDER BY seq LIMIT 1000`).
			Bind(dbx.Params{"seq": prev.Seq}).All(&page)
		if err != nil {
			return good, 0, "", err
		}
		if len(page) == 0 {
			return good, 0, "", nil
		}
		for _, l := range page {
			if finding := l.check(prev); finding != "" {
				return good, l.Seq, finding, nil
			}
			prev = l
			good++
		}
	}
}

func (l Link) check(prev Link) string {
	switch {
	case l.Seq != prev.Seq+1:
		return fmt.Sprintf("event %d follows event %d: rows are missing", l.Seq, prev.Seq)
	case l.PrevHash != prev.Hash:
		return "prev_hash is not the hash of the event before"
	case l.Hash != l.Sum():
		return "hash does not fit the event"
	case l.Salt != "" && l.DataHash != HashData(l.Salt, []byte(l.Data)):
		return "data was changed"
	}
	return ""
}

// Stamp says who makes a change, by which path and when. The gate takes its
// clock from here, so that demo and import can write past times.
type Stamp struct {
	Agent     string    // id, "" if none
	Requester string    // id, "" if none
	Superuser string    // id, "" if none
	Name      string    // as people read it
	Lead      bool      // the agent is a lead or administrator
	Source    string    // one of the Source constants
	At        time.Time // zero: now
	Quiet     bool      // demo and import: nobody is told, nothing is mailed
}

const stampKey = "@deskbell_stamp"

// SetStamp notes on a record who is about to save it.
func SetStamp(r *core.Record, s Stamp) { r.SetRaw(stampKey, s) }

// StampOf reads the note; without one a record is saved by a job.
func StampOf(r *core.Record) Stamp {
	if s, ok := r.GetRaw(stampKey).(Stamp); ok {
		return s
	}
	return Stamp{Source: SourceJob, Name: "Deskbell"}
}

// NextNumber takes the next ticket number. app must be a transaction.
func NextNumber(app core.App) (int, error) {
	var n int
	err := app.DB().NewQuery(`INSERT INTO _counters (name, value) VALUES ('ticket', 1)
		ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`).Row(&n)
	return n, err
}
