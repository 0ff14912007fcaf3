package web

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// level is the bucket as one pictures it: so much is in it, in units of time.
type level struct {
	each, in, full time.Duration
	at             time.Time
}

func (l *level) take(now time.Time) quota {
	l.in = min(l.in+now.Sub(l.at), l.full)
	l.at = now
	q := quota{limit: int(l.full / l.each), admitted: l.in >= l.each}
	if q.admitted {
		l.in -= l.each
	} else {
		q.retry = l.each - l.in
	}
	q.remaining, q.reset = int(l.in/l.each), l.full-l.in
	return q
}

func TestABucketHoldsTheLimitAndRefillsAtItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.OneOf(rapid.IntRange(1, 100), rapid.IntRange(1, 1_000_000)).Draw(t, "limit")
		b := newBucket(limit)
		each := time.Minute / time.Duration(limit)
		model := level{each: each, in: each * time.Duration(limit), full: each * time.Duration(limit), at: noon}
		now := noon
		for range rapid.IntRange(1, 300).Draw(t, "requests") {
			pause := rapid.OneOf(rapid.Just(0), rapid.IntRange(0, int(3*each)), rapid.IntRange(0, int(2*time.Minute))).Draw(t, "pause")
			now = now.Add(time.Duration(pause))
			want, got := model.take(now), b.take(now)
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(quota{})); diff != "" {
				t.Fatalf("at %s with limit %d (-want +got):\n%s", now.Sub(noon), limit, diff)
			}
			if !got.admitted && (got.retry <= 0 || got.retry > time.Minute) {
				t.Fatalf("come back after %s, want within a minute", got.retry)
			}
		}
	})
}

func TestNTakesPassAtOnceAndThenOneForEachPartOfAMinute(t *testing.T) {
	b := newBucket(60)
	for i := range 60 {
		if q := b.take(noon); !q.admitted || q.remaining != 59-i || q.reset != time.Duration(i+1)*time.Second {
			t.Fatalf("request %d: got %+v, want it admitted with %d remaining", i+1, q, 59-i)
		}
	}
	if q := b.take(noon); q.admitted || q.retry != time.Second || q.remaining != 0 {
		t.Errorf("one more: got %+v, want it refused for a second", q)
	}
	if q := b.take(noon.Add(999 * time.Millisecond)); q.admitted {
		t.Errorf("admitted before the second was over: %+v", q)
	}
	if q := b.take(noon.Add(time.Second)); !q.admitted {
		t.Errorf("refused after a second: %+v", q)
	}
	if q := b.take(noon.Add(time.Hour)); q.remaining != 59 {
		t.Errorf("after an hour %d remain, want 59: a bucket holds no more than the limit", q.remaining)
	}
}

// Requests read the clock before they reach the bucket, so that their times come in
// any order.
func TestTimesOutOfOrderNeitherAdmitMoreNorSendAnybodyAwayForLonger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		b := newBucket(limit)
		now, admitted := noon, 0
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(0, int(10*time.Second)).Draw(t, "pause")))
			q := b.take(now.Add(-time.Duration(rapid.IntRange(0, int(time.Second)).Draw(t, "late"))))
			if q.admitted {
				admitted++
			}
			most := limit + int((now.Sub(noon)+time.Second)/b.each) // since the first could be a second late
			switch {
			case admitted > most:
				t.Fatalf("%d admitted after %s, want at most %d", admitted, now.Sub(noon), most)
			case !q.admitted && (q.retry <= 0 || q.retry > time.Minute):
				t.Fatalf("come back after %s, want within a minute", q.retry)
			case q.remaining < 0 || q.remaining >= limit:
				t.Fatalf("%d of %d remain behind a request", q.remaining, limit)
			case q.reset < 0 || q.reset > time.Minute:
				t.Fatalf("full after %s, want within a minute", q.reset)
			}
		}
	})
}

func TestOfAThousandTakesAtOnceExactlyTheLimitIsAdmitted(t *testing.T) {
	b := newBucket(60)
	var admitted atomic.Int64
	var group sync.WaitGroup
	for range 1000 {
		group.Go(func() {
			if b.take(noon).admitted {
				admitted.Add(1)
			}
		})
	}
	group.Wait()
	if got := admitted.Load(); got != 60 {
		t.Errorf("%d of 1000 were admitted, want 60", got)
	}
}

func TestAQuotaDescribesItselfInOpenAIsHeaders(t *testing.T) {
	header := make(http.Header)
	quota{limit: 60, remaining: 59, reset: time.Second + 499*time.Microsecond}.describe(header)
	want := http.Header{
		"X-Ratelimit-Limit-Requests": {"60"}, "X-Ratelimit-Remaining-Requests": {"59"}, "X-Ratelimit-Reset-Requests": {"1s"},
	}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestANewLimitLeavesTheShareThatWasUsed(t *testing.T) {
	b := newBucket(10)
	for range 5 {
		b.take(noon)
	}
	b = newBucket(100).usedLike(b)
	if q := b.take(noon); q.remaining != 49 {
		t.Errorf("of a limit of 100, half used, %d remain after one more, want 49", q.remaining)
	}
	b = newBucket(10).usedLike(b)
	if q := b.take(noon); q.remaining != 3 {
		t.Errorf("back at 10 %d remain after one more, want 3", q.remaining)
	}
	if q := newBucket(3).usedLike(nil).take(noon); q.remaining != 2 {
		t.Errorf("a token that is new has %d of 3 after its first request, want 2", q.remaining)
	}
}
