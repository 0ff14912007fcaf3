package app

import (
	"context"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/chat"
)

// pooled is the account pool as the chat use case knows it; the two packages do not
// know each other.
type pooled struct{ *accounts.Pool }

// Acquire implements chat.Accounts.
func (p pooled) Acquire(ctx context.Context, prefer domain.AccountID, tried []domain.AccountID) (chat.Lease, error) {
	lease, err := p.Pool.Acquire(ctx, accounts.Wish{Prefer: prefer, Tried: tried})
	if err != nil {
		return nil, err // not a nil *Lease in an interface
	}
	return lease, nil
}

// operated is the account pool as its operator works with it.
type operated struct {
	*accounts.Pool
	upstream chat.Upstream
}

// Test implements dashboard.Pool: the account signs in where it has to, and opens a chat
// session, which costs nothing.
func (o operated) Test(ctx context.Context, id domain.AccountID) error {
	var tested domain.Account
	err := o.CallOn(ctx, id, func(ctx context.Context, account *domain.Account, grant *domain.Grant) error {
		tested = *account
		_, err := o.upstream.OpenSession(ctx, account, grant)
		return err
	})
	if err == nil || domain.KindOf(err) == domain.NotFound {
		return err
	}
	return domain.E(domain.KindOf(err), problem(tested, err), err)
}

// accountView lets the figures see the pool, which itself reports to them.
type accountView struct{ pool *accounts.Pool }

func (v *accountView) statuses() []accounts.Status { return v.pool.Statuses() }
