package usage

import (
	"math"
	"time"
)

// Histogram counts times in buckets each a tenth wider than the one before: bucket i holds
// those from 1.1^i to 1.1^(i+1) milliseconds, bucket 0 also what is shorter. Its
// percentiles are right within a tenth from a millisecond on. The zero value is empty.
type Histogram []int64

const bucketGrowth = 1.1

// buckets is how many there are; the last one also holds what is longer, years.
const buckets = 256

var logGrowth = math.Log(bucketGrowth)

// middles are the times in the middle of the buckets: no time of a bucket is further from
// it than 5 %.
var middles = func() (times [buckets]time.Duration) {
	for i := range times {
		times[i] = time.Duration(math.Pow(bucketGrowth, float64(i)+0.5) * float64(time.Millisecond))
	}
	return times
}()

// Add counts d.
func (h *Histogram) Add(d time.Duration) {
	i := 0
	if ms := float64(d) / float64(time.Millisecond); ms > 1 {
		i = min(int(math.Log(ms)/logGrowth), buckets-1)
	}
	h.AddBucket(i, 1)
}

// AddBucket adds count to bucket i. It tells whether there is such a bucket.
func (h *Histogram) AddBucket(i int, count int64) bool {
	if i < 0 || i >= buckets {
		return false
	}
	if missing := i + 1 - len(*h); missing > 0 {
		*h = append(*h, make([]int64, missing)...)
	}
	(*h)[i] += count
	return true
}

// Merge adds what other counted.
func (h *Histogram) Merge(other Histogram) {
	for i, count := range other {
		if count != 0 {
			h.AddBucket(i, count)
		}
	}
}

// Count is how many times were added.
func (h Histogram) Count() (count int64) {
	for _, n := range h {
		count += n
	}
	return count
}

// Quantiles are percentiles of a time, right within a tenth; 0 when nothing was measured.
type Quantiles struct {
	P50, P95 time.Duration
}

// Quantiles returns the times that half and 95 % of all do not exceed.
func (h Histogram) Quantiles() Quantiles {
	count := h.Count()
	if count == 0 {
		return Quantiles{}
	}
	return Quantiles{P50: h.ranked((count + 1) / 2), P95: h.ranked(count - count/20)}
}

// ranked is the time that stands at rank, from 1, among all in order.
func (h Histogram) ranked(rank int64) time.Duration {
	for i, n := range h {
		if rank -= n; rank <= 0 {
			return middles[i]
		}
	}
	return 0
}

// Latencies are the two times that are measured of requests.
type Latencies struct {
	First    Histogram // to the first delta, of requests that had one
	Duration Histogram // of requests that were tried upstream; the others end at once
}

func (l *Latencies) add(e *Entry) {
	if e.FirstDelta > 0 {
		l.First.Add(e.FirstDelta)
	}
	if e.Attempts > 0 {
		l.Duration.Add(e.Duration)
	}
}

// Merge adds what other counted.
func (l *Latencies) Merge(other *Latencies) {
	l.First.Merge(other.First)
	l.Duration.Merge(other.Duration)
}
