package collections

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/pocketbase/dbx"
	"modernc.org/sqlite"
)

// Bounds of the prepared statements that one connection keeps. Chosen: the
// desk's common statements are some forty, each of a few kB; longer texts are
// lists of ids that do not come again.
const (
	keptStatements   = 64
	longestStatement = 4 << 10 // bytes
)

// open opens a database whose connections keep their prepared statements.
// PocketBase prepares anew for every query, which took a quarter of the time
// of a create.
func open(dsn string) (*dbx.DB, error) {
	base, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return dbx.NewFromDB(sql.OpenDB(keeper{base}), "sqlite"), nil
}

// keeper makes connections that keep statements.
type keeper struct{ driver.Connector }

// Connect implements [driver.Connector].
func (k keeper) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := c.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the SQLite driver has changed: %T", c), c.Close())
	}
	return &keptConn{sqliteConn: inner, kept: map[string]*kept{}}, nil
}

// sqliteConn is what database/sql uses of the driver's connections.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type sqliteRows interface {
	driver.Rows
	driver.RowsColumnTypeDatabaseTypeName
	driver.RowsColumnTypeLength
	driver.RowsColumnTypeNullable
	driver.RowsColumnTypePrecisionScale
	driver.RowsColumnTypeScanType
}

// kept is a prepared statement. It serves one caller at a time.
type kept struct {
	sqliteStmt
	busy bool
	used uint64 // the tick of its last use
}

// keptConn is one connection with its statements, the least recently used of
// which go first. database/sql never uses a connection twice at once.
type keptConn struct {
	sqliteConn
	kept map[string]*kept
	tick uint64
}

// QueryContext implements [driver.QueryerContext].
func (c *keptConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	k := c.take(ctx, query)
	if k == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := k.sqliteStmt.QueryContext(ctx, args)
	if err != nil {
		c.drop(query)
		return nil, err
	}
	return &keptRows{rows.(sqliteRows), k}, nil
}

// ExecContext implements [driver.ExecerContext].
func (c *keptConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	k := c.take(ctx, query)
	if k == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	r, err := k.sqliteStmt.ExecContext(ctx, args)
	if err != nil {
		c.drop(query)
		return nil, err
	}
	k.busy = false
	return r, nil
}

// Close implements [driver.Conn].
func (c *keptConn) Close() error {
	for query := range c.kept {
		c.drop(query)
	}
	return c.sqliteConn.Close()
}

// take answers the statement of a text, nil if the text is to be run without:
// it is of another kind, too long, wrong, or in use further up the stack.
func (c *keptConn) take(ctx context.Context, query string) *kept {
	c.tick++
	if k := c.kept[query]; k != nil {
		if k.busy {
			return nil
		}
		k.busy, k.used = true, c.tick
		return k
	}
	if !keeps(query) {
		return nil
	}
	s, err := c.sqliteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil // the run without it says why
	}
	c.makeRoom()
	k := &kept{sqliteStmt: s.(sqliteStmt), busy: true, used: c.tick}
	c.kept[query] = k
	return k
}

// keeps says whether a statement may be kept. Some pragmas act while they are
// prepared, and what changes the schema is rare.
func keeps(query string) bool {
	if len(query) > longestStatement {
		return false
	}
	verb, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch strings.ToUpper(verb) {
	case "SELECT", "INSERT", "UPDATE", "DELETE":
		return true
	}
	return false
}

func (c *keptConn) makeRoom() {
	if len(c.kept) < keptStatements {
		return
	}
	oldest, at := "", c.tick
	for query, k := range c.kept {
		if !k.busy && k.used < at {
			oldest, at = query, k.used
		}
	}
	c.drop(oldest)
}

func (c *keptConn) drop(query string) {
	if k := c.kept[query]; k != nil {
		delete(c.kept, query)
		_ = k.Close() // what it was used for has its own error
	}
}

// keptRows gives its statement back when it is closed.
type keptRows struct {
	sqliteRows
	kept *kept
}

// Close implements [driver.Rows].
func (r *keptRows) Close() error {
	err := r.sqliteRows.Close()
	r.kept.busy = err != nil // one that cannot be reset is not used again
	return err
}
