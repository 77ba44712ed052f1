package collections

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
)

// orphanBatch is how many folders are looked up at once; chosen.
const orphanBatch = 500

// RemoveOrphans removes the attachments of messages that do not exist: a
// crash between the writing of a file and the commit of its message leaves
// them. Only folders that did not change since before are looked at, so that
// what is being written now stays: pass the start of the process.
func RemoveOrphans(ctx context.Context, app core.App, before time.Time) (removed int, err error) {
	messages, err := app.FindCachedCollectionByNameOrId(Messages)
	if err != nil || app.Settings().S3.Enabled {
		return 0, err // there are no files of ours to look at
	}
	root := filepath.Join(app.DataDir(), storageDir, messages.BaseFilesPath())
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for batch := range slices.Chunk(entries, orphanBatch) {
		if ctx.Err() != nil {
			return removed, ctx.Err()
		}
		n, err := removeOrphans(app, root, batch, before)
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, err
}

func removeOrphans(app core.App, root string, entries []os.DirEntry, before time.Time) (removed int, err error) {
	names := make([]any, 0, len(entries))
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return 0, nil
	}
	var known []string
	if err := app.DB().Select("id").From(Messages).Where(dbx.In("id", names...)).Column(&known); err != nil {
		return 0, err
	}
	for _, name := range names {
		if slices.Contains(known, name.(string)) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(root, name.(string))); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, nil
}
