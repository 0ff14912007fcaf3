// Package usage is the ledger: what became of every request, in rows, and in sums that
// outlive the rows.
package usage

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"ondemand-api-proxy/domain"
)

// Store keeps the ledger: its rows, and rollups of them by minutes (for MinutesKept), hours and days. Only Ledger.Run calls what changes it, one call at a time.
type Store interface {
	// Append writes a batch in one transaction: all of it, or nothing and an error. A batch
	// with the ID of the one that was written last is that one, and is not written again.
	Append(context.Context, Batch) error
	// Prune deletes rows of requests that began before then, at most so many, and returns
	// how many. Rollups stay.
	Prune(ctx context.Context, before time.Time, most int) (int, error)
	// PruneMinutes deletes rollups of minutes that ended before then, at most so many, and
	// returns how many. Those of hours and days stay.
	PruneMinutes(ctx context.Context, before time.Time, most int) (int, error)
	// InMemory tells whether nothing of it will survive a restart.
	InMemory() bool
}

// Batch is what is written at once.
type Batch struct {
	ID     int64
	Rows   []Entry // in the order they were recorded
	Counts *Tally  // of the rows, and of those that were dropped
}

// Observer is told how writing goes, one call at a time. The ledger writes nothing until a
// call returns, so that it has to be quick, but no lock is held: it may ask the ledger.
type Observer interface {
	// LedgerFaulted is called each time the store could not be written or pruned.
	LedgerFaulted(error)
	// LedgerWrote is called once for every batch that was written, in order. The batch must
	// be neither changed nor kept.
	LedgerWrote(Batch)
}

// Options are the settings of a Ledger.
type Options struct {
	Retention time.Duration // how long rows are kept; 0: for ever
	MaxQueued int           // rows that wait to be written; 0: 100,000
}

const mostQueued = 100_000

// Ledger records requests. It is safe for concurrent use.
type Ledger struct {
	store     Store
	prices    atomic.Pointer[Prices]
	observer  Observer
	retention time.Duration
	wake      chan struct{} // holds one: there is a first row, or a full batch

	mu      sync.Mutex // never held during I/O
	waiting queue
	folded  *Tally // of rows that were dropped since the last batch
	inHand  int    // rows of the batch that is being written
	dropped int64
	faults  int64
	fault   error

	batch *Batch // that is being written; of Run alone
	next  int64  // ID of the next batch; of Run alone
}

// NewLedger returns a ledger; Run makes it write.
func NewLedger(store Store, prices Prices, observer Observer, options Options) *Ledger {
	if options.MaxQueued <= 0 {
		options.MaxQueued = mostQueued
	}
	l := &Ledger{
		store: store, observer: observer, retention: options.Retention,
		wake: make(chan struct{}, 1), waiting: queue{bound: options.MaxQueued}, folded: NewTally(),
		next: rand.Int64N(1<<62) + 1,
	}
	l.SetPrices(prices)
	return l
}

// SetPrices makes these the prices of what is recorded from now on.
func (l *Ledger) SetPrices(prices Prices) { l.prices.Store(&prices) }

// Record takes the record of a request that has ended. It never blocks and never fails:
// when too many wait, the oldest is counted and its row dropped.
func (l *Ledger) Record(record domain.Record) {
	entry := newEntry(record, *l.prices.Load())
	l.mu.Lock()
	if l.waiting.full() {
		oldest := l.waiting.pop()
		l.folded.Add(&oldest)
		l.dropped++
	}
	l.waiting.push(entry)
	count := l.waiting.count
	l.mu.Unlock()
	if count == 1 || count == batchRows {
		select {
		case l.wake <- struct{}{}:
		default: // Run looks anyway
		}
	}
}

// Health is how the ledger does.
type Health struct {
	Queued   int   // rows that are not written yet
	Dropped  int64 // rows that never will be, since the start; they are counted in rollups
	Faults   int64 // times that the store could not be written or pruned, since the start
	Fault    error // why the last write failed, for the log; nil when it went well
	InMemory bool  // nothing will survive a restart
}

// Health returns how the ledger does.
func (l *Ledger) Health() Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Health{
		Queued: l.waiting.count + l.inHand, Dropped: l.dropped, Faults: l.faults, Fault: l.fault,
		InMemory: l.store.InMemory(),
	}
}
