package usage

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
)

// running starts a ledger; stop ends it and waits.
func running(t *testing.T, store *shelf, options Options) (ledger *Ledger, told *observer, stop func()) {
	t.Helper()
	told = &observer{}
	ledger = NewLedger(store, nil, told, options)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ledger.Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	synctest.Wait()
	return ledger, told, stop
}

// check compares when batches were written and how many rows they had.
func (s *shelf) check(t *testing.T, written []time.Duration, sizes []int) {
	t.Helper()
	synctest.Wait()
	if diff := cmp.Diff(written, s.written); diff != "" {
		t.Errorf("times of writing since the start (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(sizes, s.sizes); diff != "" {
		t.Errorf("rows written (-want +got):\n%s", diff)
	}
}

func TestABatchIsWrittenHalfASecondAfterItsFirstRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		ledger, _, _ := running(t, store, Options{})
		time.Sleep(3 * time.Second) // nothing to write: nothing is written
		ledger.Record(record(1))
		time.Sleep(400 * time.Millisecond)
		ledger.Record(record(2))
		time.Sleep(2 * time.Second)
		ledger.Record(record(3))
		time.Sleep(time.Second)
		store.check(t, []time.Duration{3500 * time.Millisecond, 5900 * time.Millisecond}, []int{2, 1})
	})
}

func TestAThousandRowsAreWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		ledger, _, _ := running(t, store, Options{})
		time.Sleep(time.Second)
		for i := range 1000 {
			ledger.Record(record(i))
		}
		store.check(t, []time.Duration{time.Second}, []int{1000})
		for i := range 2500 {
			ledger.Record(record(i))
		}
		synctest.Wait()
		if got := ledger.Health().Queued; got >= 1000 {
			t.Errorf("%d rows still wait, want less than a full batch", got)
		}
		time.Sleep(flushAfter)
		synctest.Wait()
		if got := ledger.Health().Queued; got != 0 {
			t.Errorf("half a second later %d rows still wait, want none", got)
		}
	})
}

func TestWhatCameBeforeTheStartIsWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		ledger := NewLedger(store, nil, &observer{}, Options{})
		ledger.Record(record(1))
		ctx, cancel := context.WithCancel(t.Context())
		go ledger.Run(ctx)
		synctest.Wait()
		store.check(t, []time.Duration{0}, []int{1})
		cancel()
	})
}

func TestEveryBatchThatWasWrittenIsToldOnceAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf(fails, failsWritten)
		ledger, observer, stop := running(t, store, Options{MaxQueued: 1200})
		for i := range 1210 {
			ledger.Record(record(i))
		}
		time.Sleep(time.Minute)
		ledger.Record(record(1210))
		stop()
		var got []string
		counted := int64(0)
		for _, batch := range observer.wrote {
			for _, row := range batch.Rows {
				got = append(got, row.RequestID)
			}
			counted += batch.Counts.Sums[Key{30_000_000, All, "", domain.OutcomeCompleted}].Requests
		}
		var want []string
		for _, row := range store.rows {
			want = append(want, row.RequestID)
		}
		if diff := cmp.Diff(want, got); diff != "" || counted != 1211 || len(observer.told) != 2 {
			t.Errorf("%d requests were told of, want 1211, and %d faults, want 2; rows (-written +told):\n%s", counted, len(observer.told), diff)
		}
	})
}

func TestTheEndWritesWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf(fails, fails)
		ledger, _, stop := running(t, store, Options{})
		for i := range 700 {
			ledger.Record(record(i))
		}
		stop()
		store.check(t, []time.Duration{0, lastRetry, 2 * lastRetry}, []int{700, 700, 700})
		if got := ledger.Health(); got.Queued != 0 || got.Faults != 2 || len(store.rows) != 700 {
			t.Errorf("%d rows were written, and the ledger says %+v", len(store.rows), got)
		}
	})
}

func TestTheEndDoesNotWaitLongForAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf(hangs)
		ledger, _, stop := running(t, store, Options{})
		ledger.Record(record(1))
		began := time.Now()
		stop()
		if took := time.Since(began); took != lastLimit {
			t.Errorf("the end took %s, want %s", took, lastLimit)
		}
		if got := ledger.Health(); got.Queued != 1 || !errors.Is(got.Fault, context.DeadlineExceeded) {
			t.Errorf("the ledger says %+v, want one queued for lack of time", got)
		}
	})
}

func TestAStoreThatFailsIsTriedAgainLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf(fails, fails, fails, fails, fails, fails, fails)
		ledger, observer, _ := running(t, store, Options{})
		ledger.Record(record(0))
		time.Sleep(2 * time.Second)
		for i := range 1500 { // a full batch does not hurry it
			ledger.Record(record(i))
		}
		synctest.Wait()
		if got := ledger.Health(); got.Queued != 1501 || got.Faults != 2 || !errors.Is(got.Fault, errDisk) {
			t.Errorf("in the middle the ledger says %+v, want 1501 queued and 2 faults", got)
		}
		time.Sleep(2 * time.Minute)
		at, want := 500*time.Millisecond, []time.Duration(nil)
		for _, rest := range []time.Duration{0, 1, 2, 4, 8, 16, 30, 30, 0, 0} {
			at += rest * time.Second
			want = append(want, at)
		}
		store.check(t, want, []int{1, 1, 1, 1, 1, 1, 1, 1, 1000, 500})
		if got := ledger.Health(); got != (Health{Faults: 7}) || len(observer.told) != 7 {
			t.Errorf("at the end the ledger says %+v and told of %d faults, want 7", got, len(observer.told))
		}
	})
}

func TestOldRowsArePrunedHourlyInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		store.old = 2*pruneRows + 10
		_, _, _ = running(t, store, Options{Retention: 24 * time.Hour})
		time.Sleep(time.Hour + 2*time.Minute)
		synctest.Wait()
		third := firstPruned + 2*prunePause
		if diff := cmp.Diff([]time.Duration{firstPruned, firstPruned + prunePause, third, third + time.Hour}, store.pruned); diff != "" {
			t.Errorf("times of pruning since the start (-want +got):\n%s", diff)
		}
		if want := store.began.Add(third + time.Hour - 24*time.Hour); !store.before.Equal(want) {
			t.Errorf("rows older than %s were pruned, want %s", store.before, want)
		}
	})
}

func TestOldMinutesArePrunedHourlyInPiecesWhateverTheRetention(t *testing.T) {
	for _, retention := range []time.Duration{0, 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			store := newShelf()
			store.minutes.old = pruneRows + 10
			_, _, _ = running(t, store, Options{Retention: retention})
			time.Sleep(time.Hour + 2*time.Minute)
			synctest.Wait()
			second := firstPruned + prunePause
			if diff := cmp.Diff([]time.Duration{firstPruned, second, second + time.Hour}, store.minutes.pruned); diff != "" {
				t.Errorf("retention %s: times of pruning since the start (-want +got):\n%s", retention, diff)
			}
			if want := store.began.Add(second + time.Hour - 50*time.Hour); !store.minutes.before.Equal(want) {
				t.Errorf("retention %s: minutes before %s were pruned, want %s", retention, store.minutes.before, want)
			}
		})
	}
}

func TestNoRowIsPrunedWithoutRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShelf()
		_, _, _ = running(t, store, Options{})
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if len(store.pruned) != 0 {
			t.Errorf("rows were pruned at %s, want never", store.pruned)
		}
	})
}
