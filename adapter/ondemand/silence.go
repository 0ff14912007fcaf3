package ondemand

import (
	"sync"
	"time"
)

// silence ends what waits for too long. A stream waits once for each piece that comes, thousands of streams at
// once, and hardly ever in vain: so a wait that is over leaves the timer running, and the next one takes it on.
type silence struct {
	over func() // called when a wait was too long

	mu    sync.Mutex
	timer *time.Timer
	due   time.Time // when the wait is too long; zero: nobody waits
	fires time.Time // when the timer does; zero: it does not run
}

// wait begins a wait that may last for bound from now on.
func (s *silence) wait(now time.Time, bound time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due = now.Add(bound)
	if s.fires.IsZero() || s.due.Before(s.fires) {
		s.set(now)
	}
}

// rest ends a wait in good time.
func (s *silence) rest() {
	s.mu.Lock()
	s.due = time.Time{}
	s.mu.Unlock()
}

// stop is rest for who will not wait again.
func (s *silence) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due = time.Time{}
	if s.timer != nil {
		s.timer.Stop()
	}
}

// set makes the timer fire when the wait is too long.
func (s *silence) set(now time.Time) {
	s.fires = s.due
	if s.timer == nil {
		s.timer = time.AfterFunc(s.due.Sub(now), s.look)
		return
	}
	s.timer.Reset(s.due.Sub(now))
}

// look is what the timer calls.
func (s *silence) look() {
	if s.late() {
		s.over()
	}
}

// late tells whether a wait is too long. One that is not yet makes the timer fire again.
func (s *silence) late() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fires = time.Time{}
	if s.due.IsZero() {
		return false
	}
	now := time.Now()
	if now.Before(s.due) {
		s.set(now)
		return false
	}
	return true
}
