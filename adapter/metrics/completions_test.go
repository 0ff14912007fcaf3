package metrics

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
)

func TestACompletionIsMeasuredInSeconds(t *testing.T) {
	m := newMetrics()
	m.RequestEnded(chatRoute, http.MethodPost, completion("gpt-4o"))
	m.RequestEnded(chatRoute, http.MethodPost, with(completion("gpt-4o"), func(r *domain.Record) { r.Stream = false }))
	wants(t, m, "request_duration_seconds_count", figures{`model="gpt-4o",stream="true"`: 1, `model="gpt-4o",stream="false"`: 1})
	wants(t, m, "request_duration_seconds_sum", figures{`model="gpt-4o",stream="true"`: 2.5, `model="gpt-4o",stream="false"`: 2.5})
	wants(t, m, "first_token_seconds_count", figures{`model="gpt-4o"`: 2})
	wants(t, m, "first_token_seconds_sum", figures{`model="gpt-4o"`: 1})
	// 101 tokens in the two seconds after the first one; who gets all at once sees no interval.
	wants(t, m, "token_interval_seconds_count", figures{`model="gpt-4o"`: 1})
	wants(t, m, "token_interval_seconds_sum", figures{`model="gpt-4o"`: 0.02})
}

func TestThereIsNoIntervalWithoutTwoTokensOfAStream(t *testing.T) {
	for name, change := range map[string]func(*domain.Record){
		"one token":      func(r *domain.Record) { r.Usage.Completion = 1 },
		"no token":       func(r *domain.Record) { r.Usage.Completion = 0 },
		"no first token": func(r *domain.Record) { r.FirstDelta = 0 },
		"no stream":      func(r *domain.Record) { r.Stream = false },
	} {
		m := newMetrics()
		m.RequestEnded(chatRoute, http.MethodPost, with(completion("gpt-4o"), change))
		if got := scrape(t, m, "token_interval_seconds_count"); len(got) != 0 {
			t.Errorf("%s: got %v, want no series", name, got)
		}
	}
	m := newMetrics()
	m.RequestEnded(chatRoute, http.MethodPost, with(completion("gpt-4o"), func(r *domain.Record) { r.Usage.Completion = 2 }))
	wants(t, m, "token_interval_seconds_sum", figures{`model="gpt-4o"`: 2})
}

func TestAnAnswerThatNeverBeganHasNoFirstToken(t *testing.T) {
	m := newMetrics()
	m.RequestEnded(chatRoute, http.MethodPost, domain.Record{Model: "gpt-4o", Outcome: domain.OutcomeTimeout, Attempts: 2, Duration: time.Minute})
	m.RequestEnded(chatRoute, http.MethodPost, domain.Record{Model: "gpt-4o", Outcome: domain.OutcomeRejected, Duration: time.Hour}) // refused at once
	wants(t, m, "first_token_seconds_count", figures{})
	wants(t, m, "tokens_total", figures{})
	wants(t, m, "request_duration_seconds_sum", figures{`model="gpt-4o",stream="false"`: 60})
}

func TestARequestThatIsNoCompletionIsNotMeasured(t *testing.T) {
	m := newMetrics()
	m.RequestEnded("/v1/models", http.MethodGet, with(completion(""), func(r *domain.Record) { r.Stream = false }))
	for _, name := range []string{"request_duration_seconds_count", "first_token_seconds_count", "token_interval_seconds_count", "tokens_total"} {
		wants(t, m, name, figures{})
	}
}

