package main

import (
	"context"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/api"
	"github.com/deskbell/deskbell/cli"
	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/hooks"
)

// wire binds everything that acts on records and requests to an app that is
// not bootstrapped yet. It is the one place that knows all packages.
func wire(app core.App, folder *collections.Folder, o cli.Options, code *collections.SetupCode) error {
	sessions := collections.NewSessions()
	life := hooks.NewLifecycle(app)
	ready := hooks.NewReadiness(app, hooks.Disk{Dir: folder.Dir(), Floor: o.DiskFloor})
	hooks.Harden(app, hooks.Hardening{Sessions: sessions, Now: time.Now})

	built, err := screens()
	if err != nil {
		return err
	}
	pages, err := api.NewScreens(built)
	if err != nil {
		return err
	}
	house := api.House{
		Code:    code,
		Screens: pages,
		Ready:   func(ctx context.Context) (bool, any) { return ready.Check(ctx) },
		EndSession: func(app core.App, auth *core.Record, token string) error {
			return hooks.EndSession(app, sessions, auth, token)
		},
	}
	app.OnServe().BindFunc(func(e *core.ServeEvent) error {
		hooks.WatchDatabase(e.App, life, ready)
		house.Bind(e)
		return e.Next()
	})
	return nil
}
