package accounts

import (
	"context"
	"sync"
	"time"

	"ondemand-api-proxy/domain"
)

// How accounts are kept signed in ahead of need.
const (
	aheadLook  = 5 * time.Second // between two looks at all accounts
	aheadAgain = time.Minute     // between two tries of one account
	aheadFor   = 24 * time.Hour  // after an account's last work, or after it came
	aheadMost  = 4               // sign-ins and refreshes at the same time
)

// KeepSignedIn signs all accounts in, and renews their tokens before they end, so that no request
// has to wait for that. An account that had no work for a day is left alone. It returns when
// ctx ends.
func (p *Pool) KeepSignedIn(ctx context.Context) {
	look := time.NewTicker(aheadLook)
	defer look.Stop()
	for {
		p.signInAhead(ctx)
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// signInAhead renews the tokens that will be of no use soon, and returns when all is tried.
func (p *Pool) signInAhead(ctx context.Context) {
	var group sync.WaitGroup
	turns := make(chan struct{}, aheadMost)
	for _, id := range p.inNeed(time.Now()) {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			_ = p.CallAhead(ctx, id, nothing) // the observer is told
		})
	}
	group.Wait()
}

// nothing is a call that needs a token only.
func nothing(context.Context, *domain.Account, *domain.Grant) error { return nil }

// inNeed returns the accounts to be renewed, and notes that they are.
func (p *Pool) inNeed(now time.Time) []domain.AccountID {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []domain.AccountID
	for _, m := range p.members {
		if m.needsRenewal(now) {
			m.aheadAt = now
			ids = append(ids, m.account.ID())
		}
	}
	return ids
}

// needsRenewal tells, under the lock, whether a request that came now or before the next look would
// wait for a token.
func (m *member) needsRenewal(now time.Time) bool {
	if m.account.Credential().Kind() != domain.PasswordCredential || m.renewal != nil || now.Sub(m.aheadAt) < aheadAgain {
		return false
	}
	if state, _, _ := m.health.At(now); state != domain.AccountReady || now.Sub(m.worked) > aheadFor {
		return false
	}
	return m.grant.number == 0 || !m.grant.staleAt.IsZero() && m.grant.staleAt.Before(now.Add(aheadLook))
}
