package web

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/semaphore"

	"ondemand-api-proxy/domain"
)

// bodies bounds the bytes of all requests that are being read and answered. A request waits
// for its room as it waits for its turn, first come, first served.
type bodies struct {
	most int64
	free *semaphore.Weighted
}

func newBodies(most int64) *bodies { return &bodies{most, semaphore.NewWeighted(most)} }

// room is what a request holds.
type room struct {
	of    *bodies
	bytes int64
}

// take waits for room for a body of this many bytes; one that is larger than all there is gets
// all there is. The error is Overloaded, Unavailable or ClientGone.
func (b *bodies) take(ctx context.Context, bytes int64) (*room, error) {
	bytes = min(bytes, b.most)
	if b.free.TryAcquire(bytes) {
		return &room{b, bytes}, nil
	}
	patient, end := context.WithTimeoutCause(ctx, turnPatience, errNoRoom)
	defer end()
	if b.free.Acquire(patient, bytes) == nil {
		return &room{b, bytes}, nil
	}
	if cause := context.Cause(patient); !errors.Is(cause, errNoRoom) {
		return nil, leftWaiting(cause)
	}
	err := domain.E(domain.Overloaded, "The requests being served take all the memory set aside for them; try again in a moment.", nil)
	err.RetryAfter = time.Second
	return nil, err
}

var errNoRoom = errors.New("no room for the body in time")

// shrink gives back what the body did not need.
func (r *room) shrink(bytes int64) {
	if bytes < r.bytes {
		r.of.free.Release(r.bytes - bytes)
		r.bytes = bytes
	}
}

// release gives everything back, once.
func (r *room) release() { r.shrink(0) }
