package accounts

import (
	"context"
	"slices"
	"time"

	"ondemand-api-proxy/domain"
)

// Lease is the right to one query on one account. Who holds it must Release it.
type Lease struct {
	pool     *Pool
	member   *member
	account  domain.Account
	began    time.Time
	released bool // guarded by Pool.mu
}

// Account is the leased account.
func (l *Lease) Account() domain.Account { return l.account }

// Call does one upstream call in the account's name: it signs in first where that
// is needed, and when the call ends in GrantExpired it renews the token and makes
// the same call once more.
func (l *Lease) Call(ctx context.Context, call func(context.Context, *domain.Account, *domain.Grant) error) error {
	return l.pool.call(ctx, l.member, &l.account, l.began, call)
}

// Release gives the account back and tells how the work ended: nil for well, else an
// error whose kind says what it means for the account. Only the first call counts.
func (l *Lease) Release(err error) {
	p, now := l.pool, time.Now()
	p.mu.Lock()
	if l.released {
		p.mu.Unlock()
		return
	}
	l.released = true
	p.order.move(l.member, func() { l.member.inFlight-- })
	changed := p.report(l.member, l.account, err, l.began, now)
	p.dispatch(now)
	p.mu.Unlock()
	changed()
}

// report tells the account's health how work begun at began ended, under the lock. The
// returned function tells the observer and is to be called without the lock.
func (p *Pool) report(m *member, account domain.Account, err error, began, now time.Time) (tell func()) {
	before, _, _ := m.health.At(now)
	if err == nil {
		m.health.Succeeded(began)
		m.endDoubt()
	} else {
		failure := domain.AsError(err)
		cooldown := failure.RetryAfter
		if cooldown <= 0 {
			cooldown = p.options.Cooldown
		}
		m.health.Failed(failure.Kind, began, now, cooldown)
	}
	state, why, until := m.health.At(now)
	if state == before {
		return func() {}
	}
	return func() { p.observer.AccountChanged(account, state, why, until) }
}

// waiter is a request in the queue. served is closed once lease or err is set.
type waiter struct {
	wish   Wish
	served chan struct{}
	lease  *Lease
	err    error
}

// Acquire leases the account that suits the wish best. While every such account is
// alive but busy it waits in line: as long as the pool's Wait, or until ctx ends.
// The error is AccountsExhausted, NoAccount or ClientGone.
func (p *Pool) Acquire(ctx context.Context, wish Wish) (*Lease, error) {
	w := &waiter{wish: wish, served: make(chan struct{})}
	p.mu.Lock()
	p.queue = append(p.queue, w)
	p.dispatch(time.Now())
	p.mu.Unlock()

	select { // mostly served at once: no timer needed
	case <-w.served:
		return w.lease, w.err
	default:
	}
	patience := time.NewTimer(p.options.Wait)
	defer patience.Stop()
	select {
	case <-w.served:
		return w.lease, w.err
	case <-patience.C:
		return p.lastResort(w)
	case <-ctx.Done():
		if p.leaveQueue(w) {
			return nil, domain.E(domain.ClientGone, "The request ended while it waited for an account.", context.Cause(ctx))
		}
		return w.lease, w.err
	}
}

// lastResort ends a wait that took too long: with whatever account is free, even one that
// rests, else with the time at which one may be.
func (p *Pool) lastResort(w *waiter) (*Lease, error) {
	if !p.leaveQueue(w) {
		return w.lease, w.err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if m, _ := p.choose(w.wish, now, true); m != nil && !p.closed {
		return p.lease(m, now), nil
	}
	err := domain.E(domain.AccountsExhausted, "Every on-demand.io account is busy; try again in a moment.", nil)
	err.RetryAfter = time.Second
	if next := p.nextOpening(now); !next.Equal(never) {
		err.RetryAfter = next.Sub(now)
	}
	return nil, err
}

// leaveQueue gives up waiting; false: the waiter was served at this very moment.
func (p *Pool) leaveQueue(w *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.queue, w)
	if i < 0 {
		return false
	}
	p.queue = slices.Delete(p.queue, i, i+1)
	return true
}

// dispatch serves, under the lock and in order, every waiter that can be served, and
// sets the clock for the next one.
func (p *Pool) dispatch(now time.Time) {
	still := p.queue[:0]
	allBusy := false // for a request that tried nothing yet, and so for all like it
	for _, w := range p.queue {
		if allBusy && len(w.wish.Tried) == 0 || !p.serve(w, now) {
			allBusy = allBusy || len(w.wish.Tried) == 0
			still = append(still, w)
		}
	}
	clear(p.queue[len(still):])
	p.queue = still
	if len(still) > 0 {
		p.setWakeup(now)
	}
}

// serve ends a waiter's wait, under the lock, unless every account it could have is busy.
func (p *Pool) serve(w *waiter, now time.Time) bool {
	m, usable := p.choose(w.wish, now, false)
	switch {
	case p.closed:
		w.err = domain.E(domain.Unavailable, "The proxy is shutting down.", nil)
	case m != nil:
		w.lease = p.lease(m, now)
	case !usable:
		w.err = p.unusable(now)
	default:
		return false
	}
	close(w.served)
	return true
}

func (p *Pool) lease(m *member, now time.Time) *Lease {
	p.turn++
	p.order.move(m, func() {
		m.lastTurn = p.turn
		m.inFlight++
	})
	m.worked = now
	m.window.take(m.account.Limits().RequestsPerMinute, now)
	return &Lease{pool: p, member: m, account: m.account, began: now}
}

// setWakeup arranges for dispatch at the next moment at which time alone may free an account.
func (p *Pool) setWakeup(now time.Time) {
	next := p.nextOpening(now)
	if next.Equal(never) {
		p.wakeup.Stop()
		return
	}
	p.wakeup.Reset(next.Sub(now))
}

// nextOpening returns when time alone may free an account: a budget's minute passes, or a
// rest ends.
func (p *Pool) nextOpening(now time.Time) time.Time {
	next := never
	for _, m := range p.members {
		for _, t := range []time.Time{m.busyUntil(now), m.restUntil(now)} {
			if t.After(now) && t.Before(next) {
				next = t
			}
		}
	}
	return next
}

func (m *member) restUntil(now time.Time) time.Time {
	_, _, until := m.health.At(now)
	return until
}

func (p *Pool) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.dispatch(time.Now())
	}
}
