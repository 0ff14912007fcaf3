package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"ondemand-api-proxy/domain"
)

// noModel is the label of a request that is no completion.
const noModel = "none"

// The routes of completions; the rate limit is for these.
const (
	chatRoute     = "/v1/chat/completions"
	bareChatRoute = "/chat/completions"
)

// requests are the families about all HTTP requests.
type requests struct {
	inFlight *prometheus.GaugeVec   // by route
	ended    *prometheus.CounterVec // by route, method, model, outcome
	limited  *prometheus.CounterVec // by route
}

func newRequests(factory, gauges promauto.Factory) requests {
	r := requests{
		inFlight: gauges.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: inFlightName,
			Help: "HTTP requests under way, the one that asks for this figure included, by route template.",
		}, []string{"route"}),
		ended: factory.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "requests_total",
			Help: "HTTP requests that ended, by route template, method, model (none: no completion; other: not a known one) and outcome.",
		}, []string{"route", "method", "model", "outcome"}),
		limited: factory.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "rate_limited_requests_total",
			Help: "HTTP requests that ended as rate limited, by route template: over the proxy's own limit, or with every account at the platform's.",
		}, []string{"route"}),
	}
	r.inFlight.WithLabelValues(chatRoute)
	r.limited.WithLabelValues(chatRoute)
	return r
}

// RequestBegan tells that an HTTP request came in. RequestEnded has to follow, with the
// same route.
func (m *Metrics) RequestBegan(route string) { m.requests.inFlight.WithLabelValues(route).Inc() }

// RequestEnded tells how an HTTP request ended. The route is a template or a word for
// what no template matches, and the method one of a closed set: both become labels as
// they are.
func (m *Metrics) RequestEnded(route, method string, record domain.Record) {
	m.requests.inFlight.WithLabelValues(route).Dec()
	model := record.Model
	if model == "" {
		model = noModel
	}
	m.requests.ended.WithLabelValues(route, method, model, string(record.Outcome)).Inc()
	if record.Outcome == domain.OutcomeRateLimited {
		m.requests.limited.WithLabelValues(route).Inc()
	}
	if record.Model != "" {
		m.completions.add(&record)
	}
}
