package hooks_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

func TestARotatedRefreshTokenIsTheSameGrant(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"a%d","refresh_token":"r%d","expires_in":3600}`, n, n)
	}))
	t.Cleanup(server.Close)
	d := newDesk(t)
	row := d.save(t, collections.Mailboxes, map[string]any{"name": "Support", "address": "support@desk.test", "active": true, "imap_host": "127.0.0.1", "auth": "oauth",
		"oauth_client_id": "desk", "oauth_token_url": server.URL, "oauth_refresh_token": "entered"})
	servers := d.hooks.NewServers(d)
	for range 3 {
		fresh, err := d.FindRecordById(collections.Mailboxes, row.Id)
		require.NoError(t, err)
		cfg, err := servers.IMAP(collections.AsMailbox(fresh))
		require.NoError(t, err)
		token, err := cfg.Credentials.Tokens.Token(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "a1", token)
	}
	assert.EqualValues(t, 1, asked.Load(), "one token lasts, although the stored refresh token changed")
	fresh, err := d.FindRecordById(collections.Mailboxes, row.Id)
	require.NoError(t, err)
	assert.NotEqual(t, row.GetString("oauth_refresh_token"), fresh.GetString("oauth_refresh_token"), "the new one is stored")
	fresh.Set("oauth_refresh_token", "granted anew")
	require.NoError(t, d.Save(fresh))
	cfg, err := servers.IMAP(collections.AsMailbox(fresh))
	require.NoError(t, err)
	token, err := cfg.Credentials.Tokens.Token(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "a2", token, "a person's new grant begins anew")
}

func TestAttachmentsWithoutAMessageGo(t *testing.T) {
	p, _, answer, _ := answered(t)
	root := filepath.Join(p.DataDir(), "storage", answer.Collection().BaseFilesPath())
	began := time.Now()
	for name, at := range map[string]time.Time{answer.Id: began.Add(-time.Hour), "orphan000000001": began.Add(-time.Hour), "underway0000001": began.Add(time.Hour)} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, name), 0o700))
		require.NoError(t, os.Chtimes(filepath.Join(root, name), at, at))
	}
	n, err := collections.RemoveOrphans(t.Context(), p, began)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.DirExists(t, filepath.Join(root, answer.Id))
	assert.DirExists(t, filepath.Join(root, "underway0000001"))
	assert.NoDirExists(t, filepath.Join(root, "orphan000000001"))
}
