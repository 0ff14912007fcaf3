package web

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// bucket limits requests: it holds as many as the limit allows in a minute and refills
// at that rate. It is safe for concurrent use, and exact under it.
type bucket struct {
	limit int
	each  time.Duration // the time one request takes to come back

	mu     sync.Mutex
	fullAt time.Time // when the bucket will be full again; the past: it is
}

// quota is what a bucket says of one request.
type quota struct {
	limit     int
	admitted  bool
	remaining int
	reset     time.Duration // until the bucket is full
	retry     time.Duration // until the next request is admitted, when this one is not
}

func newBucket(limit int) *bucket {
	return &bucket{limit: limit, each: time.Minute / time.Duration(limit)}
}

// usedLike makes the same share missing that is missing of another bucket, if there is one: a new limit
// gives nobody a full bucket. It returns b, which nobody else knows yet.
func (b *bucket) usedLike(other *bucket) *bucket {
	if other != nil {
		other.mu.Lock()
		b.fullAt = other.fullAt // every bucket is filled in the same time, a minute
		other.mu.Unlock()
	}
	return b
}

// take admits a request at now, or tells when to come back. What is missing in the
// bucket is the time until it is full, in units of each; no more than everything, though
// the time may be a little earlier than that of the request before.
func (b *bucket) take(now time.Time) quota {
	b.mu.Lock()
	defer b.mu.Unlock()
	whole := time.Duration(b.limit) * b.each
	missing := min(max(b.fullAt.Sub(now), 0), whole)
	room := whole - missing
	q := quota{limit: b.limit, admitted: room >= b.each}
	if q.admitted {
		missing += b.each
		room -= b.each
		b.fullAt = now.Add(missing)
	} else {
		q.retry = b.each - room
	}
	q.remaining = int(room / b.each)
	q.reset = missing
	return q
}

// describe sets OpenAI's three headers.
func (q quota) describe(header http.Header) {
	header.Set("X-Ratelimit-Limit-Requests", strconv.Itoa(q.limit))
	header.Set("X-Ratelimit-Remaining-Requests", strconv.Itoa(q.remaining))
	header.Set("X-Ratelimit-Reset-Requests", q.reset.Round(time.Millisecond).String())
}
