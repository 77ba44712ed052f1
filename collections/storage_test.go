package collections_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

const testKey = "0123456789abcdef0123456789abcdef"

// madeFolder is a folder on which a desk was started and stopped once.
func madeFolder(t *testing.T, c collections.FolderConfig) {
	t.Helper()
	collections.Register()
	f, err := collections.OpenFolder(c)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.CheckAtStart(t.Context()))
	app, err := f.NewApp()
	require.NoError(t, err)
	require.NoError(t, app.Bootstrap())
	require.NoError(t, app.RunAllMigrations())
	require.NoError(t, f.Complete())
	require.NoError(t, app.ClearBootstrap())
}

func config(t *testing.T) collections.FolderConfig {
	return collections.FolderConfig{Dir: filepath.Join(t.TempDir(), "data")}
}

func TestFolderIsMadeForThisAccountOnly(t *testing.T) {
	c := config(t)
	f, err := collections.OpenFolder(c)
	require.NoError(t, err)
	defer f.Close()
	assert.True(t, f.Fresh())
	for path, want := range map[string]os.FileMode{c.Dir: 0o700 | os.ModeDir, c.Dir + ".key": 0o600} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, want, info.Mode(), path)
	}
}

func TestASecondOpenerIsRefusedUntilTheFirstCloses(t *testing.T) {
	c := config(t)
	f, err := collections.OpenFolder(c)
	require.NoError(t, err)
	_, err = collections.OpenFolder(c)
	var held *collections.InUse
	require.ErrorAs(t, err, &held)
	assert.Equal(t, os.Getpid(), held.PID)
	assert.Contains(t, err.Error(), c.Dir)
	f.Close()
	f, err = collections.OpenFolder(c) // the lock file is still there and means nothing
	require.NoError(t, err)
	f.Close()
}

func TestBrokenFoldersAreRefusedWithFileFindingAndCommand(t *testing.T) {
	data := func(c collections.FolderConfig) string { return filepath.Join(c.Dir, "data.db") }
	for _, tt := range []struct {
		name  string
		spoil func(*testing.T, collections.FolderConfig)
		want  []string
	}{
		{"the database is missing", func(t *testing.T, c collections.FolderConfig) { remove(t, data(c)) }, []string{"data.db", "missing", "deskbell restore"}},
		{"the database has no bytes", func(t *testing.T, c collections.FolderConfig) { remove(t, data(c)); write(t, data(c), "") }, []string{"data.db", "empty", "deskbell restore"}},
		{"the database is something else", func(t *testing.T, c collections.FolderConfig) {
			remove(t, data(c))
			write(t, data(c), strings.Repeat("x", 4096))
		}, []string{"data.db", "no SQLite", "deskbell restore"}},
		{"database and marker are gone, mails are there", func(t *testing.T, c collections.FolderConfig) {
			remove(t, data(c))
			remove(t, filepath.Join(c.Dir, "deskbell.json"))
			write(t, filepath.Join(c.Dir, "mails", "ab", "abc"), "raw")
		}, []string{"data.db", "mails", "deskbell restore"}},
		{"the logs are something else", func(t *testing.T, c collections.FolderConfig) {
			write(t, filepath.Join(c.Dir, "auxiliary.db"), "hello")
		}, []string{"auxiliary.db", "logs only"}},
		{"the marker is garbled", func(t *testing.T, c collections.FolderConfig) {
			write(t, filepath.Join(c.Dir, "deskbell.json"), "{")
		}, []string{"deskbell.json", "damaged"}},
		{"a newer desk wrote the folder", func(t *testing.T, c collections.FolderConfig) {
			write(t, filepath.Join(c.Dir, "deskbell.json"), `{"product":"deskbell","format":2}`)
		}, []string{"newer"}},
		{"the key file is missing", func(t *testing.T, c collections.FolderConfig) { remove(t, c.Dir+".key") }, []string{".key", "missing"}},
		{"the key is another", func(t *testing.T, c collections.FolderConfig) { write(t, c.Dir+".key", testKey) }, []string{".key", "not the key"}},
		{"the key is too short", func(t *testing.T, c collections.FolderConfig) { write(t, c.Dir+".key", "secret") }, []string{".key", "32"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := config(t)
			madeFolder(t, c)
			tt.spoil(t, c)
			_, err := collections.OpenFolder(c)
			require.Error(t, err)
			for _, part := range tt.want {
				assert.Contains(t, err.Error(), part)
			}
		})
	}
}

