package main

import (
	"embed"
	"io/fs"
)

// dist holds the built screens. A bare clone has none, and still builds.
//
//go:embed all:ui/dist
var dist embed.FS

// screens is the root of the built screens.
func screens() (fs.FS, error) { return fs.Sub(dist, "ui/dist") }
