package accounts

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"ondemand-api-proxy/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// platform is the Authenticator of the tests.
type platform struct {
	mu       sync.Mutex
	signIns  int
	refreshs int
	signIn   func() (domain.Grant, error)
	refresh  func() (domain.Grant, error)
}

func (p *platform) SignIn(context.Context, *domain.Account) (domain.Grant, error) {
	p.mu.Lock()
	p.signIns++
	n := p.signIns
	p.mu.Unlock()
	if p.signIn != nil {
		return p.signIn()
	}
	return domain.Grant{Token: domain.NewSecret(fmt.Sprint("signed in ", n)), RefreshToken: domain.NewSecret("again")}, nil
}

func (p *platform) Refresh(context.Context, *domain.Account, *domain.Grant) (domain.Grant, error) {
	p.mu.Lock()
	p.refreshs++
	n := p.refreshs
	p.mu.Unlock()
	if p.refresh != nil {
		return p.refresh()
	}
	return domain.Grant{Token: domain.NewSecret(fmt.Sprint("refreshed ", n)), RefreshToken: domain.NewSecret("again")}, nil
}

func (p *platform) counts() (signIns, refreshs int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.signIns, p.refreshs
}

// deaf is the Observer of tests that watch something else.
type deaf struct{}

func (deaf) AccountChanged(domain.Account, domain.AccountState, domain.Kind, time.Time) {}
func (deaf) AccountRenewed(domain.Account, Renewal, error)                              {}

func account(t *testing.T, name string, limits domain.AccountLimits) domain.Account {
	t.Helper()
	credential, err := domain.NewPasswordCredential(name+"@example.org", "password of "+name)
	if err != nil {
		t.Fatal(err)
	}
	a, err := domain.NewAccount(name, credential, limits)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func pool(t *testing.T, auth Authenticator, accounts ...domain.Account) *Pool {
	t.Helper()
	p := New(auth, deaf{}, Options{Cooldown: 5 * time.Minute, Wait: 30 * time.Second}, accounts)
	t.Cleanup(p.Close)
	return p
}

func acquire(t *testing.T, p *Pool, wish Wish) *Lease {
	t.Helper()
	l, err := p.Acquire(t.Context(), wish)
	if err != nil {
		t.Fatalf("Acquire(%+v): %v", wish, err)
	}
	return l
}

func fault(kind domain.Kind) error { return domain.E(kind, "a fault of the test", nil) }

func TestWorkIsSpreadEvenly(t *testing.T) {
	p := pool(t, &platform{}, account(t, "a", domain.AccountLimits{}), account(t, "b", domain.AccountLimits{}), account(t, "c", domain.AccountLimits{}))
	got := map[string]int{}
	for range 300 {
		got[acquire(t, p, Wish{}).Account().Name()]++
	}
	for name, n := range got {
		if n != 100 {
			t.Errorf("account %s got %d of 300 requests at once, want 100", name, n)
		}
	}
	idle := map[string]int{}
	p = pool(t, &platform{}, account(t, "a", domain.AccountLimits{}), account(t, "b", domain.AccountLimits{}))
	for range 10 {
		l := acquire(t, p, Wish{})
		idle[l.Account().Name()]++
		l.Release(nil)
	}
	if idle["a"] != 5 || idle["b"] != 5 {
		t.Errorf("one after the other, the accounts got %v, want 5 each", idle)
	}
}

func TestThePreferredAccountComesFirstWhileItIsHealthy(t *testing.T) {
	a, b := account(t, "a", domain.AccountLimits{MaxConcurrency: 1}), account(t, "b", domain.AccountLimits{})
	p := pool(t, &platform{}, a, b)
	first := acquire(t, p, Wish{Prefer: a.ID()})
	if got := first.Account().Name(); got != "a" {
		t.Fatalf("got account %s, want the preferred a", got)
	}
	if got := acquire(t, p, Wish{Prefer: a.ID()}).Account().Name(); got != "b" {
		t.Errorf("while a is busy the request got %s, want b", got)
	}
	first.Release(fault(domain.UpstreamFault))
	if got := acquire(t, p, Wish{Prefer: a.ID()}).Account().Name(); got != "b" {
		t.Errorf("while a rests the request got %s, want b", got)
	}
}

func TestARestingAccountIsTheLastResortAndATriedOneComesAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := account(t, "a", domain.AccountLimits{}), account(t, "b", domain.AccountLimits{})
		p := pool(t, &platform{}, a, b)
		acquire(t, p, Wish{Prefer: a.ID()}).Release(fault(domain.UpstreamFault))
		if got := acquire(t, p, Wish{Tried: []domain.AccountID{a.ID()}}).Account().Name(); got != "b" {
			t.Fatalf("the second attempt got %s, want b", got)
		}
		if got := acquire(t, p, Wish{Tried: []domain.AccountID{b.ID()}}).Account().Name(); got != "a" {
			t.Errorf("with b tried the request got %s, want the resting a", got)
		}
		tried := []domain.AccountID{a.ID(), b.ID()}
		if got := acquire(t, p, Wish{Tried: tried}).Account().Name(); got != "b" {
			t.Errorf("with both tried the request got %s, want b, which does not rest", got)
		}
		fresh, err := p.Outlook(tried)
		if fresh || err != nil {
			t.Errorf("Outlook(both tried) = %v, %v; want no fresh account and no error", fresh, err)
		}
	})
}

