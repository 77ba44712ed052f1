package main

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// times are the durations of many equal calls.
type times []time.Duration

// at is the quantile q of the durations in milliseconds.
func (t times) at(q float64) float64 {
	if len(t) == 0 {
		return math.NaN()
	}
	sorted := slices.Clone(t)
	slices.Sort(sorted)
	i := min(int(q*float64(len(sorted))), len(sorted)-1)
	return float64(sorted[i].Microseconds()) / 1000
}

// one calls do n times, one after the other.
func one(ctx context.Context, n int, do func(i int) error) (times, error) {
	out := make(times, 0, n)
	for i := range n {
		began := time.Now()
		if err := do(i); err != nil {
			return out, err
		}
		out = append(out, time.Since(began))
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
	}
	return out, nil
}

// many calls do from several clients at once for a while and answers how many
// calls a second were made. i is unique over all clients.
func many(ctx context.Context, clients int, span time.Duration, do func(client, i int) error) (float64, error) {
	var count atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, clients)
	began := time.Now()
	for c := range clients {
		wg.Go(func() {
			for time.Since(began) < span && ctx.Err() == nil {
				if err := do(c, int(count.Add(1))); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return 0, err
	default:
		return float64(count.Load()) / time.Since(began).Seconds(), ctx.Err()
	}
}
