// Run kills, cuts and starves the real executable and checks what it leaves:
//
//	go run ./faults/run [--quick] [--only R1-F10,R5] [--out faults/results]
//
// It builds the desk with fault points, gives it mail servers that keep a log
// of their own, and verifies the invariants of RELIABILITY-REQUIREMENTS after
// every kill and at the end of every run. The exit code is 1 on any finding.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// scenario is one run. An error means that the run itself could not go on.
type scenario struct {
	name string
	play func(*run) error
}

type options struct {
	quick     bool
	only      string
	out       string
	seed      uint64
	lanes     int
	kills     int
	keepTrack io.Writer
}

func main() {
	o := options{keepTrack: os.Stdout}
	flag.BoolVar(&o.quick, "quick", false, "the short form, at most a minute")
	flag.StringVar(&o.only, "only", "", "names of runs, separated by commas; a name may end in *")
	flag.StringVar(&o.out, "out", "faults/results", "folder for results as text and JSON")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()%1_000_000), "seed of the mails and kills")
	flag.IntVar(&o.lanes, "lanes", 2, "runs at a time")
	flag.IntVar(&o.kills, "kills", 5, "kills at each point")
	flag.Parse()
	bad, err := everything(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(2)
	}
	if bad {
		os.Exit(1)
	}
}

// scenarios lists the runs of a form.
func scenarios(o options) []scenario {
	if o.quick {
		return []scenario{tour("F03", "F06", "F08", "F10", "F11", "F14", "F15", "F16", "F17", "F20", "F21", "F22"), sameMail(), poisonous(), cut(), renumbered(), wrongPassword(), replies(3), secondInstance(), stopped(), traced(), doubt()}
	}
	var all []scenario
	for _, p := range points {
		if p.name == "F12" {
			all = append(all, killing(p.name, p.reach, o.kills, 200, "move"), killing(p.name, p.reach, o.kills, 200, "delete"))
			continue
		}
		all = append(all, killing(p.name, p.reach, o.kills, 200))
	}
	return append(all, sameMail(), draining(), poisonous(), listener(), cut(), goodbye(), halfOpen(), renumbered(), forgotten(), huge(), wrongPassword(), expiredToken(), replies(100), secondInstance(), stopped(), traced(), doubt())
}

func everything(o options) (bad bool, err error) {
	root, err := os.MkdirTemp("", "deskbell-faults-*")
	if err != nil {
		return false, err
	}
	bin := filepath.Join(root, "deskbell")
	build := exec.Command("go", "build", "-tags", "faults", "-o", bin, ".")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return false, fmt.Errorf("build with fault points: %w", err)
	}
	began := time.Now()
	reports, err := race(o, bin, root)
	if err != nil {
		return false, err
	}
	bad = print(o, reports, time.Since(began))
	if !bad {
		err = os.RemoveAll(root)
	}
	return bad, err
}

// race shares the runs among the lanes.
func race(o options, bin, root string) ([]Report, error) {
	work := make(chan scenario)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var reports []Report
	lanes := make([]*lane, o.lanes)
	for i := range lanes {
		var err error
		if lanes[i], err = newLane(bin, filepath.Join(root, fmt.Sprint("lane", i))); err != nil {
			return nil, err
		}
	}
	for _, l := range lanes {
		wg.Go(func() {
			for s := range work {
				rep := l.play(s, o.seed)
				mu.Lock()
				reports = append(reports, rep)
				row(o.keepTrack, rep)
				mu.Unlock()
			}
		})
	}
	heading(o)
	for _, s := range scenarios(o) {
		if wanted(o.only, s.name) {
			work <- s
		}
	}
	close(work)
	wg.Wait()
	slices.SortFunc(reports, func(a, b Report) int { return strings.Compare(a.Name, b.Name) })
	return reports, nil
}

func wanted(only, name string) bool {
	if only == "" {
		return true
	}
	for want := range strings.SplitSeq(only, ",") {
		prefix, open := strings.CutSuffix(want, "*")
		if want == name || open && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func (l *lane) play(s scenario, seed uint64) Report {
	began := time.Now()
	for _, c := range s.name {
		seed = seed*31 + uint64(c)
	}
	r, err := l.begin(s.name, seed%1_000_000)
	if err != nil {
		return Report{Name: s.name, Findings: []string{err.Error()}}
	}
	if err := s.play(r); err != nil {
		r.found("the run could not go on: %v", err)
	}
	return r.end(began)
}

func heading(o options) {
	fmt.Fprintf(o.keepTrack, "seed %d\n%-14s %6s %9s %5s %8s %7s %9s %7s\n", o.seed, "run", "kills", "injected", "lost", "doubled", "copies", "findings", "seconds")
}

func row(w io.Writer, r Report) {
	fmt.Fprintf(w, "%-14s %6d %9d %5d %8d %7d %9d %7.1f\n", r.Name, r.Kills, r.Injected, r.Lost, r.Doubled, r.Copies, len(r.Findings), r.Seconds)
	for _, n := range r.Notes {
		fmt.Fprintf(w, "    %s\n", n)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(w, "  ! %s\n", f)
	}
}

// print sums up and writes the results down; bad says that something was
// found.
func print(o options, reports []Report, took time.Duration) (bad bool) {
	total := Report{Name: "all"}
	for _, r := range reports {
		total.Kills += r.Kills
		total.Injected += r.Injected
		total.Lost += r.Lost
		total.Doubled += r.Doubled
		total.Copies += r.Copies
		total.Findings = append(total.Findings, r.Findings...)
	}
	fmt.Fprintf(o.keepTrack, "%-14s %6d %9d %5d %8d %7d %9d %7.1f\n", "all", total.Kills, total.Injected, total.Lost, total.Doubled, total.Copies, len(total.Findings), took.Seconds())
	bad = len(total.Findings) > 0 || len(reports) == 0
	raw, err := json.MarshalIndent(map[string]any{"seed": o.seed, "quick": o.quick, "seconds": took.Seconds(), "runs": reports}, "", "  ")
	if err == nil {
		err = os.MkdirAll(o.out, 0o755)
	}
	if err == nil {
		name := map[bool]string{true: "quick.json", false: "full.json"}[o.quick]
		err = os.WriteFile(filepath.Join(o.out, name), append(raw, '\n'), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults: results not written:", err)
	}
	return bad
}
