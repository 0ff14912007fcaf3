package chat

import (
	"context"
	"slices"
	"time"

	"ondemand-api-proxy/domain"
)

// Accounts is the account pool as a conversation needs it.
type Accounts interface {
	// Acquire leases an account, prefer if it is as good as any, and one of tried only
	// when no other is left. It waits while all are busy. The error is AccountsExhausted,
	// NoAccount or ClientGone.
	Acquire(ctx context.Context, prefer domain.AccountID, tried []domain.AccountID) (Lease, error)
	// Outlook tells whether an account that is not among tried could be given work,
	// and returns an error when no account could.
	Outlook(tried []domain.AccountID) (fresh bool, err error)
}

// Lease is the right to one query on one account.
type Lease interface {
	Account() domain.Account
	// Call does one upstream call in the account's name, renewing its token where needed.
	Call(ctx context.Context, call func(context.Context, *domain.Account, *domain.Grant) error) error
	// Release gives the account back and tells how the work ended, nil for well.
	Release(err error)
}

// route finds where the attempt goes: into the session that has seen exactly this
// history, else, with the whole history, into a new session of whichever account is
// best. A session is taken out of the store while it is in use; one that cannot be used
// now, since its account has no time, goes back unharmed.
func (a *attempt) route(ctx context.Context) (err error) {
	c := a.choice
	var old domain.Session
	found := false
	if !c.replay && len(c.job.seen) > 0 && len(c.job.rest) > 0 {
		old, found = c.in.sessions.Take(c.job.tip, time.Now())
	}
	a.lease, err = c.acquire(ctx, old.Account)
	if found && (err != nil || a.lease.Account().ID() != old.Account) {
		c.in.sessions.Keep(old)
		found = false
	}
	if err != nil {
		return err
	}
	c.account = a.lease.Account().ID()
	a.again = slices.Contains(c.tried, c.account)
	if found {
		a.session, a.continued, a.text = old.ID, true, render(c.job.rest)
		return nil
	}
	a.text = render(c.job.request.Messages)
	return nil
}

// acquire leases an account. A further attempt waits for one no longer than it may begin.
// A choice that waited in vain waits on while another one of its own request is at
// work: it may be that one which keeps the accounts busy.
func (c *choice) acquire(ctx context.Context, prefer domain.AccountID) (Lease, error) {
	wait := ctx
	if c.failure != nil {
		bounded, cancel := context.WithDeadline(ctx, c.latest())
		defer cancel()
		wait = bounded
	}
	for {
		siblings := c.job.atWork.Load() // which may end in the moment in which the wait does
		lease, err := c.in.accounts.Acquire(wait, prefer, c.tried)
		switch {
		case err == nil:
			c.job.atWork.Add(1)
			return lease, nil
		case ctx.Err() == nil && wait.Err() != nil:
			return nil, c.verdict(c.failure)
		case domain.KindOf(err) != domain.AccountsExhausted || siblings == 0 && c.job.atWork.Load() == 0:
			return nil, err
		}
		if _, unusable := c.in.accounts.Outlook(nil); unusable != nil {
			return nil, err
		}
	}
}

// avoid marks the account as tried by this choice.
func (c *choice) avoid(account domain.AccountID) {
	if !slices.Contains(c.tried, account) {
		c.tried = append(c.tried, account)
	}
}
