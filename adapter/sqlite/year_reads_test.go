package sqlite

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// yearReads are the reads that a dashboard makes, at the end of the year, and larger ones.
func yearReads(ctx context.Context, store *Store) map[string]func() error {
	const day = 24 * time.Hour
	end := yearBegan.Add(yearLasts - 17*time.Second)
	reads := make(map[string]func() error)
	parts := func(name string, from, to time.Time) {
		reads["totals of "+name] = func() error { _, err := store.Totals(ctx, from, to); return err }
		reads["models of "+name] = func() error { _, err := store.Models(ctx, from, to); return err }
		reads["accounts of "+name] = func() error { _, err := store.Accounts(ctx, from, to); return err }
		reads["tokens of "+name] = func() error { _, err := store.Tokens(ctx, from, to); return err }
	}
	for name, length := range map[string]time.Duration{"1h": time.Hour, "24h": day, "7d": 7 * day, "30d": 30 * day, "90d": 90 * day} {
		from := end.Add(-length)
		parts(name, from, end)
		parts(name+" before", from.Add(-length), from)
		reads["recent of "+name] = func() error {
			_, err := store.Recent(ctx, usage.Filter{From: from, Model: "model-3"}, usage.Cursor{}, 200)
			return err
		}
	}
	parts("the year", yearBegan, end)
	series := func(name string, length time.Duration, step usage.Step, offset time.Duration) {
		reads["series of "+name] = func() error { _, err := store.Series(ctx, end.Add(-length), end, step, offset); return err }
	}
	series("1h by minute", time.Hour, usage.Minute, 0)
	series("24h by hour", day, usage.Hour, 0)
	series("7d by hour", 7*day, usage.Hour, 0)
	for name, length := range map[string]time.Duration{"30d": 30 * day, "90d": 90 * day, "the year": yearLasts} {
		series(name+" by hour", length, usage.Hour, 0)
		series(name+" by day", length, usage.Day, 0)
		series(name+" by day in China", length, usage.Day, 480*time.Minute)
		series(name+" by day in Nepal", length, usage.Day, 345*time.Minute)
	}
	recentReads(ctx, store, reads)
	return reads
}

// recentReads adds reads of rows, with every combination of filters.
func recentReads(ctx context.Context, store *Store, reads map[string]func() error) {
	recent := func(name string, f usage.Filter, before usage.Cursor) {
		reads["recent "+name] = func() error { _, err := store.Recent(ctx, f, before, 200); return err }
	}
	for _, model := range []string{"", "model-3"} {
		for _, outcome := range []domain.Outcome{"", domain.OutcomeCompleted, domain.OutcomeTimeout} {
			for _, account := range []domain.AccountID{"", "account-2", "nobody"} {
				recent(fmt.Sprintf("%q %q %q", model, outcome, account), usage.Filter{Model: model, Outcome: outcome, Account: account}, usage.Cursor{})
			}
		}
	}
	middle := yearBegan.Add(yearLasts / 2)
	recent("from the middle", usage.Filter{Model: "model-3"}, usage.Cursor{Began: middle.UnixMilli()})
	recent("of an hour long ago", usage.Filter{Outcome: domain.OutcomeCompleted, From: middle, To: middle.Add(time.Hour)}, usage.Cursor{})
}

// TestReadsOfAMillionRequestsUseTheirIndexes would see a read that walks over all rows, which
// takes seconds. How fast reads are, BenchmarkReadsOfAYear says: their limit is far above
// that, since a test must not fail for other work of the machine.
func TestReadsOfAMillionRequestsUseTheirIndexes(t *testing.T) {
	if testing.Short() && os.Getenv("CI") != "true" {
		t.Skip("making a million rows takes seconds")
	}
	t.Parallel()
	requests, limit := 1_000_000, 400*time.Millisecond
	if raceDetector {
		requests, limit = 300, time.Minute
	}
	store := year(t, requests)
	totals, err := store.Totals(t.Context(), yearBegan, yearBegan.Add(yearLasts))
	if err != nil || totals.Requests != int64(requests) {
		t.Errorf("the year has %d requests, error %v, want %d", totals.Requests, err, requests)
	}
	for name, read := range yearReads(t.Context(), store) {
		best := time.Hour
		for range 8 { // the machine has other work
			began := time.Now()
			if err := read(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if best = min(best, time.Since(began)); best < limit {
				break
			}
		}
		if best >= limit {
			t.Errorf("%s takes %s, want less than %s", name, best, limit)
		}
	}
}

func BenchmarkReadsOfAYear(b *testing.B) {
	store := year(b, 1_000_000)
	reads := yearReads(b.Context(), store)
	for _, name := range slices.Sorted(maps.Keys(reads)) {
		read := reads[name]
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
