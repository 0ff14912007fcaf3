package accounts

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
)

// strict returns a call that accepts only tokens that good accepts, as the platform does.
func strict(good func(token string) bool) func(context.Context, *domain.Account, *domain.Grant) error {
	return func(_ context.Context, _ *domain.Account, g *domain.Grant) error {
		if good(g.Token.Reveal()) {
			return nil
		}
		return fault(domain.GrantExpired)
	}
}

func TestOneSignInServesAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auth := &platform{signIn: func() (domain.Grant, error) {
			time.Sleep(time.Second)
			return domain.Grant{Token: domain.NewSecret("t")}, nil
		}}
		p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				l := acquire(t, p, Wish{})
				if err := l.Call(t.Context(), strict(func(token string) bool { return token == "t" })); err != nil {
					t.Errorf("Call: %v", err)
				}
				l.Release(nil)
			})
		}
		group.Wait()
		if signIns, _ := auth.counts(); signIns != 1 {
			t.Errorf("%d sign-ins for 100 requests, want 1", signIns)
		}
	})
}

func TestAnExpiredTokenIsRefreshedOnceAndTheCallMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auth := &platform{}
		p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
		good := strict(func(token string) bool { return token == "refreshed 1" })
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				l := acquire(t, p, Wish{})
				if err := l.Call(t.Context(), good); err != nil {
					t.Errorf("Call: %v", err)
				}
				l.Release(nil)
			})
		}
		group.Wait()
		if signIns, refreshs := auth.counts(); signIns != 1 || refreshs != 1 {
			t.Errorf("%d sign-ins and %d refreshs, want 1 and 1", signIns, refreshs)
		}
	})
}

func TestARefreshFaultSignsInAnewAndKillsNobody(t *testing.T) {
	for _, kind := range []domain.Kind{domain.UpstreamFault, domain.GrantExpired, domain.UpstreamSilent, domain.UpstreamRateLimited} {
		auth := &platform{refresh: func() (domain.Grant, error) { return domain.Grant{}, fault(kind) }}
		p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
		l := acquire(t, p, Wish{})
		if err := l.Call(t.Context(), strict(func(token string) bool { return token == "signed in 2" })); err != nil {
			t.Errorf("refresh ended with %v: Call: %v", kind, err)
		}
		l.Release(nil)
		if s := p.Statuses()[0]; s.State != domain.AccountReady {
			t.Errorf("refresh ended with %v: the account is %v, want ready", kind, s.State)
		}
	}
}

func TestASignInThatIsRefusedSaysSo(t *testing.T) {
	auth := &platform{signIn: func() (domain.Grant, error) { return domain.Grant{}, fault(domain.CredentialRefused) }}
	p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
	l := acquire(t, p, Wish{})
	err := l.Call(t.Context(), strict(func(string) bool { return true }))
	if domain.KindOf(err) != domain.CredentialRefused {
		t.Fatalf("Call = %v, want credential_refused", err)
	}
	l.Release(err)
	if s := p.Statuses()[0]; s.State != domain.AccountOut {
		t.Errorf("the account is %v, want out", s.State)
	}
}

// TestARefusedPasswordIsNotTriedAgainByWorkThatBeganBefore although it comes to its sign-in only then.
func TestARefusedPasswordIsNotTriedAgainByWorkThatBeganBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auth := &platform{signIn: func() (domain.Grant, error) { return domain.Grant{}, fault(domain.CredentialRefused) }}
		p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
		first, second := acquire(t, p, Wish{}), acquire(t, p, Wish{})
		time.Sleep(time.Second)
		for i, l := range []*Lease{first, second} {
			if err := l.Call(t.Context(), nothing); domain.KindOf(err) != domain.CredentialRefused {
				t.Errorf("request %d got %v", i, err)
			}
		}
		if _, err := p.Acquire(t.Context(), Wish{}); domain.KindOf(err) != domain.NoAccount {
			t.Errorf("before either request is done a third one got %v", err)
		}
		first.Release(fault(domain.CredentialRefused))
		second.Release(fault(domain.CredentialRefused))
		if auth.signIns != 1 {
			t.Errorf("%d sign-ins with a refused password, want 1", auth.signIns)
		}
		time.Sleep(24 * time.Hour) // long enough for another try
		third := acquire(t, p, Wish{})
		if err := third.Call(t.Context(), nothing); domain.KindOf(err) != domain.CredentialRefused || auth.signIns != 2 {
			t.Errorf("a day later a request got %v, after %d sign-ins in all", err, auth.signIns)
		}
		third.Release(fault(domain.CredentialRefused))
	})
}

