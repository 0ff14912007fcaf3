package main_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// soakBooks are the clients' own: what each of them knows of every request it sent.
type soakBooks struct {
	mu        sync.Mutex
	numbers   int
	routes    map[string]int // method and route -> requests sent
	known     map[string]soakEnding
	unknown   []soakEnding   // completions whose clients left before they had an id
	turned    int            // asks for completions with an access token that was refused
	byToken   map[string]int // completions that were let in, by the token's name
	outcomes  map[string]int // what their clients saw
	leavers   int
	complaint []string // what clients did not like
	more      int      // complaints beyond mostComplaints
}

// mostComplaints bounds what is told one by one.
const mostComplaints = 20

func newSoakBooks() *soakBooks {
	return &soakBooks{routes: map[string]int{}, known: map[string]soakEnding{}, byToken: map[string]int{}, outcomes: map[string]int{}}
}

// number is a number for a request that nobody else has.
func (b *soakBooks) number() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.numbers++
	return b.numbers
}

// disagree notes that something is not as it has to be.
func (b *soakBooks) disagree(format string, values ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complain(format, values...)
}

func (b *soakBooks) complain(format string, values ...any) {
	if len(b.complaint) == mostComplaints {
		b.more++
		return
	}
	b.complaint = append(b.complaint, fmt.Sprintf(format, values...))
}

// ended notes how a request ended.
func (b *soakBooks) ended(e soakEnding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.routes[e.call.method+" "+e.call.route]++
	if e.call.number == 0 {
		return
	}
	if e.status == http.StatusUnauthorized {
		b.turned++
		return
	}
	b.byToken[e.call.token.name]++
	e.call.body = "" // as big as it may be
	switch {
	case e.left:
		b.leavers++
		b.outcomes["(left)"]++
	default:
		b.outcomes[e.word()]++
		e.said.choices = nil
	}
	switch _, twice := b.known[e.id]; {
	case e.id == "":
		b.unknown = append(b.unknown, e)
	case twice:
		b.complain("two requests have the id %s", e.id)
	default:
		b.known[e.id] = e
	}
}

// word names how a request ended for a client that stayed.
func (e soakEnding) word() string {
	if e.said.failure != "" {
		return fmt.Sprintf("%d %s", e.status, e.said.failure)
	}
	if _, length := e.said.finishes("length"); length > 0 {
		return fmt.Sprintf("%d length", e.status)
	}
	return fmt.Sprint(e.status)
}

// mayEndAs tells whether the ledger may say so of the request's end.
func (e soakEnding) mayEndAs(outcome string) bool {
	if e.left { // it may have been over before the proxy saw that
		return outcome != "shutdown" && outcome != "internal_error"
	}
	return slices.Contains(e.outcomes, outcome)
}
