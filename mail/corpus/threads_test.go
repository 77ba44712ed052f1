package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shared finds the folder of test material beside the project.
func shared(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("DESKBELL_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	require.NoError(t, err)
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "shared", "mail-corpus")); err == nil {
			return filepath.Join(dir, "shared")
		}
	}
	t.Skip("../shared/mail-corpus is missing; set DESKBELL_SHARED to the folder that holds it")
	return ""
}

func TestEveryThreadTemplateGoesWhereItBelongs(t *testing.T) {
	given := filepath.Join(shared(t), "mail-corpus", "given")
	items, err := readManifest(filepath.Join(given, "manifest.jsonl"))
	require.NoError(t, err)
	s := newScore()
	require.NoError(t, scoreThreads(given, items, s))
	assert.NotZero(t, s.total[kindThread])
	assert.Equal(t, s.total[kindThread], s.right[kindThread])
}
