package web

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
)

func TestATokenThatHasUsedItsDayComesBackAtMidnight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it is midnight in UTC
		time.Sleep(23 * time.Hour)
		s := newSurface(t, hello, nil, AccessToken{Token: domain.NewSecret(token), TokensPerDay: 10})
		for i := range 2 { // 7 tokens each
			if got := s.ask(http.MethodPost, "/v1/chat/completions", plainBody); got.Code != http.StatusOK {
				t.Fatalf("request %d got %d", i, got.Code)
			}
		}
		refused := s.ask(http.MethodPost, "/v1/chat/completions", plainBody)
		s.wants("beyond the budget", refused, failure{429, "insufficient_quota", "insufficient_quota", ""})
		if got := refused.Header().Get("Retry-After"); got != "3600" {
			t.Errorf("Retry-After is %s, want an hour", got)
		}
		if got := s.ask(http.MethodGet, "/v1/models", "").Code; got != http.StatusOK {
			t.Errorf("the models get %d", got)
		}
		time.Sleep(time.Hour)
		if got := s.ask(http.MethodPost, "/v1/chat/completions", plainBody).Code; got != http.StatusOK {
			t.Errorf("on the next day a request got %d", got)
		}
	})
}

func TestWhatWasUsedBeforeTheStartCounts(t *testing.T) {
	s := newSurface(t, hello, nil, AccessToken{Token: domain.NewSecret(token), TokensPerDay: 10})
	s.gate.Spent(map[domain.TokenID]int64{domain.TokenIDOf(domain.NewSecret(token)): 10, "of another": 5}, time.Now())
	s.wants("a used-up budget", s.ask(http.MethodPost, "/v1/chat/completions", plainBody), failure{429, "insufficient_quota", "insufficient_quota", ""})
}

func TestReplacingTokensKeepsWhatTheyUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, old := AccessToken{Token: domain.NewSecret(token), RateLimit: 3, TokensPerDay: 1000}, AccessToken{Name: "old", Token: domain.NewSecret(oneToken)}
		s := newSurface(t, hello, nil, first, old)
		ask := func(secret string) int {
			return s.ask(http.MethodPost, "/v1/chat/completions", plainBody, "Authorization", "Bearer "+secret).Code
		}
		ask(token)
		ask(token)
		s.gate.Replace([]AccessToken{first, {Name: "new", Token: domain.NewSecret("sk-new")}, old}) // both side by side
		for secret, want := range map[string]int{"sk-new": 200, oneToken: 200} {
			if got := ask(secret); got != want {
				t.Errorf("%s gets %d, want %d", secret, got, want)
			}
		}
		s.gate.Replace([]AccessToken{first, {Name: "new", Token: domain.NewSecret("sk-new")}})
		if got := ask(oneToken); got != http.StatusUnauthorized {
			t.Errorf("a token that is gone gets %d", got)
		}
		if got := []int{ask(token), ask(token)}; got[0] != 200 || got[1] != 429 {
			t.Errorf("after two of three requests the next two get %v, want one more to pass", got)
		}
		if got := s.gate.NameOf(domain.TokenIDOf(domain.NewSecret("sk-new"))); got != "new" {
			t.Errorf("the new token is called %q", got)
		}
		first.TokensPerDay = 20 // of which 21 are used
		s.gate.Replace([]AccessToken{first})
		time.Sleep(time.Minute)
		if answer := s.ask(http.MethodPost, "/v1/chat/completions", plainBody); answer.Code != http.StatusTooManyRequests {
			t.Errorf("with a budget below what it used a token gets %d", answer.Code)
		}
	})
}

func TestAThousandRequestsAtOnceAdmitExactlyTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock is held
		s := newSurface(t, hello, nil, AccessToken{Token: domain.NewSecret(token), RateLimit: 60})
		codes, done := rush(s, 1000)
		done.Wait()
		if got := codes(); got[http.StatusOK] != 60 || got[http.StatusTooManyRequests] != 940 {
			t.Errorf("the answers are %v, want 60 of 200 and 940 of 429", got)
		}
		time.Sleep(time.Minute)
		codes, done = rush(s, 1000)
		done.Wait()
		if got := codes(); got[http.StatusOK] != 60 {
			t.Errorf("a minute later the answers are %v, want 60 of 200 again", got)
		}
		answer := s.ask(http.MethodPost, "/v1/chat/completions", plainBody)
		if wait, err := strconv.Atoi(answer.Header().Get("Retry-After")); err != nil || wait != 1 {
			t.Errorf("Retry-After is %q, want 1", answer.Header().Get("Retry-After"))
		}
	})
}

func TestAClockThatWasWrongByDaysDoesNotKeepADayForEver(t *testing.T) {
	var s spent
	s.add(100, noon.AddDate(1, 0, 0))
	if got := s.today(noon); got != 0 {
		t.Errorf("once the clock is right %d tokens are used, want none", got)
	}
	s.add(7, noon)
	if got := s.today(noon.Add(-13 * time.Hour)); got != 7 {
		t.Errorf("set back over midnight the clock leaves %d tokens, want the 7 of before", got)
	}
}
