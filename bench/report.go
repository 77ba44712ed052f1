package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// measure is one figure with what it is compared with.
type measure struct {
	Name   string  `json:"name"`
	Figure float64 `json:"figure"`
	Unit   string  `json:"unit"`
	Goal   float64 `json:"goal,omitempty"` // 0: none
	Least  bool    `json:"goal_is_least,omitempty"`
	Peer   string  `json:"best_peer,omitempty"` // measured on such a machine, issue 2
	Note   string  `json:"note,omitempty"`
}

func (m measure) verdict() string {
	switch {
	case m.Goal == 0:
		return ""
	case m.Least == (m.Figure >= m.Goal) || m.Figure == m.Goal:
		return "met"
	}
	return "MISSED"
}

func (m measure) goal() string {
	switch {
	case m.Goal == 0:
		return ""
	case m.Least:
		return "≥ " + number(m.Goal)
	}
	return "≤ " + number(m.Goal)
}

// report collects the figures of a run.
type report struct {
	Began    time.Time `json:"began"`
	Machine  string    `json:"machine"`
	Measures []measure `json:"measures"`
	Skipped  []string  `json:"skipped,omitempty"`
}

func newReport() *report {
	return &report{Began: time.Now().UTC(), Machine: fmt.Sprintf("%s/%s, %d cores, load %s, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), loadAverage(), runtime.Version())}
}

func loadAverage() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(raw), " ")
	return first
}

func (r *report) add(m measure) {
	r.Measures = append(r.Measures, m)
	fmt.Fprintf(os.Stderr, "         %s: %s %s %s\n", m.Name, number(m.Figure), m.Unit, m.verdict())
}

// skip notes a part that could not be measured.
func (r *report) skip(part string, why error) {
	r.Skipped = append(r.Skipped, fmt.Sprintf("%s: %v", part, why))
}

// number has three digits that count.
func number(f float64) string {
	switch {
	case f >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case f >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}

func (r *report) text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Deskbell, measured %s on %s\n\n", r.Began.Format(time.RFC3339), r.Machine)
	w := tabwriter.NewWriter(&out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "measure\tfigure\tgoal\tbest peer\tverdict\tnote")
	for _, m := range r.Measures {
		fmt.Fprintf(w, "%s\t%s %s\t%s\t%s\t%s\t%s\n", m.Name, number(m.Figure), m.Unit, m.goal(), m.Peer, m.verdict(), m.Note)
	}
	_ = w.Flush() // writes into memory
	for _, s := range r.Skipped {
		fmt.Fprintf(&out, "not measured: %s\n", s)
	}
	return out.String()
}

func (r *report) write(dir string) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "results.json"), raw, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "results.txt"), []byte(r.text()), 0o644)
}
