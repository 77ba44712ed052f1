package hooks_test

import (
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tests"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/hooks"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/notify"
)

// desk is a fresh app with every rule bound.
type desk struct {
	*tests.TestApp
	hooks *hooks.Desk
	now   time.Time
}

// template is an empty desk with its schema, made once: a copy takes a tenth
// of the time that the schema steps take.
var template = sync.OnceValue(func() string {
	collections.Register()
	empty, err := os.MkdirTemp("", "deskbell-empty-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(empty)
	app, err := tests.NewTestAppWithConfig(core.BaseAppConfig{DataDir: empty})
	if err != nil {
		panic(err)
	}
	for _, db := range []dbx.Builder{app.NonconcurrentDB(), app.AuxNonconcurrentDB()} {
		if _, err := db.NewQuery("PRAGMA wal_checkpoint(TRUNCATE)").Execute(); err != nil {
			panic(err)
		}
	}
	return app.DataDir()
})

func newDesk(t testing.TB) *desk {
	t.Helper()
	app, err := tests.NewTestAppWithConfig(core.BaseAppConfig{DataDir: template()})
	require.NoError(t, err)
	t.Cleanup(app.Cleanup)
	d := &desk{TestApp: app, now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	sealer, err := collections.NewSealer("0123456789abcdef0123456789abcdef")
	require.NoError(t, err)
	ring, err := mail.NewKeyring(mail.Key{Version: 1, Secret: sealer.Derive("mail")})
	require.NoError(t, err)
	texts, err := notify.BuiltIn()
	require.NoError(t, err)
	d.hooks = hooks.New(hooks.Keys{Mail: ring, Seal: sealer, Image: sealer.Derive("image")}, texts, func() time.Time { return d.now })
	d.hooks.Bind(app)
	return d
}

// save makes a record of a collection and stores it.
func (d *desk) save(t testing.TB, collection string, values map[string]any) *core.Record {
	t.Helper()
	c, err := d.FindCollectionByNameOrId(collection)
	require.NoError(t, err)
	r := core.NewRecord(c)
	r.Load(values)
	require.NoError(t, d.Save(r))
	return r
}

func (d *desk) agent(t testing.TB, name, role string) *core.Record {
	return d.save(t, collections.Agents, map[string]any{"email": name + "@desk.test", "name": name, "role": role, "active": true, "password": "secret-12345", "verified": true})
}

func (d *desk) incident(t testing.TB, values map[string]any) *core.Record {
	v := map[string]any{"subject": "VPN drops", "impact": 4, "urgency": 3}
	for k, x := range values {
		v[k] = x
	}
	return d.save(t, collections.Tickets, v)
}

// as saves changes of a record in the name of an agent.
func (d *desk) as(agent *core.Record, r *core.Record, changes map[string]any) error {
	fresh, err := d.FindRecordById(r.Collection(), r.Id)
	if err != nil {
		return err
	}
	fresh.Load(changes)
	a := collections.AsAgent(agent)
	collections.SetStamp(fresh, collections.Stamp{Agent: a.Id, Name: a.Name(), Lead: a.Leads(), Source: collections.SourceAPI})
	return d.Save(fresh)
}

func TestTicketOpensWithNumberStateAndPriority(t *testing.T) {
	d := newDesk(t)
	r := d.incident(t, nil)
	got := collections.AsTicket(r)
	require.Equal(t, 1, got.Number())
	require.Equal(t, "INC-1", got.Key())
	require.Equal(t, "new", string(got.State()))
	require.Equal(t, 4, r.GetInt("priority"))
	require.Equal(t, 1, r.GetInt("version"))
	good, bad, finding, err := collections.VerifyChain(d)
	require.NoError(t, err)
	require.Zero(t, bad, finding)
	require.Positive(t, good)
}

func TestTwoStaleCopiesOfDifferentFieldsBothSurvive(t *testing.T) {
	d := newDesk(t)
	r := d.incident(t, nil)
	one, err := d.FindRecordById(collections.Tickets, r.Id)
	require.NoError(t, err)
	two, err := d.FindRecordById(collections.Tickets, r.Id)
	require.NoError(t, err)
	one.Set("subject", "Changed")
	two.Set("urgency", 1)
	require.NoError(t, d.Save(one))
	require.NoError(t, d.Save(two))
	got, err := d.FindRecordById(collections.Tickets, r.Id)
	require.NoError(t, err)
	require.Equal(t, "Changed", got.GetString("subject"))
	require.Equal(t, 1, got.GetInt("urgency"))
	require.Equal(t, 3, got.GetInt("version"))
}

func TestRefusedStepSaysWhatIsMissing(t *testing.T) {
	d := newDesk(t)
	sam := d.agent(t, "sam", "agent")
	r := d.incident(t, nil)
	err := d.as(sam, r, map[string]any{"state": "resolved"})
	require.Error(t, err)
	requireCode(t, err, "state", "incident_needs_resolution")
	require.NoError(t, d.as(sam, r, map[string]any{"state": "resolved", "resolution": "Restarted it", "resolution_code": "solved"}))
	got, err := d.FindRecordById(collections.Tickets, r.Id)
	require.NoError(t, err)
	require.Equal(t, sam.Id, got.GetString("assignee"), "who resolves it has it")
	require.False(t, got.GetDateTime("resolved_at").IsZero())
}

func requireCode(t testing.TB, err error, field, code string) {
	t.Helper()
	require.Equal(t, http.StatusBadRequest, errorStatus(err))
	require.Contains(t, errorData(err)[field], code)
}
