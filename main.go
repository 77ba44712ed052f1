// Deskbell is an IT service desk in one executable.
package main

import (
	"os"

	"github.com/deskbell/deskbell/cli"
	"github.com/deskbell/deskbell/collections"
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
	}
	os.Exit(p.Run(os.Args[1:]))
}
