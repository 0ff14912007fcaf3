package dashboard

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"ondemand-api-proxy/domain"
)

// How passwords that are tried are slowed down, for each address.
const (
	freeTries   = 5                // wrong ones after which a try has to wait before it is heard
	mostWrongs  = 20               // wrong ones that are remembered
	forgetAfter = 30 * time.Second // one wrong one is forgotten each
	tryPace     = time.Second      // a try waits this long, and as long again for each that waits already
	mostWaiting = 8                // tries that wait; more are not heard
	mostSources = 10_000           // addresses that are remembered
)

// throttle hears passwords, and makes whoever tried wrong ones wait before the next is looked at,
// so that many connections guess no faster than one. Others at other addresses notice nothing.
type throttle struct {
	mu      sync.Mutex
	sources map[netip.Prefix]*source
}

// source is where tries come from.
type source struct {
	wrongs  float64 // wrong tries that are not forgotten
	last    time.Time
	waiting int
}

// hears tells whether a try from this address fits, when that may be told. The error says that
// it was not looked at.
func (t *throttle) hears(ctx context.Context, from netip.Addr, fits func() bool) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.source(from, time.Now())
	if s.wrongs > freeTries-1 {
		if err := t.wait(ctx, s); err != nil {
			return false, err
		}
	}
	if fits() {
		return true, nil
	}
	s.wrongs = min(s.wrongs+1, mostWrongs)
	return false, nil
}

// wait lets go of the lock meanwhile.
func (t *throttle) wait(ctx context.Context, s *source) error {
	if s.waiting >= mostWaiting {
		err := domain.E(domain.RateLimited, "Too many wrong passwords come from this address: try again in a few seconds.", nil)
		err.RetryAfter = mostWaiting * tryPace
		return err
	}
	s.waiting++
	timer := time.NewTimer(time.Duration(s.waiting) * tryPace)
	t.mu.Unlock()
	defer func() {
		timer.Stop()
		t.mu.Lock()
		s.waiting--
	}()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return domain.E(domain.ClientGone, "The client left before its password was looked at.", context.Cause(ctx))
	}
}

// source returns what is known of an address; whoever has one of IPv6 has its whole network.
func (t *throttle) source(from netip.Addr, now time.Time) *source {
	bits := 32
	if from.Is6() {
		bits = 64
	}
	network, _ := from.Prefix(bits) // of no address: the zero Prefix
	if s := t.sources[network]; s != nil {
		s.wrongs, s.last = s.left(now), now
		return s
	}
	if len(t.sources) >= mostSources {
		network = t.makeRoom(network, now)
	}
	s := t.sources[network]
	if s == nil {
		s = &source{last: now}
		if t.sources == nil {
			t.sources = make(map[netip.Prefix]*source)
		}
		t.sources[network] = s
	}
	return s
}

// makeRoom forgets addresses that did nothing wrong lately, and returns where a new one belongs:
// together with others, if there is no room for it.
func (t *throttle) makeRoom(network netip.Prefix, now time.Time) netip.Prefix {
	for other, s := range t.sources {
		if s.waiting == 0 && s.left(now) == 0 {
			delete(t.sources, other)
		}
	}
	if len(t.sources) >= mostSources {
		return netip.Prefix{}
	}
	return network
}

// left is how many wrong tries are not forgotten.
func (s *source) left(now time.Time) float64 {
	return max(s.wrongs-max(float64(now.Sub(s.last)), 0)/float64(forgetAfter), 0)
}
