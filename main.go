// Deskbell is an IT service desk in one executable.
package main

import (
	"os"
	_ "time/tzdata" // zones are known on machines without a zone database

	"github.com/deskbell/deskbell/cli"
	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/hooks"
)

// version and commit are stamped by the linker; see the Makefile.
var version, commit = "dev", "unknown"

func main() {
	p := &cli.Program{
		Version:  version,
		Commit:   commit,
		Out:      os.Stdout,
		Err:      os.Stderr,
		Register: collections.Register,
		Wire:     wire,
		Mail:     examineMail,
	}
	for _, c := range hooks.Constants() {
		p.Fixed = append(p.Fixed, cli.Fixed{Name: c.Name, Value: c.Value})
	}
	os.Exit(p.Run(os.Args[1:]))
}
