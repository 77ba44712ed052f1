package collections_test

import (
	"testing"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tests"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

func TestMigrationsBuildAnEmptyFolder(t *testing.T) {
	collections.Register()
	app, err := tests.NewTestAppWithConfig(core.BaseAppConfig{DataDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(app.Cleanup)

	_, err = app.FindCollectionByNameOrId("users")
	require.Error(t, err, "the public users collection is gone")
	for _, name := range []string{"agents", "requesters", "organizations", "teams", "services", "categories", "tickets", "messages",
		"events", "hold_reasons", "resolution_codes", "priority_matrix", "statuses", "mailboxes", "inbound_mails", "outbound_mails"} {
		c, err := app.FindCollectionByNameOrId(name)
		require.NoError(t, err, name)
		require.NotNil(t, c.Fields.GetByName("created"), name)
		require.NotNil(t, c.Fields.GetByName("updated"), name)
	}
	n, err := app.CountRecords(collections.PriorityMatrix)
	require.NoError(t, err)
	require.EqualValues(t, 16, n)
}
