package main

import (
	"fmt"
	"time"
)

// The figures there are, by the names that JSON has for them.
const (
	figureRate      = "requests_per_second"
	figureP50       = "p50_ms"
	figureP99       = "p99_ms"
	figureFirst50   = "first_delta_p50_ms"
	figureFirst99   = "first_delta_p99_ms"
	figureAdded50   = "added_p50_ms"
	figureAdded99   = "added_p99_ms"
	figureAddedIn50 = "added_first_delta_p50_ms"
	figureAddedIn99 = "added_first_delta_p99_ms"
	figureCPU       = "cpu_us_per_request"
	figurePeak      = "peak_memory_mib"
	figureIdle      = "idle_memory_mib"
	figureStart     = "start_ms"
	figureNew       = "first_delta_new_ms"
	figureOld       = "first_delta_continued_ms"
	figureNewToOld  = "first_delta_new_to_continued"
)

// titles are what the tables call the figures.
var titles = map[string]string{
	figureRate: "requests/s", figureP50: "p50, ms", figureP99: "p99, ms",
	figureFirst50: "first delta p50, ms", figureFirst99: "first delta p99, ms",
	figureAdded50: "added p50, ms", figureAdded99: "added p99, ms",
	figureAddedIn50: "added to first delta p50, ms", figureAddedIn99: "added to first delta p99, ms",
	figureCPU: "CPU per request, µs", figurePeak: "peak memory, MiB",
	figureIdle: "memory, MiB", figureStart: "start to first 200, ms",
	figureNew: "first delta of a new conversation, ms", figureOld: "first delta of one that goes on, ms", figureNewToOld: "new / going on",
}

// added says which figure is another one less that of the upstream itself.
var added = map[string]string{
	figureAdded50: figureP50, figureAdded99: figureP99, figureAddedIn50: figureFirst50, figureAddedIn99: figureFirst99,
}

// figures are what was measured, by name.
type figures map[string]float64

// kind is how a phase is measured.
type kind int

const (
	kindClosed kind = iota // every user asks again as soon as it has its answer
	kindOpen               // users ask at moments of their own
	kindIdle               // nobody asks
	kindFirst              // new conversations and their second turn, by turns
)

// phase is one thing that is measured.
type phase struct {
	name, title string
	kind        kind
	stream      bool
	users       int
	rate        float64       // open: requests a second
	turns       int           // of a conversation
	delay       time.Duration // between deltas
	roundTrip   time.Duration
	perWrite    int // frames that the upstream sends together
}

// conversation is how many turns a user's conversation has.
const conversation = 10

// allPhases are the phases in the order in which they run.
//
// The frames of a stream leave the upstream one by one, as they do where a model writes them.
// Those of an answer that nobody streams leave it together: the floor gets its one body in
// one piece as well, and neither is to wait for the upstream's system calls.
func allPhases(o options) []phase {
	together := o.deltas + 10 // all frames
	many := func(delay time.Duration) phase {
		return phase{
			name: fmt.Sprintf("many-%dms", delay.Milliseconds()), title: fmt.Sprintf("%d streams at once, %s between deltas", o.many, delay),
			stream: true, users: o.many, turns: conversation, delay: delay, perWrite: 1,
		}
	}
	return []phase{
		{name: "idle", title: "idle", kind: kindIdle, perWrite: 1},
		{name: "whole-c1", title: "non-streaming, c=1", users: 1, turns: conversation, perWrite: together},
		{name: "whole-c64", title: "non-streaming, c=64", users: 64, turns: conversation, perWrite: together},
		{name: "stream-c64", title: "streaming, c=64", stream: true, users: 64, turns: conversation, perWrite: o.perWrite},
		{name: "new-c64", title: "new conversations only, streaming, c=64", stream: true, users: 64, turns: 1, perWrite: o.perWrite},
		{
			name: "open", title: fmt.Sprintf("open loop, %g streams/s, %s between deltas", o.rate, o.delay), kind: kindOpen,
			stream: true, users: int(o.rate*o.delay.Seconds()*float64(o.deltas)*1.3) + 32, rate: o.rate, turns: conversation, delay: o.delay, perWrite: 1,
		},
		many(20 * time.Millisecond),
		many(200 * time.Millisecond),
		{
			name: "first-delta", title: fmt.Sprintf("first delta of new conversations, upstream with a round trip of %s", o.roundTrip),
			kind: kindFirst, stream: true, users: 2, turns: 2, roundTrip: o.roundTrip, perWrite: 1,
		},
	}
}

// targets are what the phase is measured on.
func (p phase) targets() []string {
	switch p.kind {
	case kindIdle:
		return []string{targetFloor, targetProxy}
	case kindFirst:
		return []string{targetProxy} // only its conversations have sessions
	default:
		return []string{targetDirect, targetFloor, targetProxy}
	}
}

// shown are the figures that the phase's table has.
func (p phase) shown() []string {
	switch {
	case p.kind == kindIdle:
		return []string{figureIdle, figureStart}
	case p.kind == kindFirst:
		return []string{figureNew, figureOld, figureNewToOld}
	case p.stream:
		return []string{figureRate, figureP50, figureAdded50, figureAdded99, figureFirst50, figureAddedIn50, figureAddedIn99, figureCPU, figurePeak}
	default:
		return []string{figureRate, figureP50, figureAdded50, figureAdded99, figureCPU, figurePeak}
	}
}
