package sqlite

import (
	"slices"
	"time"

	"ondemand-api-proxy/usecase/usage"
)

// exactRange is the longest range that is summed to the minute.
const exactRange = 25 * time.Hour

// span is a range of steps, the last one excluded.
type span struct {
	step     usage.Step
	from, to int64
}

// spans covers the minutes that the range touches, or its hours when it is too long or too
// long ago for minutes, with wider steps where it can.
func spans(from, to, now time.Time) []span {
	step := usage.Hour
	if to.Sub(from) <= exactRange && usage.Minute.Of(from) >= firstMinute(now) {
		step = usage.Minute
	}
	covered := cover(step, step.Of(from), ceilDiv(to.UnixMilli(), int64(step)*time.Minute.Milliseconds()))
	return slices.DeleteFunc(covered, func(s span) bool { return s.from >= s.to })
}

func cover(step usage.Step, from, to int64) []span {
	wider := map[usage.Step]usage.Step{usage.Minute: usage.Hour, usage.Hour: usage.Day}[step]
	if wider == 0 {
		return []span{{step, from, to}}
	}
	n := int64(wider / step)
	first, end := ceilDiv(from, n), floorDiv(to, n)
	if first >= end {
		return []span{{step, from, to}}
	}
	return slices.Concat([]span{{step, from, first * n}}, cover(wider, first, end), []span{{step, end * n, to}})
}

// firstMinute is the number of the oldest minute whose rollups are kept.
func firstMinute(now time.Time) int64 { return usage.Minute.Of(now.Add(-usage.MinutesKept)) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func ceilDiv(a, b int64) int64 { return -floorDiv(-a, b) }
