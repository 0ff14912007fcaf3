package main_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// fate is what a kind of trouble means: a line of the table of attempts.
type fate struct {
	mended   bool   // the account answers the request all the same
	replayed bool   // the conversation is replayed, on whichever account
	left     ending // how the request ends when nothing is left
	attempts int    // that are made then; 0: one for each account
	after    after  // what becomes of the account
	rest     time.Duration
}

// after is what becomes of an account.
type after int

const (
	stays after = iota
	rests
	cools
	isOut
)

var (
	mended      = fate{mended: true}
	refused     = fate{left: ending{http.StatusServiceUnavailable, "no_account_available", 3500, 3600}, after: isOut}
	limited     = fate{left: ending{http.StatusTooManyRequests, "accounts_exhausted", 1, 2}, after: cools, rest: 2 * time.Second}
	failed      = fate{left: ending{status: http.StatusBadGateway, code: "upstream_error"}, attempts: 4, after: rests, rest: time.Second}
	silent      = fate{left: ending{status: http.StatusGatewayTimeout, code: "upstream_timeout"}, attempts: 4, after: rests, rest: time.Second}
	forgotten   = fate{mended: true, replayed: true}
	sessionGone = fate{left: ending{status: http.StatusBadGateway, code: "upstream_error"}, attempts: 5, replayed: true}
	routeGone   = fate{left: ending{status: http.StatusBadGateway, code: "upstream_error"}, attempts: 4}
	rejected    = fate{left: ending{status: http.StatusBadRequest, code: "upstream_rejected"}, attempts: 1}
	disliked    = fate{left: ending{status: http.StatusBadRequest, code: "upstream_rejected"}, attempts: 2, replayed: true}
)

// row is one kind of trouble.
type row struct {
	name string
	fate
	kind      accountKind // the only one that can meet it; empty: both
	continued bool        // it meets the second turn of a conversation
	spoil     func(platform *sim.Sim, account string)
	on        sim.Operation
	do        sim.Effect
	also      *sim.Fault
	passes    int // after so many calls; 0: not by itself
	calls     int // of one attempt that meet it; 0: one
	environ   []string
	options   sim.Options
	costs     tally // what an attempt costs that meets it; zero: as the operation has it
}

// met is what the first attempt costs the account that meets the trouble.
func (r row) met() tally {
	switch {
	case r.costs != tally{}:
		return r.costs
	case r.on == sim.SignIn:
		return tally{SignIns: 1, Refreshes: 1, Sessions: 1}
	case r.on == sim.NewSession:
		return tally{Sessions: 1}
	case r.continued:
		return tally{Queries: 1}
	}
	return answered
}

// metAgain is what every further attempt costs.
func (r row) metAgain() tally {
	if r.continued {
		return r.met().plus(tally{Sessions: 1})
	}
	return r.met()
}

// answered is what an attempt costs that goes well.
var answered = tally{Sessions: 1, Queries: 1}

// recovers is what the attempt costs with which the account recovers.
func (r row) recovers() tally {
	if r.on == sim.SignIn {
		return tally{SignIns: 1, Refreshes: 1, Sessions: 2, Queries: 1}
	}
	return answered
}

// strike lets accounts meet the trouble from now on, so many times; 0: always.
func (r row) strike(s *stage, times int, accounts ...string) {
	for _, account := range accounts {
		if r.spoil != nil {
			r.spoil(s.platform.Sim, account)
		}
		if r.also != nil {
			also := *r.also
			also.Account = account
			s.platform.Script(also)
		}
		if r.do != nil {
			s.platform.Script(sim.Fault{On: r.on, Account: account, Times: times, Do: r.do})
		}
	}
}

// setStage starts what the row needs.
func (r row) setStage(t *testing.T, c cell, accounts int) *stage {
	t.Helper()
	return setStage(t, staging{kind: c.kind, accounts: accounts, stream: c.stream, options: r.options, environ: r.environ})
}

// elsewhere: one account meets the trouble, the other one is well.
func (r row) elsewhere(t *testing.T, c cell) {
	s := r.setStage(t, c, 2)
	history := s.warmUp(r.continued)
	times := r.passes
	if r.replayed {
		times = 1 // the replay may go to this account again
	}
	r.strike(s, times, s.labels[0])
	before := s.tallies()
	a := s.ask(history)
	switch {
	case r.mended && r.replayed:
		s.ends(history, a, wholeAnswer)
		s.calledTogether(before, r.met())
	case r.mended:
		s.ends(history, a, wholeAnswer)
		s.called("where only the first was needed", before, r.met(), tally{})
	case r.replayed:
		s.ends(history, a, wholeAnswer)
		s.calledTogether(before, r.met().plus(answered))
	case r.attempts == 1: // no further one is allowed, or in time
		s.ends(history, a, r.left)
		s.called("where there is no second attempt", before, r.met(), tally{})
	default:
		s.ends(history, a, wholeAnswer)
		s.called("where the second had to help", before, r.met(), answered)
	}
	s.platform.ClearScript()
	switch r.after {
	case stays:
		s.staysInUse()
	case rests, cools:
		s.restsFor(r.rest, wholeAnswer)
	case isOut:
		s.staysOut(wholeAnswer)
	}
	s.nothingTwice()
}

