package web

import (
	"fmt"
	"sync"
	"time"

	"ondemand-api-proxy/domain"
)

// spent counts the tokens that were used on one day of UTC. It is safe for concurrent use.
type spent struct {
	mu     sync.Mutex
	day    int64 // number of the day that tokens is of
	tokens int64
}

const day = 24 * time.Hour

func dayOf(t time.Time) int64 { return t.Unix() / int64(day.Seconds()) }

// add counts tokens that were used at now.
func (s *spent) add(tokens int64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roll(now)
	s.tokens += tokens
}

// today is how many tokens were used on the day of now.
func (s *spent) today(now time.Time) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roll(now)
	return s.tokens
}

// roll begins a new day, under the lock. A clock that is set back a little does not bring one back; one
// that is set back by more than a day had been wrong before.
func (s *spent) roll(now time.Time) {
	if d := dayOf(now); d > s.day || d < s.day-1 {
		s.day, s.tokens = d, 0
	}
}

// withinBudget returns an error when a pass has used up its tokens of today. What a request will
// use is known only when it has ended, so that those under way at the same time may exceed
// the budget.
func (p *pass) withinBudget(now time.Time) error {
	if p.perDay == 0 || p.spent.today(now) < p.perDay {
		return nil
	}
	err := domain.E(domain.QuotaExceeded, fmt.Sprintf("This access token has used its %d tokens of today; there are new ones at 00:00 UTC.", p.perDay), nil)
	err.RetryAfter = time.Unix((dayOf(now)+1)*int64(day.Seconds()), 0).Sub(now)
	return err
}
