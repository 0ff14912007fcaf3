package accounts

import (
	"slices"
	"time"

	"ondemand-api-proxy/domain"
)

// Wish is what a request would like to get.
type Wish struct {
	// Prefer is the account whose session would go on; empty: none.
	Prefer domain.AccountID
	// Tried are accounts that failed this request before; others come first.
	Tried []domain.AccountID
}

// rank orders the usable accounts for one request: a lower rank is better. Accounts that
// rest after a fault come after the others, and those that failed this very request last.
type rank uint8

const (
	freshReady rank = iota
	freshResting
	triedReady
	triedResting
	unusable
)

// candidate is a member as one request sees it.
type candidate struct {
	*member
	rank  rank
	until time.Time // of its rest
}

// choose picks the best account for the wish that is free: the preferred one if it is healthy, one that
// is, the one that rests shortest, and of equals the first in order. It returns nil when the request
// has to wait: every account is busy, or a better one is and the free ones only rest,
// which makes them the last resort; with last that is what they are for. usable says
// whether there is any account at all.
func (p *Pool) choose(wish Wish, now time.Time, last bool) (best *member, usable bool) {
	worthWaiting := unusable // the best rank of a busy account that does not rest
	pick := candidate{rank: unusable}
	if m := p.byID[wish.Prefer]; m != nil && m.candidate(wish, now).rank == freshReady && !m.busyUntil(now).After(now) {
		return m, true
	}
	for _, m := range p.order {
		c := m.candidate(wish, now)
		switch {
		case c.rank == unusable:
			continue
		case m.busyUntil(now).After(now):
			if !c.rests() {
				worthWaiting = min(worthWaiting, c.rank)
			}
		case c.rank == freshReady:
			return m, true // none behind it is better
		case c.rank < pick.rank || c.rank == pick.rank && c.until.Before(pick.until):
			pick = c
		}
		usable = true
	}
	if pick.member == nil || pick.rests() && worthWaiting < pick.rank && !last {
		return nil, usable
	}
	return pick.member, usable
}

// rests tells whether the account rests after a fault.
func (c candidate) rests() bool { return c.rank == freshResting || c.rank == triedResting }

func (m *member) candidate(wish Wish, now time.Time) candidate {
	state, _, until := m.health.At(now)
	c := candidate{member: m, until: until}
	tried := slices.Contains(wish.Tried, m.account.ID())
	switch {
	case state == domain.AccountReady && !tried:
		c.rank = freshReady
	case state == domain.AccountReady:
		c.rank = triedReady
	case state == domain.AccountResting && !tried:
		c.rank = freshResting
	case state == domain.AccountResting:
		c.rank = triedResting
	default:
		c.rank = unusable
	}
	return c
}

// never stands for "when another request ends", which no clock can tell.
var never = time.Unix(1<<40, 0)

// busyUntil returns when the account's budgets allow another query: a time not
// after now when they do already.
func (m *member) busyUntil(now time.Time) time.Time {
	limits := m.account.Limits()
	if limits.MaxConcurrency > 0 && m.inFlight >= limits.MaxConcurrency {
		return never
	}
	return m.window.freeAt(limits.RequestsPerMinute, now)
}

// window remembers when the queries of the last minute began. It holds no more
// entries than the budget has.
type window struct{ begun []time.Time }

const windowLength = time.Minute

// freeAt returns when a further query fits a budget of limit queries in any 60
// seconds; zero: at once. A limit of 0 is none.
func (w *window) freeAt(limit int, now time.Time) time.Time {
	if limit == 0 {
		return time.Time{}
	}
	for len(w.begun) > 0 && !now.Before(w.begun[0].Add(windowLength)) {
		w.begun = w.begun[1:]
	}
	if len(w.begun) < limit {
		return time.Time{}
	}
	return w.begun[len(w.begun)-limit].Add(windowLength)
}

// take counts a query that begins now.
func (w *window) take(limit int, now time.Time) {
	if limit > 0 {
		w.begun = append(w.begun, now)
	}
}