// alone: the only account meets the trouble; once, where that can be hidden, and then always.
func (r row) alone(t *testing.T, c cell) {
	s := r.setStage(t, c, 1)
	if r.attempts > 1 && r.passes == 0 {
		history := s.warmUp(r.continued)
		r.strike(s, max(r.calls, 1), s.labels[0])
		before := s.tallies()
		s.ends(history, s.ask(history), wholeAnswer)
		s.called("when the trouble came once", before, r.met().plus(r.recovers()))
	}
	history := s.warmUp(r.continued)
	r.strike(s, r.passes, s.labels[0])
	before := s.tallies()
	a := s.ask(history)
	if r.mended {
		s.ends(history, a, wholeAnswer)
		s.called("when the trouble could be mended", before, r.met())
	} else {
		s.ends(history, a, r.left)
		s.called("when nothing helped", before, r.met().plus(r.metAgain().times(max(r.attempts, 1)-1)))
	}
	s.platform.ClearScript()
	switch r.after {
	case stays, rests: // a rest locks nobody out
		s.ends(history, s.ask(history), wholeAnswer)
	case cools:
		s.restsFor(r.rest, r.left)
	case isOut:
		s.staysOut(r.left)
	}
	s.nothingTwice()
}

// everywhere: both accounts meet the trouble, always.
func (r row) everywhere(t *testing.T, c cell) {
	s := r.setStage(t, c, 2)
	history := s.warmUp(r.continued)
	r.strike(s, 0, s.labels...)
	before := s.tallies()
	s.ends(history, s.ask(history), r.left)
	attempts := r.attempts
	if attempts == 0 {
		attempts = 2
	}
	if r.replayed {
		s.calledTogether(before, r.met().plus(r.metAgain().times(attempts-1)))
	} else { // by turns
		s.called("when nothing helped", before, r.met().plus(r.metAgain().times((attempts-1)/2)), r.metAgain().times(attempts/2))
	}
	s.platform.ClearScript()
	before = s.tallies()
	a := s.ask(history)
	_, at := s.struck()
	switch {
	case r.after == stays || r.after == rests:
		s.ends(history, a, wholeAnswer)
	case r.after == isOut || time.Since(at) < r.rest:
		s.ends(history, a, r.left)
		s.called("when none was left", before, tally{}, tally{})
	}
	s.nothingTwice()
}

// cell is one row under certain circumstances.
type cell struct {
	row
	where  string
	kind   accountKind
	stream bool
}

// cells are all that there are. Two of the four combinations of accounts and ways to ask have to
// do where every account meets the trouble, and under the race detector, which finds
// nothing more in twice as many requests that come one by one.
func cells() (all []cell) {
	for _, r := range slices.Concat(tokenRows(), accountRows(), faultRows(), silenceRows(), sessionRows()) {
		for _, kind := range []accountKind{byPassword, byKey} {
			for _, stream := range []bool{false, true} {
				few := stream == (kind == byKey)
				if r.kind != "" && r.kind != kind || raceDetector && !few {
					continue
				}
				all = append(all, cell{r, "elsewhere", kind, stream}, cell{r, "alone", kind, stream})
				if few && !r.mended && r.attempts != 1 { // else nothing is asked of the second account
					all = append(all, cell{r, "everywhere", kind, stream})
				}
			}
		}
	}
	return all
}

func (c cell) name() string {
	how := "whole"
	if c.stream {
		how = "streamed"
	}
	return strings.Join([]string{c.row.name, c.where, string(c.kind), how}, ", ")
}

func (c cell) run(t *testing.T) {
	switch c.where {
	case "elsewhere":
		c.elsewhere(t, c)
	case "alone":
		c.alone(t, c)
	case "everywhere":
		c.everywhere(t, c)
	}
}

func TestEveryRowOfTheTableOfAttemptsHolds(t *testing.T) {
	t.Parallel()
	atOnce(t, cells(), cell.name, cell.run)
}

// mostAtOnce bounds the programs that run at the same time: mostly they wait for a
// rest to end.
const mostAtOnce = 16

// atOnce runs subtests side by side, more of them than there are processors.
func atOnce[T any](t *testing.T, all []T, name func(T) string, run func(T, *testing.T)) {
	t.Helper()
	todo := make(chan T)
	var workers sync.WaitGroup
	for range min(mostAtOnce, len(all)) {
		workers.Go(func() {
			for one := range todo {
				t.Run(name(one), func(t *testing.T) { run(one, t) })
			}
		})
	}
	for _, one := range all {
		todo <- one
	}
	close(todo)
	workers.Wait()
}
