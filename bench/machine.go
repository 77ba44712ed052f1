package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/deskbell/deskbell/collections"
)

// machine measures what the machine itself can do, which bounds every product
// on it.
func (b *bench) machine(ctx context.Context) error {
	syncs, err := b.fsyncs(ctx)
	if err != nil {
		return err
	}
	b.report.add(measure{Name: "machine: fsync of 4 KiB", Figure: syncs, Unit: "/s"})
	commits, err := b.commits(ctx)
	if err != nil {
		return err
	}
	b.report.add(measure{Name: "machine: bare SQLite commits, synchronous FULL", Figure: commits, Unit: "/s"})
	requests, err := b.requests(ctx)
	if err != nil {
		return err
	}
	b.report.add(measure{Name: "machine: trivial HTTP requests, 8 clients", Figure: requests, Unit: "/s"})
	return nil
}

func (b *bench) span() time.Duration { return time.Duration(b.n(3000)) * time.Millisecond }

func (b *bench) fsyncs(ctx context.Context) (float64, error) {
	f, err := os.Create(filepath.Join(b.work, "fsync"))
	if err != nil {
		return 0, err
	}
	defer f.Close() // thrown away
	page := make([]byte, 4096)
	return many(ctx, 1, b.span(), func(int, int) error {
		if _, err := f.Write(page); err != nil {
			return err
		}
		return f.Sync()
	})
}

// commits writes single rows with the product's driver and settings.
func (b *bench) commits(ctx context.Context) (float64, error) {
	dir, err := os.MkdirTemp(b.work, "commits-")
	if err != nil {
		return 0, err
	}
	db, err := collections.Connect(filepath.Join(dir, "data.db"))
	if err != nil {
		return 0, err
	}
	defer db.Close() // thrown away
	if _, err := db.NewQuery("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)").Execute(); err != nil {
		return 0, err
	}
	row := strings.Repeat("x", 500)
	return many(ctx, 1, b.span(), func(int, int) error {
		_, err := db.DB().ExecContext(ctx, "INSERT INTO t (v) VALUES (?)", row)
		return err
	})
}

func (b *bench) requests(ctx context.Context) (float64, error) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "{}") // the client counts
	}))
	defer server.Close()
	c := newAPI(server.URL)
	return many(ctx, 8, b.span(), func(int, int) error { return c.call(ctx, http.MethodGet, "/", nil, nil) })
}
