package accounts

import (
	"context"
	"errors"
	"time"

	"ondemand-api-proxy/domain"
)

// Call makes one control call (not a query: it costs no budget) on an account that is
// ready, else on one that rests; in turn, so that one account's trouble with the call
// passes. Only a sign-in that fails on the way changes the account's state. The error is
// NoAccount or AccountsExhausted when there is no account to call with.
func (p *Pool) Call(ctx context.Context, call func(context.Context, *domain.Account, *domain.Grant) error) error {
	p.mu.Lock()
	now := time.Now()
	m := p.forControl(now)
	if m == nil {
		err := p.unusable(now)
		p.mu.Unlock()
		return err
	}
	account := m.account
	p.mu.Unlock()
	return p.control(ctx, m, account, call, false)
}

// forControl picks the account for a control call, under the lock; nil: none.
func (p *Pool) forControl(now time.Time) *member {
	p.controlTurn++
	var resting *member
	for i := range p.members {
		m := p.members[(i+p.controlTurn)%len(p.members)]
		switch state, _, _ := m.health.At(now); state {
		case domain.AccountReady:
			return m
		case domain.AccountResting:
			resting = m
		case domain.AccountCooling, domain.AccountOut:
		}
	}
	return resting
}

// CallOn makes one control call on this very account, whatever its state, and is otherwise
// like Call. The error is NotFound when the pool has no such account.
func (p *Pool) CallOn(ctx context.Context, id domain.AccountID, call func(context.Context, *domain.Account, *domain.Grant) error) error {
	p.mu.Lock()
	m, err := p.find(id)
	if err != nil {
		p.mu.Unlock()
		return err
	}
	account := m.account
	p.mu.Unlock()
	return p.control(ctx, m, account, call, false)
}

// CallAhead makes one control call on this very account, for work to come and while it is ready
// only. That the account is refused or rate-limited changes its state as it would have for that work. The error is NotFound
// when the pool has no such account, and AccountsExhausted while it is not ready.
func (p *Pool) CallAhead(ctx context.Context, id domain.AccountID, call func(context.Context, *domain.Account, *domain.Grant) error) error {
	p.mu.Lock()
	m, err := p.find(id)
	if err == nil {
		if state, _, _ := m.health.At(time.Now()); state != domain.AccountReady {
			err = domain.E(domain.AccountsExhausted, "The account is not ready.", nil)
		}
	}
	if err != nil {
		p.mu.Unlock()
		return err
	}
	account := m.account
	p.mu.Unlock()
	return p.control(ctx, m, account, call, true)
}

// control makes a control call and reports what says something about the account: how a sign-in on the
// way failed and, if told to, account trouble that the call itself met.
func (p *Pool) control(ctx context.Context, m *member, account domain.Account, call func(context.Context, *domain.Account, *domain.Grant) error, trouble bool) error {
	began := time.Now()
	var called error
	err := p.call(ctx, m, &account, began, func(ctx context.Context, account *domain.Account, grant *domain.Grant) error {
		called = call(ctx, account, grant)
		return called
	})
	if err == nil || errors.Is(err, called) && (!trouble || !domain.KindOf(err).IsAccountTrouble()) {
		return err
	}
	p.mu.Lock()
	tell := p.report(m, account, err, began, time.Now())
	p.mu.Unlock()
	tell()
	return err
}

// PutBack makes an account ready at once, because its operator says so: a rest, a rate
// limit or a refusal is forgotten. The error is NotFound when the pool has no such account.
func (p *Pool) PutBack(id domain.AccountID) error {
	now := time.Now()
	p.mu.Lock()
	m, err := p.find(id)
	if err != nil {
		p.mu.Unlock()
		return err
	}
	before, _, _ := m.health.At(now)
	m.health.Restore()
	m.endDoubt()
	account := m.account
	p.dispatch(now) // somebody may wait for it
	p.mu.Unlock()
	if before != domain.AccountReady {
		p.observer.AccountChanged(account, domain.AccountReady, 0, time.Time{})
	}
	return nil
}

// find returns the member with this id, under the lock.
func (p *Pool) find(id domain.AccountID) (*member, error) {
	if m := p.byID[id]; m != nil {
		return m, nil
	}
	return nil, domain.E(domain.NotFound, "There is no such account in the configuration.", nil)
}
