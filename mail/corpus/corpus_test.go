package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deskbell/deskbell/mail"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// corpusDir finds the shared mails: $DESKBELL_SHARED or a folder "shared"
// beside one of the folders above this one.
func corpusDir(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("DESKBELL_SHARED"); dir != "" {
		return filepath.Join(dir, "mail-corpus", "given")
	}
	dir, err := os.Getwd()
	require.NoError(t, err)
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		given := filepath.Join(dir, "shared", "mail-corpus", "given")
		if _, err := os.Stat(filepath.Join(given, "manifest.jsonl")); err == nil {
			return given
		}
	}
	t.Skip("the shared mail corpus is not here; set DESKBELL_SHARED to the folder that holds mail-corpus")
	return ""
}

// answers reads all items of the corpus once.
func answers(t *testing.T) ([]item, []result) {
	t.Helper()
	dir := corpusDir(t)
	items, err := readManifest(filepath.Join(dir, "manifest.jsonl"))
	require.NoError(t, err)
	var kept []item
	var results []result
	for _, i := range items {
		if i.Kind != kindThread {
			kept = append(kept, i)
			results = append(results, read(dir, i))
		}
	}
	return kept, results
}

func TestCorpusMeetsTheBars(t *testing.T) {
	items, results := answers(t)
	s := newScore()
	for n, i := range items {
		s.count(i, results[n])
	}
	// Source: MAIL.md §9.
	for _, bar := range []struct {
		field string
		least float64
	}{
		{"handled", 100}, {"subject", 99}, {"from", 98.5}, {"message_id", 99}, {"text", 97}, {"attachments", 97}, {"attachment_count", 99},
		{"to", 98.5}, {"cc", 98.5}, {"in_reply_to", 99}, {"references", 99}, {"is_bulk", 99},
	} {
		assert.GreaterOrEqual(t, s.share(bar.field), bar.least, bar.field)
	}
}

// judgement is how often a class was found where it is, and where it is not.
type judgement struct{ is, found, isNot, wrong int }

func (j *judgement) add(want, got bool) {
	if want {
		j.is++
		if got {
			j.found++
		}
		return
	}
	j.isNot++
	if got {
		j.wrong++
	}
}

func (j judgement) recall() float64 { return 100 * float64(j.found) / float64(max(j.is, 1)) }
func (j judgement) alarms() float64 { return 100 * float64(j.wrong) / float64(max(j.isNot, 1)) }

func TestCorpusTellsMachinesFromPeople(t *testing.T) {
	items, results := answers(t)
	var bounce, auto, silent judgement
	for n, i := range items {
		if i.Kind != kindMail {
			continue
		}
		var isBounce, isAuto, mustNot bool
		require.True(t, i.want("is_bounce", &isBounce) && i.want("is_auto_reply", &isAuto) && i.want("must_not_autorespond", &mustNot))
		r := results[n]
		bounce.add(isBounce, *r.IsBounce)
		if !isBounce && !*r.IsBounce { // by the corpus's convention a bounce is no auto reply
			auto.add(isAuto, *r.IsAutoReply)
		}
		silent.add(mustNot, *r.MustNotAutorespond)
		if !mustNot {
			assert.False(t, *r.IsAutoReply, "false alarm on a person: %s", i.File)
		}
	}
	assert.GreaterOrEqual(t, bounce.recall(), 98.0, "bounces")
	assert.LessOrEqual(t, bounce.alarms(), 0.5, "false bounces")
	assert.GreaterOrEqual(t, auto.recall(), 97.0, "auto replies")
	assert.Zero(t, auto.wrong, "false auto replies")
	assert.InDelta(t, 100, silent.recall(), 0, "mails that must not be answered")
}

func TestCorpusReadsDeliveryReports(t *testing.T) {
	dir := corpusDir(t)
	items, err := readManifest(filepath.Join(dir, "manifest.jsonl"))
	require.NoError(t, err)
	var recipients judgement
	for _, i := range items {
		var want []struct{ Recipient string }
		if i.Kind != kindMail || !i.want("dsn", &want) || len(want) == 0 {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(i.File)))
		require.NoError(t, err)
		m, err := mail.Parse(bytes.NewReader(raw), int64(len(raw)), mail.DefaultLimits())
		require.NoError(t, err)
		found := map[string]bool{}
		if r := mail.Classify(m).Report; r != nil {
			for _, to := range r.Recipients {
				found[mail.Fold(to.Recipient)] = true
			}
		}
		for _, w := range want {
			recipients.add(true, found[mail.Fold(strings.Trim(w.Recipient, "<>"))])
		}
	}
	t.Logf("recipients of delivery reports: %d of %d", recipients.found, recipients.is)
	assert.GreaterOrEqual(t, recipients.recall(), 95.0)
}

func TestRunWritesALineForEachItem(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.eml"), []byte("From: a@x.example\nSubject: Hi\n\nText\n"), 0o600))
	manifest := filepath.Join(dir, "manifest.jsonl")
	require.NoError(t, os.WriteFile(manifest, []byte(`{"file":"a.eml","kind":"mail","expected":{"subject":"Hi","from":[["","a@x.example"]],"message_id":null}}
{"file":"missing.eml","kind":"mail","expected":{"subject":"Hi"}}
`), 0o600))
	out := filepath.Join(dir, "out.jsonl")
	require.NoError(t, run(manifest, out))
	raw, err := os.ReadFile(out)
	require.NoError(t, err)
	lines := splitLines(raw)
	require.Len(t, lines, 2)
	var first, second map[string]any
	require.NoError(t, json.Unmarshal(lines[0], &first))
	require.NoError(t, json.Unmarshal(lines[1], &second))
	assert.Equal(t, "Hi", first["subject"])
	assert.Nil(t, first["error"])
	assert.NotEmpty(t, second["error"])
}

func splitLines(raw []byte) [][]byte {
	var out [][]byte
	start := 0
	for n, c := range raw {
		if c == '\n' {
			out = append(out, raw[start:n])
			start = n + 1
		}
	}
	return out
}
