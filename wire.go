package main

import (
	"github.com/pocketbase/pocketbase/core"

	"github.com/deskbell/deskbell/cli"
	"github.com/deskbell/deskbell/collections"
)

// wire binds everything that acts on records and requests to an app that is
// not bootstrapped yet. It is the one place that knows all packages.
func wire(app core.App, folder *collections.Folder, o cli.Options, code *collections.SetupCode) error {
	return nil
}