func TestATokenRefusedRightAfterSignInIsABadCredential(t *testing.T) {
	auth := &platform{refresh: func() (domain.Grant, error) { return domain.Grant{}, fault(domain.UpstreamFault) }}
	p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
	calls := 0
	err := acquire(t, p, Wish{}).Call(t.Context(), func(context.Context, *domain.Account, *domain.Grant) error {
		calls++
		return fault(domain.GrantExpired)
	})
	if domain.KindOf(err) != domain.CredentialRefused || calls != 2 {
		t.Errorf("Call = %v after %d calls, want credential_refused after 2", err, calls)
	}
}

func TestATokenRefusedRightAfterRefreshIsAFaultAndThenSignsInAnew(t *testing.T) {
	auth := &platform{}
	p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
	l := acquire(t, p, Wish{})
	good := strict(func(token string) bool { return token == "signed in 2" })
	if err := l.Call(t.Context(), good); domain.KindOf(err) != domain.UpstreamFault {
		t.Fatalf("Call = %v, want upstream_fault", err)
	}
	if err := l.Call(t.Context(), good); err != nil {
		t.Errorf("the next call: %v, want it to sign in anew", err)
	}
}

func TestAnAccountWhoseEveryTokenIsRefusedIsOutBeforeLong(t *testing.T) {
	auth := &platform{}
	p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
	calls := 0
	refuse := func(context.Context, *domain.Account, *domain.Grant) error {
		calls++
		return fault(domain.GrantExpired)
	}
	var kinds []domain.Kind
	for range 2 {
		l := acquire(t, p, Wish{})
		err := l.Call(t.Context(), refuse)
		l.Release(err)
		kinds = append(kinds, domain.KindOf(err))
	}
	if kinds[0] != domain.UpstreamFault || kinds[1] != domain.CredentialRefused || calls != 3 {
		t.Errorf("two calls ended with %v after %d tries, want a fault and then a bad credential after 3", kinds, calls)
	}
	if s := p.Statuses()[0]; s.State != domain.AccountOut {
		t.Errorf("the account is %v, want out", s.State)
	}
}

func TestDoubtAboutAnAccountEndsWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auth := &platform{}
		p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
		l := acquire(t, p, Wish{})
		if err := l.Call(t.Context(), strict(func(string) bool { return false })); domain.KindOf(err) != domain.UpstreamFault {
			t.Fatalf("Call = %v, want upstream_fault", err)
		}
		if err := l.Call(t.Context(), strict(func(token string) bool { return token == "signed in 2" })); err != nil {
			t.Fatalf("the next call: %v, want it to sign in anew", err)
		}
		time.Sleep(doubtFor)
		if err := l.Call(t.Context(), strict(func(token string) bool { return token == "refreshed 2" })); err != nil {
			t.Errorf("a token that expires later: %v, want it refreshed", err)
		}
	})
}

func TestDoubtAboutAnAccountEndsWithWorkThatGoesWell(t *testing.T) {
	auth := &platform{}
	p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
	l := acquire(t, p, Wish{})
	l.Release(l.Call(t.Context(), strict(func(string) bool { return false })))
	for _, good := range []string{"signed in 2", "refreshed 2"} {
		l := acquire(t, p, Wish{})
		err := l.Call(t.Context(), strict(func(token string) bool { return token == good }))
		l.Release(err)
		if err != nil {
			t.Fatalf("a call that takes %q alone: %v", good, err)
		}
	}
}

