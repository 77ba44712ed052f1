package hooks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-co-op/gocron/v2"
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/itil"
)

// job is one periodic job of the desk.
type job struct {
	name  string
	every time.Duration
	do    func(app core.App, now time.Time) error
}

// jobs is everything that the desk does by the clock. Each looks for what is
// due, so that a machine that slept does it once and late, not twice.
func (d *Desk) jobs() []job {
	return []job{
		{"wake held tickets", time.Minute, d.wakeHeld},
		{"close resolved tickets", 10 * time.Minute, d.closeResolved},
	}
}

// RunJobs runs every job once.
func (d *Desk) RunJobs(app core.App) error {
	var errs []error
	for _, j := range d.jobs() {
		if err := j.do(app, d.now().UTC()); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", j.name, err))
		}
	}
	return errors.Join(errs...)
}

// Schedule runs the jobs until ctx ends.
func (d *Desk) Schedule(app core.App) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		s, err := gocron.NewScheduler(gocron.WithLocation(time.UTC), gocron.WithStopTimeout(time.Second))
		if err != nil {
			return fmt.Errorf("scheduler: %w", err)
		}
		for _, j := range d.jobs() {
			_, err := s.NewJob(gocron.DurationJob(j.every), gocron.NewTask(func() {
				if err := recovered(ctx, func(context.Context) error { return j.do(app, d.now().UTC()) }); err != nil {
					app.Logger().Error("job failed", "job", j.name, "error", err)
				}
			}), gocron.WithName(j.name), gocron.WithSingletonMode(gocron.LimitModeReschedule), gocron.JobOption(gocron.WithStartImmediately()))
			if err != nil {
				return errors.Join(fmt.Errorf("job %s: %w", j.name, err), s.Shutdown())
			}
		}
		s.Start()
		<-ctx.Done()
		return s.Shutdown()
	}
}

// wakeHeld takes tickets out of hold whose time has come.
func (d *Desk) wakeHeld(app core.App, now time.Time) error {
	return d.each(app, now, collections.HeldUntil, func(t collections.Ticket) {
		if t.Assignee() != "" {
			t.SetState(itil.InProgress)
		} else {
			t.SetState(itil.Assigned)
		}
	})
}

// closeResolved closes what was resolved and not reopened in time.
func (d *Desk) closeResolved(app core.App, now time.Time) error {
	return d.each(app, now, collections.ResolvedLongAgo, func(t collections.Ticket) { t.SetState(itil.Closed) })
}

// each changes every ticket that is due, each in a transaction of its own, and
// goes on past one that refuses.
func (d *Desk) each(app core.App, now time.Time, due func(core.App, time.Time) ([]string, error), change func(collections.Ticket)) error {
	ids, err := due(app, now)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range ids {
		err := app.RunInTransaction(func(tx core.App) error {
			row, err := tx.FindRecordById(collections.Tickets, id)
			if err != nil {
				return err
			}
			change(collections.AsTicket(row))
			collections.SetStamp(row, collections.Stamp{Source: collections.SourceJob, Name: "Deskbell", At: now})
			return tx.Save(row)
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("ticket %s: %w", id, err))
		}
	}
	return errors.Join(errs...)
}
