package collections_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/pocketbase/dbx"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

func connect(t *testing.T) *dbx.DB {
	t.Helper()
	db, err := collections.Connect(filepath.Join(t.TempDir(), "data.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() }) // the folder goes too
	db.DB().SetMaxOpenConns(1)
	_, err = db.NewQuery("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)").Execute()
	require.NoError(t, err)
	for i := range 3 {
		_, err := db.Insert("t", dbx.Params{"id": i, "name": fmt.Sprint("n", i)}).Execute()
		require.NoError(t, err)
	}
	return db
}

func TestAKeptStatementSeesAChangedSchema(t *testing.T) {
	db := connect(t)
	read := func() (row dbx.NullStringMap) {
		row = dbx.NullStringMap{}
		require.NoError(t, db.NewQuery("SELECT * FROM t WHERE id = {:id}").Bind(dbx.Params{"id": 1}).One(row))
		return row
	}
	assert.Len(t, read(), 2)
	_, err := db.NewQuery("ALTER TABLE t ADD COLUMN age TEXT DEFAULT 'old'").Execute()
	require.NoError(t, err)
	assert.Len(t, read(), 3)
	assert.Equal(t, "old", read()["age"].String)
}

func TestTheSameStatementRunsInsideItself(t *testing.T) {
	db := connect(t)
	require.NoError(t, db.Transactional(func(tx *dbx.Tx) error {
		query := func() *dbx.Query { return tx.NewQuery("SELECT id FROM t ORDER BY id") }
		rows, err := query().Rows()
		require.NoError(t, err)
		var outer []int
		for rows.Next() {
			var id int
			require.NoError(t, rows.Scan(&id))
			var inner []int
			require.NoError(t, query().Column(&inner))
			assert.Equal(t, []int{0, 1, 2}, inner)
			outer = append(outer, id)
		}
		assert.Equal(t, []int{0, 1, 2}, outer)
		return rows.Close()
	}))
}

func TestAFailedStatementWorksAgain(t *testing.T) {
	db := connect(t)
	insert := func(id int) error {
		_, err := db.NewQuery("INSERT INTO t (id, name) VALUES ({:id}, 'x')").Bind(dbx.Params{"id": id}).Execute()
		return err
	}
	require.NoError(t, insert(10))
	require.ErrorContains(t, insert(10), "UNIQUE")
	require.NoError(t, insert(11))
	_, err := db.NewQuery("SELECT absent FROM t").Execute()
	require.ErrorContains(t, err, "no such column")
}

func TestMoreStatementsThanAreKept(t *testing.T) {
	db := connect(t)
	for range 2 {
		for i := range 200 {
			var n int
			require.NoError(t, db.NewQuery(fmt.Sprintf("SELECT id + %d FROM t WHERE id = 1", i)).Row(&n))
			assert.Equal(t, i+1, n)
		}
	}
	_, err := db.NewQuery("DROP TABLE t").Execute()
	require.NoError(t, err, "no statement holds the table")
}
