package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
)

// Session is an opened desk: the folder locked, the schema in place. Commands
// that write get one from [Program.Open].
type Session struct {
	App     core.App
	Folder  *collections.Folder
	Options Options
	Fresh   bool // this start made the desk
}

// Open locks and checks the data folder, wires the program and brings the
// schema up to date. The caller must call [Session.Close].
func (p *Program) Open(ctx context.Context, o Options, code *collections.SetupCode) (*Session, error) {
	p.Register()
	folder, err := collections.OpenFolder(o.folder())
	if err != nil {
		return nil, err
	}
	s := &Session{Folder: folder, Options: o, Fresh: folder.Fresh()}
	if err := s.start(ctx, p, code); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Session) start(ctx context.Context, p *Program, code *collections.SetupCode) error {
	if err := s.Folder.CheckAtStart(ctx); err != nil {
		return err
	}
	app, err := s.Folder.NewApp()
	if err != nil {
		return err
	}
	if err := p.Wire(app, s.Folder, s.Options, code); err != nil {
		return fmt.Errorf("assemble the program: %w", err)
	}
	s.App = app
	if err := app.Bootstrap(); err != nil {
		return fmt.Errorf("open the data in %s: %w", s.Folder.Dir(), err)
	}
	if err := app.RunAllMigrations(); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return s.Folder.Complete()
}

// Close stops what runs, closes the database and gives the folder back.
func (s *Session) Close() error {
	defer s.Folder.Close()
	if s.App == nil {
		return nil
	}
	event := &core.TerminateEvent{}
	event.App = s.App
	err := s.App.OnTerminate().Trigger(event, func(e *core.TerminateEvent) error {
		return e.App.ClearBootstrap()
	})
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}

// explainInUse adds to the refusal of a held folder what a command that
// writes can be replaced by.
func explainInUse(err error, instead string) error {
	var held *collections.InUse
	if !errors.As(err, &held) {
		return err
	}
	return fmt.Errorf("%w. %s", err, instead)
}
