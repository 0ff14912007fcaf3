package main

import (
	"math"
	"slices"
	"time"
)

// quantile returns the value that the share q of the values is not above, by the nearest
// rank; 0 when there are none. The values have to be sorted.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// spread is the middle of some values and how far they reach.
type spread struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// spreadOf sums values up; ok is false when there are none. Values that are no numbers, as the
// ratio to nothing, are left out.
func spreadOf(values []float64) (s spread, ok bool) {
	sorted := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if len(sorted) == 0 {
		return spread{}, false
	}
	slices.Sort(sorted)
	n := len(sorted)
	return spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Least: sorted[0], Most: sorted[n-1]}, true
}

// milliseconds is a duration as the tables show it.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