func TestRefusalsTakeAnAccountOutAndRateLimitsCoolIt(t *testing.T) {
	limited := domain.E(domain.UpstreamRateLimited, "slow down", nil)
	limited.RetryAfter = 7 * time.Second
	tests := map[string]struct {
		err   error
		kind  domain.Kind
		after time.Duration
	}{
		"rate limit with a time":    {limited, domain.AccountsExhausted, 7 * time.Second},
		"rate limit without a time": {fault(domain.UpstreamRateLimited), domain.AccountsExhausted, 5 * time.Minute},
		"bad credentials":           {fault(domain.CredentialRefused), domain.NoAccount, time.Hour},
		"no plan":                   {fault(domain.PlanRefused), domain.NoAccount, time.Hour},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := pool(t, &platform{}, account(t, "a", domain.AccountLimits{}))
				acquire(t, p, Wish{}).Release(test.err)
				_, err := p.Acquire(t.Context(), Wish{})
				if e := domain.AsError(err); err == nil || e.Kind != test.kind || e.RetryAfter != test.after {
					t.Fatalf("Acquire = %v (come back in %v), want %v in %v", err, e.RetryAfter, test.kind, test.after)
				}
				time.Sleep(test.after)
				acquire(t, p, Wish{}).Release(nil)
			})
		})
	}
}

func TestFaultsRestAnAccountLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool(t, &platform{}, account(t, "a", domain.AccountLimits{}))
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			first, second := acquire(t, p, Wish{}), acquire(t, p, Wish{})
			first.Release(fault(domain.UpstreamFault))
			time.Sleep(time.Millisecond)
			second.Release(fault(domain.UpstreamFault)) // together with the first: the same fault
			s := p.Statuses()[0]
			if got := time.Until(s.Until) + time.Millisecond; s.State != domain.AccountResting || got != want*time.Second {
				t.Fatalf("the account is %v for %v, want resting for %v", s.State, got, want*time.Second)
			}
		}
		acquire(t, p, Wish{}).Release(nil)
		if s := p.Statuses()[0]; s.State != domain.AccountReady {
			t.Errorf("after a success the account is %v, want ready", s.State)
		}
	})
}

func TestASuccessThatBeganEarlierLiftsNothing(t *testing.T) {
	for _, kind := range []domain.Kind{domain.UpstreamRateLimited, domain.PlanRefused, domain.UpstreamFault} {
		synctest.Test(t, func(t *testing.T) {
			p := pool(t, &platform{}, account(t, "a", domain.AccountLimits{}))
			old := acquire(t, p, Wish{})
			time.Sleep(time.Millisecond)
			acquire(t, p, Wish{}).Release(fault(kind))
			before := p.Statuses()[0]
			old.Release(nil)
			if got := p.Statuses()[0]; got.State != before.State || got.Until != before.Until {
				t.Errorf("%v: the account is %v until %v, want still %v until %v", kind, got.State, got.Until, before.State, before.Until)
			}
		})
	}
}

func TestTheMinuteBudgetHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool(t, &platform{}, account(t, "a", domain.AccountLimits{RequestsPerMinute: 3}))
		var begun []time.Time
		for range 3 {
			acquire(t, p, Wish{}).Release(nil)
			begun = append(begun, time.Now())
			time.Sleep(12 * time.Second)
		}
		acquire(t, p, Wish{}).Release(nil) // waits for the first one's minute to pass
		if got := time.Since(begun[0]); got != time.Minute {
			t.Errorf("the fourth query of a budget of three began %v after the first, want 1m0s", got)
		}
		_, err := p.Acquire(t.Context(), Wish{})
		if err != nil {
			t.Errorf("the fifth waits twelve seconds: %v", err)
		}
	})
}

func TestWhoWaitsIsServedInOrderAndNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool(t, &platform{}, account(t, "a", domain.AccountLimits{MaxConcurrency: 1}))
		held := acquire(t, p, Wish{})
		var mu sync.Mutex
		var order []int
		for i := range 5 {
			go func() {
				l, err := p.Acquire(t.Context(), Wish{})
				if err != nil {
					t.Errorf("waiter %d: %v", i, err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				time.Sleep(time.Second)
				l.Release(nil)
			}()
			synctest.Wait()
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Acquire(gone, Wish{}); domain.KindOf(err) != domain.ClientGone {
			t.Errorf("a request that ended got %v, want client_gone", err)
		}
		held.Release(nil)
		time.Sleep(6 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		if got := fmt.Sprint(order); got != "[0 1 2 3 4]" {
			t.Errorf("served in the order %s, want [0 1 2 3 4]", got)
		}

		acquire(t, p, Wish{})
		began := time.Now()
		_, err := p.Acquire(t.Context(), Wish{})
		if domain.KindOf(err) != domain.AccountsExhausted || time.Since(began) != 30*time.Second {
			t.Errorf("waiting ended with %v after %v, want accounts_exhausted after 30s", err, time.Since(began))
		}
	})
}

func TestReplacingAccountsDisturbsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auth := &platform{}
		a, b := account(t, "a", domain.AccountLimits{MaxConcurrency: 1}), account(t, "b", domain.AccountLimits{})
		p := pool(t, auth, a)
		running := acquire(t, p, Wish{})
		if err := running.Call(t.Context(), func(context.Context, *domain.Account, *domain.Grant) error { return nil }); err != nil {
			t.Fatal(err)
		}
		waiting := make(chan string)
		go func() {
			l, err := p.Acquire(t.Context(), Wish{})
			if err != nil {
				waiting <- err.Error()
				return
			}
			waiting <- l.Account().Name()
		}()
		synctest.Wait()
		p.Replace([]domain.Account{a, b})
		if got := <-waiting; got != "b" {
			t.Errorf("who waited got %q, want the new account b", got)
		}
		if s := p.Statuses()[0]; s.InFlight != 1 {
			t.Errorf("account a has %d requests in flight, want still 1", s.InFlight)
		}
		p.Replace([]domain.Account{b})
		if err := running.Call(t.Context(), func(context.Context, *domain.Account, *domain.Grant) error { return nil }); err != nil {
			t.Errorf("the request on the removed account failed: %v", err)
		}
		running.Release(nil)
		if signIns, _ := auth.counts(); signIns != 1 {
			t.Errorf("%d sign-ins, want 1", signIns)
		}
		p.Replace(nil)
		if _, err := p.Acquire(t.Context(), Wish{}); domain.KindOf(err) != domain.NoAccount {
			t.Errorf("without accounts: %v, want no_account", err)
		}
	})
}

func TestAnAccountThatIsOutComesBackWithItsNewPassword(t *testing.T) {
	a := account(t, "a", domain.AccountLimits{})
	p := pool(t, &platform{}, a)
	acquire(t, p, Wish{}).Release(fault(domain.CredentialRefused))
	p.Replace([]domain.Account{a})
	if _, err := p.Outlook(nil); domain.KindOf(err) != domain.NoAccount {
		t.Fatalf("unchanged, the account is usable again (%v), want it to stay out", err)
	}
	credential, err := domain.NewPasswordCredential("a@example.org", "the right one")
	if err != nil {
		t.Fatal(err)
	}
	mended, err := domain.NewAccount("a", credential, domain.AccountLimits{})
	if err != nil {
		t.Fatal(err)
	}
	p.Replace([]domain.Account{mended})
	acquire(t, p, Wish{}).Release(nil)
}

func TestCloseRefusesWhoeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(&platform{}, deaf{}, Options{Wait: time.Minute}, []domain.Account{account(t, "a", domain.AccountLimits{MaxConcurrency: 1})})
		acquire(t, p, Wish{})
		ended := make(chan error)
		go func() {
			_, err := p.Acquire(t.Context(), Wish{})
			ended <- err
		}()
		synctest.Wait()
		p.Close()
		if err := <-ended; domain.KindOf(err) != domain.Unavailable {
			t.Errorf("who waited got %v, want unavailable", err)
		}
	})
}
