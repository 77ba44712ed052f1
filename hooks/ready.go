package hooks

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
)

// States of a part of the desk.
const (
	PartOK         = "ok"
	PartDegraded   = "degraded"   // works less well; the desk is ready all the same
	PartRebuilding = "rebuilding" // on its way back; the desk is ready all the same
	PartDown       = "down"       // the desk is not ready
)

// Part says how a part of the desk is.
type Part struct {
	State string `json:"state"`
	Note  string `json:"note,omitempty"` // for people, without addresses or secrets
}

// readyFor is how long an answer is given again: asking is open to everybody
// and must not cost a synced commit each time.
const readyFor = time.Second

// writeWithin bounds the test write; a database that takes longer is not
// ready.
const writeWithin = 2 * time.Second

// Readiness tells whether the desk can do its work right now.
type Readiness struct {
	app   core.App
	disk  Disk
	now   func() time.Time
	mu    sync.Mutex
	more  map[string]func(context.Context) Part
	asked time.Time
	last  map[string]Part
}

// NewReadiness watches the database and the disk of an app.
func NewReadiness(app core.App, disk Disk) *Readiness {
	return &Readiness{app: app, disk: disk, now: time.Now, more: map[string]func(context.Context) Part{}}
}

// Watch adds a part. The probe must answer at once.
func (r *Readiness) Watch(name string, probe func(context.Context) Part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.more[name] = probe
}

// Check returns the state of every part and whether the desk is ready.
func (r *Readiness) Check(ctx context.Context) (ready bool, parts map[string]Part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil || r.now().Sub(r.asked) >= readyFor {
		r.last = map[string]Part{"database": r.write(ctx), "disk": r.disk.part()}
		for name, probe := range r.more {
			r.last[name] = probe(ctx)
		}
		r.asked = r.now()
	}
	ready = true
	for _, p := range r.last {
		ready = ready && p.State != PartDown
	}
	return ready, r.last
}

// write counts up one row: a full disk or a broken file lets one read for a
// long time before anybody notices.
func (r *Readiness) write(ctx context.Context) Part {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer cancel()
	_, err := r.app.NonconcurrentDB().NewQuery("INSERT INTO _counters (name, value) VALUES ({:name}, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1").
		Bind(dbx.Params{"name": "ready"}).WithContext(ctx).Execute()
	if err != nil {
		return Part{PartDown, "the database cannot be written"}
	}
	return Part{State: PartOK}
}

// Disk is the space on which the data folder lives. Its zero value has no
// floor.
type Disk struct {
	Dir   string
	Floor uint64 // bytes that must stay free
}

// Low says whether less than the floor is left, so that intake must pause
// before the database fails (D5).
func (d Disk) Low() bool {
	free, err := collections.FreeBytes(d.Dir)
	return err == nil && free < d.Floor
}

// Room says why nothing may be stored now: the disk is below its floor.
func (d Disk) Room() error {
	if d.Low() {
		return fmt.Errorf("less than %d MiB are free in %s: mail waits on its server", d.Floor>>20, d.Dir)
	}
	return nil
}

func (d Disk) part() Part {
	free, err := collections.FreeBytes(d.Dir)
	switch {
	case err != nil:
		return Part{PartDown, "the data folder cannot be read"}
	case free < d.Floor:
		return Part{PartDown, fmt.Sprintf("%d MiB free, %d needed: mail waits on its server", free>>20, d.Floor>>20)}
	}
	return Part{State: PartOK}
}

// checkAfter is when the whole database is read after a start: late enough
// not to slow the first screens (chosen).
const checkAfter = 2 * time.Minute

// WatchDatabase reads the whole database once in the background and reports
// damage as a part that is down. The start itself looks for 300 ms only.
func WatchDatabase(app core.App, l *Lifecycle, r *Readiness) {
	l.Go(StageSchedulers, "database check", func(ctx context.Context) error {
		sleep(ctx, checkAfter)
		if ctx.Err() != nil {
			return nil
		}
		finding, err := collections.CheckDatabase(ctx, app)
		if err != nil {
			return err
		}
		if finding != "" {
			app.Logger().Error("database is damaged", "finding", finding)
			r.Watch("database pages", func(context.Context) Part { return Part{PartDown, "the database is damaged: restore a backup"} })
		}
		return nil
	})
}
