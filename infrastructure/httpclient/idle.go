package httpclient

import (
	"slices"
	"sync"
	"time"
)

// idleConns holds connections that wait for their next request, up to maxIdle for each
// address and for idleTimeout, twice that at most. Its zero value is ready.
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
		i.sweep = time.AfterFunc(idleTimeout, i.expire)
	}
	return true
}

// expire closes what has been idle for idleTimeout, and comes again while anything is left.
func (i *idleConns) expire() {
	for _, c := range i.removeUntil(time.Now().Add(-idleTimeout)) {
		c.abort()
	}
}

// close closes everything that is idle.
func (i *idleConns) close() {
	for _, c := range i.removeUntil(time.Now()) {
		c.abort()
	}
}

// removeUntil takes out what has been idle since before then, and sees to the next sweep.
func (i *idleConns) removeUntil(then time.Time) (removed []*conn) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for to, waiting := range i.conns {
		young := slices.IndexFunc(waiting, func(c *conn) bool { return c.since.After(then) })
		if young < 0 {
			removed = append(removed, waiting...)
			delete(i.conns, to)
			continue
		}
		removed = append(removed, waiting[:young]...)
		i.conns[to] = slices.Clone(waiting[young:])
	}
	switch {
	case i.sweep == nil:
	case len(i.conns) == 0:
		i.sweep.Stop()
		i.sweep = nil
	default:
		i.sweep.Reset(idleTimeout)
	}
	return removed
}
