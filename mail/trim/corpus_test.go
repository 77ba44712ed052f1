package trim_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/mail/trim"
)

// The bars of MAIL.md, section 9, in percent of the bodies, by score.py.
const (
	textExact, textWhole = 80, 97
	htmlExact, htmlWhole = 65, 90
)

type item struct {
	File, Kind string
	Expected   struct {
		Reply *string `json:"reply_text"`
	}
}

func TestCorpusBars(t *testing.T) {
	dir := corpus(t)
	exact, whole, all := map[string]int{}, map[string]int{}, map[string]int{}
	for _, m := range manifest(t, dir) {
		if m.Expected.Reply == nil || m.Kind == "mail" {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, m.File))
		require.NoError(t, err)
		got, want := reply(m.Kind, string(raw)), fold(*m.Expected.Reply)
		if m.Kind == "reply-html" {
			got, want = bare(got), bare(want)
		}
		kind := m.Kind
		all[kind]++
		if got == want {
			exact[kind]++
		} else {
			t.Logf("not exact: %s", m.File)
		}
		if strings.Contains(got, want) {
			whole[kind]++
		} else {
			t.Logf("LOST: %s", m.File)
		}
	}
	t.Logf("exact %v, nothing lost %v, of %v", exact, whole, all)
	assert.GreaterOrEqual(t, exact["reply-text"]*100, textExact*all["reply-text"])
	assert.GreaterOrEqual(t, whole["reply-text"]*100, textWhole*all["reply-text"])
	assert.GreaterOrEqual(t, exact["reply-html"]*100, htmlExact*all["reply-html"])
	assert.GreaterOrEqual(t, whole["reply-html"]*100, htmlWhole*all["reply-html"])
}

var tag = regexp.MustCompile(`<[^>]+>`)

// bare does what score.py does to the expected text of an HTML body: what
// looks like a tag goes, an address in brackets too. It is done to both sides
// here, because else no text with an address could be right.
func bare(s string) string {
	return strings.ReplaceAll(fold(tag.ReplaceAllString(s, " ")), " ", "")
}

func reply(kind, raw string) string {
	if kind == "reply-html" {
		return fold(trim.HTML(raw).ReplyText)
	}
	return fold(trim.Text(strings.ToValidUTF8(raw, "\uFFFD")).Reply)
}

// fold does what score.py does to white space.
func fold(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\ufeff", "")), " ")
}

// corpus returns the folder of the given set. It lies beside the project, not
// in it, because it is other people's data.
func corpus(t *testing.T) string {
	dir, err := os.Getwd()
	require.NoError(t, err)
	if shared := os.Getenv("DESKBELL_SHARED"); shared != "" {
		dir = filepath.Join(shared, "x")
	}
	for {
		for _, name := range []string{"shared/mail-corpus/given", "mail-corpus/given"} {
			if p := filepath.Join(dir, name); exists(p) {
				return p
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("the mail corpus (shared/mail-corpus above the project, or DESKBELL_SHARED) is missing: bars not measured")
		}
		dir = up
	}
}

func exists(p string) bool { _, err := os.Stat(p); return err == nil }

func manifest(t *testing.T, dir string) []item {
	f, err := os.Open(filepath.Join(dir, "manifest.jsonl"))
	require.NoError(t, err)
	defer f.Close()
	var out []item
	in := bufio.NewScanner(f)
	in.Buffer(nil, 10<<20)
	for in.Scan() {
		var m item
		require.NoError(t, json.Unmarshal(in.Bytes(), &m))
		out = append(out, m)
	}
	require.NoError(t, in.Err())
	return out
}
