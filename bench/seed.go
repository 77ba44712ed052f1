package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/pocketbase/dbx"

	"github.com/deskbell/deskbell/collections"
)

// seed fills the data folder of a desk that does not run with n tickets of
// three messages and four events each. It writes rows past every rule, because
// 100 000 tickets through the gate would take as long as the whole run; the
// audit chain is a true one.
func (d *desk) seed(ctx context.Context, n int) error {
	db, err := collections.Connect(filepath.Join(d.dir, "data.db"))
	if err != nil {
		return err
	}
	defer db.Close() // everything is committed below
	db.DB().SetMaxOpenConns(1)
	for _, pragma := range []string{"synchronous=OFF", "cache_size=-200000", "foreign_keys=OFF"} {
		if _, err := db.NewQuery("PRAGMA " + pragma).Execute(); err != nil {
			return err
		}
	}
	indexes, err := dropIndexes(db)
	if err != nil {
		return err
	}
	s := &seeder{db: db, now: time.Now().UTC(), count: n}
	if err := s.fill(ctx); err != nil {
		return err
	}
	d.team = rowID("team", 0)
	for _, create := range append(indexes, "PRAGMA wal_checkpoint(TRUNCATE)") {
		if _, err := db.NewQuery(create).WithContext(ctx).Execute(); err != nil {
			return err
		}
	}
	return nil
}

// dropIndexes takes the indexes off the large tables and answers how to make
// them again.
func dropIndexes(db *dbx.DB) ([]string, error) {
	var rows []struct{ Name, SQL string }
	err := db.NewQuery(`SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name IN ('tickets', 'messages', 'events')`).All(&rows)
	var again []string
	for _, r := range rows {
		if _, err := db.NewQuery("DROP INDEX `" + r.Name + "`").Execute(); err != nil {
			return nil, err
		}
		again = append(again, r.SQL)
	}
	return again, err
}

// rowID is the id of the i-th seeded row of a kind: 15 characters, as
// PocketBase wants them.
func rowID(kind string, i int) string { return fmt.Sprintf("%s%0*d", kind, 15-len(kind), i) }

// ticketNumber is the number of the i-th seeded ticket.
func ticketNumber(i int) int { return i + 1 }

const (
	seedTeams      = 5
	seedAgents     = 20
	seedRequesters = 1000
)

type seeder struct {
	db    *dbx.DB
	now   time.Time
	count int
	chain collections.Link
}

func (s *seeder) fill(ctx context.Context) error {
	tx, err := s.db.DB().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // committed below, or thrown away
	if err := s.people(tx); err != nil {
		return err
	}
	if err := tx.QueryRow("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").Scan(&s.chain.Seq, &s.chain.Hash); err != nil {
		return fmt.Errorf("end of the chain: %w", err)
	}
	if err := s.tickets(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec("INSERT INTO _counters (name, value) VALUES ('ticket', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", s.count); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *seeder) people(tx *sql.Tx) error {
	teams, agents, requesters := insertion{"teams", "id name created updated"}, insertion{"agents", "id name email role active teams tokenKey password verified created updated"},
		insertion{"requesters", "id name email tokenKey password verified created updated"}
	at := instant(s.now)
	var errs []error
	for i := range seedTeams {
		errs = append(errs, teams.one(tx, rowID("team", i), fmt.Sprintf("Team %d", i), at, at))
	}
	for i := range seedAgents {
		errs = append(errs, agents.one(tx, rowID("agent", i), fmt.Sprintf("Agent %d", i), fmt.Sprintf("agent%d@desk.test", i), "agent", true,
			`["`+rowID("team", i%seedTeams)+`"]`, rowID("agenttoken", i), "x", true, at, at))
	}
	for i := range seedRequesters {
		errs = append(errs, requesters.one(tx, rowID("asker", i), fmt.Sprintf("Person %d", i), fmt.Sprintf("person%d@customer.test", i), rowID("askertoken", i), "x", true, at, at))
	}
	return errors.Join(errs...)
}

// insertion is a table with the columns that rows give.
type insertion struct{ table, columns string }

func (in insertion) statement() string {
	columns := strings.Fields(in.columns)
	return "INSERT INTO `" + in.table + "` (`" + strings.Join(columns, "`, `") + "`) VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"
}

func (in insertion) one(tx *sql.Tx, values ...any) error {
	_, err := tx.Exec(in.statement(), values...)
	return err
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000Z") }
