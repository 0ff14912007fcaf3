package web

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

const page = "https://app.example"

// allowed are the headers that let a page of another origin in.
func allowed(answer *httptest.ResponseRecorder) []string {
	var names []string
	for name := range answer.Header() {
		if strings.HasPrefix(name, "Access-Control-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func preflight(s *surface, origin string) *httptest.ResponseRecorder {
	return s.ask("OPTIONS", "/v1/chat/completions", "", "Authorization", "", "Origin", origin,
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type,x-stainless-lang")
}

func TestNoPageOfAnotherOriginComesInUnlessConfigured(t *testing.T) {
	s := newSurface(t, hello, nil)
	answer := preflight(s, page)
	s.wants("a preflight", answer, failure{405, "invalid_request_error", "method_not_allowed", ""})
	for _, answer := range []*httptest.ResponseRecorder{answer, s.ask("GET", "/v1/models", "", "Origin", page)} {
		if got := allowed(answer); len(got) > 0 {
			t.Errorf("without cors_origins an answer has %q", got)
		}
	}
}

func TestAPageOfAListedOriginComesIn(t *testing.T) {
	for configured, want := range map[string]string{page: page, "*": "*"} {
		s := newSurface(t, hello, func(o *Options) { o.CORSOrigins = []string{"https://first.example", configured} })
		answer := preflight(s, "HTTPS://App.Example")
		if answer.Code != http.StatusNoContent || answer.Body.Len() > 0 {
			t.Errorf("%s: a preflight got %d %q, want 204 without a body", configured, answer.Code, answer.Body)
		}
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": want, "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
			"Access-Control-Allow-Headers": "Authorization, *", "Access-Control-Max-Age": "600", "Vary": "Origin",
		} {
			if got := answer.Header().Get(name); got != want {
				t.Errorf("%s: a preflight has %s %q, want %q", configured, name, got, want)
			}
		}
		for name, answer := range map[string]*httptest.ResponseRecorder{
			"an answer":      s.ask("POST", "/v1/chat/completions", plainBody, "Origin", page),
			"a refusal":      s.ask("POST", "/v1/chat/completions", plainBody, "Origin", page, "Authorization", ""),
			"an unknown":     s.ask("GET", "/nowhere", "", "Origin", page),
			"a plain stream": s.ask("POST", "/v1/chat/completions", liveBody, "Origin", page),
		} {
			if got := answer.Header().Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("%s: %s has Access-Control-Allow-Origin %q, want %q", configured, name, got, want)
			}
			if got := answer.Header().Get("Access-Control-Expose-Headers"); !strings.Contains(got, "x-request-id") || !strings.Contains(got, "retry-after") {
				t.Errorf("%s: %s exposes %q, want the headers that clients read", configured, name, got)
			}
			if answer.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s: %s allows credentials", configured, name)
			}
		}
	}
}

func TestAPageOfAnyOtherOriginGetsNoLeave(t *testing.T) {
	s := newSurface(t, hello, func(o *Options) { o.CORSOrigins = []string{page} })
	for _, origin := range []string{"https://evil.example", "http://app.example", page + ".evil.example", page + ":8443", "null", ""} {
		answer := preflight(s, origin)
		if got := allowed(answer); len(got) > 0 || answer.Code != http.StatusMethodNotAllowed {
			t.Errorf("a preflight of origin %q got %d and %q, want 405 and no leave", origin, answer.Code, got)
		}
		if got := answer.Header().Get("Vary"); got != "Origin" {
			t.Errorf("origin %q: Vary is %q, want Origin: caches must not mix the answers up", origin, got)
		}
	}
}

func TestAPlainOptionsRequestIsNoPreflight(t *testing.T) {
	s := newSurface(t, hello, func(o *Options) { o.CORSOrigins = []string{"*"} })
	answer := s.ask("OPTIONS", "/v1/models", "", "Origin", page)
	s.wants("OPTIONS", answer, failure{405, "invalid_request_error", "method_not_allowed", ""})
}
