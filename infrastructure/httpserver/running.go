package httpserver

import (
	"context"
	"net/http"
	"sync"
)

// running counts the requests that are being served.
type running struct {
	mu   sync.Mutex
	now  int
	idle chan struct{} // closed when now falls to zero; nil: nobody waits

	began func(now int) // told of each that begins; nil: nobody is told
}

// count is handler, counted, with what it writes gathered.
func (r *running) count(handler http.Handler) http.Handler { return counted{r, handler} }

// counted is a handler whose requests are counted.
type counted struct {
	running *running
	handler http.Handler
}

// ServeHTTP implements http.Handler.
func (c counted) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if now := c.running.add(1); c.running.began != nil {
		c.running.began(now)
	}
	defer c.running.add(-1)
	if g := newGatherer(w, request); g != nil {
		defer g.end()
		w = g
	}
	c.handler.ServeHTTP(w, request)
}

// add returns how many there are now.
func (r *running) add(n int) (now int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now += n
	if r.now == 0 && r.idle != nil {
		close(r.idle)
		r.idle = nil
	}
	return r.now
}

// wait returns when no request is being served, or ctx ends. One goroutine may wait.
func (r *running) wait(ctx context.Context) {
	r.mu.Lock()
	if r.now == 0 {
		r.mu.Unlock()
		return
	}
	idle := make(chan struct{})
	r.idle = idle
	r.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}
