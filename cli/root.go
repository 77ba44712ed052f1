package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/pocketbase/pocketbase/core"
	"github.com/spf13/cobra"

	"github.com/deskbell/deskbell/collections"
)

// Program is what main assembles for the commands.
type Program struct {
	Version string
	Commit  string
	Out     io.Writer // where commands print
	Err     io.Writer // where the sentence of a failure goes

	// Register adds the desk's schema steps to PocketBase's list.
	Register func()
	// Wire binds hooks and routes to an app that is not bootstrapped yet.
	Wire func(app core.App, folder *collections.Folder, o Options, code *collections.SetupCode) error
	// Mail is asked by doctor about mailboxes and outgoing mail; may be nil.
	Mail func(ctx context.Context, app core.App, folder *collections.Folder) []Finding
	// Fixed are values that nobody sets; doctor prints them with the rest.
	Fixed []Fixed
	// More are commands that live elsewhere.
	More []func(*Program) *cobra.Command
}

// ErrQuiet marks a failure that the command has explained already.
var ErrQuiet = errors.New("failed")

// Run executes the command line and returns the exit code: 0 done, 1 failed,
// 2 not understood.
func (p *Program) Run(args []string) int {
	// Everything that is written from here on belongs to this account alone
	// (SECURITY-REQUIREMENTS K1); SQLite and attachments included.
	syscall.Umask(0o077)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	root := p.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var misuse *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &misuse):
		fmt.Fprintln(p.Err, "deskbell:", err)
		return 2
	case !errors.Is(err, ErrQuiet):
		fmt.Fprintln(p.Err, "deskbell:", err)
	}
	return 1
}

// usageError is a command line that was not understood.
type usageError struct{ sentence string }

func (e *usageError) Error() string { return e.sentence }

func (p *Program) root() *cobra.Command {
	root := &cobra.Command{
		Use:               "deskbell",
		Short:             "An IT service desk in one file",
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              p.unknown,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &usageError{fmt.Sprintf("%v: see %s --help", err, c.CommandPath())}
	})
	addFlags(root.PersistentFlags(), commonSettings())
	root.AddCommand(p.serve(), p.setup(), p.doctor(), p.ready(), p.demo(), p.version(), p.superuser())
	for _, more := range p.More {
		root.AddCommand(more(p))
	}
	root.SetHelpCommand(&cobra.Command{Use: "help", Hidden: true, RunE: func(c *cobra.Command, args []string) error {
		target, _, err := root.Find(args)
		if err != nil {
			return p.unknown(root, args)
		}
		return target.Help()
	}})
	refuseArguments(root)
	return root
}

// unknown refuses a word that names no command.
func (p *Program) unknown(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	sentence := fmt.Sprintf("there is no command %q", args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		sentence += fmt.Sprintf(" (did you mean %s?)", strings.Join(near, " or "))
	}
	return &usageError{sentence + ": see deskbell --help"}
}

// refuseArguments gives every command without a rule of its own the rule that
// it takes no words.
func refuseArguments(c *cobra.Command) {
	for _, sub := range c.Commands() {
		if sub.Args == nil && !sub.HasSubCommands() {
			sub.Args = func(c *cobra.Command, args []string) error {
				if len(args) == 0 {
					return nil
				}
				return &usageError{fmt.Sprintf("%s takes no argument %q: see %s --help", c.CommandPath(), args[0], c.CommandPath())}
			}
		}
		refuseArguments(sub)
	}
}
