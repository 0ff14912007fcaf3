package usage

import (
	"context"
	"time"
)

// How the ledger writes.
const (
	flushAfter = 500 * time.Millisecond // the first row of a batch waits no longer
	batchRows  = 1000                   // so many are written at once
	writeLimit = 10 * time.Second       // one write takes no longer
	lastLimit  = 5 * time.Second        // nor do all those at the end
	lastRetry  = 100 * time.Millisecond // between those at the end

	firstRest   = time.Second // after a fault, doubling
	longestRest = 30 * time.Second
)

// How the ledger prunes: in short pieces, so that writing never waits long.
const (
	pruneEvery  = time.Hour
	pruneRows   = 2000
	prunePause  = 100 * time.Millisecond
	firstPruned = time.Minute // after the start
)

// Run writes what is recorded until ctx ends, and then what is left, for at most five
// seconds. It returns when nothing is written any more; what is recorded later is not kept.
func (l *Ledger) Run(ctx context.Context) {
	flush := time.NewTimer(0) // what came before the start
	prune := time.NewTimer(firstPruned)
	defer flush.Stop()
	defer prune.Stop()
	armed, rest := true, time.Duration(0) // rest is over 0 after a fault
	for {
		select {
		case <-ctx.Done():
			l.finish(context.WithoutCancel(ctx))
			return
		case <-prune.C:
			prune.Reset(l.prune(ctx))
			continue
		case <-l.wake:
			switch {
			case rest > 0: // only its end lets it try again
				continue
			case l.fullBatch():
			case armed:
				continue
			default:
				flush.Reset(flushAfter)
				armed = true
				continue
			}
		case <-flush.C:
		}
		began := time.Now()
		if err := l.flush(context.WithoutCancel(ctx)); err != nil {
			rest, armed = min(max(2*rest, firstRest), longestRest), true
			flush.Reset(rest)
			continue
		}
		flush.Stop()
		rest, armed = 0, l.Health().Queued > 0
		switch { // these came during the write
		case l.fullBatch():
			flush.Reset(0)
		case armed:
			flush.Reset(max(flushAfter-time.Since(began), 0))
		}
	}
}

func (l *Ledger) fullBatch() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting.count >= batchRows
}

// flush writes all that waits now. What could not be written stays in hand.
func (l *Ledger) flush(ctx context.Context) error {
	for left := l.Health().Queued; l.batch != nil || l.take(); {
		left -= len(l.batch.Rows)
		if err := l.write(ctx); err != nil {
			return err
		}
		if left <= 0 {
			break
		}
	}
	return nil
}

// take puts the oldest rows that wait into the batch in hand. It tells whether there is
// anything to write.
func (l *Ledger) take() bool {
	l.mu.Lock()
	batch := &Batch{ID: l.next, Counts: l.folded, Rows: make([]Entry, 0, min(l.waiting.count, batchRows))}
	for len(batch.Rows) < batchRows && l.waiting.count > 0 {
		batch.Rows = append(batch.Rows, l.waiting.pop())
	}
	if len(batch.Rows) == 0 && batch.Counts.Empty() {
		l.mu.Unlock()
		return false
	}
	l.folded, l.inHand = NewTally(), len(batch.Rows)
	l.mu.Unlock()
	l.next++
	l.batch = batch
	for i := range batch.Rows {
		batch.Counts.Add(&batch.Rows[i])
	}
	return true
}

// write writes the batch in hand.
func (l *Ledger) write(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	batch := *l.batch
	err := l.store.Append(ctx, batch)
	l.mu.Lock()
	l.fault = err
	if err == nil {
		l.batch, l.inHand = nil, 0
	}
	l.mu.Unlock()
	if err != nil {
		l.faulted(err)
		return err
	}
	l.observer.LedgerWrote(batch)
	return nil
}

func (l *Ledger) faulted(err error) {
	l.mu.Lock()
	l.faults++
	l.mu.Unlock()
	l.observer.LedgerFaulted(err)
}

// finish writes what is left.
func (l *Ledger) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastLimit)
	defer cancel()
	for l.flush(ctx) != nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(lastRetry):
		}
	}
}

// prune deletes some of what is too old and returns when to do so again.
func (l *Ledger) prune(ctx context.Context) time.Duration {
	more := l.pruneWith(ctx, l.store.PruneMinutes, MinutesKept)
	if l.retention > 0 {
		more = l.pruneWith(ctx, l.store.Prune, l.retention) || more
	}
	if more {
		return prunePause
	}
	return pruneEvery
}

// pruneWith deletes a piece of what is older than kept. It tells whether there may be more.
func (l *Ledger) pruneWith(ctx context.Context, piece func(context.Context, time.Time, int) (int, error), kept time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	deleted, err := piece(ctx, time.Now().Add(-kept), pruneRows)
	if err != nil && ctx.Err() == nil {
		l.faulted(err)
	}
	return err == nil && deleted >= pruneRows
}
