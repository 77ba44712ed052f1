package collections

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
)

// startCheck bounds the consistency check at start. 300 ms read some 100 MB;
// the whole check follows in the background ([CheckDatabase]).
const startCheck = 300 * time.Millisecond

// CheckAtStart opens the database of a folder once, before PocketBase does,
// and refuses one that is damaged or newer than this program. It looks for
// damage for at most 300 ms. A folder without a database passes.
func (f *Folder) CheckAtStart(ctx context.Context) error {
	path := filepath.Join(f.dir, dataFile)
	if emptyFile(path) {
		return nil
	}
	db, err := Connect(path)
	if err != nil {
		return fmt.Errorf("open the database %s: %w", path, err)
	}
	if err = f.checkSchema(ctx, db); err == nil {
		err = f.checkPages(ctx, db)
	}
	if closing := db.Close(); err == nil && closing != nil {
		err = fmt.Errorf("close the database %s: %w", path, closing)
	}
	return err
}

func (f *Folder) checkPages(ctx context.Context, db *dbx.DB) error {
	bounded, cancel := context.WithTimeout(ctx, startCheck)
	defer cancel()
	finding, err := quickCheck(bounded, db)
	if bounded.Err() != nil {
		return ctx.Err() // out of time is no finding
	}
	if err == nil && finding == "" {
		return nil
	}
	if err != nil {
		finding = err.Error()
	}
	return f.damaged(finding)
}

func (f *Folder) damaged(finding string) error {
	return fmt.Errorf("the database %s is damaged (%s); nothing was changed: %s", filepath.Join(f.dir, dataFile), finding, restoreHint(f.dir))
}

// CheckWhole runs the consistency check from outside, beside a running desk if
// need be, for as long as ctx lasts. It returns what it finds, "" if nothing.
func (f *Folder) CheckWhole(ctx context.Context) (string, error) {
	db, err := Connect(filepath.Join(f.dir, dataFile))
	if err != nil {
		return "", fmt.Errorf("open the database: %w", err)
	}
	finding, err := quickCheck(ctx, db)
	return finding, errors.Join(err, db.Close())
}

// Pending counts the schema steps that the next start will run.
func Pending(app core.App) (int, error) {
	var applied []string
	if err := app.DB().NewQuery("SELECT file FROM _migrations").Column(&applied); err != nil {
		return 0, fmt.Errorf("read the schema steps: %w", err)
	}
	known := knownSteps()
	for _, file := range applied {
		delete(known, file)
	}
	return len(known), nil
}

// NewestEvent is the instant of the last event of the audit chain, zero if
// there is none.
func NewestEvent(app core.App) (time.Time, error) {
	var at []string
	if err := app.DB().NewQuery("SELECT at FROM events ORDER BY seq DESC LIMIT 1").Column(&at); err != nil {
		return time.Time{}, fmt.Errorf("read the newest event: %w", err)
	}
	if len(at) == 0 {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, at[0])
	if err != nil {
		return time.Time{}, fmt.Errorf("read the newest event: %w", err)
	}
	return t, nil
}

// CheckDatabase runs the whole consistency check on the open database and
// returns what it finds, "" if nothing. It reads every page.
func CheckDatabase(ctx context.Context, app core.App) (string, error) {
	db, ok := app.ConcurrentDB().(*dbx.DB)
	if !ok {
		return "", errors.New("check the database: not inside a transaction")
	}
	return quickCheck(ctx, db)
}

func quickCheck(ctx context.Context, db *dbx.DB) (string, error) {
	var lines []string
	if err := db.NewQuery("PRAGMA quick_check(3)").WithContext(ctx).Column(&lines); err != nil {
		return "", fmt.Errorf("check the database: %w", err)
	}
	if len(lines) == 1 && lines[0] == "ok" {
		return "", nil
	}
	return strings.Join(strings.Fields(strings.Join(lines, "; ")), " "), nil
}

// checkSchema refuses a database with steps that this program does not know:
// an older program must not write into a newer schema.
func (f *Folder) checkSchema(ctx context.Context, db *dbx.DB) error {
	var applied []string
	err := db.NewQuery("SELECT file FROM _migrations").WithContext(ctx).Column(&applied)
	if err != nil && !strings.Contains(err.Error(), "no such table") {
		return f.damaged(err.Error())
	}
	if f.marker.Complete && !slices.Contains(applied, Migrations()[0].Name) {
		return fmt.Errorf("the database %s is not the one of this desk: it has none of its tables; nothing was changed: %s", filepath.Join(f.dir, dataFile), restoreHint(f.dir))
	}
	known := knownSteps()
	for _, file := range applied {
		if !known[file] {
			return fmt.Errorf("the database in %s was written by a newer deskbell (schema step %s is unknown here): start the newer version, or restore the backup from before the upgrade", f.dir, file)
		}
	}
	return nil
}

func knownSteps() map[string]bool {
	known := map[string]bool{}
	for _, list := range []core.MigrationsList{core.SystemMigrations, core.AppMigrations} {
		for _, m := range list.Items() {
			known[m.File] = true
		}
	}
	return known
}
