// Package gcpace lets the garbage collector run less often while the heap is small.
//
// By default Go collects whenever the heap has doubled. This program holds a few megabytes and makes
// tens of megabytes of garbage a second when it is busy, so that it would collect a dozen times a second;
// collecting took a sixth of its time. A heap that may always grow to Small before it is
// collected costs a little memory and most of that time nothing; a larger heap is treated as Go does.
package gcpace

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// Small is how far the heap may grow before it is collected, in bytes.
const Small = 32 << 20

// usual is GOGC as Go has it.
const usual = 100

// Begin paces the collector until end is called. Who sets the variable GOGC is let be.
func Begin() (end func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	p := &pacer{percent: usual}
	p.adjust()
	p.watch()
	return func() {
		p.over.Store(true)
		debug.SetGCPercent(usual)
	}
}

type pacer struct {
	percent int // only the watcher's goroutine uses it
	over    atomic.Bool
}

// collected is what is left behind to be found by each collection.
type collected struct{ _ [16]byte }

// watch adjusts the pace after each collection.
func (p *pacer) watch() {
	runtime.SetFinalizer(&collected{}, func(*collected) {
		if p.over.Load() {
			return
		}
		p.adjust()
		p.watch()
	})
}

// adjust sets the pace for what the last collection left. Setting it stops the program for a moment, so
// that small changes are not worth it.
func (p *pacer) adjust() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := percentFor(live[0].Value.Uint64())
	if change := percent - p.percent; change > p.percent/8 || -change > p.percent/8 {
		p.percent = percent
		debug.SetGCPercent(percent)
	}
}

// percentFor returns the growth, in percent, that takes a live heap of so many bytes to Small.
func percentFor(live uint64) int {
	const most = usual * (Small / (4 << 20)) // Go's smallest heap, 4 MiB at the usual percentage, is Small with it
	if live >= Small/2 {
		return usual
	}
	return min(int((Small-live)*100/max(live, 1)), most)
}
