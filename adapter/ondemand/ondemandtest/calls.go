package ondemandtest

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Call is the record of one call that arrived. Header, Body and Query belong to the
// record and must not be changed.
type Call struct {
	Op      Operation
	Account string // label; empty: nobody that the platform knows
	At      time.Time
	Method  string
	Path    string
	Header  http.Header
	Body    []byte // its beginning, when it is longer than Options.KeepBody
	Session string // of a query, and of a session made
	Query   *Asked // of a query whose body could be read

	Status     int       // what was answered; 0: nothing
	Deltas     int       // sent so far, reasoning included
	ClientGone bool      // the client went away before the end
	Ended      time.Time // zero: still going on
}

// ledger records calls, newest last.
type ledger struct {
	opts *Options

	mu      sync.Mutex
	entries []*entry
	bytes   int
	running int
	tally   map[tallyKey]int
	queries map[string]load // by account

	streams atomic.Int64 // open now
}

type tallyKey struct {
	op      Operation
	account string
}

// load is how many queries an account has at the same time.
type load struct{ now, peak int }

type entry struct {
	call   Call // changed under the ledger's lock only
	deltas atomic.Int64
	bytes  int
}

func newLedger(opts *Options) ledger {
	return ledger{opts: opts, tally: map[tallyKey]int{}, queries: map[string]load{}}
}

// begin records the call as it arrived.
func (x *exchange) begin(op Operation) {
	s := x.sim
	call := Call{
		Op: op, Account: s.caller(op, x), At: s.opts.Now(), Method: x.r.Method, Path: x.r.URL.Path,
		Header: x.r.Header.Clone(), Session: x.r.PathValue("id"), Query: x.asked,
	}
	call.Body = append(call.Body, x.body[:min(len(x.body), s.opts.KeepBody)]...)
	x.entry = &entry{call: call, bytes: 1 << 10}
	x.entry.bytes += len(call.Body)
	if x.asked != nil {
		x.entry.bytes += len(x.asked.Query)
	}
	s.ledger.add(x.entry)
	s.changed.notify()
}

func (l *ledger) add(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
	l.bytes += e.bytes
	l.running++
	l.tally[tallyKey{e.call.Op, e.call.Account}]++
	if e.call.Op == Query {
		q := l.queries[e.call.Account]
		q.now++
		q.peak = max(q.peak, q.now)
		l.queries[e.call.Account] = q
	}
	for len(l.entries) > l.opts.KeepCalls || (l.bytes > l.opts.KeepBytes && len(l.entries) > 1) {
		l.bytes -= l.entries[0].bytes
		l.entries[0] = nil
		l.entries = l.entries[1:]
	}
}

// end records how the call ended.
func (x *exchange) end() {
	s := x.sim
	s.ledger.mu.Lock()
	c := &x.entry.call
	c.Status = x.status
	c.ClientGone = !x.finished && !x.taken && !x.closed() && x.r.Context().Err() != nil
	c.Ended = s.opts.Now()
	s.ledger.running--
	if c.Op == Query {
		q := s.ledger.queries[c.Account]
		q.now--
		s.ledger.queries[c.Account] = q
	}
	s.ledger.mu.Unlock()
	s.changed.notify()
}

// Calls returns what arrived, oldest first, as it stands now.
func (s *Sim) Calls() []Call {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	calls := make([]Call, len(s.ledger.entries))
	for i, e := range s.ledger.entries {
		calls[i] = e.call
		calls[i].Deltas = int(e.deltas.Load())
	}
	return calls
}

// CallsOf returns the calls of one operation and one account; empty means any.
func (s *Sim) CallsOf(op Operation, account string) []Call {
	var calls []Call
	for _, c := range s.Calls() {
		if (op == "" || c.Op == op) && (account == "" || c.Account == account) {
			calls = append(calls, c)
		}
	}
	return calls
}

// Count is how many calls of an operation an account made, dropped records included;
// empty means any.
func (s *Sim) Count(op Operation, account string) int {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	sum := 0
	for key, n := range s.ledger.tally {
		if (op == "" || op == key.op) && (account == "" || account == key.account) {
			sum += n
		}
	}
	return sum
}

// Running is how many calls are being served right now.
func (s *Sim) Running() int {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	return s.ledger.running
}

// OpenStreams is how many answers are being streamed right now.
func (s *Sim) OpenStreams() int { return int(s.ledger.streams.Load()) }

// PeakQueries is the most queries an account had at the same time.
func (s *Sim) PeakQueries(account string) int {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	return s.ledger.queries[account].peak
}
