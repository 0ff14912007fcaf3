package sqlite

import (
	"time"

	"ondemand-api-proxy/usecase/usage"
)

// span is a range of steps, the last one excluded.
type span struct {
	step     usage.Step
	from, to int64
}

// spans covers the hours that the range touches, with whole days where it can.
func spans(from, to time.Time) []span {
	first, end := usage.Hour.Of(from), hoursUntil(to)
	firstDay, endDay := ceilDiv(first, 24), floorDiv(end, 24)
	if firstDay >= endDay {
		return []span{{usage.Hour, first, end}}
	}
	return []span{{usage.Hour, first, firstDay * 24}, {usage.Day, firstDay, endDay}, {usage.Hour, endDay * 24, end}}
}

// hoursUntil is the number of the first hour that begins at t or later.
func hoursUntil(t time.Time) int64 { return ceilDiv(t.UnixMilli(), time.Hour.Milliseconds()) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func ceilDiv(a, b int64) int64 { return -floorDiv(-a, b) }