func TestADamagedPageAndANewerSchemaAreRefusedAtStart(t *testing.T) {
	t.Run("a garbled page", func(t *testing.T) {
		c := config(t)
		madeFolder(t, c)
		garble(t, filepath.Join(c.Dir, "data.db"))
		f, err := collections.OpenFolder(c)
		require.NoError(t, err)
		defer f.Close()
		err = f.CheckAtStart(t.Context())
		require.Error(t, err)
		assert.Contains(t, err.Error(), "deskbell restore")
	})
	t.Run("the database of somebody else", func(t *testing.T) {
		c := config(t)
		madeFolder(t, c)
		path := filepath.Join(c.Dir, "data.db")
		remove(t, path)
		db, err := collections.Connect(path)
		require.NoError(t, err)
		_, err = db.NewQuery("CREATE TABLE notes (text)").Execute()
		require.NoError(t, err)
		require.NoError(t, db.Close())
		f, err := collections.OpenFolder(c)
		require.NoError(t, err)
		defer f.Close()
		require.ErrorContains(t, f.CheckAtStart(t.Context()), "not the one of this desk")
	})
	t.Run("a step of tomorrow", func(t *testing.T) {
		c := config(t)
		madeFolder(t, c)
		db, err := collections.Connect(filepath.Join(c.Dir, "data.db"))
		require.NoError(t, err)
		_, err = db.NewQuery("INSERT INTO _migrations (file, applied) VALUES ('9999_tomorrow', 1)").Execute()
		require.NoError(t, err)
		require.NoError(t, db.Close())
		f, err := collections.OpenFolder(c)
		require.NoError(t, err)
		defer f.Close()
		require.ErrorContains(t, f.CheckAtStart(t.Context()), "newer deskbell")
	})
}

func TestAStartThatWasCutShortBeginsAgain(t *testing.T) {
	c := config(t)
	f, err := collections.OpenFolder(c)
	require.NoError(t, err)
	f.Close() // marker and key stand, no database yet
	madeFolder(t, c)
}

func TestAForeignFolderIsLeftAlone(t *testing.T) {
	c := config(t)
	write(t, filepath.Join(c.Dir, "holiday.jpg"), "x")
	require.NoError(t, os.Chmod(c.Dir, 0o755))
	_, err := collections.OpenFolder(c)
	require.ErrorContains(t, err, "holiday.jpg")
	info, err := os.Stat(c.Dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode().Perm(), "the mode is not touched")
}

func TestRecordsAreSyncedAtEveryCommitAndLogsAreNot(t *testing.T) {
	for file, want := range map[string]int{"data.db": 2, "auxiliary.db": 1} { // 1 NORMAL, 2 FULL
		db, err := collections.Connect(filepath.Join(t.TempDir(), file))
		require.NoError(t, err)
		var got int
		require.NoError(t, db.NewQuery("PRAGMA synchronous").Row(&got))
		assert.Equal(t, want, got, file)
		var mode string
		require.NoError(t, db.NewQuery("PRAGMA journal_mode").Row(&mode))
		assert.Equal(t, "wal", mode, file)
		require.NoError(t, db.Close())
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.Remove(path))
	for _, side := range []string{"-wal", "-shm"} {
		_ = os.Remove(path + side) // gone after a clean close
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

// garble overwrites the middle of every page but the first.
func garble(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	for at := 4096; at+200 < len(raw); at += 4096 {
		copy(raw[at:], strings.Repeat("\xfe", 200))
	}
	require.NoError(t, os.WriteFile(path, raw, 0o600))
}
