package web

import (
	"context"
	"sync/atomic"
	"time"

	"ondemand-api-proxy/domain"
)

// turnPatience is the longest a request waits for its turn.
const turnPatience = 10 * time.Second

// turnstile bounds how many requests are served at once and how many wait for that, first
// come, first served. Whoever comes when both are full is sent away at once: a pile that
// grows would serve nobody in time.
type turnstile struct {
	turns    chan struct{}
	mostWait int64
	waiting  atomic.Int64
}

func newTurnstile(inFlight, queue int) *turnstile {
	return &turnstile{turns: make(chan struct{}, inFlight), mostWait: int64(queue)}
}

// enter returns when it is this request's turn; leave has to follow. The error is
// Overloaded, Unavailable or ClientGone.
func (t *turnstile) enter(ctx context.Context) error {
	select {
	case t.turns <- struct{}{}:
		return nil
	default:
	}
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > t.mostWait {
		return overloaded()
	}
	timer := time.NewTimer(turnPatience)
	defer timer.Stop()
	select {
	case t.turns <- struct{}{}:
		return nil
	case <-timer.C:
		return overloaded()
	case <-ctx.Done():
		return leftWaiting(context.Cause(ctx))
	}
}

// leftWaiting is why nobody waits any longer: the client left, or the proxy stops.
func leftWaiting(cause error) error {
	if e := domain.AsError(cause); e.Kind == domain.Unavailable {
		return e
	}
	return domain.E(domain.ClientGone, "The client left before its turn came.", cause)
}

func (t *turnstile) leave() { <-t.turns }

func overloaded() error {
	err := domain.E(domain.Overloaded, "The proxy is serving as many requests as it may (max_in_flight); try again in a moment.", nil)
	err.RetryAfter = time.Second
	return err
}
