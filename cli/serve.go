package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/spf13/cobra"

	"github.com/deskbell/deskbell/collections"
)

func (p *Program) serve() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the desk",
		RunE: func(c *cobra.Command, _ []string) error {
			o, err := readOptions(c.Flags())
			if err != nil {
				return &usageError{err.Error()}
			}
			return p.runServe(c.Context(), o)
		},
	}
	addFlags(c.Flags(), serveSettings())
	return c
}

// The garbage collector of a desk. The live heap is some 15 MB, so letting it
// grow to three times its size costs 15 MB and saves a tenth of the processor
// (measured with make bench); near the bound it collects as often as it must.
const (
	heapGrowth = 200       // percent
	heapBound  = 200 << 20 // bytes; below the 250 MB that a desk under load may take
)

// setCollector gives the collector these bounds where the environment names
// none.
func setCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapBound)
	}
}

func (p *Program) runServe(ctx context.Context, o Options) (err error) {
	setCollector()
	listener, err := listen(o.HTTP)
	if err != nil {
		return err
	}
	code := collections.NewSetupCode()
	s, err := p.Open(ctx, o, code)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, s.Close()) }()

	served := make(chan error, 1)
	ready := p.announce(s, code)
	s.App.OnServe().BindFunc(func(e *core.ServeEvent) error {
		e.Listener = listener
		if err := e.Next(); err != nil {
			return err
		}
		return ready(listener.Addr().String())
	})
	go func() { served <- serveWeb(s.App, o.HTTP) }()
	select {
	case <-ctx.Done():
		fmt.Fprintln(p.Out, "Stopping…")
		time.AfterFunc(stopWithin, p.giveUp)
		return nil
	case err := <-served:
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	}
}

// stopWithin is how long an ordered stop may take. What is still going on then
// was never acknowledged.
//
// Source: RELIABILITY-REQUIREMENTS.md, Stop
const stopWithin = 10 * time.Second

func (p *Program) giveUp() {
	fmt.Fprintf(p.Err, "deskbell: some part did not stop within %s and was cut off; nothing that was acknowledged is lost\n", stopWithin)
	os.Exit(1)
}

// serveWeb runs the web server to its end. A route that cannot be bound
// panics in the standard library; that is an error like any other.
func serveWeb(app core.App, address string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("start the web server: %v", r)
		}
	}()
	return apis.Serve(app, apis.ServeConfig{HttpAddr: address, AllowedOrigins: []string{noOrigin}})
}

// noOrigin is given to PocketBase where nothing would mean every origin. The
// hooks take its answers to foreign pages away altogether; not even "null",
// which every sandboxed frame is, may be granted.
//
// Source: RFC 2606 §2 (.invalid)
const noOrigin = "https://origin.invalid"

// announce prints where to go, and on a desk without an administrator the
// one-time code: here and nowhere else.
func (p *Program) announce(s *Session, code *collections.SetupCode) func(address string) error {
	return func(address string) error {
		fmt.Fprintf(p.Out, "Deskbell %s is running at http://%s (data in %s)\n", p.Version, browsable(address), s.Folder.Dir())
		needed, err := collections.SetupNeeded(s.App)
		if err != nil || !needed {
			return err
		}
		fmt.Fprintf(p.Out, "\nThis desk has no administrator yet. Open http://%s/setup and enter this code,\nwhich works once and for %d minutes:\n\n    %s\n\n",
			browsable(address), int(collections.SetupCodeLife/time.Minute), code.Issue(time.Now()))
		fmt.Fprintf(p.Out, "The key that seals passwords is in %s. Keep a copy of it apart from the backups.\n", s.Folder.KeySource())
		return nil
	}
}

// browsable turns the address of a listener on all interfaces into one that a
// browser on this machine can open.
func browsable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// listen takes the address first: a wrong one must not leave a half-made data
// folder behind.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the address %s is taken by another program: choose another with --http, for example --http 127.0.0.1:8091", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this account may not listen on %s: choose a port above 1023 with --http", address)
	default:
		return nil, fmt.Errorf("cannot listen on %q (%w): write --http like 127.0.0.1:8090", address, err)
	}
}
