package httpclient

import (
	"slices"
	"sync"
	"time"
)

// sweepEvery is how often the idle connections are looked at.
const sweepEvery = time.Second

// idleConns holds connections that wait for their next request, up to maxIdle for each
// address and for idleTimeout. Its zero value is ready.
type idleConns struct {
	mu    sync.Mutex
	conns map[address][]*conn // the one used last at the end
	sweep *time.Timer         // not nil while there may be any
}

// take hands out the connection that was used last; nil: there is none.
func (i *idleConns) take(to address) *conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	waiting := i.conns[to]
	if len(waiting) == 0 {
		return nil
	}
	last := len(waiting) - 1
	c := waiting[last]
	waiting[last] = nil
	i.conns[to] = waiting[:last]
	return c
}

// put takes a connection in, or closes it when there are enough.
func (i *idleConns) put(c *conn) {
	c.since = time.Now()
	if !i.add(c) {
		c.abort()
	}
}

func (i *idleConns) add(c *conn) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.conns[c.to]) >= maxIdle {
		return false
	}
	if i.conns == nil {
		i.conns = map[address][]*conn{}
	}
	i.conns[c.to] = append(i.conns[c.to], c)
	if i.sweep == nil {
		i.sweep = time.AfterFunc(sweepEvery, i.tidy)
	}
	return true
}

// tidy closes what has been idle for idleTimeout, and what the peer has hung up meanwhile; it comes
// again while anything is left. What it looks at nobody can take in that moment.
func (i *idleConns) tidy() {
	old := time.Now().Add(-idleTimeout)
	good := i.takeAll()
	for to, waiting := range good {
		good[to] = slices.DeleteFunc(waiting, func(c *conn) bool {
			if c.since.After(old) && c.quiet() {
				return false
			}
			c.abort()
			return true
		})
	}
	for _, c := range i.takeBack(good) {
		c.abort()
	}
}

// takeBack takes in again what takeAll took out, and returns what is too much with what came meanwhile.
func (i *idleConns) takeBack(good map[address][]*conn) (surplus []*conn) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for to, waiting := range good {
		if len(waiting) == 0 {
			continue
		}
		all := append(waiting, i.conns[to]...)
		spare := max(0, len(all)-maxIdle) // the ones used longest ago
		surplus = append(surplus, all[:spare]...)
		i.conns[to] = all[spare:]
	}
	if i.sweep == nil && len(i.conns) > 0 {
		i.sweep = time.AfterFunc(sweepEvery, i.tidy)
	}
	return surplus
}

// close closes everything that is idle.
func (i *idleConns) close() {
	for _, waiting := range i.takeAll() {
		for _, c := range waiting {
			c.abort()
		}
	}
}

// takeAll takes everything out.
func (i *idleConns) takeAll() map[address][]*conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	all := i.conns
	i.conns = map[address][]*conn{}
	if i.sweep != nil {
		i.sweep.Stop()
		i.sweep = nil
	}
	return all
}
