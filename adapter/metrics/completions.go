package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"ondemand-api-proxy/domain"
)

// Upper bounds in seconds of the classic buckets, for what language models take: a first
// token may have a minute of reasoning before it, a long answer takes minutes.
var (
	durationBuckets   = []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600}
	firstTokenBuckets = []float64{0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 20, 30, 60}
	intervalBuckets   = []float64{0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2}
)

// completions are the families about completions alone.
type completions struct {
	duration   *prometheus.HistogramVec // by model, stream
	firstToken *prometheus.HistogramVec // by model
	interval   *prometheus.HistogramVec // by model
	tokens     *prometheus.CounterVec   // by kind, model, source
}

func newCompletions(factory promauto.Factory) completions {
	return completions{
		duration: factory.NewHistogramVec(histogram("request_duration_seconds",
			"Seconds from a request for a completion to its end, whatever the outcome, if it was asked of the platform at all.", durationBuckets), []string{"model", "stream"}),
		firstToken: factory.NewHistogramVec(histogram("first_token_seconds",
			"Seconds from a request for a completion to the first piece of its answer.", firstTokenBuckets), []string{"model"}),
		interval: factory.NewHistogramVec(histogram("token_interval_seconds",
			"Mean seconds between the tokens of one streamed completion, of all its choices together.", intervalBuckets), []string{"model"}),
		tokens: factory.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "tokens_total",
			Help: "Tokens of completions as their usage reports them, by kind (prompt, completion), model, and source: measured by the platform or estimated by the proxy.",
		}, []string{"kind", "model", "source"}),
	}
}

// histogram returns the options of a histogram that has both classic buckets and, for who
// scrapes protobuf, native ones: at most 160, each at most 10 % wider than the one before.
func histogram(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  160, // four orders of magnitude fit
		NativeHistogramMinResetDuration: time.Hour,
	}
}

// add adds a completion, whatever its outcome. One that was refused at once says nothing
// about how long completions take.
func (c *completions) add(r *domain.Record) {
	if r.Attempts > 0 {
		c.duration.WithLabelValues(r.Model, strconv.FormatBool(r.Stream)).Observe(r.Duration.Seconds())
	}
	if r.FirstDelta > 0 {
		c.firstToken.WithLabelValues(r.Model).Observe(r.FirstDelta.Seconds())
	}
	if interval, ok := tokenInterval(r); ok {
		c.interval.WithLabelValues(r.Model).Observe(interval)
	}
	c.count("prompt", r, r.Usage.Prompt)
	c.count("completion", r, r.Usage.Completion)
}

// count makes no series of tokens that were not counted. A count below zero would be a
// defect elsewhere; a counter panics on it, and a figure is not worth a request.
func (c *completions) count(kind string, r *domain.Record, tokens int) {
	if tokens > 0 {
		c.tokens.WithLabelValues(kind, r.Model, r.Usage.Source.String()).Add(float64(tokens))
	}
}

// tokenInterval returns the mean seconds between the tokens of a stream that had two or more.
func tokenInterval(r *domain.Record) (seconds float64, ok bool) {
	if !r.Stream || r.FirstDelta <= 0 || r.Usage.Completion < 2 {
		return 0, false
	}
	return (r.Duration - r.FirstDelta).Seconds() / float64(r.Usage.Completion-1), true
}