func TestTokensAreSummedExactlyAsTheUsageReportsThem(t *testing.T) {
	m := newMetrics()
	used := func(outcome domain.Outcome, usage domain.Usage) {
		m.RequestEnded(chatRoute, http.MethodPost, domain.Record{Model: "gpt-4o", Outcome: outcome, Usage: usage})
	}
	used(domain.OutcomeCompleted, domain.Usage{Prompt: 7, Completion: 11, Reasoning: 3, Source: domain.UsageMeasured})
	used(domain.OutcomeLength, domain.Usage{Prompt: 1 << 40, Completion: 1, Source: domain.UsageMeasured})
	used(domain.OutcomeClientGone, domain.Usage{Prompt: 5, Completion: 2, Source: domain.UsageEstimated})
	used(domain.OutcomeUpstreamError, domain.Usage{Prompt: 5, Source: domain.UsageEstimated}) // in vain
	used(domain.OutcomeRejected, domain.Usage{})
	wants(t, m, "tokens_total", figures{
		`kind="prompt",model="gpt-4o",source="measured"`:      7 + 1<<40,
		`kind="completion",model="gpt-4o",source="measured"`:  12,
		`kind="prompt",model="gpt-4o",source="estimated"`:     10,
		`kind="completion",model="gpt-4o",source="estimated"`: 2,
	})
}

func TestACountBelowZeroHurtsNobody(t *testing.T) {
	m := newMetrics()
	m.RequestEnded(chatRoute, http.MethodPost, with(completion("gpt-4o"), func(r *domain.Record) {
		r.Usage = domain.Usage{Prompt: -1, Completion: math.MinInt, Source: domain.UsageMeasured}
	}))
	wants(t, m, "tokens_total", figures{})
}

func TestHistogramsHaveBucketsAtTheScaleOfLanguageModels(t *testing.T) {
	m := newMetrics()
	m.RequestEnded(chatRoute, http.MethodPost, completion("gpt-4o"))
	for name, want := range map[string][2]string{
		"request_duration_seconds": {"0.1", "600"}, "first_token_seconds": {"0.05", "60"}, "token_interval_seconds": {"0.001", "2"},
	} {
		buckets := scrape(t, m, name+"_bucket")
		for _, bound := range []string{want[0], want[1], "+Inf"} {
			if !strings.Contains(strings.Join(keys(buckets), " "), `le="`+bound+`"`) {
				t.Errorf("%s has no bucket up to %s: %v", name, bound, buckets)
			}
		}
		if len(buckets) > 20 {
			t.Errorf("%s has %d buckets per series, want 20 at the most", name, len(buckets))
		}
	}
}

func TestHistogramsAreNativeToo(t *testing.T) {
	for name, schema := range nativeHistograms(t, 50*time.Millisecond, 10*time.Minute, 10) {
		if schema != 3 {
			t.Errorf("%s has native buckets of schema %d, want 3: each at most 10 %% wider than the one before", name, schema)
		}
	}
}

func TestNativeHistogramsAreBounded(t *testing.T) {
	nativeHistograms(t, time.Microsecond, 100*time.Hour, 40)
}

// nativeHistograms returns the schemas of the histograms, by name, once they saw completions
// that took from shortest to longest. The native buckets have to be least to 160.
func nativeHistograms(t *testing.T, shortest, longest time.Duration, least int) map[string]int32 {
	t.Helper()
	m := newMetrics()
	for wait := shortest; wait < longest; wait += 1 + wait/64 {
		m.RequestEnded(chatRoute, http.MethodPost, with(completion("gpt-4o"), func(r *domain.Record) { r.FirstDelta, r.Duration = wait, 3*wait }))
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]int32{}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), namespace) || !strings.HasSuffix(f.GetName(), "_seconds") {
			continue
		}
		native := f.GetMetric()[0].GetHistogram()
		schemas[f.GetName()] = native.GetSchema()
		if got := len(native.GetPositiveDelta()); got < least || got > 160 {
			t.Errorf("%s has %d native buckets, want %d to 160", f.GetName(), got, least)
		}
	}
	if len(schemas) != 3 {
		t.Errorf("histograms are %v, want three", schemas)
	}
	return schemas
}

func keys(f figures) []string {
	var all []string
	for k := range f {
		all = append(all, k)
	}
	return all
}
