// Command bench measures a Deskbell executable as its users meet it: by HTTP,
// by server-sent events and by mail, on a fresh data folder. The limits of the
// machine are measured in the same run, because figures of a shared machine
// mean little without them.
//
//	go run ./bench -bin ./bin/deskbell -out bench/results [-quick]
//
// The mail servers of ../shared/mailserver are used where they are; what
// cannot be measured is said and left out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "./bin/deskbell", "the executable to measure")
	flag.StringVar(&o.out, "out", "bench/results", "folder for results.txt and results.json")
	flag.StringVar(&o.screens, "screens", "ui/dist", "folder of the built screens")
	flag.StringVar(&o.only, "only", "", "parts to run, of machine,screens,start,20k,mail,100k (default: all)")
	flag.BoolVar(&o.quick, "quick", false, "a tenth of the work: 2 000 tickets, 500 mails")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	bin, out, screens, only string
	quick                   bool
}

// bench is one run.
type bench struct {
	options
	report *report
	work   string // holds every data folder of the run
}

// n is the full amount of something, or a tenth of it.
func (b *bench) n(full int) int {
	if b.quick {
		return max(full/10, 1)
	}
	return full
}

func (b *bench) wants(part string) bool {
	return b.only == "" || strings.Contains(","+b.only+",", ","+part+",")
}

// say prints progress.
func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

func run(ctx context.Context, o options) (err error) {
	if _, err := os.Stat(o.bin); err != nil {
		return fmt.Errorf("the executable is missing (%w): build it with make build, or name it with -bin", err)
	}
	work, err := os.MkdirTemp("", "deskbell-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	b := &bench{options: o, report: newReport(), work: work}
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"machine", b.machine},
		{"screens", b.measureScreens},
		{"start", b.emptyDesk},
		{"20k", func(ctx context.Context) error { return b.filledDesk(ctx, 20_000) }},
		{"mail", b.mails},
		{"100k", func(ctx context.Context) error { return b.filledDesk(ctx, 100_000) }},
	} {
		if !b.wants(part.name) || ctx.Err() != nil {
			continue
		}
		if err := part.do(ctx); err != nil && ctx.Err() == nil {
			b.report.skip(part.name, err)
			b.say("%s: %v", part.name, err)
		}
	}
	if err := b.report.write(o.out); err != nil {
		return err
	}
	fmt.Print(b.report.text())
	return ctx.Err()
}
