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
	err := p.Call(t.Context(), func(context.Context, domain.Account, domain.Grant) error { return fault(domain.PlanRefused) })
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
		err := p.CallOn(t.Context(), want.ID(), func(_ context.Context, got domain.Account, grant domain.Grant) error {
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
	err := p.CallOn(t.Context(), "nobody", func(context.Context, domain.Account, domain.Grant) error { return nil })
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
