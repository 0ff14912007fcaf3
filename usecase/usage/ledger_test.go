package usage

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
)

var someRecord = rapid.Custom(func(t *rapid.T) domain.Record {
	return domain.Record{
		RequestID: rapid.StringMatching("req-[a-f0-9]{4}").Draw(t, "id"),
		Began:     time.UnixMicro(rapid.Int64Range(-1e13, 1e16).Draw(t, "began")),
		Scope:     domain.TokenID(rapid.SampledFrom([]string{"t1", "t2"}).Draw(t, "token")),
		Model:     rapid.SampledFrom([]string{"gpt-4o", "deepseek-r1", "other", ""}).Draw(t, "model"),
		Account:   domain.AccountID(rapid.SampledFrom([]string{"", "a1", "a2"}).Draw(t, "account")),
		Outcome:   rapid.SampledFrom([]domain.Outcome{domain.OutcomeCompleted, domain.OutcomeTimeout}).Draw(t, "outcome"),
		Usage: domain.Usage{
			Prompt: rapid.IntRange(0, 1e6).Draw(t, "prompt"), Completion: rapid.IntRange(0, 1e5).Draw(t, "completion"),
			Source: domain.UsageSource(rapid.IntRange(0, 2).Draw(t, "source")),
		},
		FirstDelta: time.Duration(rapid.Int64Range(0, 1e11).Draw(t, "first")),
		Duration:   time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "duration")),
		Stream:     rapid.Bool().Draw(t, "stream"), Attempts: rapid.IntRange(0, 4).Draw(t, "attempts"),
	}
})

func TestCountsAreNeverLostWhateverTheStoreDoes(t *testing.T) {
	prices := Prices{"gpt-4o": {In: 2.5, Out: 10}}
	rapid.Check(t, func(t *rapid.T) {
		store, bound := newShelf(), rapid.IntRange(1, 40).Draw(t, "bound")
		ledger := NewLedger(store, prices, &observer{}, Options{MaxQueued: bound})
		var all []Entry
		for range rapid.IntRange(1, 8).Draw(t, "turns") {
			for _, r := range rapid.SliceOfN(someRecord, 0, 60).Draw(t, "records") {
				ledger.Record(r)
				all = append(all, newEntry(r, prices))
			}
			store.next = []fate{rapid.SampledFrom([]fate{goesWell, fails, failsWritten}).Draw(t, "fate")}
			_ = ledger.flush(context.Background())
		}
		store.next = nil
		if err := ledger.flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		want := NewTally()
		for i := range all {
			want.Add(&all[i])
		}
		if diff := cmp.Diff(want, store.counts); diff != "" {
			t.Fatalf("the rollups are not what was recorded (-want +got):\n%s", diff)
		}
		if h := ledger.Health(); h.Queued != 0 || h.Fault != nil || int(h.Dropped)+len(store.rows) != len(all) {
			t.Fatalf("of %d records %d were written, and the ledger says %+v", len(all), len(store.rows), h)
		}
		left := all
		for _, got := range store.rows { // they are in order, with gaps
			for len(left) > 0 && !cmp.Equal(left[0], got) {
				left = left[1:]
			}
			if len(left) == 0 {
				t.Fatalf("the row %+v was never recorded, or comes too late", got)
			}
			left = left[1:]
		}
	})
}

func TestAFullQueueDropsTheOldest(t *testing.T) {
	store := newShelf()
	ledger := NewLedger(store, nil, &observer{}, Options{MaxQueued: 3})
	for i := range 5 {
		ledger.Record(record(i))
	}
	if got := ledger.Health(); got != (Health{Queued: 3, Dropped: 2}) {
		t.Errorf("the ledger says %+v, want 3 queued and 2 dropped", got)
	}
	if err := ledger.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range store.rows {
		got = append(got, row.RequestID)
	}
	if diff := cmp.Diff([]string{"req-2", "req-3", "req-4"}, got); diff != "" {
		t.Errorf("the rows written (-want +got):\n%s", diff)
	}
	key := Key{30_000_000, All, "", domain.OutcomeCompleted}
	if got := store.counts.Sums[key].Requests; got != 5 {
		t.Errorf("%d requests were counted, want all 5", got)
	}
}

func TestARowHoldsWholeMillisecondsAndTheCostOfItsMoment(t *testing.T) {
	r := record(1)
	r.Began = time.UnixMicro(1_800_000_000_000_700)
	r.FirstDelta, r.Duration = 3*time.Microsecond, 1500*time.Microsecond
	r.Tries = []domain.Try{{Began: 100 * time.Microsecond, Took: 200 * time.Microsecond}, {Began: 1700 * time.Microsecond}}
	got := newEntry(r, Prices{"gpt-4o": {In: 1, Out: 2}})
	if got.Began.UnixMicro() != 1_800_000_000_000_000 || got.FirstDelta != time.Millisecond || got.Duration != 2*time.Millisecond || got.Cost != 20_000 {
		t.Errorf("the row began %s, with %s to the first delta, took %s and cost %d", got.Began, got.FirstDelta, got.Duration, got.Cost)
	}
	if diff := cmp.Diff([]domain.Try{{Took: time.Millisecond}, {Began: 2 * time.Millisecond}}, got.Tries); diff != "" {
		t.Errorf("its tries (-want +got):\n%s", diff)
	}
	if r.Tries[0].Took != 200*time.Microsecond {
		t.Error("the tries of the record were changed, which others have as well")
	}
}

func BenchmarkRecord(b *testing.B) {
	prices := Prices{"gpt-4o": {In: 2.5, Out: 10}}
	b.Run("written", func(b *testing.B) {
		ledger := NewLedger(discard{}, prices, &observer{}, Options{})
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			ledger.Run(ctx)
		}()
		r := record(1)
		b.ReportAllocs()
		for b.Loop() {
			ledger.Record(r)
		}
		cancel()
		<-done
	})
	b.Run("overflowing", func(b *testing.B) {
		ledger := NewLedger(discard{}, prices, &observer{}, Options{MaxQueued: 1000})
		r := record(1)
		b.ReportAllocs()
		for b.Loop() {
			ledger.Record(r)
		}
	})
}

// discard is a store that takes no time.
type discard struct{}

func (discard) Append(context.Context, Batch) error                       { return nil }
func (discard) Prune(context.Context, time.Time, int) (int, error)        { return 0, nil }
func (discard) InMemory() bool                                            { return true }
func (discard) PruneMinutes(context.Context, time.Time, int) (int, error) { return 0, nil }
