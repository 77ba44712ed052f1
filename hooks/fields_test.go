package hooks_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/picker"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
)

// items asks for tickets by HTTP.
func (d *desk) items(t *testing.T, by *core.Record, query url.Values) []any {
	t.Helper()
	router, err := apis.NewRouter(d.TestApp)
	require.NoError(t, err)
	mux, err := router.BuildMux()
	require.NoError(t, err)
	token, err := by.NewAuthToken()
	require.NoError(t, err)
	req := httptest.NewRequest(http.MethodGet, "/api/collections/tickets/records?"+query.Encode(), nil)
	req.Header.Set("Authorization", token)
	res := httptest.NewRecorder()
	mux.ServeHTTP(res, req)
	require.Equal(t, http.StatusOK, res.Code, res.Body.String())
	var out struct{ Items []any }
	require.NoError(t, json.Unmarshal(res.Body.Bytes(), &out))
	return out.Items
}

func TestListsHoldTheFieldsThatPocketBaseWouldPick(t *testing.T) {
	d := newDesk(t)
	agent := d.agent(t, "Ada", collections.RoleAgent)
	who := d.save(t, collections.Requesters, map[string]any{"name": "Paul", "email": "paul@customer.test"})
	for _, subject := range []string{"VPN", "Printer"} {
		d.incident(t, map[string]any{"subject": subject, "requester": who.Id, "assignee": agent.Id})
	}
	for _, fields := range []string{
		"id,subject",
		"id, key ,expand.requester.name",
		"id,expand.requester.id,expand.requester.name,expand.assignee.email",
		"subject,nothing,expand.nothing.name,allowed",
		"id,subject:excerpt(2)",
		"*,expand.requester.id",
		"id,expand",
	} {
		for _, by := range []*core.Record{agent, who} {
			all := url.Values{"sort": {"number"}}
			if by == agent {
				all.Set("expand", "requester,assignee") // refused to requesters
			}
			want, err := picker.Pick(d.items(t, by, all), fields)
			require.NoError(t, err)
			all.Set("fields", fields)
			if by == agent || fields == "id,subject" {
				assert.Equal(t, want, d.items(t, by, all), "%s for %s", fields, by.Collection().Name)
			}
		}
	}
}
