package openai

import (
	"sync"
	"time"
)

// heartbeat calls back when nothing has been written for a while. Writing costs it
// nothing but a look at the clock: the timer runs on and is set anew when it fires.
type heartbeat struct {
	last time.Time // of the last write; belongs to whoever writes

	mu      sync.Mutex
	timer   *time.Timer // nil: never started, or stopped
	running sync.WaitGroup
}

// start calls beat after interval, and again after what it returns, until that is
// not positive or stop is called.
func (h *heartbeat) start(interval time.Duration, beat func(interval time.Duration, now time.Time) time.Duration) {
	if interval <= 0 {
		return
	}
	h.last = time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running.Add(1)
	h.timer = time.AfterFunc(interval, func() {
		defer h.running.Done()
		if !h.alive() {
			return
		}
		h.again(beat(interval, time.Now()))
	})
}

// stop returns when no callback is running and none will be.
func (h *heartbeat) stop() {
	h.mu.Lock()
	if h.timer != nil && h.timer.Stop() {
		h.running.Done() // of the callback that now will not be
	}
	h.timer = nil
	h.mu.Unlock()
	h.running.Wait()
}

func (h *heartbeat) alive() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.timer != nil
}

// again sets the timer anew; the callback that calls it is still counted as running.
func (h *heartbeat) again(after time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.timer == nil || after <= 0 {
		return
	}
	h.running.Add(1)
	h.timer.Reset(after)
}
