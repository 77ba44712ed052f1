package cli

import (
	"errors"
	"fmt"

	"github.com/pocketbase/pocketbase/cmd"
	"github.com/pocketbase/pocketbase/core"
	"github.com/spf13/cobra"

	"github.com/deskbell/deskbell/collections"
)

// superuser offers PocketBase's own commands on an opened desk. They take
// their app when they are made, so each is made again once the desk is open.
func (p *Program) superuser() *cobra.Command {
	shape := cmd.NewSuperuserCommand(nil)
	shape.Short = "Manage superusers, who may open the dashboard /_/"
	for _, sub := range shape.Commands() {
		name := sub.Name()
		sub.Args = cobra.ArbitraryArgs
		sub.RunE = func(c *cobra.Command, args []string) error { return p.runSuperuser(c, name, args) }
	}
	shape.Args = p.unknown
	shape.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return shape
}

func (p *Program) runSuperuser(c *cobra.Command, name string, args []string) (err error) {
	o, err := readOptions(c.Flags())
	if err != nil {
		return &usageError{err.Error()}
	}
	s, err := p.Open(c.Context(), o, collections.NewSetupCode())
	if err != nil {
		return explainInUse(err, "A superuser can also be made in the running desk's dashboard at /_/")
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return runNamed(s.App, name, args, c)
}

func runNamed(app core.App, name string, args []string, shape *cobra.Command) error {
	for _, sub := range cmd.NewSuperuserCommand(app).Commands() {
		if sub.Name() == name {
			return sub.RunE(shape, args)
		}
	}
	return fmt.Errorf("there is no command superuser %s", name)
}
