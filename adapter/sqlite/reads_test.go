package sqlite

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// those returns the entries that chosen holds for.
func those(all []usage.Entry, chosen func(*usage.Entry) bool) (some []usage.Entry) {
	for i := range all {
		if chosen(&all[i]) {
			some = append(some, all[i])
		}
	}
	return some
}

// naive sums up entries by name.
func naive(all []usage.Entry, name func(*usage.Entry) string) map[string]usage.Part {
	parts := make(map[string]usage.Part)
	for i := range all {
		tally := usage.NewTally()
		tally.Add(&all[i])
		for key, sums := range tally.Sums {
			if key.Dimension == usage.All {
				addPart(parts, name(&all[i]), key.Outcome, sums)
			}
		}
	}
	return parts
}

func between(from, to time.Time) func(*usage.Entry) bool {
	return func(e *usage.Entry) bool { return !e.Began.Before(from) && e.Began.Before(to) }
}

func anyTime(t *rapid.T, name string) time.Time {
	return noon.Add(time.Duration(rapid.Int64Range(-80*3600, 80*3600).Draw(t, name)) * time.Second)
}

func TestTotalsModelsAccountsAndTokensAreThoseOfTheRange(t *testing.T) {
	ctx := context.Background()
	check(t, func(t *rapid.T) {
		store := inMemory(t)
		defer store.Close()
		all := rapid.SliceOfN(someEntry, 1, 60).Draw(t, "rows")
		add(t, store, all...)
		from := anyTime(t, "from")
		to := from.Add(time.Duration(rapid.SampledFrom([]int64{-1, 0, 1, 60, 121, 600, 1440, 1500, 1501, 2880, 9000}).Draw(t, "minutes")) * time.Minute)
		unit := time.Hour
		if oldest := noon.Add(-usage.MinutesKept); to.Sub(from) <= 25*time.Hour && !from.Before(oldest) {
			unit = time.Minute
		}
		some := those(all, between(from.Truncate(unit), to.Add(unit-1).Truncate(unit)))

		totals, err := store.Totals(ctx, from, to)
		if err != nil {
			t.Fatal(err)
		}
		want := naive(some, func(*usage.Entry) string { return "" })[""]
		if diff := cmp.Diff(want, usage.Part{Sums: totals.Sums, Outcomes: totals.Outcomes}, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("totals (-want +got):\n%s", diff)
		}
		checkQuantiles(t, "first delta", totals.First, some, func(e *usage.Entry) time.Duration { return e.FirstDelta })
		checkQuantiles(t, "duration", totals.Duration, some, func(e *usage.Entry) time.Duration {
			if e.Attempts == 0 {
				return 0
			}
			return e.Duration
		})
		for name, c := range map[string]struct {
			read func(context.Context, time.Time, time.Time) ([]usage.Part, error)
			of   func(*usage.Entry) string
		}{
			"models":   {store.Models, func(e *usage.Entry) string { return e.Model }},
			"accounts": {store.Accounts, func(e *usage.Entry) string { return string(e.Account) }},
			"tokens":   {store.Tokens, func(e *usage.Entry) string { return string(e.Scope) }},
		} {
			parts, err := c.read(ctx, from, to)
			if err != nil {
				t.Fatal(err)
			}
			want, got := naive(some, c.of), make(map[string]usage.Part)
			delete(want, "")
			for _, part := range parts {
				got[part.Name] = part
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", name, diff)
			}
			if !slices.IsSortedFunc(parts, func(a, b usage.Part) int { return int(b.Requests - a.Requests) }) {
				t.Fatalf("%s are not in order of requests", name)
			}
		}
	})
}

// checkQuantiles compares percentiles with the exact ones; a time of 0 was not measured.
func checkQuantiles(t fataler, what string, got usage.Quantiles, entries []usage.Entry, of func(*usage.Entry) time.Duration) {
	t.Helper()
	var times []time.Duration
	for i := range entries {
		if d := of(&entries[i]); d > 0 {
			times = append(times, d)
		}
	}
	slices.Sort(times)
	exact := func(percent int) time.Duration {
		if len(times) == 0 {
			return 0
		}
		return times[(len(times)*percent+99)/100-1]
	}
	for got, want := range map[time.Duration]time.Duration{got.P50: exact(50), got.P95: exact(95)} {
		if float64(got) < 0.9*float64(want) || float64(got) > 1.1*float64(want) {
			t.Fatalf("%s: a percentile is %s, want %s within a tenth", what, got, want)
		}
	}
}

func TestASeriesHasEveryMinuteHourOrDayOfItsRange(t *testing.T) {
	check(t, func(t *rapid.T) {
		store := inMemory(t)
		defer store.Close()
		all := rapid.SliceOfN(someEntry, 1, 60).Draw(t, "rows")
		add(t, store, all...)
		from := anyTime(t, "from")
		to := from.Add(time.Duration(rapid.Int64Range(0, 100*3600).Draw(t, "seconds")) * time.Second)
		step, offset, width := usage.Hour, time.Duration(0), time.Hour
		switch rapid.IntRange(0, 2).Draw(t, "width") {
		case 1:
			step, width = usage.Day, 24*time.Hour
			offset = time.Duration(rapid.IntRange(-12, 14).Draw(t, "offset")) * time.Hour
		case 2:
			step, width = usage.Minute, time.Minute
			from = noon.Add(-time.Duration(rapid.Int64Range(0, 49*3600).Draw(t, "seconds ago")) * time.Second)
			to = from.Add(2 * time.Hour)
		}
		points, err := store.Series(context.Background(), from, to, step, offset)
		if err != nil {
			t.Fatal(err)
		}
		next := from.Add(offset).Truncate(width).Add(-offset)
		for _, point := range points {
			if !point.Start.Equal(next) {
				t.Fatalf("a point begins at %s, want %s", point.Start, next)
			}
			next = next.Add(width)
			some := those(all, between(point.Start, next))
			want := naive(some, func(*usage.Entry) string { return "" })[""]
			if diff := cmp.Diff(want.Outcomes, point.Outcomes); diff != "" || want.Prompt != point.Prompt || want.Completion != point.Completion {
				t.Fatalf("the point of %s has %d and %d tokens, want %d and %d; outcomes (-want +got):\n%s",
					point.Start, point.Prompt, point.Completion, want.Prompt, want.Completion, diff)
			}
			checkQuantiles(t, "first delta", point.First, some, func(e *usage.Entry) time.Duration { return e.FirstDelta })
		}
		if next.Before(to) || len(points) > 0 && !next.Add(-width).Before(to) {
			t.Fatalf("the points end at %s, want the first step that does not end before %s", next, to)
		}
	})
}

