package accounts

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
)

func TestAFailingControlCallChangesNoAccount(t *testing.T) {
	p := pool(t, &platform{}, account(t, "a", domain.AccountLimits{}))
	err := p.Call(t.Context(), func(context.Context, *domain.Account, *domain.Grant) error { return fault(domain.PlanRefused) })
	if domain.KindOf(err) != domain.PlanRefused {
		t.Fatalf("Call = %v, want plan_refused", err)
	}
	if s := p.Statuses()[0]; s.State != domain.AccountReady {
		t.Errorf("the account is %v, want ready", s.State)
	}
}

func TestAControlCallWhoseSignInIsRefusedTakesTheAccountOut(t *testing.T) {
	auth := &platform{signIn: func() (domain.Grant, error) { return domain.Grant{}, fault(domain.CredentialRefused) }}
	p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
	_ = p.Call(t.Context(), strict(func(string) bool { return true }))
	if s := p.Statuses()[0]; s.State != domain.AccountOut {
		t.Errorf("the account is %v, want out", s.State)
	}
}

func TestACallOnAnAccountReachesItWhateverItsState(t *testing.T) {
	a, b := account(t, "a", domain.AccountLimits{}), account(t, "b", domain.AccountLimits{})
	p := pool(t, &platform{}, a, b)
	acquire(t, p, Wish{Prefer: a.ID()}).Release(fault(domain.PlanRefused))
	for _, want := range []domain.Account{a, b, a} {
		err := p.CallOn(t.Context(), want.ID(), func(_ context.Context, got *domain.Account, grant *domain.Grant) error {
			if got.ID() != want.ID() || grant.Token.IsZero() {
				t.Errorf("the call was made on %s with token %v, want on %s with one", got.Name(), grant.Token, want.Name())
			}
			return nil
		})
		if err != nil {
			t.Errorf("a call on %s: %v", want.Name(), err)
		}
	}
	if state := p.Statuses()[0].State; state != domain.AccountOut {
		t.Errorf("after calls that went well the account is %s, want it out still", state)
	}
	err := p.CallOn(t.Context(), "nobody", func(context.Context, *domain.Account, *domain.Grant) error { return nil })
	if domain.KindOf(err) != domain.NotFound {
		t.Errorf("a call on an account that is not there: %v, want not found", err)
	}
}

func TestAnAccountThatIsPutBackServesAtOnceWhoeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, kind := range []domain.Kind{domain.PlanRefused, domain.UpstreamRateLimited, domain.UpstreamFault} {
			a, b := account(t, "a", domain.AccountLimits{}), account(t, "b", domain.AccountLimits{MaxConcurrency: 1})
			p := pool(t, &platform{}, a, b)
			acquire(t, p, Wish{Prefer: a.ID()}).Release(fault(kind))
			acquire(t, p, Wish{}) // keeps b busy
			served := make(chan *Lease)
			go func() { l, _ := p.Acquire(t.Context(), Wish{}); served <- l }()
			synctest.Wait()
			if err := p.PutBack(a.ID()); err != nil {
				t.Fatal(err)
			}
			select {
			case l := <-served:
				if l.Account().ID() != a.ID() {
					t.Errorf("after %s the request got %s, want a", kind, l.Account().Name())
				}
			case <-time.After(time.Second):
				t.Errorf("after %s nobody was served", kind)
			}
			if s := p.Statuses()[0]; s.State != domain.AccountReady || s.Why != 0 || !s.Until.IsZero() {
				t.Errorf("after %s the account is %s, want ready", kind, s.State)
			}
		}
	})
}

func TestOnlyAnAccountOfThePoolCanBePutBack(t *testing.T) {
	p := pool(t, &platform{}, account(t, "a", domain.AccountLimits{}))
	if err := p.PutBack("nobody"); domain.KindOf(err) != domain.NotFound {
		t.Errorf("putting back an account that is not there: %v, want not found", err)
	}
}

func TestACallAheadIsMadeOnAReadyAccountOnlyAndTellsItsTrouble(t *testing.T) {
	for name, test := range map[string]struct {
		before error // how the account's last query ended
		call   error
		called bool
		want   domain.AccountState
	}{
		"well":             {called: true, want: domain.AccountReady},
		"a fault":          {call: fault(domain.UpstreamFault), called: true, want: domain.AccountReady},
		"a rate limit":     {call: fault(domain.UpstreamRateLimited), called: true, want: domain.AccountCooling},
		"a refused plan":   {call: fault(domain.PlanRefused), called: true, want: domain.AccountOut},
		"while it rests":   {before: fault(domain.UpstreamFault), want: domain.AccountResting},
		"while it is out":  {before: fault(domain.PlanRefused), want: domain.AccountOut},
		"while it is cool": {before: fault(domain.UpstreamRateLimited), want: domain.AccountCooling},
	} {
		t.Run(name, func(t *testing.T) {
			a := account(t, "a", domain.AccountLimits{})
			p := pool(t, &platform{}, a)
			acquire(t, p, Wish{}).Release(test.before)
			called := false
			err := p.CallAhead(t.Context(), a.ID(), func(context.Context, *domain.Account, *domain.Grant) error {
				called = true
				return test.call
			})
			if called != test.called || (err == nil) != (test.called && test.call == nil) {
				t.Errorf("called: %v, error %v", called, err)
			}
			if got := p.Statuses()[0].State; got != test.want {
				t.Errorf("the account is %s, want %s", got, test.want)
			}
		})
	}
	p := pool(t, &platform{})
	if err := p.CallAhead(t.Context(), "nobody", nil); domain.KindOf(err) != domain.NotFound {
		t.Errorf("a call on an account that is not there: %v, want not found", err)
	}
}
