package ondemandtest

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
)

// Sim is the simulated platform. All methods may be called from any goroutine.
type Sim struct {
	opts      Options // with defaults filled in
	mux       *http.ServeMux
	script    script
	tokens    tokens
	sessions  sessions
	limits    limits
	ledger    ledger
	changed   signal
	model     atomic.Pointer[Model]
	catalogue atomic.Pointer[[]Endpoint]
	done      chan struct{}
	close     sync.Once
}

// New returns a platform with these options. One handler serves the paths of both
// hosts, gateway and API.
func New(opts Options) *Sim {
	s := &Sim{opts: opts.filled(), mux: http.NewServeMux(), done: make(chan struct{})}
	s.tokens = newTokens(&s.opts)
	s.sessions = newSessions(&s.opts)
	s.limits = limits{opts: &s.opts, begun: map[string][]int64{}}
	s.ledger = newLedger(&s.opts)
	s.SetModel(s.opts.Model)
	s.SetCatalogue(s.opts.Catalogue)
	for _, r := range []struct {
		pattern string
		op      Operation
		serve   func(*exchange)
	}{
		{"POST /v1/auth/user/signin", SignIn, s.signIn},
		{"POST /v1/auth/user/refresh_token", Refresh, s.refresh},
		{"POST /chat/v1/client/sessions", NewSession, s.openSession},
		{"POST /chat/v1/client/sessions/{id}/query", Query, s.query},
		{"POST /chat/v1/sessions", NewSession, s.openSession},
		{"POST /chat/v1/sessions/{id}/query", Query, s.query},
		{"GET /config/v1/public/endpoints", Catalogue, s.listEndpoints},
		{"/", Unrouted, func(x *exchange) { x.refuse(noRoute()) }},
	} {
		s.mux.Handle(r.pattern, s.handler(r.op, r.serve))
	}
	return s
}

// ServeHTTP implements http.Handler. It returns soon after the client left or the
// simulator was closed, whatever the call was waiting for.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-s.done:
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		s.mux.ServeHTTP(w, r)
	}
}

// Close ends everything that is waiting or streaming, without waiting for it. Calls
// that come later get 503.
func (s *Sim) Close() { s.close.Do(func() { close(s.done) }) }

// SetModel lets another model answer from now on.
func (s *Sim) SetModel(model Model) { s.model.Store(&model) }

// SetCatalogue lists other models from now on. The slice must not be changed afterwards.
func (s *Sim) SetCatalogue(list []Endpoint) { s.catalogue.Store(&list) }

// WaitFor returns once cond holds, or with ctx's error. cond is tried whenever
// something changed: a call came, sent a delta, or ended. It may call any method of
// the simulator.
func (s *Sim) WaitFor(ctx context.Context, cond func() bool) error {
	for {
		changed := s.changed.next()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// signal wakes everybody who waits for the next change. Without anybody waiting a
// change costs one atomic load.
type signal struct {
	waiting atomic.Pointer[chan struct{}]
}

// next returns a channel that the next change closes.
func (s *signal) next() <-chan struct{} {
	for {
		if c := s.waiting.Load(); c != nil {
			return *c
		}
		c := make(chan struct{})
		if s.waiting.CompareAndSwap(nil, &c) {
			return c
		}
	}
}

func (s *signal) notify() {
	if s.waiting.Load() == nil {
		return
	}
	if c := s.waiting.Swap(nil); c != nil {
		close(*c)
	}
}
