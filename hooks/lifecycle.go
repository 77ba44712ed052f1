package hooks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/hook"

	"github.com/deskbell/deskbell/faults"
)

// Stage is a step of the ordered stop. What takes work in stops before what
// works on it; the database closes after the last stage.
type Stage int

// The stages in the order in which they stop.
const (
	StageIntake     Stage = iota // mailbox watchers and listeners
	StageSchedulers              // periodic jobs and workers
	StageWeb                     // requests that are under way
	StageOutbox                  // the sender of mail
	StageIndex                   // the search index
	stages
)

// grace is how long a stage may take to stop; together 9 s of the 10 s that
// RELIABILITY-REQUIREMENTS.md allows.
var grace = [stages]time.Duration{2 * time.Second, 2 * time.Second, 3 * time.Second, time.Second, time.Second}

// Restart pauses of a goroutine that failed: 1 s, doubled up to a minute;
// whoever ran for five minutes starts over (chosen).
const (
	firstPause   = time.Second
	longestPause = time.Minute
	steady       = 5 * time.Minute
)

// Lifecycle starts what runs in the background and stops it in order.
type Lifecycle struct {
	app   core.App
	ctx   [stages]context.Context
	stop  [stages]context.CancelFunc
	run   [stages]sync.WaitGroup
	mu    sync.Mutex
	ends  [stages][]end
	over  bool
	pause func(ctx context.Context, d time.Duration) // replaced in tests
}

type end struct {
	name string
	stop func(context.Context) error
}

// NewLifecycle returns the lifecycle of an app and binds it to the app's end.
func NewLifecycle(app core.App) *Lifecycle {
	l := &Lifecycle{app: app, pause: sleep}
	for s := range stages {
		l.ctx[s], l.stop[s] = context.WithCancel(context.Background())
	}
	app.OnServe().Bind(&hook.Handler[*core.ServeEvent]{Id: "lifecycle.web", Func: func(e *core.ServeEvent) error {
		if e.Server != nil {
			l.OnStop(StageWeb, "web server", l.drain(e.Server))
		}
		return e.Next()
	}})
	app.OnTerminate().Bind(&hook.Handler[*core.TerminateEvent]{
		Id:       "lifecycle.stop",
		Priority: -99999, // before PocketBase cancels the requests that run
		Func: func(e *core.TerminateEvent) error {
			return errors.Join(l.Stop(), e.Next())
		},
	})
	return l
}

// Go runs a part in the background until its stage stops. A part that panics
// or fails is started again after a pause; one that returns nil is done. Its
// context ends when the stage stops, and it must return then.
func (l *Lifecycle) Go(stage Stage, name string, run func(context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	ctx := l.ctx[stage]
	l.run[stage].Go(func() { l.keep(ctx, name, run) })
}

// OnStop has stop called when the stage ends, in the reverse order of the
// calls. Its context ends with the stage's grace.
func (l *Lifecycle) OnStop(stage Stage, name string, stop func(context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends[stage] = append(l.ends[stage], end{name, stop})
}

// keep runs a part again and again until it is done or told to stop.
func (l *Lifecycle) keep(ctx context.Context, name string, run func(context.Context) error) {
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := recovered(ctx, run)
		if err == nil || ctx.Err() != nil {
			return
		}
		if time.Since(began) > steady {
			pause = firstPause
		}
		l.app.Logger().Error("background part failed", "part", name, "error", err, "restart_s", int(pause/time.Second))
		l.pause(ctx, pause)
		pause = min(2*pause, longestPause)
	}
}

func recovered(ctx context.Context, run func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return run(ctx)
}

// Stop ends every stage in order. A stage that does not end in its grace is
// left behind, and named in the error. Calling Stop again does nothing.
func (l *Lifecycle) Stop() error {
	l.mu.Lock()
	if l.over {
		l.mu.Unlock()
		return nil
	}
	l.over = true
	ends := l.ends
	l.mu.Unlock()
	var errs []error
	for s := range stages {
		errs = append(errs, l.stopStage(s, ends[s]))
	}
	return errors.Join(errs...)
}

func (l *Lifecycle) stopStage(s Stage, ends []end) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace[s])
	defer cancel()
	l.stop[s]()
	var errs []error
	if err := faults.At(faults.F30); err != nil {
		errs = append(errs, err)
	}
	for i := len(ends) - 1; i >= 0; i-- {
		if err := recovered(ctx, ends[i].stop); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", ends[i].name, err))
		}
	}
	done := make(chan struct{})
	go func() { l.run[s].Wait(); close(done) }()
	select {
	case <-done:
		return errors.Join(errs...)
	case <-ctx.Done():
	}
	select {
	case <-done:
	case <-time.After(lastLook):
		errs = append(errs, fmt.Errorf("a part of stage %d did not stop within %s", s, grace[s]))
	}
	return errors.Join(errs...)
}

// drainTime is how long requests that run may take to their answers; below
// the grace of the stage.
const drainTime = 2500 * time.Millisecond

// lastLook lets a part that ended with the grace itself be seen as ended.
const lastLook = 100 * time.Millisecond

// drain ends the live connections, which would never end by themselves, and
// lets the requests that run come to their answers.
func (l *Lifecycle) drain(server *http.Server) func(context.Context) error {
	return func(ctx context.Context) error {
		server.SetKeepAlivesEnabled(false)
		broker := l.app.SubscriptionsBroker()
		for _, chunk := range broker.ChunkedClients(300) {
			for _, c := range chunk {
				broker.Unregister(c.Id())
			}
		}
		deadline, cancel := context.WithTimeout(ctx, drainTime)
		defer cancel()
		if err := server.Shutdown(deadline); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		// What is still running loses its connection; nothing was acknowledged.
		// Nothing more is a connection on which nobody ever asked: Shutdown
		// waits 5 s for its first request.
		return server.Close()
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
