package web

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"ondemand-api-proxy/domain"
)

// limited is a surface with a token of three requests a minute, one of another, and
// one without a limit.
func limited(t *testing.T) *surface {
	return newSurface(
		t, hello, nil,
		AccessToken{Token: domain.NewSecret(token), RateLimit: 3},
		AccessToken{Token: domain.NewSecret("another"), RateLimit: 1},
		AccessToken{Token: domain.NewSecret("unlimited")},
	)
}

func TestOverTheRateLimitIs429AndSaysWhenToComeBack(t *testing.T) {
	s := limited(t)
	remaining := func(answer *httptest.ResponseRecorder) string {
		for _, name := range []string{"x-ratelimit-limit-requests", "x-ratelimit-reset-requests"} {
			if answer.Header().Get(name) == "" {
				t.Errorf("an answer with status %d has no %s", answer.Code, name)
			}
		}
		return answer.Header().Get("x-ratelimit-remaining-requests")
	}
	for i, body := range []string{plainBody, liveBody, "{"} { // what is refused later counts too
		answer := s.ask("POST", "/v1/chat/completions", body)
		if got, want := remaining(answer), strconv.Itoa(2-i); got != want || answer.Code == http.StatusTooManyRequests {
			t.Errorf("request %d got %d with %q remaining, want it admitted with %s", i+1, answer.Code, got, want)
		}
	}
	for _, path := range []string{"/v1/chat/completions", "/chat/completions"} {
		answer := s.ask("POST", path, plainBody)
		s.wants("one more to "+path, answer, failure{429, "rate_limit_error", "rate_limit_exceeded", ""})
		if got := remaining(answer); got != "0" {
			t.Errorf("a refused request has %q remaining, want 0", got)
		}
		if after, err := strconv.Atoi(answer.Header().Get("Retry-After")); err != nil || after < 1 || after > 60 {
			t.Errorf("Retry-After is %q, want whole seconds from 1 to 60", answer.Header().Get("Retry-After"))
		}
	}
}

func TestTokensHaveLimitsOfTheirOwn(t *testing.T) {
	s := limited(t)
	for range 4 {
		s.ask("POST", "/v1/chat/completions", plainBody)
	}
	as := func(value string) int {
		return s.ask("POST", "/v1/chat/completions", plainBody, "Authorization", "Bearer "+value).Code
	}
	if first, second := as("another"), as("another"); first != 200 || second != 429 {
		t.Errorf("a token of one a minute got %d and %d, want 200 and 429", first, second)
	}
	for range 20 {
		if got := as("unlimited"); got != 200 {
			t.Fatalf("a token without a limit got %d", got)
		}
	}
}

func TestOnlyCompletionsOfAValidTokenTakeFromTheLimit(t *testing.T) {
	s := limited(t)
	for range 10 {
		for _, other := range [][]string{
			{"POST", "/v1/chat/completions", "Authorization", "Bearer wrong"},
			{"POST", "/v1/chat/completions", "Authorization", ""},
			{"GET", "/v1/models"},
			{"GET", "/v1/models/gpt-4o"},
			{"GET", "/v1/chat/completions"},
			{"OPTIONS", "/v1/chat/completions"},
			{"GET", "/healthz"},
			{"GET", "/"},
		} {
			answer := s.ask(other[0], other[1], plainBody, other[2:]...)
			if got := answer.Header().Get("x-ratelimit-remaining-requests"); got != "" || answer.Code == http.StatusTooManyRequests {
				t.Errorf("%q is limited: status %d, %q remaining", other, answer.Code, got)
			}
		}
	}
	answer := s.ask("POST", "/v1/chat/completions", plainBody)
	if got := answer.Header().Get("x-ratelimit-remaining-requests"); got != "2" {
		t.Errorf("after requests that take nothing %q remain behind the first completion, want 2", got)
	}
}

func TestOfManyRequestsAtOnceTheLimitIsAdmitted(t *testing.T) {
	s := limited(t)
	var mu sync.Mutex
	got := make(map[int]int)
	var group sync.WaitGroup
	for range 200 {
		group.Go(func() {
			answer := s.ask("POST", "/v1/chat/completions", plainBody)
			mu.Lock()
			defer mu.Unlock()
			got[answer.Code]++
		})
	}
	group.Wait() // long before the first one comes back, after 20 s
	if got[200] != 3 || got[429] != 197 {
		t.Errorf("statuses %v, want 3 times 200 and 197 times 429", got)
	}
}
