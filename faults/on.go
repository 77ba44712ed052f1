//go:build faults

package faults

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Built says whether this binary obeys DESKBELL_FAULT.
const Built = true

// delay is how long the action "delay" holds a point; chosen.
const delay = 2 * time.Second

// fromEnv is the plan of this process. It is the one piece of package state
// that a fault point cannot do without, and exists in test builds only.
var fromEnv = mustPlan(os.Getenv("DESKBELL_FAULT"))

// At marks a point: it does what DESKBELL_FAULT asks for here, which may be
// not to return. The error wraps [ErrInjected].
func At(p Point) error { return fromEnv.At(p) }

// Mail obeys a mail that brings its own fault: a field X-Deskbell-Fault within
// its first 4 KiB names the action. Fault runs make poisonous mails with it.
func Mail(raw io.ReaderAt) error {
	head := make([]byte, 4<<10)
	n, _ := raw.ReadAt(head, 0) // a short mail ends with io.EOF
	_, rest, found := strings.Cut(string(head[:n]), "\nX-Deskbell-Fault: ")
	if !found {
		return nil
	}
	action, _, _ := strings.Cut(rest, "\n")
	return (&order{point: F13, action: strings.TrimSpace(action)}).act()
}

// Plan says what happens at which point.
type Plan struct{ orders []*order }

// order is one item of DESKBELL_FAULT.
type order struct {
	point  Point
	action string
	nth    int64 // the pass that is hit, 0 for every one
	passes atomic.Int64
}

// ParsePlan reads the form described at the top of the package. An empty text
// is a plan without orders.
func ParsePlan(text string) (*Plan, error) {
	plan := &Plan{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		o, err := parseOrder(item)
		if err != nil {
			return nil, err
		}
		plan.orders = append(plan.orders, o)
	}
	return plan, nil
}

func parseOrder(item string) (*order, error) {
	words := strings.Split(item, ":")
	if len(words) < 2 || len(words) > 3 {
		return nil, fmt.Errorf("DESKBELL_FAULT: %q is not POINT:ACTION or POINT:ACTION:N", item)
	}
	o := &order{point: Point(words[0]), action: words[1]}
	if !slices.Contains(Points(), o.point) {
		return nil, fmt.Errorf("DESKBELL_FAULT: no point %q", words[0])
	}
	if !slices.Contains([]string{"exit", "error", "delay", "panic"}, o.action) {
		return nil, fmt.Errorf("DESKBELL_FAULT: no action %q", words[1])
	}
	if len(words) == 3 {
		n, err := strconv.ParseInt(words[2], 10, 64)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("DESKBELL_FAULT: %q is not a pass, 1 or more", words[2])
		}
		o.nth = n
	}
	return o, nil
}

func mustPlan(text string) *Plan {
	plan, err := ParsePlan(text)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return plan
}

// At counts a pass of the point and does what the plan orders for it.
func (plan *Plan) At(p Point) error {
	for _, o := range plan.orders {
		if o.point != p {
			continue
		}
		pass := o.passes.Add(1)
		if o.nth != 0 && pass != o.nth {
			continue
		}
		if err := o.act(); err != nil {
			return err
		}
	}
	return nil
}

func (o *order) act() error {
	switch o.action {
	case "exit":
		die()
	case "delay":
		time.Sleep(delay)
	case "panic":
		panic("faults: injected panic at " + string(o.point))
	case "error":
		return fmt.Errorf("%w at %s", ErrInjected, o.point)
	}
	return nil
}

// die ends the process as kill -9 does: no deferred call runs.
func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		os.Exit(137)
	}
	select {} // the signal is on its way; nothing may run until it arrives
}
