package accounts

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
)

// keepSignedIn runs until the test ends.
func keepSignedIn(t *testing.T, p *Pool) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { p.KeepSignedIn(ctx); close(ended) }()
	t.Cleanup(func() { end(); <-ended })
}

// lasting grants tokens of this life.
func lasting(life time.Duration) func() (domain.Grant, error) {
	return func() (domain.Grant, error) {
		return domain.Grant{Token: domain.NewSecret("t"), RefreshToken: domain.NewSecret("again"), Expires: time.Now().Add(life)}, nil
	}
}

func TestTheFirstRequestFindsItsAccountSignedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var atOnce, most atomic.Int64
		auth := &platform{signIn: func() (domain.Grant, error) {
			if n := atOnce.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer atOnce.Add(-1)
			time.Sleep(time.Second)
			return lasting(time.Hour)()
		}}
		var all []domain.Account
		for i := range 10 {
			all = append(all, account(t, fmt.Sprint("a", i), domain.AccountLimits{}))
		}
		key, err := domain.NewKeyCredential("a-key")
		if err != nil {
			t.Fatal(err)
		}
		byKey, err := domain.NewAccount("k", key, domain.AccountLimits{})
		if err != nil {
			t.Fatal(err)
		}
		p := pool(t, auth, append(all, byKey)...)
		keepSignedIn(t, p)
		time.Sleep(4 * time.Second)
		if signIns, _ := auth.counts(); signIns != 10 || most.Load() != aheadMost {
			t.Errorf("%d sign-ins, %d of them at once; want 10 and %d", signIns, most.Load(), aheadMost)
		}
		began := time.Now()
		for range 11 {
			l := acquire(t, p, Wish{})
			if l.Account().ID() != byKey.ID() {
				if err := l.Call(t.Context(), strict(func(string) bool { return true })); err != nil {
					t.Errorf("Call: %v", err)
				}
			}
			l.Release(nil)
		}
		if signIns, _ := auth.counts(); time.Since(began) != 0 || signIns != 10 {
			t.Errorf("requests waited %s, and made %d further sign-ins", time.Since(began), signIns-10)
		}
		p.Replace(append(all, account(t, "new", domain.AccountLimits{})))
		time.Sleep(aheadLook + time.Second)
		if signIns, _ := auth.counts(); signIns != 11 {
			t.Errorf("%d sign-ins after one account was added, want 11", signIns)
		}
	})
}

func TestTokensAreRenewedBeforeTheyEndWhileTheyAreOfUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auth := &platform{signIn: lasting(time.Hour), refresh: lasting(time.Hour)}
		p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
		keepSignedIn(t, p)
		for range 100 {
			time.Sleep(20 * time.Minute)
			p.mu.Lock()
			alive, worked := p.members[0].grant.alive(time.Now().Add(5*time.Second)), time.Since(p.members[0].worked)
			p.mu.Unlock()
			if !alive && worked < aheadFor {
				t.Fatalf("%s after its last work the account has no token", worked)
			}
		}
		signIns, refreshs := auth.counts()
		if signIns != 1 || refreshs < 24 || refreshs > 26 {
			t.Errorf("%d sign-ins and %d refreshs in 33 idle hours, want 1, and one for each of the first 24", signIns, refreshs)
		}
		l := acquire(t, p, Wish{})
		l.Release(nil)
		time.Sleep(2 * time.Hour)
		if _, again := auth.counts(); again < refreshs+2 || again > refreshs+3 {
			t.Errorf("%d refreshs in the two hours after further work, want 2", again-refreshs)
		}
	})
}

func TestAnAccountThatCannotSignInIsKnownBeforeTheFirstRequest(t *testing.T) {
	for kind, want := range map[domain.Kind]struct {
		state domain.AccountState
		tries int
	}{
		domain.CredentialRefused: {domain.AccountOut, 1},
		domain.UpstreamFault:     {domain.AccountResting, 11}, // about once a minute
	} {
		synctest.Test(t, func(t *testing.T) {
			auth := &platform{signIn: func() (domain.Grant, error) { return domain.Grant{}, fault(kind) }}
			p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
			keepSignedIn(t, p)
			synctest.Wait()
			if got := p.Statuses()[0].State; got != want.state {
				t.Errorf("%v: the account is %v, want %v", kind, got, want.state)
			}
			time.Sleep(10*time.Minute + time.Second)
			if tries, _ := auth.counts(); tries > want.tries || tries < want.tries/2 {
				t.Errorf("%v: %d tries in ten minutes, want at most %d", kind, tries, want.tries)
			}
		})
	}
}
