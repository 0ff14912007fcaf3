package main_test

import (
	"strings"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// uncount takes back a request that was counted.
func (b *soakBooks) uncount(method, route string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.routes[method+" "+route]--
}

// report tells what happened, and fails the test for everything that was not as it has to be.
func (s *soak) report(a *soakAccountOf, took time.Duration) {
	s.t.Helper()
	lines, faults := s.platform.faults()
	b := s.books
	s.t.Logf("%s in all: %.0f requests, %d of them for completions that were let in, %d refused at the door; %d clients left; %d faults and odd answers; %d reloads; %d disagreements",
		took.Round(time.Second), soakTotal(b.routes), len(a.rows), b.turned, b.leavers, faults, s.reloads, len(b.complaint)+b.more)
	outcomes, uses := map[string]int{}, map[string]int{}
	for _, row := range a.rows {
		outcomes[string(row.Outcome)]++
		for _, try := range row.Tries {
			uses[try.Session.String()]++
		}
	}
	s.t.Logf("what clients saw:\n%s", soakTable(b.outcomes))
	s.t.Logf("what the ledger says:\n%s", soakTable(outcomes))
	s.t.Logf("attempts by the session they were made in:\n%s", soakTable(uses))
	s.t.Logf("requests by route:\n%s", soakTable(b.routes))
	s.t.Logf("faults and odd answers:\n%s", lines)
	s.t.Logf("accounts entered these states, as far as was seen (%d times one was put back):\n%s", s.states.back, soakTable(s.states.entered))
	s.t.Logf("queries: %d at the platform, %d repeated with a new token, %d begun that never came or not whole (%d in part; %d not of clients that left); sessions %d, sign-ins %d, refreshes %d",
		a.arrived, a.repeated, a.unsent, a.cut, a.failed, s.platform.Count(sim.NewSession, ""), s.platform.Count(sim.SignIn, ""), s.platform.Count(sim.Refresh, ""))
	if len(b.complaint) > 0 {
		s.t.Errorf("%d disagreements\n%s", len(b.complaint)+b.more, strings.Join(b.complaint, "\n"))
	}
	if len(a.rows) < 100 || b.leavers == 0 || faults == 0 || s.reloads == 0 {
		s.t.Errorf("too little was shown")
	}
}
