package usage

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// within tells whether got is want, give or take a tenth.
func within(got, want time.Duration) bool {
	return float64(got) >= 0.9*float64(want) && float64(got) <= 1.1*float64(want)
}

func TestPercentilesAreRightWithinATenth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		milliseconds := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(1, 50), rapid.Int64Range(1, 1e9)), 1, 300).Draw(t, "milliseconds")
		var one, other Histogram
		for i, ms := range milliseconds {
			if d := time.Duration(ms) * time.Millisecond; i%2 == 0 {
				one.Add(d)
			} else {
				other.Add(d)
			}
		}
		one.Merge(other)
		slices.Sort(milliseconds)
		exact := func(percent int) time.Duration { // the least that so many do not exceed
			return time.Duration(milliseconds[(len(milliseconds)*percent+99)/100-1]) * time.Millisecond
		}
		got := one.Quantiles()
		if one.Count() != int64(len(milliseconds)) || !within(got.P50, exact(50)) || !within(got.P95, exact(95)) {
			t.Fatalf("of %d times the percentiles are %+v, want %s and %s", one.Count(), got, exact(50), exact(95))
		}
	})
}

func TestAHistogramTakesAnyTime(t *testing.T) {
	var h Histogram
	if got := h.Quantiles(); got != (Quantiles{}) {
		t.Errorf("the percentiles of nothing are %+v, want 0", got)
	}
	for _, d := range []time.Duration{-time.Hour, 0, time.Nanosecond, time.Millisecond, 1<<63 - 1} {
		h.Add(d)
	}
	if h.Count() != 5 || len(h) > buckets {
		t.Errorf("%d times stand in %d buckets, want 5 in at most %d", h.Count(), len(h), buckets)
	}
	if h.AddBucket(buckets, 1) || h.AddBucket(-1, 1) {
		t.Error("a bucket that does not exist was taken")
	}
}
