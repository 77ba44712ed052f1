package collections

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	_ "github.com/pocketbase/pocketbase/migrations" // PocketBase's own tables
)

// Names of files in a data folder.
const (
	dataFile   = "data.db"
	auxFile    = "auxiliary.db"
	markerFile = "deskbell.json"
	lockFile   = "deskbell.lock"
)

// Bounds of the connection pools. Each connection may keep cacheKiB of pages,
// so twelve readers stay below 100 MB even when all of them scan (chosen).
const (
	maxReaders  = 12
	idleReaders = 4
	cacheKiB    = 8000
)

// statementTimeout bounds one query of a request (SECURITY-REQUIREMENTS I1). A job that
// needs longer gives its query a context of its own.
const statementTimeout = 5 * time.Second

// settingsKeyEnv names the variable in which PocketBase looks for the key of
// its settings row. It is set inside the process only.
const settingsKeyEnv = "DESKBELL_SETTINGS_KEY"

// FolderConfig says where a desk keeps its data and where its key is.
type FolderConfig struct {
	Dir     string // data folder
	Key     string // the key itself (DESKBELL_KEY); "" to use a file
	KeyFile string // "" for <Dir>.key beside the folder
}

// Folder is a data folder that this process holds: locked, checked, with its
// key. Make one with [OpenFolder] and give it back with [Folder.Close].
type Folder struct {
	dir    string
	key    Key
	sealer *Sealer
	marker marker
	lock   *lock
}

// OpenFolder makes or opens a data folder: it takes the lock, refuses what is
// damaged, and finds or makes the key. SQLite must not be open on the folder
// in this process. Errors are sentences for the person at the terminal.
func OpenFolder(c FolderConfig) (*Folder, error) {
	dir, err := ownDir(c.Dir)
	if err != nil {
		return nil, err
	}
	l, err := takeLock(dir)
	if err != nil {
		return nil, err
	}
	f, err := openLocked(dir, c)
	if err != nil {
		l.release()
		return nil, err
	}
	f.lock = l
	return f, nil
}

// PeekFolder reads the marker and the key of a folder that another process
// may be using. It makes and locks nothing, so it serves reading commands.
func PeekFolder(c FolderConfig) (*Folder, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", c.Dir, err)
	}
	m, found, err := readMarker(dir)
	if err != nil {
		return nil, err
	}
	if !found || !m.Complete {
		return nil, fmt.Errorf("%s holds no desk yet: start one with: deskbell serve --dir %s", dir, c.Dir)
	}
	k, err := findKey(dir, c, false)
	if err != nil {
		return nil, err
	}
	return newFolder(dir, k, m)
}

func openLocked(dir string, c FolderConfig) (*Folder, error) {
	m, found, err := readMarker(dir)
	if err != nil {
		return nil, err
	}
	if err := checkDatabaseFile(dir, m, found); err != nil {
		return nil, err
	}
	fresh := !m.Complete && emptyFile(filepath.Join(dir, dataFile))
	k, err := findKey(dir, c, fresh)
	if err != nil {
		return nil, err
	}
	f, err := newFolder(dir, k, m)
	if err != nil || found {
		return f, err
	}
	f.marker = newMarker(f.sealer.check())
	return f, writeMarker(dir, f.marker)
}

func newFolder(dir string, k Key, m marker) (*Folder, error) {
	s, err := newSealer(k)
	if err != nil {
		return nil, err
	}
	if m.KeyCheck != "" && m.KeyCheck != s.check() {
		return nil, fmt.Errorf("the key from %s is not the key of %s: put the right key there, or name it with --key-file or DESKBELL_KEY; without it the stored passwords cannot be read", k.Source, dir)
	}
	return &Folder{dir: dir, key: k, sealer: s, marker: m}, nil
}

// Dir is the absolute path of the folder.
func (f *Folder) Dir() string { return f.dir }

// KeySource names where the key came from, for people.
func (f *Folder) KeySource() string { return f.key.Source }

// Sealer seals secrets with the folder's key.
func (f *Folder) Sealer() *Sealer { return f.sealer }

// Fresh says that no start of this folder was ever completed.
func (f *Folder) Fresh() bool { return !f.marker.Complete }

// Complete notes that the schema stands. From then on a missing or empty
// database is a loss, not a beginning.
func (f *Folder) Complete() error {
	if f.marker.Complete {
		return nil
	}
	f.marker.Complete = true
	return writeMarker(f.dir, f.marker)
}

// NewApp returns a PocketBase on the folder, not bootstrapped yet.
func (f *Folder) NewApp() (*core.BaseApp, error) {
	if err := os.Setenv(settingsKeyEnv, f.sealer.settingsKey()); err != nil {
		return nil, fmt.Errorf("hand the settings key on: %w", err)
	}
	return core.NewBaseApp(core.BaseAppConfig{
		DataDir:          f.dir,
		EncryptionEnv:    settingsKeyEnv,
		QueryTimeout:     statementTimeout,
		DataMaxOpenConns: maxReaders,
		DataMaxIdleConns: idleReaders,
		AuxMaxOpenConns:  4,
		AuxMaxIdleConns:  1,
		DBConnect:        Connect,
	}), nil
}

// Close gives the lock back. The app on the folder must be closed before.
func (f *Folder) Close() {
	if f.lock != nil {
		f.lock.release()
		f.lock = nil
	}
}

// Connect opens one SQLite database as PocketBase does, except that records
// are synced at every commit: with NORMAL a power cut may take the last
// commits back, and a mail would be lost that was acknowledged. Logs may lose
// their last second.
//
// Source: RELIABILITY-REQUIREMENTS.md, facts; PocketBase core/db_connect.go.
func Connect(path string) (*dbx.DB, error) {
	sync, cache := "NORMAL", 2000
	if filepath.Base(path) == dataFile {
		sync, cache = "FULL", cacheKiB
	}
	pragmas := fmt.Sprintf("?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"+
		"&_pragma=journal_size_limit(67108864)&_pragma=synchronous(%s)&_pragma=foreign_keys(ON)"+
		"&_pragma=temp_store(MEMORY)&_pragma=cache_size(-%d)&_defensive=1", sync, cache)
	return open(path + pragmas)
}

// FreeBytes is the space on the disk of dir that this process may still use.
func FreeBytes(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return uint64(s.Bavail) * uint64(s.Bsize), nil
}

// ownDir makes dir if need be and closes it to other accounts.
func ownDir(name string) (string, error) {
	if strings.TrimSpace(name) == "" {
		return "", errors.New("no data folder is named: use --dir FOLDER or DESKBELL_DIR")
	}
	dir, err := filepath.Abs(name)
	if err != nil {
		return "", fmt.Errorf("data folder %s: %w", name, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("the data folder %s cannot be made (%w): choose another with --dir, or make it and give it to this account", dir, err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", fmt.Errorf("data folder %s: %w", dir, err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return dir, nil
	}
	if err := refuseForeign(dir); err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return "", fmt.Errorf("the data folder %s is open to other accounts and cannot be closed (%w): run: chmod 700 %s", dir, err, dir)
	}
	return dir, nil
}

// emptyFile says whether path is missing or has no bytes.
func emptyFile(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Size() == 0
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
