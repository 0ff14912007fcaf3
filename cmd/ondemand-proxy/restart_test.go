package main_test

import (
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// restart ends the program with a signal and starts it again over the same data.
func (s *stage) restart(signal syscall.Signal) {
	s.t.Helper()
	s.stop(signal, 0)
	catalogues := s.platform.Count(sim.Catalogue, "")
	s.proxy = startWith(s.t, setup{dataDir: s.dataDir, environ: s.environ})
	s.await("the catalogue was fetched again", func() bool { return s.platform.Count(sim.Catalogue, "") > catalogues })
}

func bothKinds(t *testing.T, test func(t *testing.T, kind accountKind)) {
	t.Helper()
	atOnce(t, []accountKind{byPassword, byKey}, func(k accountKind) string { return string(k) }, func(k accountKind, t *testing.T) { test(t, k) })
}

// turns holds the first turns of a conversation and returns it with the next question.
func (s *stage) turns(n int) []spoken {
	s.t.Helper()
	history := s.question()
	for range n {
		text, _ := s.chat(history)
		history = s.next(history, text)
	}
	return history
}

func TestAConversationGoesOnInItsSessionAfterACleanRestart(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, kind accountKind) {
		s := setStage(t, staging{kind: kind, accounts: 2})
		history := s.turns(2)
		s.restart(syscall.SIGTERM)
		text, _ := s.chat(history)
		sessions := s.platform.Sessions("")
		if len(sessions) != 1 {
			t.Fatalf("the conversation took %d upstream sessions, want 1", len(sessions))
		}
		seen := s.platform.Transcript(sessions[0])
		if got, want := seen[len(seen)-1].Query, history[len(history)-1].Content; len(seen) != 3 || got != want {
			t.Errorf("turn %d sent %q, want the new message only, %q, as turn 3", len(seen), got, want)
		}
		s.restart(syscall.SIGTERM) // what was taken over is saved again
		s.chat(s.next(history, text))
		if n := len(s.platform.Sessions("")); n != 1 {
			t.Errorf("after a second restart the conversation took %d upstream sessions, want 1", n)
		}
		s.nothingTwice()
	})
}

func TestAConversationGetsANewSessionAfterACrash(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, kind accountKind) {
		s := setStage(t, staging{kind: kind, accounts: 1})
		history := s.turns(2)
		s.restart(syscall.SIGKILL)
		s.chat(history)
		s.inNewSession()
		s.nothingTwice()
	})
}

func TestTipsOfAnEarlierCleanStopDoNotOutliveACrash(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, kind accountKind) {
		s := setStage(t, staging{kind: kind, accounts: 1})
		history := s.turns(1)
		s.restart(syscall.SIGTERM)
		s.restart(syscall.SIGKILL)
		s.chat(history)
		s.inNewSession()
		s.nothingTwice()
	})
}

func TestACrashInTheMiddleOfAQueryNeverUsesItsSessionAgain(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, kind accountKind) {
		s := setStage(t, staging{kind: kind, accounts: 1, stream: true})
		history := s.turns(1)
		session := s.lastSession()
		s.platform.Script(sim.Fault{On: sim.Query, Times: 1, Do: sim.AfterDeltas(2, sim.Hang())})
		response, err := s.open(t.Context(), s.client, s.body(history, nil))
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("the stream did not begin: %v, %v", response, err)
		}
		s.restart(syscall.SIGKILL)
		if a := read(response); a.err == nil && strings.Contains(a.body, "[DONE]") {
			t.Errorf("the stream of a program that was killed has an end: %s", a.body)
		}

		s.chat(history)
		s.inNewSession()
		if turns := s.platform.Transcript(session); len(turns) != 2 || turns[1].Complete {
			t.Errorf("the session of the crash has seen %d turns, want 2, and the last one not complete", len(turns))
		}
		s.nothingTwice()
	})
}

func TestASessionThatWasIdleForTooLongIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	const idle = 1200 * time.Millisecond // 0.02 minutes
	for _, between := range []struct {
		name string
		do   func(s *stage)
	}{
		{"while running", func(*stage) {}},
		{"over a restart", func(s *stage) { s.restart(syscall.SIGTERM) }},
	} {
		t.Run(between.name, func(t *testing.T) {
			s := setStage(t, staging{kind: byPassword, accounts: 1, environ: []string{"SESSION_TIMEOUT_MINUTES=0.02"}})
			s.idleTooLong(idle, between.do)
		})
	}
}

