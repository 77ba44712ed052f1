package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/itil"
)

type setupFlags struct {
	email, password, passwordFile, name, org, url, language string
}

func (p *Program) setup() *cobra.Command {
	var f setupFlags
	c := &cobra.Command{
		Use:   "setup",
		Short: "Make the first administrator without a browser",
		Long:  "Make the first administrator, an agent of role admin and a superuser in one,\nand name the organisation and the public address of the desk.",
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := readOptions(c.Flags())
			if err != nil {
				return &usageError{err.Error()}
			}
			return p.runSetup(c.Context(), o, f)
		},
	}
	c.Flags().StringVar(&f.email, "admin-email", "", "mail address of the administrator")
	c.Flags().StringVar(&f.password, "admin-password", "", "password; other accounts on the machine may see it, so better a file")
	c.Flags().StringVar(&f.passwordFile, "admin-password-file", "", "file with the password on its first line; - reads it from standard input")
	c.Flags().StringVar(&f.name, "admin-name", "", "full name of the administrator")
	c.Flags().StringVar(&f.org, "org", "", "name of the organisation")
	c.Flags().StringVar(&f.url, "url", "", "public address of the desk, for example https://desk.example.com")
	c.Flags().StringVar(&f.language, "language", "", "language of mails to people who have none: en or zh")
	return c
}

func (p *Program) runSetup(ctx context.Context, o Options, f setupFlags) (err error) {
	run, err := f.answers()
	if err != nil {
		return err
	}
	s, err := p.Open(ctx, o, collections.NewSetupCode())
	if err != nil {
		return explainInUse(err, "Or finish the setup in the browser at /setup, with the code that serve printed")
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := run.Save(s.App); err != nil {
		return sentence(err)
	}
	fmt.Fprintf(p.Out, "%s is administrator of the desk in %s. Start it with: deskbell serve --dir %s\n", run.Email, s.Folder.Dir(), o.Dir)
	if s.Fresh {
		fmt.Fprintf(p.Out, "The key that seals passwords is in %s. Keep a copy of it apart from the backups.\n", s.Folder.KeySource())
	}
	return nil
}

func (f setupFlags) answers() (collections.FirstRun, error) {
	if f.email == "" || (f.password == "") == (f.passwordFile == "") {
		return collections.FirstRun{}, &usageError{"setup needs --admin-email and either --admin-password or --admin-password-file: see deskbell setup --help"}
	}
	password := f.password
	if f.passwordFile != "" {
		var err error
		if password, err = readPassword(f.passwordFile); err != nil {
			return collections.FirstRun{}, err
		}
	}
	run := collections.FirstRun{Name: f.name, Email: f.email, Password: password, Organization: f.org, URL: f.url, Language: f.language}
	return run, sentence(run.Check())
}

func readPassword(path string) (string, error) {
	name := path
	if path == "-" {
		name = "/dev/stdin"
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("the password file %s cannot be read: %w", path, err)
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	return strings.TrimRight(line, "\r"), nil
}

// sentence turns a refusal into its text for the terminal.
func sentence(err error) error {
	var refused *itil.Refusal
	switch {
	case errors.As(err, &refused):
		return errors.New(refused.Message)
	case errors.Is(err, collections.ErrSetUp):
		return errors.New("this desk has an administrator already: sign in at /, or reset a superuser with: deskbell superuser upsert EMAIL PASSWORD")
	}
	return err
}
