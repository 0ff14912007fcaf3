package metrics

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
)

// wants fails the test unless these are the series of the name.
func wants(t *testing.T, m *Metrics, name string, want figures) {
	t.Helper()
	if diff := cmp.Diff(want, scrape(t, m, name)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestEveryRequestIsCountedOnceByRouteMethodModelAndOutcome(t *testing.T) {
	m := newMetrics()
	m.RequestEnded("/healthz", http.MethodGet, domain.Record{Outcome: domain.OutcomeCompleted})
	m.RequestEnded("/healthz", http.MethodGet, domain.Record{Outcome: domain.OutcomeCompleted})
	m.RequestEnded("unmatched", "other", domain.Record{Outcome: domain.OutcomeRejected})
	m.RequestEnded(chatRoute, http.MethodPost, completion("gpt-4o"))
	m.RequestEnded(chatRoute, http.MethodPost, domain.Record{Model: "other", Outcome: domain.OutcomeRejected})
	wants(t, m, "requests_total", figures{
		`method="GET",model="none",outcome="completed",route="/healthz"`:                2,
		`method="other",model="none",outcome="rejected",route="unmatched"`:              1,
		`method="POST",model="gpt-4o",outcome="completed",route="/v1/chat/completions"`: 1,
		`method="POST",model="other",outcome="rejected",route="/v1/chat/completions"`:   1,
	})
}

func TestRequestsInFlightAreThoseThatBeganAndDidNotEnd(t *testing.T) {
	m := newMetrics()
	wants(t, m, "requests_in_flight", figures{`route="/v1/chat/completions"`: 0})
	for range 3 {
		m.RequestBegan("/")
	}
	m.RequestBegan(chatRoute)
	m.RequestEnded("/", http.MethodGet, domain.Record{})
	wants(t, m, "requests_in_flight", figures{`route="/"`: 2, `route="/v1/chat/completions"`: 1})
}

func TestRateLimitedRequestsAreCountedByRouteFromZeroOn(t *testing.T) {
	m := newMetrics()
	wants(t, m, "rate_limited_requests_total", figures{`route="/v1/chat/completions"`: 0})
	m.RequestEnded(chatRoute, http.MethodPost, domain.Record{Model: "other", Outcome: domain.OutcomeRateLimited})
	m.RequestEnded(chatRoute, http.MethodPost, completion("gpt-4o"))
	m.RequestEnded("/chat/completions", http.MethodPost, domain.Record{Model: "other", Outcome: domain.OutcomeRateLimited})
	wants(t, m, "rate_limited_requests_total", figures{`route="/v1/chat/completions"`: 1, `route="/chat/completions"`: 1})
}

func TestAThousandUnknownModelsAddNoSeries(t *testing.T) {
	m := newMetrics()
	invent := func(i int) {
		m.RequestBegan(chatRoute)
		m.RequestEnded(chatRoute, http.MethodPost, with(completion(domain.OtherModel), func(r *domain.Record) {
			name := fmt.Sprintf("invented-%d", i)
			r.RequestID, r.Scope, r.Endpoint, r.Account = name, domain.TokenID(name), domain.EndpointID(name), domain.AccountID(name)
			r.Status = 200 + i%400
			r.Usage.Prompt += i
		}))
	}
	invent(0)
	before := len(scrapeAll(t, m))
	for i := range 1000 {
		invent(i)
	}
	if after := len(scrapeAll(t, m)); after != before {
		t.Errorf("%d series after a thousand requests, %d after the first", after, before)
	}
}
