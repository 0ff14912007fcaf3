package domain

import "time"

// AccountState says whether an account may be given work.
type AccountState uint8

// The states of an account.
const (
	// AccountReady takes work.
	AccountReady AccountState = iota
	// AccountResting follows a fault of the network or the platform; it is short,
	// and a resting account still serves as the last resort.
	AccountResting
	// AccountCooling follows a rate limit; the account gets nothing until it ends.
	AccountCooling
	// AccountOut has bad credentials, no plan, or is blocked; it is tried again rarely.
	AccountOut
)

// String returns the state as logs, metrics and the dashboard name it.
func (s AccountState) String() string {
	switch s {
	case AccountReady:
		return "ready"
	case AccountResting:
		return "resting"
	case AccountCooling:
		return "cooling"
	case AccountOut:
		return "out"
	}
	return "unknown"
}

// How long an account is left alone.
const (
	firstRest   = time.Second         // after one fault; doubles with each further one
	longestRest = time.Minute         // where the doubling ends
	outFor      = time.Hour           // credentials, plan: tried again this rarely
	maxCooling  = 30 * 24 * time.Hour // a Retry-After beyond this is not believed
)

// Health is the state machine of one account. The zero value is ready. It is not
// safe for concurrent use; the pool guards it.
type Health struct {
	state AccountState
	why   Kind
	since time.Time
	until time.Time
	fails int // faults in a row
}

// At returns the state at now, why it is so, and when it ends. Every state but
// ready ends by itself: an account that is out is then tried once more.
func (h *Health) At(now time.Time) (state AccountState, why Kind, until time.Time) {
	if h.state == AccountReady || !now.Before(h.until) {
		return AccountReady, 0, time.Time{}
	}
	return h.state, h.why, h.until
}

// Failed learns that work begun at began ended at now with an error of this kind.
// cooldown is how long a rate limit rests the account. Kinds that say nothing about the
// account change nothing; a longer rest is never shortened.
func (h *Health) Failed(kind Kind, began, now time.Time, cooldown time.Duration) {
	switch {
	case kind == UpstreamRateLimited:
		h.enter(AccountCooling, kind, now, min(max(cooldown, time.Second), maxCooling))
	case kind == CredentialRefused || kind == PlanRefused:
		h.enter(AccountOut, kind, now, outFor)
	case kind.IsFault():
		h.rest(kind, began, now)
	}
}

// rest backs off, doubling. Many requests that fail together are one fault: only
// work begun after the last one was seen counts as a further one.
func (h *Health) rest(kind Kind, began, now time.Time) {
	if h.fails > 0 && !began.After(h.since) {
		return
	}
	h.fails++
	rest := longestRest
	if h.fails <= 6 {
		rest = min(firstRest<<(h.fails-1), longestRest)
	}
	h.enter(AccountResting, kind, now, rest)
}

func (h *Health) enter(state AccountState, why Kind, now time.Time, rest time.Duration) {
	until := now.Add(rest)
	if current, _, end := h.At(now); current != AccountReady && end.After(until) {
		return
	}
	h.state, h.why, h.since, h.until = state, why, now, until
}

// Restore makes the account ready, whatever it was, as if nothing had ever happened.
func (h *Health) Restore() { *h = Health{} }

// Succeeded learns that work begun at began went well. It ends a rest that
// began earlier; a rate limit or a refusal stays, since only its time ends those.
func (h *Health) Succeeded(began time.Time) {
	if h.fails > 0 && began.After(h.since) {
		h.fails = 0
		if h.state == AccountResting {
			h.state = AccountReady
		}
	}
}
