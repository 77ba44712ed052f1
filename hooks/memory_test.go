package hooks_test

import (
	"errors"
	"testing"

	"github.com/pocketbase/pocketbase/core"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

func TestAChangedListIsSeenAtOnceAndAnUndoneChangeNever(t *testing.T) {
	d := newDesk(t)
	name := func(app core.App) string {
		s, err := collections.FindSettings(app)
		require.NoError(t, err)
		return s.Organization()
	}
	rename := func(app core.App, to string) {
		s, err := collections.FindSettings(app)
		require.NoError(t, err)
		s.Set("name", to)
		require.NoError(t, app.Save(s.Record))
	}
	before := name(d)
	undone := errors.New("undone")
	require.ErrorIs(t, d.RunInTransaction(func(tx core.App) error {
		rename(tx, "Never")
		assert.Equal(t, "Never", name(tx), "the transaction sees its own change")
		return undone
	}), undone)
	assert.Equal(t, before, name(d))
	rename(d, "Acme")
	assert.Equal(t, "Acme", name(d))

	s, err := collections.FindSettings(d)
	require.NoError(t, err)
	s.Set("name", "not saved")
	assert.Equal(t, "Acme", name(d), "an answer is the caller's own")
}
