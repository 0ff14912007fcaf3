package usage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ondemand-api-proxy/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDisk = errors.New("the disk is full")

// shelf is the Store of the tests.
type shelf struct {
	began time.Time

	mu      sync.Mutex
	next    []fate // of the next writes; when there are none left, all go well
	last    int64
	rows    []Entry
	counts  *Tally
	written []time.Duration // when each batch came, since began
	sizes   []int
	pruned  []time.Duration
	old     int // rows to prune
	before  time.Time
	minutes struct { // the same of rollups of minutes
		pruned []time.Duration
		old    int
		before time.Time
	}
}

// fate is what becomes of a write.
type fate int

const (
	goesWell fate = iota
	fails
	failsWritten // it says that it failed, though it did not
	hangs        // until its context ends
)

func newShelf(next ...fate) *shelf {
	return &shelf{began: time.Now(), next: next, counts: NewTally()}
}

func (s *shelf) Append(ctx context.Context, batch Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = append(s.written, time.Since(s.began))
	s.sizes = append(s.sizes, len(batch.Rows))
	fate := goesWell
	if len(s.next) > 0 {
		fate, s.next = s.next[0], s.next[1:]
	}
	switch fate {
	case fails:
		return errDisk
	case hangs:
		<-ctx.Done()
		return ctx.Err()
	case goesWell, failsWritten:
	}
	if batch.ID != s.last {
		s.last = batch.ID
		s.rows = append(s.rows, batch.Rows...)
		for key, sums := range batch.Counts.Sums {
			s.counts.Sums[key] = s.counts.Sums[key].Plus(sums)
		}
		for at, latencies := range batch.Counts.Latencies {
			s.counts.latencies(at).Merge(latencies)
		}
	}
	if fate == failsWritten {
		return errDisk
	}
	return nil
}

func (s *shelf) Prune(_ context.Context, before time.Time, most int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pruned = append(s.pruned, time.Since(s.began))
	s.before = before
	deleted := min(s.old, most)
	s.old -= deleted
	return deleted, nil
}

func (s *shelf) PruneMinutes(_ context.Context, before time.Time, most int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &s.minutes
	m.pruned = append(m.pruned, time.Since(s.began))
	m.before = before
	deleted := min(m.old, most)
	m.old -= deleted
	return deleted, nil
}

func (s *shelf) InMemory() bool { return false }

// observer is the Observer of the tests.
type observer struct {
	mu    sync.Mutex
	told  []error
	wrote []Batch
}

func (o *observer) LedgerWrote(batch Batch) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wrote = append(o.wrote, batch)
}

func (o *observer) LedgerFaulted(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = append(o.told, err)
}

func record(i int) domain.Record {
	return domain.Record{
		RequestID: fmt.Sprint("req-", i), Began: time.UnixMilli(1_800_000_000_000).UTC(), Scope: "token", Model: "gpt-4o", Account: "account",
		Outcome: domain.OutcomeCompleted, Usage: domain.Usage{Prompt: 10, Completion: 5, Source: domain.UsageMeasured},
		FirstDelta: 300 * time.Millisecond, Duration: 2 * time.Second, Attempts: 1,
		Tries: []domain.Try{{Account: "account", Session: domain.SessionFresh, Result: domain.ResultOK, Took: 2 * time.Second}},
	}
}
