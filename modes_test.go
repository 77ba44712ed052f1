package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryFileOfADeskIsForItsAccountOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d := serve(t, dir)
	check := func() {
		require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
			require.NoError(t, err)
			info, err := entry.Info()
			require.NoError(t, err)
			assert.Zero(t, info.Mode().Perm()&0o077, "%s is open to others", path)
			return nil
		}))
	}
	check()
	d.end(t, syscall.SIGTERM)
	check()
}
