package collections

import (
	"sync"

	"github.com/pocketbase/pocketbase/core"
)

// Remembered are the collections that the gate reads at every write and that
// change a few times a year. While [Remember] is on, their named queries
// answer from memory; whoever changes one of them through the app must call
// [Forget].
var Remembered = []string{Settings, PriorityMatrix, Statuses, Mailboxes}

const memoryKey = "deskbell.memory"

type memory struct {
	mu     sync.Mutex
	round  int // counts what was forgotten
	values map[string]any
}

// Remember lets the small lists be kept in memory. Without it every query
// reads the database.
func Remember(app core.App) {
	app.Store().GetOrSet(memoryKey, func() any { return &memory{values: map[string]any{}} })
}

// Forget drops what is kept. Call it inside the transaction of a change, so
// that the rest of it sees the change, and again when it is over either way.
func Forget(app core.App) {
	if m, ok := app.Store().Get(memoryKey).(*memory); ok {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.round++
		clear(m.values)
	}
}

// remembered answers what read answered last. The value is shared: nobody may
// change it.
func remembered[T any](app core.App, key string, read func() (T, error)) (T, error) {
	m, ok := app.Store().Get(memoryKey).(*memory)
	if !ok {
		return read()
	}
	m.mu.Lock()
	value, known := m.values[key].(T)
	round := m.round
	m.mu.Unlock()
	if known {
		return value, nil
	}
	value, err := read()
	if err != nil {
		return value, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.round == round { // else it may be from before a change
		m.values[key] = value
	}
	return value, nil
}
