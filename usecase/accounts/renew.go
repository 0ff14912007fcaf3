package accounts

import (
	"context"
	"time"

	"ondemand-api-proxy/domain"
)

// Authenticator gets tokens from the platform. Its errors are domain errors of the
// upstream kinds; CredentialRefused is the only one that means bad credentials.
type Authenticator interface {
	SignIn(ctx context.Context, account *domain.Account) (domain.Grant, error)
	Refresh(ctx context.Context, account *domain.Account, grant *domain.Grant) (domain.Grant, error)
}

// Renewal is a way to get a token.
type Renewal string

// The ways to get a token.
const (
	SignIn  Renewal = "sign_in"
	Refresh Renewal = "refresh"
)

// grant is a member's current token, which calls under way may be using: it is replaced and never changed.
// Number 0: none yet.
type grant struct {
	domain.Grant
	number  int
	how     Renewal
	staleAt time.Time // when to renew it ahead of its end; zero: not known
	// doubtUntil is set when a refreshed token was refused. If one from a sign-in is
	// refused too before then, the account is at fault and not the token.
	doubtUntil time.Time
}

// renewAgain is how long after a renewal that failed the next one is tried, while the token
// is still good.
const renewAgain = 5 * time.Second

// doubtFor is how long after the refusal of a refreshed token another one counts.
const doubtFor = time.Minute

// lastChance tells that nothing is left to try when this token is refused.
func (g *grant) lastChance(now time.Time) bool { return g.how == SignIn && now.Before(g.doubtUntil) }

// renewal is one sign-in or refresh that several requests may wait for.
type renewal struct {
	done chan struct{}
	err  error // set before done is closed
}

// call makes one upstream call with the account's token, as a part of work that began at began. See Lease.Call.
func (p *Pool) call(ctx context.Context, m *member, account *domain.Account, began time.Time, call func(context.Context, *domain.Account, *domain.Grant) error) error {
	g, err := p.grantAfter(ctx, m, 0, began)
	if err != nil {
		return err
	}
	err = call(ctx, account, &g.Grant)
	if err == nil || domain.KindOf(err) != domain.GrantExpired {
		return err
	}
	if !g.lastChance(time.Now()) {
		if g, err = p.grantAfter(ctx, m, g.number, began); err != nil {
			return err
		}
		err = call(ctx, account, &g.Grant)
		if err == nil || domain.KindOf(err) != domain.GrantExpired {
			return err
		}
	}
	p.discard(m, g.number)
	if g.how == SignIn {
		return domain.E(domain.CredentialRefused, "on-demand.io refused a token it had just issued.", err)
	}
	// A refreshed token that is refused says little; the next call signs in anew.
	return domain.E(domain.UpstreamFault, "on-demand.io refused a token it had just refreshed.", err)
}

// grantAfter returns a usable token newer than number, renewing it where needed. All who
// need the same account's token share one renewal; if it shows that the account is in trouble, so does all work that
// began before that was known: the platform is not asked the same again.
func (p *Pool) grantAfter(ctx context.Context, m *member, number int, began time.Time) (*grant, error) {
	p.mu.Lock()
	g := m.grant
	if g.number > number && (g.staleAt.IsZero() || time.Now().Before(g.staleAt)) {
		p.mu.Unlock()
		return g, nil
	}
	r := m.renewal
	if r == nil {
		if err := p.mayRenew(m, began); err != nil {
			p.mu.Unlock()
			return nil, err
		}
		r = &renewal{done: make(chan struct{})}
		m.renewal = r
		account := m.account
		p.renewing.Go(func() { p.renew(m, account, g, r) })
	}
	p.mu.Unlock()
	if g.number > number && g.alive(time.Now()) {
		return g, nil // renewed ahead of its end: nobody has to wait for that
	}

	select {
	case <-r.done:
	case <-ctx.Done():
		return nil, domain.E(domain.ClientGone, "The request ended during sign-in.", context.Cause(ctx))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.grant.number > number && (r.err == nil || m.grant.alive(time.Now())) {
		return m.grant, nil
	}
	return nil, r.err
}

// mayRenew tells, under the lock, what speaks against a renewal for work that began at began.
func (p *Pool) mayRenew(m *member, began time.Time) error {
	switch {
	case p.closed:
		return domain.E(domain.Unavailable, "The proxy is shutting down.", nil)
	case !began.After(m.troubleAt):
		return m.trouble
	}
	return nil
}

// alive tells whether the token may still be good, whatever became of renewing it.
func (g *grant) alive(now time.Time) bool {
	return g.number > 0 && !g.Expires.IsZero() && now.Before(g.Expires)
}

// renew gets a new token for the member: by refresh, else by signing in.
func (p *Pool) renew(m *member, account domain.Account, old *grant, r *renewal) {
	began := time.Now()
	var fresh domain.Grant
	var err error
	how := Refresh
	if old.RefreshToken.IsZero() {
		how = SignIn
	} else {
		fresh, err = p.auth.Refresh(p.ctx, &account, &old.Grant)
		p.observer.AccountRenewed(account, Refresh, err)
		if err != nil && p.ctx.Err() == nil {
			how = SignIn
		}
	}
	if how == SignIn {
		fresh, err = p.auth.SignIn(p.ctx, &account)
		if account.Credential().Kind() == domain.PasswordCredential {
			p.observer.AccountRenewed(account, SignIn, err)
		}
	}
	p.mu.Lock()
	tell, now := func() {}, time.Now()
	switch {
	case err == nil:
		m.grant = &grant{
			Grant: fresh, number: m.grant.number + 1, how: how,
			staleAt: staleAt(fresh.Expires, now), doubtUntil: m.grant.doubtUntil,
		}
		m.trouble, m.troubleAt = nil, time.Time{}
	case m.grant.alive(now):
		m.change(func(g *grant) { g.staleAt = now.Add(renewAgain) })
	case domain.KindOf(err).IsAccountTrouble(): // at once: nobody is to find the account ready and ask again
		m.trouble, m.troubleAt = err, now
		tell = p.report(m, account, err, began, now)
	}
	m.renewal = nil
	r.err = err
	p.mu.Unlock()
	tell()
	close(r.done)
}

// staleAt returns when to renew a token ahead of its end: half a minute, or a
// tenth of its life when that is shorter. A token that looks expired when it is new
// tells of two clocks that differ, and its end is not believed.
func staleAt(expires, now time.Time) time.Time {
	life := expires.Sub(now)
	if expires.IsZero() || life <= 0 {
		return time.Time{}
	}
	return expires.Add(-min(30*time.Second, life/10))
}

// change replaces the member's token, under the lock, by one that differs in something.
func (m *member) change(what func(*grant)) {
	fresh := *m.grant
	what(&fresh)
	m.grant = &fresh
}

// endDoubt forgets, under the lock, that a refreshed token was refused.
func (m *member) endDoubt() {
	if !m.grant.doubtUntil.IsZero() {
		m.change(func(g *grant) { g.doubtUntil = time.Time{} })
	}
}

// discard forgets a token that was refused, so that the next call signs in anew.
func (p *Pool) discard(m *member, number int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.grant.number == number {
		m.grant = &grant{number: number, staleAt: time.Unix(1, 0), doubtUntil: time.Now().Add(doubtFor)}
	}
}