func TestARenewalAheadThatFailsIsNotTriedWithEveryCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := time.Now().Add(10 * time.Minute)
		auth := &platform{refresh: func() (domain.Grant, error) { return domain.Grant{}, fault(domain.UpstreamFault) }}
		auth.signIn = func() (domain.Grant, error) {
			if time.Until(end) < time.Minute {
				return domain.Grant{}, fault(domain.CredentialRefused)
			}
			return domain.Grant{Token: domain.NewSecret("old"), RefreshToken: domain.NewSecret("r"), Expires: end}, nil
		}
		p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
		old := strict(func(token string) bool { return token == "old" })
		l := acquire(t, p, Wish{})
		if err := l.Call(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		time.Sleep(9*time.Minute + 31*time.Second)
		for range 200 {
			if err := l.Call(t.Context(), old); err != nil {
				t.Fatalf("a token that is good for %v more: %v", time.Until(end), err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if signIns, refreshs := auth.counts(); signIns > 6 || refreshs > 6 {
			t.Errorf("%d sign-ins and %d refreshs in 20 s, want one each every five", signIns, refreshs)
		}
	})
}

func TestATokenIsRenewedAheadOfItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := time.Now().Add(10 * time.Minute)
		auth := &platform{signIn: func() (domain.Grant, error) {
			return domain.Grant{Token: domain.NewSecret("old"), RefreshToken: domain.NewSecret("r"), Expires: end}, nil
		}}
		p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
		l := acquire(t, p, Wish{})
		always := strict(func(string) bool { return true })
		for _, at := range []time.Duration{0, 9 * time.Minute} {
			time.Sleep(at)
			if err := l.Call(t.Context(), always); err != nil {
				t.Fatal(err)
			}
			if _, refreshs := auth.counts(); refreshs != 0 {
				t.Fatalf("refreshed after %v of 10 minutes, want no refresh yet", at)
			}
		}
		time.Sleep(45 * time.Second)
		if err := l.Call(t.Context(), strict(func(token string) bool { return token == "old" })); err != nil {
			t.Fatalf("the call waited for the renewal, or took its token: %v", err)
		}
		synctest.Wait()
		if _, refreshs := auth.counts(); refreshs != 1 {
			t.Errorf("%d refreshs 15 seconds before the end, want 1", refreshs)
		}
	})
}

func TestATokenThatIsStillGoodSurvivesFaultsOfItsRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := false
		end := time.Now().Add(10 * time.Minute)
		auth := &platform{refresh: func() (domain.Grant, error) { return domain.Grant{}, fault(domain.UpstreamFault) }}
		auth.signIn = func() (domain.Grant, error) {
			if down {
				return domain.Grant{}, fault(domain.UpstreamFault)
			}
			return domain.Grant{Token: domain.NewSecret("old"), RefreshToken: domain.NewSecret("r"), Expires: end}, nil
		}
		p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
		l := acquire(t, p, Wish{})
		old := strict(func(token string) bool { return token == "old" })
		if err := l.Call(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		down = true
		time.Sleep(9*time.Minute + 45*time.Second)
		if err := l.Call(t.Context(), old); err != nil {
			t.Errorf("Call = %v, want the old token to serve until its end", err)
		}
	})
}

func TestAFreshTokenThatLooksExpiredIsUsedAllTheSame(t *testing.T) {
	auth := &platform{signIn: func() (domain.Grant, error) {
		return domain.Grant{Token: domain.NewSecret("t"), Expires: time.Now().Add(-time.Hour)}, nil // this clock is an hour ahead
	}}
	p := pool(t, auth, account(t, "a", domain.AccountLimits{}))
	l := acquire(t, p, Wish{})
	for range 3 {
		if err := l.Call(t.Context(), strict(func(string) bool { return true })); err != nil {
			t.Fatal(err)
		}
	}
	if signIns, _ := auth.counts(); signIns != 1 {
		t.Errorf("%d sign-ins, want 1", signIns)
	}
}
