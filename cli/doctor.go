package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pocketbase/pocketbase/core"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/deskbell/deskbell/collections"
)

// checkWithin bounds the consistency check of doctor, which reads the whole
// database: a few hundred MB a second on a local disk (chosen).
const checkWithin = 60 * time.Second

func (p *Program) doctor() *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check everything and say what to do",
		Long:  "Check the data folder, disk, database, key, mailboxes, outgoing mail, clock and\npublic address, beside a running desk too, and print every setting with its home.",
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := readOptions(c.Flags())
			if err != nil {
				return &usageError{err.Error()}
			}
			return p.runDoctor(c.Context(), o, c.Flags())
		},
	}
	addFlags(c.Flags(), serveSettings())
	return c
}

func (p *Program) runDoctor(ctx context.Context, o Options, flags *pflag.FlagSet) error {
	p.Register()
	x := &examination{Program: p, ctx: ctx, options: o}
	x.run()
	fmt.Fprintln(p.Out)
	x.printSettings(flags)
	if x.app != nil {
		if err := x.app.ClearBootstrap(); err != nil {
			return fmt.Errorf("close the database: %w", err)
		}
	}
	if x.failed > 0 {
		return fmt.Errorf("%d of %d checks failed: do what stands after the arrows, then run doctor again", x.failed, x.total)
	}
	return nil
}

// examination is one run of doctor.
type examination struct {
	*Program
	ctx     context.Context
	options Options
	folder  *collections.Folder
	app     core.App // nil until the database has opened

	total, failed int
}

func (x *examination) run() {
	folder, err := collections.PeekFolder(x.options.folder())
	if err != nil {
		x.say(Finding{Failed, "data folder", err.Error(), "start the desk once, or name its folder with --dir"})
		return
	}
	x.folder = folder
	x.say(x.checkFolder())
	x.say(x.checkDisk())
	x.say(x.checkKey())
	held := x.checkServer()
	database := x.checkDatabase()
	x.say(database)
	if database.Grade == Failed {
		return
	}
	if err := x.open(); err != nil {
		x.say(Finding{Failed, "database", err.Error(), "read the sentence above; restore a backup if the file is damaged"})
		return
	}
	x.say(x.checkSchema(held))
	x.say(x.checkClock())
	x.say(x.checkPeople())
	x.say(x.checkPublicURL())
	if x.Mail != nil {
		for _, f := range x.Mail(x.ctx, x.app, x.folder) {
			x.say(f)
		}
	}
}

// say prints a finding at once: some checks take a while.
func (x *examination) say(f Finding) {
	x.total++
	word := "ok  "
	switch f.Grade {
	case Warned:
		word = "note"
	case Failed:
		word = "FAIL"
		x.failed++
	}
	fmt.Fprintf(x.Out, "%s  %-14s %s\n", word, f.Part, f.Text)
	if f.Do != "" && f.Grade != Fine {
		fmt.Fprintf(x.Out, "      → %s\n", f.Do)
	}
}

func (x *examination) checkFolder() Finding {
	dir := x.folder.Dir()
	info, err := os.Stat(dir)
	if err != nil {
		return Finding{Failed, "data folder", err.Error(), "give the folder to the account that runs deskbell"}
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Finding{Failed, "data folder", fmt.Sprintf("%s is open to other accounts (%04o)", dir, info.Mode().Perm()), "run: chmod 700 " + dir}
	}
	open := ""
	for _, name := range []string{"data.db", "auxiliary.db", "deskbell.json"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().Perm()&0o077 != 0 {
			open = name
		}
	}
	if open != "" {
		return Finding{Warned, "data folder", open + " is readable by other accounts, behind a closed folder", "run: chmod 600 " + filepath.Join(dir, open)}
	}
	return Finding{Fine, "data folder", dir + ", for this account only", ""}
}

func (x *examination) checkDisk() Finding {
	free, err := collections.FreeBytes(x.folder.Dir())
	if err != nil {
		return Finding{Failed, "disk", err.Error(), "look at the mount of the data folder"}
	}
	text := fmt.Sprintf("%s free, floor %s", size(free), size(x.options.DiskFloor))
	switch {
	case free < x.options.DiskFloor:
		return Finding{Failed, "disk", text + ": mail waits on its server", "free some space, or lower --disk-floor"}
	case free < 2*x.options.DiskFloor:
		return Finding{Warned, "disk", text, "free some space soon"}
	}
	return Finding{Fine, "disk", text, ""}
}

