package ondemand

import (
	"context"
	"net/http"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
)

func TestStatusBecomesKind(t *testing.T) {
	tests := []struct {
		name   string
		op     operation
		byKey  bool
		status int
		said   string
		want   domain.Kind
	}{
		{"a token that is no longer good", opQuery, false, 401, "", domain.GrantExpired},
		{"a session refused for its token", opOpenSession, false, 401, "", domain.GrantExpired},
		{"a catalogue refused for its token", opCatalogue, false, 401, "", domain.GrantExpired},
		{"a key that is not good", opQuery, true, 401, "", domain.CredentialRefused},
		{"a session refused for its key", opOpenSession, true, 401, "", domain.CredentialRefused},
		{"wrong password", opSignIn, false, 401, "", domain.CredentialRefused},
		{"wrong password, said otherwise", opSignIn, false, 400, "", domain.CredentialRefused},
		{"a refresh token that is not good", opRefresh, false, 401, "", domain.GrantExpired},
		{"a refresh token that is malformed", opRefresh, false, 400, "", domain.GrantExpired},
		{"no credit", opQuery, false, 402, "", domain.PlanRefused},
		{"blocked", opSignIn, false, 403, "", domain.PlanRefused},
		{"not in the plan", opQuery, true, 403, "", domain.PlanRefused},
		{"rate limit", opQuery, false, 429, "", domain.UpstreamRateLimited},
		{"rate limit on sessions", opOpenSession, true, 429, "", domain.UpstreamRateLimited},
		{"rate limit on sign-in", opSignIn, false, 429, "", domain.UpstreamRateLimited},
		{"an unknown session", opQuery, false, 404, "", domain.SessionGone},
		{"a session that is gone", opQuery, true, 410, "", domain.SessionGone},
		{"an expired session", opQuery, false, 400, "Session has expired invalid_request", domain.SessionGone},
		{"an unknown session, as 400", opQuery, false, 400, "unknown session id", domain.SessionGone},
		{"a session not found, by its code", opQuery, false, 400, "Bad Request SESSION_NOT_FOUND", domain.SessionGone},
		{"a session that does not exist", opQuery, false, 400, "the chat session doesn't exist", domain.SessionGone},
		{"a malformed request", opQuery, false, 400, "reasoningEffort must be one of low, medium, max invalid_request", domain.UpstreamRejected},
		{"an unknown model", opQuery, false, 400, "endpoint not found", domain.UpstreamRejected},
		{"a malformed request that mentions the session", opQuery, false, 400, "query of this session is too long", domain.UpstreamRejected},
		{"a session that is malformed, by no client's doing", opOpenSession, false, 400, "session expired", domain.UpstreamFault},
		{"too large", opQuery, false, 413, "", domain.UpstreamRejected},
		{"unprocessable", opQuery, true, 422, "", domain.UpstreamRejected},
		{"the passing 404", opOpenSession, false, 404, "no Route matched with those values", domain.RouteMissing},
		{"no sign-in there", opSignIn, false, 404, "", domain.UpstreamFault},
		{"no refresh there", opRefresh, false, 404, "", domain.UpstreamFault},
		{"no catalogue there", opCatalogue, true, 404, "", domain.UpstreamFault},
		{"a catalogue that is refused", opCatalogue, true, 400, "", domain.UpstreamFault},
		{"an odd sign-in is not the client's fault", opSignIn, false, 422, "", domain.UpstreamFault},
		{"request time-out", opQuery, false, 408, "", domain.UpstreamFault},
		{"too early", opQuery, false, 425, "", domain.UpstreamFault},
		{"server error", opQuery, false, 500, "", domain.UpstreamFault},
		{"bad gateway", opOpenSession, true, 502, "", domain.UpstreamFault},
		{"unavailable", opSignIn, false, 503, "", domain.UpstreamFault},
		{"CDN", opQuery, false, 520, "", domain.UpstreamFault},
		{"CDN time-out", opQuery, false, 524, "", domain.UpstreamFault},
		{"a redirect", opQuery, false, 302, "", domain.UpstreamFault},
		{"not modified", opCatalogue, false, 304, "", domain.UpstreamFault},
		{"no such status", opQuery, false, 600, "", domain.UpstreamFault},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := kindOf(test.op, test.byKey, test.status, test.said); got != test.want {
				t.Errorf("%s answered with %d %q: got %v, want %v", test.op, test.status, test.said, got, test.want)
			}
		})
	}
}

