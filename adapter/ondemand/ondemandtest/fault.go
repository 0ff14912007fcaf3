package ondemandtest

import "sync"

// Operation is a kind of call to the platform.
type Operation string

// The operations.
const (
	SignIn     Operation = "signin"
	Refresh    Operation = "refresh"
	NewSession Operation = "session"
	Query      Operation = "query"
	Catalogue  Operation = "catalogue"
	// Unrouted is a call to anything else, which is answered with "no Route matched".
	Unrouted Operation = "unrouted"
)

// Fault is one line of a script: which calls it meets, and what it does to them.
type Fault struct {
	On      Operation // empty: any
	Account string    // label of the account that calls; empty: any
	// If narrows it further; nil: no. It sees the call as far as it is known when it
	// arrives, must not change it, and must not call the simulator.
	If    func(Call) bool
	Skip  int // the first so many matching calls pass unharmed
	Times int // how many calls it meets after those; 0: every one
	Do    Effect
}

// script holds the faults that are still to come.
type script struct {
	mu    sync.Mutex
	lines []*line
}

type line struct {
	Fault
	skipped, met int
}

// Script adds faults. A call meets the first fault, in the order they were added, that
// matches it and is not used up; later faults do not see that call, nor count it.
func (s *Sim) Script(faults ...Fault) {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	for _, f := range faults {
		s.script.lines = append(s.script.lines, &line{Fault: f})
	}
}

// ClearScript drops all faults; calls that already met one go on as scripted.
func (s *Sim) ClearScript() {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	s.script.lines = nil
}

// FaultsLeft is how many scripted meetings are still to come; faults that meet every
// call do not count. A table test checks it to see that its fault really happened.
func (s *Sim) FaultsLeft() int {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	left := 0
	for _, l := range s.script.lines {
		if l.Times > 0 {
			left += l.Times - l.met
		}
	}
	return left
}

// meet returns the effect for a call, or nil.
func (s *script) meet(call Call) Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		if !l.matches(call) {
			continue
		}
		if l.skipped < l.Skip {
			l.skipped++
			continue
		}
		l.met++
		return l.Do
	}
	return nil
}

func (l *line) matches(call Call) bool {
	return (l.Times == 0 || l.met < l.Times) &&
		(l.On == "" || l.On == call.Op) &&
		(l.Account == "" || l.Account == call.Account) &&
		(l.If == nil || l.If(call))
}