func (s *stage) idleTooLong(idle time.Duration, between func(*stage)) {
	began := time.Now()
	history := s.turns(2)
	used := time.Now()
	if n := len(s.platform.Sessions("")); n != 1 && used.Sub(began) < idle {
		s.t.Errorf("two turns within %v took %d sessions, want 1", used.Sub(began), n)
	}
	between(s)
	time.Sleep(idle + 50*time.Millisecond - time.Since(used))
	s.chat(history)
	s.inNewSession()
	s.nothingTwice()
}

func TestManyRequestsShareTheRenewalOfAToken(t *testing.T) {
	t.Parallel()
	type scene struct {
		name    string
		options sim.Options
		spoil   func(*sim.Sim, string)
		want    tally // beside sessions and queries
	}
	expire, revoke := (*sim.Sim).ExpireTokens, (*sim.Sim).RevokeTokens
	atOnce(t, []scene{
		{"expired", sim.Options{}, expire, tally{Refreshes: 1}},
		{"expired, opaque", sim.Options{OpaqueTokens: true}, expire, tally{Refreshes: 1}},
		{"expired, with a new refresh token each time", sim.Options{RotateRefresh: true}, expire, tally{Refreshes: 1}},
		{"revoked", sim.Options{}, revoke, tally{Refreshes: 1, SignIns: 1}},
	}, func(c scene) string { return c.name }, func(c scene, t *testing.T) {
		s := setStage(t, staging{kind: byPassword, accounts: 1, options: c.options})
		s.warmUp(false)
		for range 2 { // a renewed token expires like the first one
			c.spoil(s.platform.Sim, s.labels[0])
			// Slow enough that all others come while it is under way.
			s.platform.Script(sim.Fault{On: sim.Refresh, Times: 1, Do: sim.Pause(300 * time.Millisecond)})
			before := s.tallies()
			s.askAtOnce(40)
			got := s.since(before)[s.labels[0]]
			if got.Refreshes != c.want.Refreshes || got.SignIns != c.want.SignIns || got.Queries != 40 {
				t.Errorf("%d refreshes, %d sign-ins, %d queries; want %d, %d and 40\n%s",
					got.Refreshes, got.SignIns, got.Queries, c.want.Refreshes, c.want.SignIns, s.log.tail())
			}
		}
		s.nothingTwice()
	})
}

// askAtOnce sends n questions at the same time; all have to be answered.
func (s *stage) askAtOnce(n int) {
	s.t.Helper()
	var all sync.WaitGroup
	for range n {
		body := s.body(s.question(), nil)
		all.Go(func() {
			response, err := s.open(s.t.Context(), s.client, body)
			if err != nil {
				s.t.Error(err)
				return
			}
			if a := read(response); a.status != http.StatusOK || a.err != nil {
				s.t.Errorf("status %d (%v): %s", a.status, a.err, a.body)
			}
		})
	}
	all.Wait()
}

func TestATokenWhoseLifeEndsIsRefreshedAndTheConversationGoesOn(t *testing.T) {
	t.Parallel()
	const life = 2 * time.Second
	s := setStage(t, staging{kind: byPassword, accounts: 1, options: sim.Options{TokenLife: life}})
	began := time.Now()
	history := s.question()
	for time.Since(began) < life+life/2 {
		text, _ := s.chat(history)
		history = s.next(history, text)
		time.Sleep(100 * time.Millisecond)
	}
	got := s.tallies()[s.labels[0]]
	most := int(time.Since(began)/(life/2)) + 1
	if got.SignIns != 1 || got.Refreshes < 1 || got.Refreshes > most {
		t.Errorf("in %v with tokens that live for %v: %+v; want one sign-in, then 1 to %d refreshes", time.Since(began), life, got, most)
	}
	if n := len(s.platform.Sessions("")); n != 1 {
		t.Errorf("the conversation took %d upstream sessions, want 1", n)
	}
	s.nothingTwice()
}
