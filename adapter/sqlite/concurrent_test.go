package sqlite

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ondemand-api-proxy/usecase/usage"
)

// readAll makes every kind of read once.
func readAll(ctx context.Context, store *Store) error {
	from, to := noon.Add(-48*time.Hour), noon.Add(time.Hour)
	if _, err := store.Totals(ctx, from, to); err != nil {
		return err
	}
	for _, step := range []usage.Step{usage.Minute, usage.Hour} {
		if _, err := store.Series(ctx, from, to, step, 0); err != nil {
			return err
		}
	}
	if _, err := store.Models(ctx, from, to); err != nil {
		return err
	}
	if _, err := store.Accounts(ctx, from, to); err != nil {
		return err
	}
	if _, err := store.Tokens(ctx, to.Add(-25*time.Hour), to); err != nil {
		return err
	}
	_, err := store.Recent(ctx, usage.Filter{Model: "gpt-4o", Outcome: "completed"}, usage.Cursor{}, 50)
	return err
}

func TestReadsAndWritesGoOnTogether(t *testing.T) {
	readers, rowsOfBatch := 6, 300
	if raceDetector {
		readers, rowsOfBatch = 3, 20
	}
	for name, store := range map[string]*Store{"file": mustOpen(t, t.TempDir()), "memory": inMemory(t)} {
		var group sync.WaitGroup
		var slowest atomic.Int64
		stop := make(chan struct{})
		for range readers {
			group.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					began := time.Now()
					if err := readAll(t.Context(), store); err != nil {
						t.Errorf("%s: a read during writes: %v", name, err)
						return
					}
					if took := int64(time.Since(began)); took > slowest.Load() {
						slowest.Store(took)
					}
				}
			})
		}
		for i := range 10 {
			rows := make([]usage.Entry, rowsOfBatch)
			for j := range rows {
				rows[j] = entry(j, noon.Add(-time.Duration(j)*time.Minute))
			}
			add(t, store, rows...)
			if _, err := store.Prune(t.Context(), noon.Add(-time.Duration(rowsOfBatch-i)*time.Minute), 50); err != nil {
				t.Errorf("%s: Prune: %v", name, err)
			}
			if _, err := store.PruneMinutes(t.Context(), noon.Add(-time.Duration(rowsOfBatch-i)*time.Minute), 50); err != nil {
				t.Errorf("%s: PruneMinutes: %v", name, err)
			}
		}
		close(stop)
		group.Wait()
		if got := time.Duration(slowest.Load()); got > 4*time.Second { // less than busy_timeout: nobody waits for a lock
			t.Errorf("%s: a round of reads took %s", name, got)
		}
		if err := store.Close(); err != nil {
			t.Errorf("%s: Close: %v", name, err)
		}
	}
}

func TestAReadDoesNotWaitForAWriteUnderWay(t *testing.T) {
	store := mustOpen(t, t.TempDir())
	add(t, store, entry(1, noon))
	tx, err := store.writer.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.Exec("DELETE FROM requests"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // a lock would be waited for longer
	defer cancel()
	if err := readAll(ctx, store); err != nil {
		t.Errorf("a read during a write: %v", err)
	}
}
