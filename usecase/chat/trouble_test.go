package chat

import (
	"testing"
	"time"

	"ondemand-api-proxy/domain"
)

func TestASignInThatIsRefusedGoesToTheNextAccountWithoutCounting(t *testing.T) {
	for _, kind := range []domain.Kind{domain.CredentialRefused, domain.PlanRefused, domain.UpstreamRateLimited} {
		w := newWorld(t, 4, says("hello"))
		w.options.MaxRetries = 0
		for i := range 3 {
			w.pool.signIn[w.account(i)] = trouble(kind)
		}
		_, err := w.complete(streamed("hi"))
		w.expectAnswer(err, "hello")
		w.expectQueries(1)
		if told, _ := w.told(2); told != kind || w.record().Account != w.account(3) {
			t.Errorf("%s: the third lease was told %s, served by %s", kind, told, w.record().Account)
		}
	}
}

func TestASignInThatMeetsAFaultCounts(t *testing.T) {
	w := newWorld(t, 3, says("never asked"))
	w.options.MaxRetries = 1
	for i := range 3 {
		w.pool.signIn[w.account(i)] = trouble(domain.UpstreamFault)
	}
	_, err := w.complete(streamed("hi"))
	w.expectKind(err, domain.UpstreamFailed)
	if got := len(w.pool.leases); got != 2 {
		t.Errorf("%d attempts, want 2", got)
	}
}

func TestAnAccountInTroubleIsLeftForTheNext(t *testing.T) {
	both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
		for _, kind := range []domain.Kind{domain.UpstreamRateLimited, domain.PlanRefused, domain.CredentialRefused} {
			w := newWorld(t, 2, refuses(kind), says("hello"))
			_, err := w.complete(request("hi"))
			w.expectAnswer(err, "hello")
			w.expectQueries(2)
			if told, _ := w.told(0); told != kind || w.record().Account != w.account(1) {
				t.Errorf("%s: the first lease was told %s, served by %s", kind, told, w.record().Account)
			}
		}
	})
}

func TestARequestThatUsedUpThePoolAnswersAsThePoolSays(t *testing.T) {
	for name, c := range map[string]struct {
		turns   []turn
		retries int
		want    domain.Kind
		outcome domain.Outcome
	}{
		"all limited":              {[]turn{refuses(domain.UpstreamRateLimited)}, 3, domain.AccountsExhausted, domain.OutcomeRateLimited},
		"all limited, no retry":    {[]turn{refuses(domain.UpstreamRateLimited)}, 1, domain.AccountsExhausted, domain.OutcomeRateLimited},
		"all unpaid":               {[]turn{refuses(domain.PlanRefused)}, 3, domain.NoAccount, domain.OutcomeNoAccount},
		"one limited, one refused": {[]turn{refuses(domain.UpstreamRateLimited), refuses(domain.PlanRefused)}, 3, domain.AccountsExhausted, domain.OutcomeRateLimited},
	} {
		w := newWorld(t, 2, c.turns...)
		w.options.MaxRetries = c.retries
		_, err := w.complete(streamed("hi"))
		e := domain.AsError(err)
		if e == nil || e.Kind != c.want || e.RetryAfter != poolRetryAfter || e.Message != "The pool's sentence." {
			t.Errorf("%s: error is %v, retry after %s, want what the pool says", name, err, e.RetryAfter)
		}
		if r := w.record(); r.Outcome != c.outcome || r.Attempts != 2 {
			t.Errorf("%s: %s after %d attempts on record, want %s after 2", name, r.Outcome, r.Attempts, c.outcome)
		}
	}
}

func TestAttemptsThatEndWhileAccountsAreLeftSayToComeBackSoon(t *testing.T) {
	for kind, want := range map[domain.Kind]domain.Kind{
		domain.UpstreamRateLimited: domain.AccountsExhausted, domain.PlanRefused: domain.NoAccount, domain.CredentialRefused: domain.NoAccount,
	} {
		w := newWorld(t, 3, refuses(kind))
		w.options.MaxRetries = 1
		_, err := w.complete(streamed("hi"))
		if e := domain.AsError(err); e == nil || e.Kind != want || e.RetryAfter < time.Second || domain.KindOf(e.Cause) != kind {
			t.Errorf("%s: error is %v, want %s with a time to come back", kind, err, want)
		}
		w.expectQueries(2)
	}
}

func TestWithoutAnyAccountThereIsNoAttempt(t *testing.T) {
	w := newWorld(t, 0, says("never asked"))
	_, err := w.complete(streamed("hi"))
	w.expectKind(err, domain.NoAccount)
	if r := w.record(); r.Attempts != 0 || r.Account != "" || r.Outcome != domain.OutcomeNoAccount || len(w.ledger.attempts) != 0 {
		t.Errorf("on record are %d attempts, account %q, outcome %s", r.Attempts, r.Account, r.Outcome)
	}
}

func TestWhatThePoolRefusesIsPassedOn(t *testing.T) {
	for _, kind := range []domain.Kind{domain.AccountsExhausted, domain.NoAccount, domain.Unavailable} {
		w := newWorld(t, 1, says("never asked"))
		w.pool.closed = trouble(kind)
		if _, err := w.complete(streamed("hi")); err != w.pool.closed { //nolint:errorlint // the very error
			t.Errorf("error is %v, want that of the pool", err)
		}
	}
}
