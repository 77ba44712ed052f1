package hooks

import (
	"sync"

	"github.com/pocketbase/pocketbase/core"
)

// liveClients is how many live connections one address may hold (I1).
const liveClients = 20

// crowd counts live connections by address.
type crowd struct {
	mu sync.Mutex
	by map[string]int
}

// admit counts the connection while it lasts and refuses one too many.
func (c *crowd) admit(e *core.RealtimeConnectRequestEvent) error {
	ip := network(e.RealIP())
	if !c.enter(ip) {
		return e.TooManyRequestsError("Too many live connections from this address. Close some windows.", nil)
	}
	defer c.leave(ip)
	return e.Next()
}

func (c *crowd) enter(ip string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by[ip] >= liveClients {
		return false
	}
	c.by[ip]++
	return true
}

func (c *crowd) leave(ip string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by[ip]--; c.by[ip] <= 0 {
		delete(c.by, ip)
	}
}
