package main_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// soakPlatform is a simulator that notes which queries came for which request of a client, and
// that fails at random while it is not calm.
type soakPlatform struct {
	*sim.Sim
	server *httptest.Server
	calm   atomic.Bool

	mu      sync.Mutex
	queries map[int][]string // number of the client's request -> sessions of its queries, as they came
	strange int              // queries that hold no number
	met     map[string]int   // fault -> how often it was met
}

// soakAccounts are the accounts of the platform, of both kinds.
func soakAccounts() []sim.Account {
	return []sim.Account{
		{Email: "a@example.org", Password: "secret"},
		{Email: "b@example.org", Password: "secret"},
		{Email: "c@example.org", Password: "secret"},
		{Key: "key-d"},
		{Key: "key-e"},
		{Key: "key-f"},
	}
}

// startSoakPlatform serves a platform until the test ends. It stands behind a server of the
// test's own, which can hang up on the program's idle connections.
func startSoakPlatform(t *testing.T, trouble []soakTrouble) *soakPlatform {
	t.Helper()
	p := &soakPlatform{queries: map[int][]string{}, met: map[string]int{}}
	p.Sim = sim.New(sim.Options{
		Accounts: soakAccounts(), Model: soakModel, RotateRefresh: true, TokenLife: 20 * time.Second,
		Pace:      sim.Pace{BeforeFirst: 10 * time.Millisecond, Between: 4 * time.Millisecond},
		KeepCalls: 1000, KeepSessions: 5000, KeepBytes: 64 << 20, KeepBody: 1,
	})
	p.server = httptest.NewServer(p)
	t.Cleanup(func() {
		p.Close()
		p.server.CloseClientConnections()
		p.server.Close()
	})
	p.Script(sim.Fault{On: sim.Query, If: p.note})
	for _, one := range trouble {
		p.Script(sim.Fault{On: one.on, If: p.rarely(one), Do: one.do})
	}
	return p
}

// note is the condition of a fault that is never met: it only looks at every query.
func (p *soakPlatform) note(call sim.Call) bool {
	number, ok := soakNumberOf(call.Query)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !ok {
		p.strange++
		return false
	}
	p.queries[number] = append(p.queries[number], call.Session)
	return false
}

// soakNumberOf reads which request of a client a query is for: its newest question says so.
func soakNumberOf(asked *sim.Asked) (number int, ok bool) {
	if asked == nil {
		return 0, false
	}
	at := strings.LastIndex(asked.Query, questionMark)
	if at < 0 {
		return 0, false
	}
	digits, _, _ := strings.Cut(asked.Query[at+len(questionMark):], ">>")
	number, err := strconv.Atoi(digits)
	return number, err == nil
}

// rarely is the condition of a fault that a share of its calls meets.
func (p *soakPlatform) rarely(one soakTrouble) func(sim.Call) bool {
	return func(sim.Call) bool {
		if p.calm.Load() || !chance(one.share) {
			return false
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.met[string(one.on)+" "+one.name]++
		return true
	}
}

// queriesOf are the sessions in which queries for a request came, one for each query.
func (p *soakPlatform) queriesOf(number int) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queries[number]
}

// noted is how many queries could be read, and for how many requests.
func (p *soakPlatform) noted() (queries, requests int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sessions := range p.queries {
		queries += len(sessions)
	}
	return queries + p.strange, len(p.queries)
}

// faults are how often each fault was met, one to a line, and their number.
func (p *soakPlatform) faults() (lines string, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p.met)) {
		fmt.Fprintf(&text, "  %-42s %6d\n", name, p.met[name])
		total += p.met[name]
	}
	return text.String(), total
}

// The marks in what is asked and answered: of a request's number, and of what the model saw.
const (
	questionMark = "<<q."
	answerOf     = "<<a."
)

// soakModel proves with every answer what it saw: the answer holds a digest of all marks in the
// session and the query. How much it says differs, and never changes for the same history.
func soakModel(seen sim.Seen) sim.Answer {
	var all strings.Builder
	for _, turn := range seen.Turns {
		all.WriteString(turn.Query)
		all.WriteString(turn.Answer)
	}
	all.WriteString(seen.Query)
	digest := proof(all.String())
	answer := sim.Answer{Text: "Well: " + answerOf + digest + ">> " + strings.Repeat("and so on 就这样 🌲 ", int(digest[0])%8) + soakEnd}
	if digest[1]%4 == 0 {
		answer.Reasoning = "Let me think about that for a moment."
	}
	return answer
}

// soakEnd is how every answer ends that was not cut.
const soakEnd = "and that is all."

// soakProves tells whether an answer was computed from exactly these texts; a text that is too
// short for its mark proves nothing.
func soakProves(answer string, history []message) (right, told bool) {
	_, rest, found := strings.Cut(answer, answerOf)
	digest, _, ended := strings.Cut(rest, ">>")
	if !found || !ended {
		return false, false
	}
	var all strings.Builder
	for _, m := range history {
		all.WriteString(m.text)
	}
	return digest == proof(all.String()), true
}