func (x *examination) checkKey() Finding {
	source := x.folder.KeySource()
	info, err := os.Stat(source)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		return Finding{Warned, "key", source + " fits, but other accounts may read it", "run: chmod 600 " + source}
	}
	if strings.HasPrefix(source, x.folder.Dir()+string(filepath.Separator)) {
		return Finding{Failed, "key", source + " lies inside the data folder, so every backup carries it", "move it out and name it with --key-file"}
	}
	return Finding{Fine, "key", "from " + source + ", fits the data", ""}
}

func (x *examination) checkDatabase() Finding {
	if err := x.folder.CheckAtStart(x.ctx); err != nil {
		return Finding{Failed, "database", err.Error(), "stop the desk and do as the sentence says"}
	}
	ctx, cancel := context.WithTimeout(x.ctx, checkWithin)
	defer cancel()
	finding, err := x.folder.CheckWhole(ctx)
	switch {
	case ctx.Err() != nil:
		return Finding{Warned, "database", fmt.Sprintf("no damage found in %s; the rest was not read", checkWithin), "run doctor while the desk is quiet"}
	case err != nil:
		return Finding{Failed, "database", err.Error(), "restore a backup: deskbell restore FILE --dir " + x.options.Dir}
	case finding != "":
		return Finding{Failed, "database", "damaged: " + finding, "restore a backup: deskbell restore FILE --dir " + x.options.Dir}
	}
	return Finding{Fine, "database", "opens, every page is sound", ""}
}

// open bootstraps a bare app: no hooks, no schema steps, so that it does no
// harm beside a running desk.
func (x *examination) open() error {
	if _, err := os.Stat(filepath.Join(x.folder.Dir(), core.LocalTempDirName)); err == nil {
		return fmt.Errorf("a backup is being made in %s: run doctor again when it is done", x.folder.Dir())
	}
	app, err := x.folder.NewApp()
	if err != nil {
		return err
	}
	if err := app.Bootstrap(); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	x.app = app
	return nil
}

func (x *examination) checkSchema(running bool) Finding {
	n, err := collections.Pending(x.app)
	switch {
	case err != nil:
		return Finding{Failed, "schema", err.Error(), "restore a backup"}
	case n > 0 && running:
		return Finding{Warned, "schema", fmt.Sprintf("the running desk is older than this program: %d steps to go", n), "make a backup, then restart the desk"}
	case n > 0:
		return Finding{Warned, "schema", fmt.Sprintf("%d steps to go", n), "make a backup, then start the desk: it runs them"}
	}
	return Finding{Fine, "schema", "up to date", ""}
}

func (x *examination) checkPeople() Finding {
	needed, err := collections.SetupNeeded(x.app)
	switch {
	case err != nil:
		return Finding{Warned, "administrator", "cannot be told before the schema stands", "start the desk once"}
	case needed:
		return Finding{Failed, "administrator", "nobody can sign in yet", "open /setup in a browser, or run: deskbell setup --help"}
	}
	return Finding{Fine, "administrator", "is set up", ""}
}

// printSettings lists every value with its home.
func (x *examination) printSettings(flags *pflag.FlagSet) {
	fmt.Fprintln(x.Out, "Settings")
	for _, s := range append(commonSettings(), serveSettings()...) {
		value, source := s.read(flags)
		x.printSetting(s.flag, value, source)
	}
	if x.folder != nil {
		x.printSetting("key", "(not shown)", x.folder.KeySource())
	}
	if x.app != nil {
		printRecord(x.Out, x.app)
	}
	for _, f := range x.Fixed {
		x.printSetting(f.Name, f.Value, "constant")
	}
}

func (p *Program) printSetting(name, value, home string) {
	if value == "" {
		value = "-"
	}
	fmt.Fprintf(p.Out, "  %-22s %-32s %s\n", name, value, home)
}

func printRecord(out io.Writer, app core.App) {
	s, err := collections.FindSettings(app)
	if err != nil {
		return // said by the check of the schema
	}
	for _, f := range s.Collection().Fields {
		name := f.GetName()
		if f.GetSystem() || name == "created" || name == "updated" {
			continue
		}
		value := s.GetString(name)
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(out, "  %-22s %-32s %s\n", name, value, "collection settings")
	}
}

func size(bytes uint64) string {
	if bytes >= 10<<30 {
		return fmt.Sprintf("%d GiB", bytes>>30)
	}
	return fmt.Sprintf("%d MiB", bytes>>20)
}
