// Package accounts is the pool of the operator's on-demand.io accounts: it chooses
// one for each piece of work, keeps within the accounts' budgets, lets a troubled
// account rest, and signs accounts in, once for all who wait for it.
package accounts

import (
	"context"
	"sync"
	"time"

	"ondemand-api-proxy/domain"
)

// Observer is told what happens to accounts. It is called without any lock held
// and must be quick.
type Observer interface {
	// AccountChanged tells that an account entered a state, why, and until when.
	// The time is zero for a ready account.
	AccountChanged(account domain.Account, state domain.AccountState, why domain.Kind, until time.Time)
	// AccountRenewed tells how getting a new token ended.
	AccountRenewed(account domain.Account, how Renewal, err error)
}

// Options are the pool's settings.
type Options struct {
	// Cooldown is how long a rate-limited account rests when the platform names no time.
	Cooldown time.Duration
	// Wait is the longest a request waits while every account is alive but busy.
	Wait time.Duration
}

// Pool holds the accounts. All methods are safe for concurrent use.
type Pool struct {
	auth     Authenticator
	options  Options
	observer Observer

	ctx      context.Context // of renewals: they serve many requests and outlive each
	cancel   context.CancelFunc
	renewing sync.WaitGroup

	mu      sync.Mutex
	members []*member                    // in configuration order
	order   order                        // the same
	byID    map[domain.AccountID]*member // the same
	queue   []*waiter                    // first come, first served
	turn    uint64                       // counts leases; breaks ties round-robin
	wakeup  *time.Timer
	closed  bool

	controlTurn int // counts control calls
}

// member is one account in the pool; Pool.mu guards it.
type member struct {
	account  domain.Account
	health   domain.Health
	inFlight int // this and the next two only change with order.move
	lastTurn uint64
	place    int       // in the configuration
	worked   time.Time // when it was last given work, or came
	aheadAt  time.Time // when its token was last renewed ahead of need
	window   window
	grant    *grant
	renewal  *renewal // under way, or nil
	// The account's trouble that the last renewal met, and when; zero: it met none.
	trouble   error
	troubleAt time.Time
}

// New returns a pool of the accounts. Close ends it.
func New(auth Authenticator, observer Observer, options Options, accounts []domain.Account) *Pool {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Pool{auth: auth, options: options, observer: observer, ctx: ctx, cancel: cancel}
	p.wakeup = time.AfterFunc(time.Hour, p.wake)
	p.wakeup.Stop()
	p.Replace(accounts)
	return p
}

// Close ends renewals under way and refuses whoever waits.
func (p *Pool) Close() {
	p.cancel()
	p.mu.Lock()
	p.closed = true
	p.wakeup.Stop()
	p.dispatch(time.Now())
	p.mu.Unlock()
	p.renewing.Wait()
}

// Replace makes accounts the pool's accounts. An account that stays keeps its
// tokens and its state, unless its credential changed; one that is gone gets no
// further work, and what it does now goes on undisturbed.
func (p *Pool) Replace(accounts []domain.Account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.byID
	p.members = make([]*member, 0, len(accounts))
	p.byID = make(map[domain.AccountID]*member, len(accounts))
	for i, account := range accounts {
		m := before[account.ID()]
		if m == nil || !m.account.SameCredential(account) {
			m = &member{worked: time.Now(), grant: &grant{}}
		}
		m.account, m.place = account, i
		p.members = append(p.members, m)
		p.byID[account.ID()] = m
	}
	p.order = newOrder(p.members)
	p.dispatch(time.Now())
}

// Status is one account as the pool sees it at a moment.
type Status struct {
	Account  domain.Account
	State    domain.AccountState
	Why      domain.Kind // when State is not ready
	Until    time.Time   // when State is not ready
	InFlight int
}

// Statuses returns all accounts in configuration order.
func (p *Pool) Statuses() []Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	statuses := make([]Status, 0, len(p.members))
	for _, m := range p.members {
		state, why, until := m.health.At(now)
		statuses = append(statuses, Status{m.account, state, why, until, m.inFlight})
	}
	return statuses
}

// Outlook tells whether an account that is not among tried could be given work, now or
// when it is no longer busy. When no account could, the error says why, with the
// soonest time to come back.
func (p *Pool) Outlook(tried []domain.AccountID) (fresh bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, m := range p.members {
		if r := m.candidate(Wish{Tried: tried}, now).rank; r == freshReady || r == freshResting {
			return true, nil
		}
	}
	return false, p.unusable(now)
}

// unusable returns nil while some account is ready or rests, under the lock.
func (p *Pool) unusable(now time.Time) error {
	if len(p.members) == 0 {
		return domain.E(domain.NoAccount, "No on-demand.io account is configured: add one under \"accounts\" in the configuration file or in ONDEMAND_ACCOUNTS.", nil)
	}
	var soonest time.Time
	limited := false
	for _, m := range p.members {
		state, _, until := m.health.At(now)
		if state == domain.AccountReady || state == domain.AccountResting {
			return nil
		}
		limited = limited || state == domain.AccountCooling
		if soonest.IsZero() || until.Before(soonest) {
			soonest = until
		}
	}
	err := domain.E(domain.NoAccount, "No on-demand.io account is usable at the moment: their credentials or plans were refused.", nil)
	if limited {
		err = domain.E(domain.AccountsExhausted, "Every usable on-demand.io account is resting because of the platform's rate limit.", nil)
	}
	err.RetryAfter = soonest.Sub(now)
	return err
}
