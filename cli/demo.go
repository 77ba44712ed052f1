package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/deskbell/deskbell/cli/demo"
	"github.com/deskbell/deskbell/collections"
)

func (p *Program) demo() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Fill the desk with sample data",
		Long:  "Fill the desk with teams, people, services and 300 tickets with conversations\nover 90 days. They are marked as demo in the audit chain, and no mail is sent.",
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := readOptions(c.Flags())
			if err != nil {
				return &usageError{err.Error()}
			}
			return p.runDemo(c.Context(), o)
		},
	}
}

func (p *Program) runDemo(ctx context.Context, o Options) (err error) {
	s, err := p.Open(ctx, o, collections.NewSetupCode())
	if err != nil {
		return explainInUse(err, "Stop the desk for a moment, run demo, and start it again")
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if filled, err := demo.Filled(s.App); err != nil || filled {
		return errors.Join(err, errIf(filled, "this desk holds the sample data already"))
	}
	last := -1
	n, err := demo.Fill(ctx, s.App, time.Now(), func(done, total int) {
		if percent := done * 100 / total; percent/5 != last {
			last = percent / 5
			fmt.Fprintf(p.Out, "\rFilling the desk… %d %%", percent)
		}
	})
	fmt.Fprintln(p.Out)
	if err != nil {
		return fmt.Errorf("fill the desk: %w", err)
	}
	fmt.Fprintf(p.Out, "The desk now holds %d tickets. Start it with: deskbell serve --dir %s\n", n, o.Dir)
	if needed, err := collections.SetupNeeded(s.App); err == nil && needed {
		fmt.Fprintf(p.Out, "It has no administrator yet; serve prints the code for the first one.\n")
	}
	return nil
}

func errIf(cond bool, sentence string) error {
	if cond {
		return errors.New(sentence)
	}
	return nil
}
