package web

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

// kept is what the tests look at of a record.
type kept struct {
	model   string
	outcome domain.Outcome
	status  int
	stream  bool
}

func TestEveryCompletionRequestIsKeptOnRecordWithItsTrueEnd(t *testing.T) {
	fails := func(kind domain.Kind) answers {
		return func(context.Context, domain.ChatRequest, chat.Sink) (domain.Usage, error) {
			return domain.Usage{}, domain.E(kind, "A sentence.", errors.New("cause"))
		}
	}
	cut := func(_ context.Context, _ domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
		_ = out.Deliver(0, text("Hel"), false)
		return domain.Usage{}, domain.E(domain.UpstreamCut, "A sentence.", nil)
	}
	defect := func(context.Context, domain.ChatRequest, chat.Sink) (domain.Usage, error) { panic("a defect") }
	for name, c := range map[string]struct {
		complete answers
		body     string
		want     kept
	}{
		"whole":          {hello, plainBody, kept{"gpt-4o", domain.OutcomeCompleted, 200, false}},
		"streamed":       {hello, liveBody, kept{"gpt-4o", domain.OutcomeCompleted, 200, true}},
		"cut":            {cut, liveBody, kept{"gpt-4o", domain.OutcomeUpstreamCut, 200, true}},
		"upstream error": {fails(domain.UpstreamFailed), plainBody, kept{"gpt-4o", domain.OutcomeUpstreamError, 502, false}},
		"silent":         {fails(domain.UpstreamTimeout), liveBody, kept{"gpt-4o", domain.OutcomeTimeout, 504, true}},
		"no account":     {fails(domain.NoAccount), liveBody, kept{"gpt-4o", domain.OutcomeNoAccount, 503, true}},
		"client gone":    {fails(domain.ClientGone), plainBody, kept{"gpt-4o", domain.OutcomeClientGone, 499, false}},
		"malformed":      {hello, `{"model":`, kept{"other", domain.OutcomeRejected, 400, false}},
		"a defect":       {defect, plainBody, kept{"other", domain.OutcomeInternal, 500, false}},
	} {
		s := newSurface(t, c.complete, nil)
		answer := s.ask(http.MethodPost, "/v1/chat/completions", c.body)
		if len(s.books.records) != 1 {
			t.Errorf("%s: %d records, want 1", name, len(s.books.records))
			continue
		}
		r := s.books.records[0]
		if got := (kept{r.Model, r.Outcome, r.Status, r.Stream}); got != c.want {
			t.Errorf("%s: on record as %+v, want %+v", name, got, c.want)
		}
		if r.RequestID != answer.Header().Get("x-request-id") || r.Scope == "" || r.Began.IsZero() || r.Duration <= 0 {
			t.Errorf("%s: the record lacks its id, token or times: %+v", name, r)
		}
	}
}

func TestARefusedRequestIsKeptOnRecordToo(t *testing.T) {
	s := newSurface(t, hello, nil, AccessToken{Token: domain.NewSecret(token), RateLimit: 1})
	for range 2 {
		s.ask(http.MethodPost, "/v1/chat/completions", plainBody)
	}
	if n := len(s.books.records); n != 2 {
		t.Fatalf("%d records, want 2", n)
	}
	if r := s.books.records[1]; r.Outcome != domain.OutcomeRateLimited || r.Status != http.StatusTooManyRequests || r.Model != domain.OtherModel {
		t.Errorf("the request over the limit is on record as %+v", r)
	}
}

func TestEveryRequestIsCountedUnderItsRoute(t *testing.T) {
	s := newSurface(t, hello, nil)
	for _, r := range [][2]string{
		{http.MethodGet, "/v1/models"},
		{http.MethodGet, "/v1/models/gpt-4o"},
		{http.MethodGet, "/wp-admin/setup.php"},
		{"BREW", "/v1/models"},
		{http.MethodHead, "/healthz"},
	} {
		s.ask(r[0], r[1], "")
	}
	s.ask(http.MethodPost, "/chat/completions", plainBody, "Authorization", "Bearer wrong")
	want := []string{
		"/v1/models GET 200 completed",
		"/v1/models/*id GET 200 completed",
		"unmatched GET 404 rejected",
		"unmatched other 405 rejected",
		"/healthz HEAD 200 completed",
		"/chat/completions POST 401 rejected",
	}
	if diff := cmp.Diff(want, s.books.ended); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
	if s.books.began != len(want) || len(s.books.records) != 0 {
		t.Errorf("%d requests began and %d are on record, want %d and none", s.books.began, len(s.books.records), len(want))
	}
}

func TestMetricsAreForTheOperatorUnlessTheyArePublic(t *testing.T) {
	for _, c := range []struct {
		public bool
		shown  string
		status int
	}{
		{false, "", http.StatusUnauthorized},
		{false, "Bearer wrong", http.StatusUnauthorized},
		{false, "Bearer " + oneToken, http.StatusForbidden},
		{false, "Bearer " + token, http.StatusOK},
		{true, "", http.StatusOK},
	} {
		s := newSurface(t, hello, func(o *Options) { o.MetricsPublic = c.public })
		answer := s.ask(http.MethodGet, "/metrics", "", "Authorization", c.shown)
		if answer.Code != c.status || (answer.Body.String() == "figures") != (c.status == http.StatusOK) {
			t.Errorf("public %t, shown %q: status %d, body %q; want %d", c.public, c.shown, answer.Code, answer.Body, c.status)
		}
	}
}
