package hooks

import (
	"sync"
	"time"
)

// quota says how many failures a key may have in a window, and how long it
// waits then. The wait doubles each time, up to longest.
type quota struct {
	failures         int
	window           time.Duration
	wait, longestOne time.Duration
}

// maxThrottleKeys bounds the memory of a throttle (about 100 bytes a key).
const maxThrottleKeys = 50_000

// throttle counts failures by key and says how long a key has to wait.
type throttle struct {
	quota quota
	now   func() time.Time

	mu   sync.Mutex
	keys map[string]*failures
}

type failures struct {
	count   int
	since   time.Time // start of the window
	strikes int       // how often the quota was used up
	until   time.Time // blocked until
}

func newThrottle(q quota, now func() time.Time) *throttle {
	return &throttle{quota: q, now: now, keys: map[string]*failures{}}
}

// wait is how long the key must still wait, 0 if it may go on.
func (t *throttle) wait(key string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.keys[key]
	if f == nil {
		return 0
	}
	return max(0, f.until.Sub(t.now()))
}

// failing says whether the key failed within its window.
func (t *throttle) failing(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.keys[key]
	return f != nil && t.now().Sub(f.since) <= t.quota.window
}

// fail counts one failure.
func (t *throttle) fail(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	f := t.keys[key]
	if f == nil {
		t.makeRoom(now)
		f = &failures{since: now}
		t.keys[key] = f
	}
	if now.Sub(f.since) > t.quota.window {
		f.count, f.since = 0, now
		if now.Sub(f.until) > t.quota.longestOne {
			f.strikes = 0 // a quiet while is forgiven
		}
	}
	f.count++
	if f.count < t.quota.failures {
		return
	}
	wait := min(t.quota.wait<<min(f.strikes, 20), t.quota.longestOne)
	f.count, f.since, f.until = 0, now, now.Add(wait)
	f.strikes++
}

// forget clears a key, after a success.
func (t *throttle) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.keys, key)
}

// makeRoom drops what has expired once the map is full, and any key if that
// is not enough: memory stays bounded whoever asks.
func (t *throttle) makeRoom(now time.Time) {
	if len(t.keys) < maxThrottleKeys {
		return
	}
	for key, f := range t.keys {
		if now.Sub(f.since) > t.quota.window && now.After(f.until) {
			delete(t.keys, key)
		}
	}
	for key := range t.keys {
		if len(t.keys) < maxThrottleKeys {
			return
		}
		delete(t.keys, key)
	}
}
