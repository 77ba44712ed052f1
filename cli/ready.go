package cli

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

// ready is the health check of containers, which have no other program.
func (p *Program) ready() *cobra.Command {
	c := &cobra.Command{
		Use:   "ready",
		Short: "Ask the running desk whether it is ready",
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := readOptions(c.Flags())
			if err != nil {
				return &usageError{err.Error()}
			}
			x := &examination{Program: p, ctx: c.Context(), options: o}
			status, _, err := x.ask("http://" + browsable(o.HTTP))
			if err != nil {
				return fmt.Errorf("no desk answers at %s: start it, or name its address with --http", browsable(o.HTTP))
			}
			if status != http.StatusOK {
				return fmt.Errorf("the desk at %s is not ready (%d): deskbell doctor says why", browsable(o.HTTP), status)
			}
			_, err = fmt.Fprintln(p.Out, "ready")
			return err
		},
	}
	addFlags(c.Flags(), serveSettings()[:1])
	return c
}
