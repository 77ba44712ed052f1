package collections

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// marker stands in the data folder outside the database and remembers what a
// lost database cannot: that there was one, and which key sealed it.
type marker struct {
	Product  string    `json:"product"` // "deskbell"
	Format   int       `json:"format"`  // of the folder; 1
	Created  time.Time `json:"created"`
	Complete bool      `json:"complete"` // a schema was once in place
	KeyCheck string    `json:"key_check"`
}

const markerFormat = 1

func newMarker(keyCheck string) marker {
	return marker{Product: "deskbell", Format: markerFormat, Created: time.Now().UTC(), KeyCheck: keyCheck}
}

func readMarker(dir string) (m marker, found bool, err error) {
	path := filepath.Join(dir, markerFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err != nil {
		return m, false, fmt.Errorf("the marker %s cannot be read: %w", path, err)
	}
	if err := json.Unmarshal(raw, &m); err != nil || m.Product != "deskbell" {
		return m, false, fmt.Errorf("the marker %s is damaged: %s", path, restoreHint(dir))
	}
	if m.Format > markerFormat {
		return m, false, fmt.Errorf("%s was written by a newer deskbell (folder format %d, this one knows %d): start the newer version", dir, m.Format, markerFormat)
	}
	return m, true, nil
}

// writeMarker replaces the marker in one step and syncs it, so that a crash
// leaves the old or the new one.
func writeMarker(dir string, m marker) error {
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write marker: %w", err)
	}
	return writeSynced(filepath.Join(dir, markerFile), append(raw, '\n'))
}

// writeSynced puts data under path by way of a temporary name.
func writeSynced(path string, data []byte) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// checkDatabaseFile looks at the database as a file and refuses one that is
// missing, empty or foreign beside old data. It must run before SQLite opens
// the file: closing a plain descriptor drops SQLite's locks in this process.
func checkDatabaseFile(dir string, m marker, marked bool) error {
	path := filepath.Join(dir, dataFile)
	info, err := os.Stat(path)
	empty := err != nil || info.Size() == 0
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the database %s cannot be read: %w", path, err)
	case !empty && !isDatabase(path):
		return fmt.Errorf("the file %s is no SQLite database (its first 16 bytes are wrong); nothing was changed: %s", path, restoreHint(dir))
	case !empty:
		return checkLogs(dir)
	case m.Complete:
		return fmt.Errorf("the database %s is %s, although this folder held a desk since %s; nothing was changed: %s",
			path, missingOrEmpty(err), m.Created.Format(time.DateOnly), restoreHint(dir))
	case marked:
		return nil // the first start did not come to its end
	}
	if old := oldData(dir); old != "" {
		return fmt.Errorf("the database %s is %s, but %s holds older data; nothing was changed: %s",
			path, missingOrEmpty(err), filepath.Join(dir, old), restoreHint(dir))
	}
	return refuseForeign(dir)
}

func missingOrEmpty(err error) string {
	if err != nil {
		return "missing"
	}
	return "empty (0 bytes)"
}

// isDatabase compares the first bytes with those of every SQLite file.
//
// Source: https://www.sqlite.org/fileformat.html §1.3
func isDatabase(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() // read only
	head := make([]byte, 16)
	_, err = io.ReadFull(f, head)
	return err == nil && bytes.Equal(head, []byte("SQLite format 3\x00"))
}

// checkLogs refuses a file of logs that SQLite could not open. One that is
// missing is made anew: it holds nothing that anybody was promised.
func checkLogs(dir string) error {
	path := filepath.Join(dir, auxFile)
	if emptyFile(path) || isDatabase(path) {
		return nil
	}
	return fmt.Errorf("the file %s is no SQLite database; it holds logs only: move it away and start again", path)
}

// oldData names an entry that only a desk which ran before leaves, or "".
func oldData(dir string) string {
	for _, name := range []string{"mails", storageDir, "search", auxFile, dataFile + "-wal"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		if !info.IsDir() && info.Size() > 0 {
			return name
		}
		if entries, err := os.ReadDir(filepath.Join(dir, name)); err == nil && len(entries) > 0 {
			return name
		}
	}
	return ""
}

// storageDir is where PocketBase keeps attachments.
const storageDir = "storage"

// refuseForeign refuses a folder with other things in it: a mistyped --dir
// must not turn somebody's home into a data folder.
func refuseForeign(dir string) error {
	if exists(filepath.Join(dir, markerFile)) || exists(filepath.Join(dir, dataFile)) {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("the data folder %s cannot be read: %w", dir, err)
	}
	for _, e := range entries {
		switch e.Name() {
		case lockFile, markerFile + ".new", "lost+found", dataFile, dataFile + "-wal", dataFile + "-shm":
		default:
			return fmt.Errorf("%s holds other files (%s, …) and no desk: name an empty or a new folder with --dir", dir, e.Name())
		}
	}
	return nil
}

func restoreHint(dir string) string {
	return fmt.Sprintf("put the file back, or restore a backup with: deskbell restore FILE --dir %s", dir)
}
