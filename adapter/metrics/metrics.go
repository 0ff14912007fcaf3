// Package metrics counts what the use cases and the HTTP surface report, and serves the
// figures to Prometheus.
//
// Every label comes from a closed set: route templates, methods, outcomes and kinds of
// error are the program's own words, a model is a known one or [domain.OtherModel], and an
// account goes by the name that the operator gave it. Nothing that a client sends
// becomes a series.
package metrics

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/usage"
)

// namespace begins the name of every family of the program's own.
const namespace = "ondemand_proxy"

// Values of the label "result" where it is not the kind of error.
const (
	resultOK     = domain.ResultOK
	resultFailed = "failed"
)

// Options are what the figures are taken from. The functions are called at every scrape,
// not before the first one, possibly at the same time by several; none may be nil.
type Options struct {
	Version string // of the program
	// DefaultToken tells whether the access token is the documented one.
	DefaultToken func() bool
	// Statuses returns the accounts as they are now, no two with the same name.
	Statuses func() []accounts.Status
	// Sessions returns how many upstream sessions could be continued now.
	Sessions func() int
	// Ledger returns how the ledger does.
	Ledger func() usage.Health
}

// Metrics implements the observer ports of the use cases and of the HTTP surface. All
// methods are safe for concurrent use and do no I/O.
type Metrics struct {
	registry    *prometheus.Registry
	moment      *prometheus.Registry // some of the gauges, for Moment
	requests    requests
	completions completions
	upstream    upstream
	catalogue   catalogue
	reloads     reloads
}

// New returns Metrics with a registry of its own, so that there may be several in a process.
func New(options Options) *Metrics {
	registry, moment := prometheus.NewRegistry(), prometheus.NewRegistry()
	factory, gauges := promauto.With(registry), registerers{registry, moment}
	gauges.MustRegister(newAccountCollector(options.Statuses))
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	aboutProgram(factory, options)
	aboutLedger(factory, options.Ledger)
	return &Metrics{
		registry:    registry,
		moment:      moment,
		requests:    newRequests(factory, promauto.With(gauges)),
		completions: newCompletions(factory),
		upstream:    newUpstream(factory, promauto.With(gauges), options.Sessions),
		catalogue:   newCatalogue(factory),
		reloads:     newReloads(factory),
	}
}

// aboutProgram registers what is true of the program as a whole.
func aboutProgram(factory promauto.Factory, options Options) {
	factory.NewGauge(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info",
		Help:        "Always 1; the labels tell the version of the program and of Go.",
		ConstLabels: prometheus.Labels{"version": options.Version, "goversion": runtime.Version()},
	}).Set(1)
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "default_token_in_use",
		Help: "1 while the access token stands in the documents, as the default or as an example, so that everybody knows it, else 0.",
	}, func() float64 {
		if options.DefaultToken() {
			return 1
		}
		return 0
	})
}

// Handler serves the figures in the format that the client asks for: plain text,
// OpenMetrics, or protobuf, which alone carries native histograms. A figure that
// cannot be had is left out and counted in promhttp_metric_handler_errors_total; no
// answer tells why.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling:     promhttp.ContinueOnError,
		Registry:          m.registry,
		EnableOpenMetrics: true,
	})
}
