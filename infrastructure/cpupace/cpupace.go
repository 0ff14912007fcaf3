// Package cpupace lets the program use a single processor while it serves one request at a time.
//
// Go wakes a second processor whenever something becomes ready while one is idle, and net/http makes several
// things ready in each request. With one request at a time they are done before that processor is
// awake: it looks for work, finds none and sleeps again, in the way of what the request waits for.
// That was a quarter of such a request's processor time, and of its latency. Where two requests overlap all processors
// are used at once: one would let them wait for each other.
package cpupace

import (
	"os"
	"runtime"
	"sync"
	"time"
)

// Calm is how long no two requests may have overlapped before one processor is used.
const Calm = 500 * time.Millisecond

// Pace is what the program's requests ask for.
type Pace struct {
	mu     sync.Mutex
	crowd  time.Time // when two requests last overlapped
	single bool      // one processor is used
	fixed  bool      // the number of processors is not ours to change
}

// New returns the pace of a program that starts. Who sets the variable GOMAXPROCS is let be.
func New() *Pace {
	return &Pace{crowd: time.Now(), fixed: os.Getenv("GOMAXPROCS") != "" || runtime.GOMAXPROCS(0) == 1}
}

// Began says that a request began, and how many run now, with it.
func (p *Pace) Began(running int) {
	if p.fixed {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case running > 1:
		p.crowd = time.Now()
		if p.single {
			p.single = false
			runtime.SetDefaultGOMAXPROCS() // which follows the limits of a container, as at the start
		}
	case !p.single && time.Since(p.crowd) > Calm:
		p.single = true
		runtime.GOMAXPROCS(1)
	}
}
