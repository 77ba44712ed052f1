package collections

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
)

// repeatFor is for how long a request may be repeated with the same key (J1).
const repeatFor = 24 * time.Hour

// Once is a request to make a record that may arrive more than once.
type Once struct {
	Caller     string // collection and id of who asks
	Collection string
	Key        string // as the caller made it up
}

// Find answers the id of the record that the request made, "" if none yet.
func (o Once) Find(app core.App, now time.Time) (string, error) {
	var id string
	err := app.DB().NewQuery(`SELECT record FROM _repeats WHERE caller = {:caller} AND collection = {:collection} AND key = {:key} AND made > {:since}`).
		Bind(o.params(dbx.Params{"since": now.Add(-repeatFor).Unix()})).Row(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// Note remembers what the request made. tx is the transaction that makes it;
// the error is one if the request made something already.
func (o Once) Note(tx core.App, record string, now time.Time) error {
	if _, err := tx.DB().NewQuery(`DELETE FROM _repeats WHERE made <= {:since}`).Bind(dbx.Params{"since": now.Add(-repeatFor).Unix()}).Execute(); err != nil {
		return fmt.Errorf("forget old requests: %w", err)
	}
	_, err := tx.DB().NewQuery(`INSERT INTO _repeats (caller, collection, key, record, made) VALUES ({:caller}, {:collection}, {:key}, {:record}, {:made})`).
		Bind(o.params(dbx.Params{"record": record, "made": now.Unix()})).Execute()
	if err != nil {
		return fmt.Errorf("note a request: %w", err)
	}
	return nil
}

func (o Once) params(more dbx.Params) dbx.Params {
	more["caller"], more["collection"], more["key"] = o.Caller, o.Collection, o.Key
	return more
}

const onceKey = "@deskbell_once"

// SetOnce notes on a record by which request it is made.
func SetOnce(r *core.Record, o Once) { r.SetRaw(onceKey, o) }

// OnceOf reads that note.
func OnceOf(r *core.Record) (Once, bool) {
	o, ok := r.GetRaw(onceKey).(Once)
	return o, ok
}

// buildRepeats makes the table of requests that may be repeated.
func buildRepeats(app core.App) error {
	for _, q := range []string{
		`CREATE TABLE IF NOT EXISTS _repeats (caller TEXT NOT NULL, collection TEXT NOT NULL, key TEXT NOT NULL, record TEXT NOT NULL, made INTEGER NOT NULL,
			PRIMARY KEY (caller, collection, key)) WITHOUT ROWID`,
		`CREATE INDEX IF NOT EXISTS idx_repeats_made ON _repeats (made)`,
	} {
		if _, err := app.DB().NewQuery(q).Execute(); err != nil {
			return fmt.Errorf("make _repeats: %w", err)
		}
	}
	return nil
}
