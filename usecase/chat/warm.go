package chat

import (
	"context"
	"sync"
	"time"

	"ondemand-api-proxy/domain"
)

// demandSpan is how far back new conversations count as recent.
const demandSpan = time.Minute

// Caller makes a call in the name of one account, ahead of any request. The error is of an
// account kind when the account is not ready.
type Caller interface {
	CallAhead(ctx context.Context, account domain.AccountID, call func(context.Context, *domain.Account, *domain.Grant) error) error
}

// Warm keeps upstream sessions that were opened ahead, so that a new conversation saves the round
// trip of opening one. It makes them only for accounts that recently got more than one new conversation
// a minute, and no more than that demand can use; what nobody asks for any more is forgotten. It is
// safe for concurrent use.
type Warm struct {
	accounts Caller
	upstream Upstream
	most     int           // per account
	life     time.Duration // of a session nobody uses

	ctx    context.Context // of the calls: they serve requests to come
	cancel context.CancelFunc
	making sync.WaitGroup

	mu     sync.Mutex
	closed bool
	stocks map[domain.AccountID]*stock
}

// stock is what is kept for one account; Warm.mu guards it.
type stock struct {
	ready  []opened    // the oldest first
	demand []time.Time // of the latest new conversations, at most one more than may be ready
	making bool        // somebody refills it
}

// opened is a session and when it was opened.
type opened struct {
	id domain.SessionID
	at time.Time
}

// NewWarm returns an empty store that keeps at most so many sessions for an account; 0 switches it off.
// A session is dropped when it has not been used for nine tenths of timeout. Close ends it.
func NewWarm(accounts Caller, upstream Upstream, most int, timeout time.Duration) *Warm {
	ctx, cancel := context.WithCancel(context.Background())
	return &Warm{
		accounts: accounts, upstream: upstream, most: most, life: timeout / 10 * 9,
		ctx: ctx, cancel: cancel, stocks: make(map[domain.AccountID]*stock),
	}
}

// Close ends what is being opened.
func (w *Warm) Close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.cancel()
	w.making.Wait()
}

// Take returns a session of the account that was opened ahead, if there is one, for a new
// conversation, and has the stock refilled behind it.
func (w *Warm) Take(account domain.AccountID, now time.Time) (id domain.SessionID, found bool) {
	if w.most == 0 {
		return "", false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stocks[account]
	if s == nil {
		w.sweep(now)
		s = &stock{}
		w.stocks[account] = s
	}
	s.demand = append(s.demand, now)
	s.demand = s.demand[max(0, len(s.demand)-w.most-1):]
	s.drop(now, w.life)
	if len(s.ready) > 0 {
		id, found = s.ready[0].id, true
		s.ready = s.ready[1:]
	}
	if !s.making && !w.closed && s.lacks(now) {
		s.making = true
		w.making.Go(func() { w.refill(account, s) })
	}
	return id, found
}

// Len returns how many sessions are kept, some of which may have to be dropped.
func (w *Warm) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := 0
	for _, s := range w.stocks {
		all += len(s.ready)
	}
	return all
}

// sweep forgets accounts that nobody asked for in so long that nothing of theirs could be used, under the lock.
func (w *Warm) sweep(now time.Time) {
	for account, s := range w.stocks {
		if !s.making && now.Sub(s.demand[len(s.demand)-1]) > max(w.life, demandSpan) {
			delete(w.stocks, account)
		}
	}
}

// refill opens sessions one after the other until the account has as many as its demand can use, or opening one fails.
func (w *Warm) refill(account domain.AccountID, s *stock) {
	for {
		var id domain.SessionID
		err := w.accounts.CallAhead(w.ctx, account, func(ctx context.Context, account *domain.Account, grant *domain.Grant) (err error) {
			id, err = w.upstream.OpenSession(ctx, account, grant)
			return err
		})
		w.mu.Lock()
		now := time.Now()
		if err == nil {
			s.ready = append(s.ready, opened{id, now})
		}
		s.making = err == nil && !w.closed && s.lacks(now)
		again := s.making
		w.mu.Unlock()
		if !again {
			return
		}
	}
}

// drop forgets sessions that are too old to be used, under the lock.
func (s *stock) drop(now time.Time, life time.Duration) {
	for len(s.ready) > 0 && now.Sub(s.ready[0].at) > life {
		s.ready = s.ready[1:]
	}
}

// lacks tells, under the lock, whether one more session would be of use: after the first of the
// recent new conversations each one speaks for another.
func (s *stock) lacks(now time.Time) bool {
	recent := 0
	for _, at := range s.demand {
		if now.Sub(at) < demandSpan {
			recent++
		}
	}
	return len(s.ready) < recent-1
}
