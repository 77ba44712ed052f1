package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/deskbell/deskbell"

// storage is what pure packages never see.
var storage = []string{"github.com/pocketbase/", "modernc.org/sqlite"}

// direction says which packages of ours each package may import. A package
// that is not listed is pure: it imports pure packages only, and no storage.
//
// Source: STYLE.md §1
var direction = map[string]struct {
	ours    []string // beyond the pure packages; path patterns
	storage bool
}{
	"":            {[]string{"api", "cli", "cli/*", "collections", "hooks", "report"}, true},
	"api":         {[]string{"collections", "report"}, true},
	"cli":         {[]string{"cli/*", "collections", "report"}, true},
	"cli/*":       {[]string{"collections"}, true},
	"hooks":       {[]string{"collections"}, true},
	"report":      {[]string{"collections"}, true},
	"collections": {nil, true},
	// Programs of their own, and tests of the whole.
	"bench":     {[]string{"*"}, true},
	"bench/*":   {[]string{"*"}, true},
	"faults/*":  {[]string{"*"}, true},
	"journey":   {[]string{"*"}, true},
	"journey/*": {[]string{"*"}, true},
}

// apart are pure packages that must not know each other.
var apart = map[string][]string{
	"itil":   {"mail", "mail/*", "notify", "search", "sla", "assignment"},
	"mail":   {"itil", "notify", "search"},
	"mail/*": {"itil", "notify", "search"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestImportsGoOneWay(t *testing.T) {
	for _, p := range packages(t) {
		from := relative(p.ImportPath)
		for _, imported := range p.Imports {
			assert.Empty(t, forbidden(from, imported), "%s imports %s", name(from), imported)
		}
	}
}

func TestTheRuleSeesWhatItForbids(t *testing.T) {
	for from, imported := range map[string]string{
		"itil":          "github.com/pocketbase/pocketbase/core",
		"mail":          module + "/collections",
		"mail/imapbox":  module + "/itil",
		"collections":   module + "/hooks",
		"hooks":         module + "/api",
		"api":           module + "/hooks",
		"cli":           module + "/api",
		"brand/new":     "github.com/pocketbase/dbx",
		"mail/safehtml": module + "/hooks",
	} {
		assert.NotEmpty(t, forbidden(from, imported), "%s imports %s", from, imported)
	}
	assert.Empty(t, forbidden("hooks", module+"/mail/imapbox"))
	assert.Empty(t, forbidden("", module+"/cli"))
}

// forbidden says why a package may not import another, "" if it may.
func forbidden(from, imported string) string {
	rule, placed := match(direction, from)
	if slices.ContainsFunc(storage, func(s string) bool { return strings.HasPrefix(imported, s) }) {
		if placed && rule.storage {
			return ""
		}
		return "a pure package knows no storage"
	}
	to, ours := strings.CutPrefix(imported, module+"/")
	if !ours {
		return ""
	}
	if _, restricted := match(direction, to); restricted {
		if placed && slices.ContainsFunc(rule.ours, func(pattern string) bool { return covers(pattern, to) }) {
			return ""
		}
		return "imports go from pure packages to collections to hooks, api and cli to main"
	}
	if never, ok := match(apart, from); ok && slices.ContainsFunc(never, func(pattern string) bool { return covers(pattern, to) }) {
		return "these two do not know each other"
	}
	return ""
}

func match[V any](rules map[string]V, pkg string) (V, bool) {
	for pattern, rule := range rules {
		if covers(pattern, pkg) {
			return rule, true
		}
	}
	var none V
	return none, false
}

func covers(pattern, pkg string) bool {
	if pattern == "*" {
		return true
	}
	ok, err := path.Match(pattern, pkg)
	return err == nil && ok
}

func relative(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
}

func name(pkg string) string {
	if pkg == "" {
		return "main"
	}
	return pkg
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, p)
	}
}
