package hooks_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tests"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/hooks"
)

func bareApp(t *testing.T) *tests.TestApp {
	t.Helper()
	collections.Register()
	app, err := tests.NewTestAppWithConfig(core.BaseAppConfig{DataDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(app.Cleanup)
	return app
}

// notebook remembers in which order things happened.
type notebook struct {
	mu    sync.Mutex
	lines []string
}

func (n *notebook) write(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
}

func TestPartsStopInOrder(t *testing.T) {
	app := bareApp(t)
	life := hooks.NewLifecycle(app)
	var seen notebook
	var running sync.WaitGroup
	part := func(name string) func(context.Context) error {
		running.Add(1)
		return func(ctx context.Context) error {
			running.Done()
			<-ctx.Done()
			seen.write(name)
			return nil
		}
	}
	life.Go(hooks.StageIndex, "index", part("index"))
	life.Go(hooks.StageOutbox, "outbox", part("outbox"))
	life.Go(hooks.StageIntake, "intake", part("intake"))
	life.Go(hooks.StageSchedulers, "scheduler", part("scheduler"))
	life.OnStop(hooks.StageWeb, "web", func(context.Context) error { seen.write("web"); return nil })
	running.Wait()
	require.NoError(t, life.Stop())
	assert.Equal(t, []string{"intake", "scheduler", "web", "outbox", "index"}, seen.lines)
	require.NoError(t, life.Stop(), "again is harmless")
}

func TestAPartThatFailsIsStartedAgain(t *testing.T) {
	app := bareApp(t)
	synctest.Test(t, func(t *testing.T) {
		life := hooks.NewLifecycle(app)
		var at []time.Duration
		begin := time.Now()
		done := make(chan struct{})
		life.Go(hooks.StageIntake, "shaky", func(context.Context) error {
			at = append(at, time.Since(begin))
			switch len(at) {
			case 1:
				panic("no such mailbox")
			case 2:
				return errors.New("server gone")
			}
			close(done)
			return nil
		})
		<-done
		assert.Equal(t, []time.Duration{0, time.Second, 3 * time.Second}, at, "the pause doubles")
		require.NoError(t, life.Stop())
	})
}

func TestAPartThatHangsDoesNotHoldTheStopForEver(t *testing.T) {
	app := bareApp(t)
	synctest.Test(t, func(t *testing.T) {
		life := hooks.NewLifecycle(app)
		release := make(chan struct{})
		defer close(release)
		for s := range hooks.StageIndex + 1 {
			life.Go(s, "deaf", func(context.Context) error { <-release; return nil })
		}
		synctest.Wait() // all have begun
		start := time.Now()
		require.Error(t, life.Stop())
		assert.Less(t, time.Since(start), 10*time.Second)
	})
}

func TestNothingStartsAfterTheStop(t *testing.T) {
	life := hooks.NewLifecycle(bareApp(t))
	require.NoError(t, life.Stop())
	life.Go(hooks.StageIntake, "late", func(context.Context) error { t.Error("started"); return nil })
}

func TestReadinessWritesAndNamesItsParts(t *testing.T) {
	app := bareApp(t)
	count := func() (n int) {
		require.NoError(t, app.DB().NewQuery("SELECT coalesce(sum(value), 0) FROM _counters WHERE name = 'ready'").Row(&n))
		return n
	}
	r := hooks.NewReadiness(app, hooks.Disk{Dir: app.DataDir()})
	ok, parts := r.Check(t.Context())
	assert.True(t, ok)
	assert.Equal(t, hooks.PartOK, parts["database"].State)
	assert.Equal(t, hooks.PartOK, parts["disk"].State)
	assert.Equal(t, 1, count())
	r.Check(t.Context())
	assert.Equal(t, 1, count(), "an answer is given again for a second")
}

func TestReadinessSeesAFullDiskAndALockedDatabase(t *testing.T) {
	app := bareApp(t)
	full := hooks.Disk{Dir: app.DataDir(), Floor: 1 << 62}
	assert.True(t, full.Low())
	ok, parts := hooks.NewReadiness(app, full).Check(t.Context())
	assert.False(t, ok)
	assert.Equal(t, hooks.PartDown, parts["disk"].State)

	err := app.RunInTransaction(func(core.App) error { // somebody holds the one writer
		ok, parts = hooks.NewReadiness(app, hooks.Disk{Dir: app.DataDir()}).Check(t.Context())
		return nil
	})
	require.NoError(t, err)
	assert.False(t, ok)
	assert.Equal(t, hooks.PartDown, parts["database"].State)
}

func TestADegradedPartLeavesTheDeskReady(t *testing.T) {
	app := bareApp(t)
	states := []string{hooks.PartDegraded, hooks.PartRebuilding, hooks.PartOK}
	for _, state := range append(slices.Clone(states), hooks.PartDown) {
		r := hooks.NewReadiness(app, hooks.Disk{Dir: app.DataDir()})
		r.Watch("mailbox", func(context.Context) hooks.Part { return hooks.Part{State: state} })
		ok, _ := r.Check(t.Context())
		assert.Equal(t, slices.Contains(states, state), ok, state)
	}
}
