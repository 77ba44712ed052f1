package main

import (
	"context"
	"fmt"
	"time"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/api"
	"github.com/deskbell/deskbell/cli"
	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/hooks"
	"github.com/deskbell/deskbell/itil"
	"github.com/deskbell/deskbell/mail"
	"github.com/deskbell/deskbell/notify"
)

// wire binds everything that acts on records and requests to an app that is
// not bootstrapped yet. It is the one place that knows all packages.
func wire(app core.App, folder *collections.Folder, o cli.Options, code *collections.SetupCode) error {
	desk, err := newDesk(folder.Sealer())
	if err != nil {
		return err
	}
	desk.Bind(app)
	sessions := collections.NewSessions()
	life := hooks.NewLifecycle(app)
	disk := hooks.Disk{Dir: folder.Dir(), Floor: o.DiskFloor}
	ready := hooks.NewReadiness(app, disk)
	hooks.Harden(app, hooks.Hardening{Sessions: sessions, Now: time.Now})

	built, err := screens()
	if err != nil {
		return err
	}
	pages, err := api.NewScreens(built)
	if err != nil {
		return err
	}
	mails := desk.NewMails(app, collections.NewVault(folder.Dir(), disk.Room))
	house := api.House{
		Code:    code,
		Screens: pages,
		Ready:   func(ctx context.Context) (bool, any) { return ready.Check(ctx) },
		EndSession: func(app core.App, auth *core.Record, token string) error {
			return hooks.EndSession(app, sessions, auth, token)
		},
	}
	routes := api.Desk{
		Steps: func(e *core.RequestEvent, t collections.Ticket) ([]itil.Step, error) {
			return desk.StepsOf(e.App, t, hooks.StampOf(e))
		},
		Stamp:  hooks.StampOf,
		Vault:  mails.Vault,
		Retry:  desk.Retry,
		Images: api.NewImages(),
	}
	boxes := api.Mailboxes{
		Status: func() any { return mails.Watchers.Status() },
		Test:   mails.Test,
	}
	app.OnServe().BindFunc(func(e *core.ServeEvent) error {
		e.Router.BindFunc(hooks.GuardQueries)
		e.Router.BindFunc(hooks.FillPasswords)
		e.Router.BindFunc(hooks.NoteNulls)
		hooks.WatchDatabase(e.App, life, ready)
		routes.Bind(e)
		boxes.Bind(e)
		house.Bind(e)
		if err := mails.Start(life, hooks.Listeners{SMTP: o.SMTPListen, LMTP: o.LMTPListen}); err != nil {
			return err
		}
		mails.Watch(ready)
		life.Go(hooks.StageSchedulers, "schedule", desk.Schedule(e.App))
		return e.Next()
	})
	return nil
}

// newDesk makes the rules of a desk with the keys that its folder's key gives.
func newDesk(sealer *collections.Sealer) (*hooks.Desk, error) {
	ring, err := mail.NewKeyring(mail.Key{Version: 1, Secret: sealer.Derive("mail")})
	if err != nil {
		return nil, fmt.Errorf("keys of mail: %w", err)
	}
	texts, err := notify.BuiltIn()
	if err != nil {
		return nil, err
	}
	return hooks.New(hooks.Keys{Mail: ring, Seal: sealer, Image: sealer.Derive("image")}, texts, time.Now), nil
}
