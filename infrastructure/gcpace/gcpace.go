// Package gcpace lets the garbage collector run less often while a small heap is busy.
//
// By default Go collects whenever the heap has doubled. This program holds a few megabytes and makes
// tens of megabytes of garbage a second when it is busy, so that it would collect a dozen times a second;
// collecting took a sixth of its time. While collections come that often, the heap may grow to Small between
// two of them, which costs a little memory and nearly none of that time. So it may while the program starts,
// which is over before it would matter. While a small heap is seldom collected it may grow by half: collecting it twice as often costs next
// to nothing then, and what it does not need goes back to the system. A larger heap is treated as Go does.
package gcpace

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// Small is how far the heap of a busy program may grow before it is collected, in bytes.
const Small = 32 << 20

const (
	usual = 100                    // GOGC as Go has it
	calm  = 50                     // for a small heap that is seldom collected
	often = 250 * time.Millisecond // a collection that follows within this does so at once
	start = 200 * time.Millisecond // after it whatever the start left is collected
	many  = 5                      // collections that follow at once, one after the other, show that the program is busy
)

// Begin paces the collector until end is called. Who sets the variable GOGC is let be.
func Begin() (end func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	p := &pacer{percent: usual}
	p.set(percentFor(0))
	p.watch()
	settle := time.AfterFunc(start, runtime.GC)
	return func() {
		settle.Stop()
		p.over.Store(true)
		debug.SetGCPercent(usual)
	}
}

// pacer is the state of the goroutine that is told of collections.
type pacer struct {
	percent int
	last    time.Time // when it was told
	quick   int       // collections up to then that followed at once
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
		p.set(p.next(time.Now(), live()))
		p.watch()
	})
}

// next returns the pace after a collection that left so many bytes. Where the heap is given room,
// collections come more slowly: what keeps it busy is that they come within a second.
func (p *pacer) next(now time.Time, live uint64) int {
	since, busy := now.Sub(p.last), p.quick >= many
	p.last = now
	switch {
	case since < often, busy && since < 4*often:
		p.quick++
	default:
		p.quick = 0
	}
	switch {
	case p.quick >= many:
		return percentFor(live)
	case live < Small:
		return calm
	}
	return usual
}

// live is what the last collection left, in bytes.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// set sets the pace. That stops the program for a moment, so that small changes are not worth it.
func (p *pacer) set(percent int) {
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