func TestRetryAfterIsReadAsSecondsOrDate(t *testing.T) {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	tests := map[string]time.Duration{
		"":                     0,
		"7":                    7 * time.Second,
		"0":                    time.Second,
		"-5":                   0,
		"soon":                 0,
		"1e3":                  0,
		"99999999999999999999": 0,
		"99999999":             0,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Hour).Format(http.TimeFormat):       time.Second,
		now.AddDate(1, 0, 0).Format(http.TimeFormat):      0,
	}
	for value, want := range tests {
		header := http.Header{"Retry-After": {value}, "Date": {now.Format(http.TimeFormat)}}
		if got := retryAfter(header); got != want {
			t.Errorf("Retry-After %q: got %v, want %v", value, got, want)
		}
	}
	header := http.Header{"Retry-After": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}}
	if got := retryAfter(header); got < 59*time.Minute || got > time.Hour {
		t.Errorf("a date an hour ahead, without the platform's own clock: got %v", got)
	}
}

func TestMakerIsFromAClosedList(t *testing.T) {
	tests := []struct{ endpoint, names, want string }{
		{"predefined-openai-gpt4o", "gpt-4o", "openai"},
		{"predefined-claude-3.7-sonnet", "", "anthropic"},
		{"predefined-gemini-2.0-flash", "", "google"},
		{"predefined-deepseek-r1", "", "deepseek"},
		{"predefined-deepseek-r1-distill-llama-70b", "", "deepseek"},
		{"predefined-llama3-70b", "", "meta"},
		{"predefined-mixtral-8x7b", "", "mistral"},
		{"predefined-grok-4", "", "xai"},
		{"predefined-qwen3", "", "alibaba"},
		{"predefined-kimi-k2", "", "moonshot"},
		{"predefined-glm-4.5", "", "zhipu"},
		{"predefined-minimax-m1", "", "minimax"},
		{"predefined-command-r", "", "cohere"},
		{"predefined-phi4", "", "microsoft"},
		{"predefined-nova-pro", "", "amazon"},
		{"predefined-nvidia-llama-nemotron", "", "nvidia"},
		{"predefined-x", "openai/gpt-oss-120b", "openai"},
		{"predefined-x", "Something New", "on-demand"},
		{"byoi-my-llama", "llama", "byoi"},
		{"", "", "on-demand"},
	}
	for _, test := range tests {
		if got := makerOf(test.endpoint, test.names); got != test.want {
			t.Errorf("%q, %q: got %q, want %q", test.endpoint, test.names, got, test.want)
		}
	}
}

func TestTokenExpiryIsReadWhereItCanBe(t *testing.T) {
	tests := map[string]int64{
		"h.eyJleHAiOjE3OTAwMDAwMDB9.s":       1790000000, // {"exp":1790000000}
		"h.eyJleHAiOjE3OTAwMDAwMDAuNX0.s":    1790000000, // {"exp":1790000000.5}
		"h.eyJleHAiOjE3OTAwMDAwMDAuNX0=.s":   1790000000,
		"h.eyJleHAiOiIxNzkwMDAwMDAwIn0.s":    0, // {"exp":"1790000000"}
		"h.eyJleHAiOi01fQ.s":                 0, // {"exp":-5}
		"h.eyJleHAiOjFlMzAwfQ.s":             0, // {"exp":1e300}
		"h.e30.s":                            0, // {}
		"h.!!!.s":                            0,
		"opaque":                             0,
		"":                                   0,
		"h.eyJleHAiOjE3OTAwMDAwMDB9.s.extra": 0,
	}
	for token, want := range tests {
		got := tokenExpiry(token)
		if (want == 0) != got.IsZero() || want != 0 && got.Unix() != want {
			t.Errorf("%q: got %v, want Unix %d", token, got, want)
		}
	}
}

func TestEndOfACallIsToldApart(t *testing.T) {
	leaving := context.Canceled
	ended, end := context.WithCancelCause(t.Context())
	end(leaving)
	silent, cancel := context.WithCancelCause(t.Context())
	cancel(errSilent)
	var dnsTimeout error = timeoutError{}
	tests := map[string]struct {
		parent, bounded context.Context
		err             error
		want            domain.Kind
	}{
		"our own limit":           {t.Context(), silent, context.Canceled, domain.UpstreamSilent},
		"our own limit, first":    {ended, silent, context.Canceled, domain.UpstreamSilent},
		"the caller":              {ended, ended, context.Canceled, domain.ClientGone},
		"a time-out of the dial":  {t.Context(), t.Context(), dnsTimeout, domain.UpstreamSilent},
		"anything of the network": {t.Context(), t.Context(), http.ErrServerClosed, domain.UpstreamFault},
	}
	for name, test := range tests {
		if got, _ := brokenKind(test.parent, test.bounded, test.err, domain.UpstreamFault); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

type timeoutError struct{}

func (timeoutError) Error() string   { return "i/o timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
