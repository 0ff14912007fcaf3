package main_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"ondemand-api-proxy/adapter/sqlite"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// yearOfRequests is how many requests the benchmark's year has.
const yearOfRequests = 1_000_000

// BenchmarkTheDashboardOfAYear asks the real program, which has a year of a million made-up
// requests on record up to now, for everything that the page asks for.
func BenchmarkTheDashboardOfAYear(b *testing.B) {
	directory := b.TempDir()
	fillYear(b, directory, time.Now())
	p := startWith(b, setup{dataDir: directory, environ: []string{"DEBUG_MODE=false", "USAGE_RETENTION_DAYS=3650", `ONDEMAND_ACCOUNTS=[{"api_key":"key-1"}]`}})
	var paths []string
	for _, span := range []string{"1h", "24h", "7d", "30d", "90d"} {
		for _, route := range []string{"overview", "series", "models", "accounts", "requests"} {
			paths = append(paths, route+"?range="+span)
		}
	}
	paths = append(paths, "series?range=90d&step=hour", "series?range=90d&step=day&utc_offset=345", "requests?model=model-3&outcome=timeout", "requests?limit=200")
	for _, path := range paths {
		b.Run(path, func(b *testing.B) {
			var longest time.Duration
			for b.Loop() {
				began := time.Now()
				if got := p.get(b, asking, "/api/"+path); got.status != http.StatusOK {
					b.Fatalf("status %d: %s", got.status, got.body)
				}
				longest = max(longest, time.Since(began))
			}
			b.ReportMetric(float64(longest.Microseconds())/1000, "ms-longest")
		})
	}
}

// fillYear writes a year of requests that ends at until.
func fillYear(tb testing.TB, directory string, until time.Time) {
	tb.Helper()
	store := sqlite.New(directory)
	if _, err := store.Open(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	const rows = 10_000
	for batch := range yearOfRequests / rows {
		written := usage.Batch{ID: int64(batch) + 1, Counts: usage.NewTally()}
		for i := range rows {
			entry := madeUp(random, batch*rows+i, until)
			written.Rows = append(written.Rows, entry)
			written.Counts.Add(&entry)
		}
		if err := store.Append(tb.Context(), written); err != nil {
			tb.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		tb.Fatal(err)
	}
}

// madeUp is request i of the year.
func madeUp(random *rand.Rand, i int, until time.Time) usage.Entry {
	outcomes := []domain.Outcome{domain.OutcomeLength, domain.OutcomeClientGone, domain.OutcomeUpstreamError, domain.OutcomeUpstreamCut, domain.OutcomeTimeout, domain.OutcomeRateLimited, domain.OutcomeRejected}
	outcome := domain.OutcomeCompleted
	if n := random.IntN(100); n < len(outcomes) {
		outcome = outcomes[n]
	}
	const year = 365 * 24 * time.Hour
	account := domain.AccountID(fmt.Sprintf("%010x", random.IntN(8)))
	first := time.Duration(100+random.ExpFloat64()*400) * time.Millisecond
	took := first + time.Duration(random.ExpFloat64()*6000)*time.Millisecond
	return usage.Entry{Cost: random.Int64N(5_000_000), Record: domain.Record{
		RequestID: fmt.Sprintf("req_%026d", i), Began: until.Add(-year + year/yearOfRequests*time.Duration(i)).UTC().Truncate(time.Millisecond),
		Scope: domain.TokenID(fmt.Sprintf("%012x", random.IntN(3))), Model: fmt.Sprint("model-", random.IntN(16)), Endpoint: "predefined-openai-gpt4o",
		Account: account, Outcome: outcome, Status: http.StatusOK, Usage: domain.Usage{Prompt: random.IntN(4000), Completion: random.IntN(2000), Source: domain.UsageMeasured},
		FirstDelta: first, Duration: took, Stream: slices.Contains([]int{0, 1, 2}, i%4), Attempts: 1,
		Tries: []domain.Try{{Account: account, Session: domain.SessionFresh, Result: domain.ResultOK, Took: took}},
	}}
}
