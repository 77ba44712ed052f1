package collections_test

import (
	"testing"
	"time"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tests"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

func newApp(t *testing.T) *tests.TestApp {
	t.Helper()
	collections.Register()
	app, err := tests.NewTestAppWithConfig(core.BaseAppConfig{DataDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(app.Cleanup)
	return app
}

func TestFirstRunMakesOnePersonAdministratorAndSuperuser(t *testing.T) {
	app := newApp(t)
	run := collections.FirstRun{Name: "Ada", Email: "ada@example.com", Password: "correct horse", Organization: "Acme", URL: "https://desk.example.com/", Language: "zh"}
	require.NoError(t, run.Save(app))

	agent, err := app.FindAuthRecordByEmail(collections.Agents, run.Email)
	require.NoError(t, err)
	assert.Equal(t, collections.RoleAdmin, agent.GetString("role"))
	assert.True(t, agent.GetBool("active"))
	assert.True(t, agent.ValidatePassword(run.Password))
	super, err := app.FindAuthRecordByEmail(core.CollectionNameSuperusers, run.Email)
	require.NoError(t, err)
	assert.True(t, super.ValidatePassword(run.Password))
	settings, err := collections.FindSettings(app)
	require.NoError(t, err)
	assert.Equal(t, "https://desk.example.com", settings.PublicURL())
	assert.Equal(t, "Acme", settings.Organization())
	assert.Equal(t, "zh", settings.Locale())

	require.ErrorIs(t, run.Save(app), collections.ErrSetUp)
}

func TestFirstRunRefusesAnswersThatCannotStand(t *testing.T) {
	good := collections.FirstRun{Email: "ada@example.com", Password: "correct horse"}
	require.NoError(t, good.Check())
	for name, spoil := range map[string]func(*collections.FirstRun){
		"no address":         func(f *collections.FirstRun) { f.Email = "" },
		"a name for address": func(f *collections.FirstRun) { f.Email = "Ada <ada@example.com>" },
		"a short password":   func(f *collections.FirstRun) { f.Password = "1234567" },
		"an address w/o //":  func(f *collections.FirstRun) { f.URL = "desk.example.com" },
		"a url with a path":  func(f *collections.FirstRun) { f.URL = "https://desk.example.com/desk" },
		"a script url":       func(f *collections.FirstRun) { f.URL = "javascript://x" },
		"a third language":   func(f *collections.FirstRun) { f.Language = "fr" },
	} {
		f := good
		spoil(&f)
		require.Error(t, f.Check(), name)
	}
}

func TestSetupCodeWorksOnceInTimeAndWithFewTries(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	t.Run("once", func(t *testing.T) {
		s := collections.NewSetupCode()
		code := s.Issue(now)
		assert.False(t, s.Take("AAAA-AAAA-AAAA", now))
		assert.True(t, s.Take(" "+code[:4]+code[5:]+" ", now), "dashes and blanks do not count")
		assert.False(t, s.Take(code, now))
	})
	t.Run("not after a quarter of an hour", func(t *testing.T) {
		s := collections.NewSetupCode()
		code := s.Issue(now)
		assert.False(t, s.Take(code, now.Add(16*time.Minute)))
	})
	t.Run("not after five wrong ones", func(t *testing.T) {
		s := collections.NewSetupCode()
		code := s.Issue(now)
		for range 5 {
			assert.False(t, s.Take("WRONG", now))
		}
		assert.False(t, s.Take(code, now))
	})
	t.Run("never before one is issued", func(t *testing.T) {
		assert.False(t, collections.NewSetupCode().Take("", now))
	})
}
