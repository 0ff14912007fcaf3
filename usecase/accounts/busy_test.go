package accounts

import (
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
)

// busyPool returns a pool of a, which is at work on something long, and b.
func busyPool(t *testing.T) *Pool {
	t.Helper()
	p := pool(t, &platform{}, account(t, "a", domain.AccountLimits{MaxConcurrency: 1}), account(t, "b", domain.AccountLimits{}))
	if l := acquire(t, p, Wish{Prefer: p.members[0].account.ID()}); l.Account().Name() != "a" {
		t.Fatalf("got %s, want a", l.Account().Name())
	}
	return p
}

func TestARetryTakesTheSameAccountRatherThanWaitForABusyOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := busyPool(t)
		began := time.Now()
		l := acquire(t, p, Wish{Tried: []domain.AccountID{p.members[1].account.ID()}})
		if l.Account().Name() != "b" || time.Since(began) != 0 {
			t.Errorf("got %s after %v, want b at once", l.Account().Name(), time.Since(began))
		}
	})
}

func TestARestingAccountIsTheLastResortAndNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := busyPool(t)
		for range 10 { // longer and longer, until the rest outlasts the wait
			l := acquire(t, p, Wish{})
			time.Sleep(time.Millisecond)
			l.Release(fault(domain.UpstreamFault))
		}
		began := time.Now()
		l := acquire(t, p, Wish{})
		if l.Account().Name() != "b" || time.Since(began) != 30*time.Second {
			t.Errorf("got %s after %v, want b once the wait for a is over", l.Account().Name(), time.Since(began))
		}
	})
}

func TestWhoWaitedInVainIsToldWhenABudgetOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool(t, &platform{}, account(t, "a", domain.AccountLimits{RequestsPerMinute: 1}))
		acquire(t, p, Wish{}).Release(nil)
		_, err := p.Acquire(t.Context(), Wish{})
		if e := domain.AsError(err); e == nil || e.Kind != domain.AccountsExhausted || e.RetryAfter != 30*time.Second {
			t.Errorf("got %v, want accounts_exhausted with half a minute to go", err)
		}
	})
}