func TestDaysOfAPlaceHalfAnHourOffCountHoursWhereTheyBegin(t *testing.T) {
	store := inMemory(t)
	defer store.Close()
	midnight := time.Date(2026, 11, 23, 18, 30, 0, 0, time.UTC) // in India
	for _, minutes := range []time.Duration{-31, -30, -1, 0, 29, 30} {
		add(t, store, entry(1, midnight.Add(minutes*time.Minute)))
	}
	points, err := store.Series(t.Context(), midnight.Add(-time.Minute), midnight.Add(time.Minute), usage.Day, 330*time.Minute)
	if err != nil || len(points) != 2 || !points[1].Start.Equal(midnight) {
		t.Fatalf("the points are %+v, error %v, want the two days around %s", points, err, midnight)
	}
	before, after := points[0].Outcomes[domain.OutcomeCompleted], points[1].Outcomes[domain.OutcomeCompleted]
	if before != 5 || after != 1 {
		t.Errorf("the days have %d and %d requests, want 5 and 1", before, after)
	}
}

func TestASeriesOfTooManyStepsIsRefused(t *testing.T) {
	store := inMemory(t)
	defer store.Close()
	if points, err := store.Series(t.Context(), time.Time{}, noon, usage.Hour, 0); err == nil {
		t.Errorf("got %d points, want an error", len(points))
	}
}

func TestPagesShowEveryChosenRowOnceWhateverIsRecordedMeanwhile(t *testing.T) {
	ctx := context.Background()
	check(t, func(t *rapid.T) {
		store := inMemory(t)
		defer store.Close()
		all := rapid.SliceOfN(someEntry, 1, 60).Draw(t, "rows")
		for i := range all {
			all[i].Cost = int64(i) // tells them apart
			all[i].Began = all[i].Began.Truncate(time.Duration(rapid.SampledFrom([]int64{1, 3600, 86400}).Draw(t, "truncate")) * time.Second)
		}
		add(t, store, all...)
		var f usage.Filter
		f.Model = rapid.SampledFrom([]string{"", "gpt-4o", "nothing"}).Draw(t, "by model")
		f.Outcome = rapid.SampledFrom([]domain.Outcome{"", domain.OutcomeTimeout}).Draw(t, "by outcome")
		f.Account = rapid.SampledFrom([]domain.AccountID{"", "a1"}).Draw(t, "by account")
		if rapid.Bool().Draw(t, "with range") {
			f.From = anyTime(t, "from")
			f.To = f.From.Add(time.Duration(rapid.Int64Range(0, 100*3600).Draw(t, "seconds")) * time.Second)
		}
		want := those(all, func(e *usage.Entry) bool {
			return (f.Model == "" || e.Model == f.Model) && (f.Outcome == "" || e.Outcome == f.Outcome) && (f.Account == "" || e.Account == f.Account) &&
				(f.From.IsZero() || between(f.From, f.To)(e))
		})
		slices.Reverse(want)
		slices.SortStableFunc(want, func(a, b usage.Entry) int { return b.Began.Compare(a.Began) })

		var got []usage.Entry
		limit := rapid.IntRange(1, 9).Draw(t, "limit")
		for cursor := (usage.Cursor{}); ; {
			page, err := store.Recent(ctx, f, cursor, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range page {
				got = append(got, row.Entry)
				cursor = row.Cursor()
			}
			if len(page) < limit {
				break
			}
			add(t, store, entry(0, noon.AddDate(0, 1, 0))) // newer than all that was seen
		}
		got = those(got, func(e *usage.Entry) bool { return e.Began.Before(noon.AddDate(0, 1, 0)) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("pages of %d (-want +got):\n%s", limit, diff)
		}
	})
}

func TestAnExportHasAllRowsAndHoldsNothingOpen(t *testing.T) {
	store := inMemory(t)
	defer store.Close()
	var all []usage.Entry
	for i := range 2*rowsOfPage + 1 {
		all = append(all, entry(i, noon.Add(-time.Duration(i)*time.Second)))
	}
	add(t, store, all...)
	count := 0
	for row, err := range store.Each(t.Context(), everything) {
		if err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(row.Entry, all[count]) {
			t.Fatalf("row %d is %+v, want %+v", count, row.Entry, all[count])
		}
		if count++; count == 10 { // with one connection, this would wait for ever
			add(t, store, entry(0, noon.Add(time.Hour)))
		}
	}
	if count != len(all) {
		t.Errorf("%d rows were exported, want %d", count, len(all))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range store.Each(ctx, everything) {
		if err == nil {
			t.Fatal("an export went on after its context had ended")
		}
	}
}
