package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// yearBegan is when the year of made-up requests begins.
var yearBegan = time.Date(2025, 11, 24, 0, 0, 0, 0, time.UTC)

const yearLasts = 365 * 24 * time.Hour

// yearEntry is request i of a year of so many; insertYear says the same in SQL.
func yearEntry(i, requests int) usage.Entry {
	outcome := domain.OutcomeCompleted
	switch {
	case i%197 == 0:
		outcome = domain.OutcomeTimeout
	case i%97 == 0:
		outcome = domain.OutcomeUpstreamError
	case i%67 == 0:
		outcome = domain.OutcomeClientGone
	case i%53 == 0:
		outcome = domain.OutcomeLength
	}
	spread := i * 7919 % 10007
	account, took := domain.AccountID(fmt.Sprint("account-", spread%5)), time.Duration(500+3*spread)*time.Millisecond
	return usage.Entry{Cost: int64(spread), Record: domain.Record{
		Began:     yearBegan.Add(time.Duration(i) * (yearLasts / time.Duration(requests)).Truncate(time.Millisecond)),
		RequestID: fmt.Sprint("req-", i), Scope: domain.TokenID(fmt.Sprint("token-", i%3)), Model: fmt.Sprint("model-", spread%16),
		Account: account, Outcome: outcome, Status: 200,
		Usage:      domain.Usage{Prompt: spread, Completion: spread % 1000, Source: domain.UsageMeasured},
		FirstDelta: time.Duration(200+spread%3000) * time.Millisecond, Duration: took,
		Stream: i%2 == 0, Attempts: 1, Tries: []domain.Try{{Account: account, Session: domain.SessionFresh, Result: domain.ResultOK, Took: took}},
	}}
}

const insertYear = `WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < ?1)
	INSERT INTO requests (` + columns + `)
	SELECT ?2 + i * ?3, 'req-' || i, 'token-' || (i % 3), 'model-' || (spread % 16), '', 'account-' || (spread % 5),
		CASE WHEN i % 197 = 0 THEN 'timeout' WHEN i % 97 = 0 THEN 'upstream_error' WHEN i % 67 = 0 THEN 'client_gone'
			WHEN i % 53 = 0 THEN 'length' ELSE 'completed' END,
		200, spread, spread % 1000, 1, 200 + spread % 3000, 500 + 3 * spread, i % 2 = 0, 1, 0, spread,
		'0 account-' || (spread % 5) || ' fresh ok 0 ' || (500 + 3 * spread)
	FROM (SELECT i, i * 7919 % 10007 AS spread FROM numbers)`

// year returns the store of a year of so many requests.
func year(tb testing.TB, requests int) *Store {
	tb.Helper()
	directory, ctx := tb.TempDir(), context.Background()
	if err := mustOpen(tb, directory).Close(); err != nil {
		tb.Fatal(err)
	}
	careless, err := connect(filepath.Join(directory, fileName), 1, url.Values{
		"_pragma": {"journal_mode(OFF)", "synchronous(OFF)", "cache_size(-300000)", "temp_store(MEMORY)", "locking_mode(EXCLUSIVE)"},
	})
	if err != nil {
		tb.Fatal(err)
	}
	err = (&Store{writer: careless}).change(ctx, func(tx *sql.Tx) error {
		return errors.Join(fillRows(tx, requests), fillRollups(ctx, tx, requests))
	})
	if err := errors.Join(err, careless.Close()); err != nil {
		tb.Fatal(err)
	}
	store := mustOpen(tb, directory)
	store.now = func() time.Time { return yearBegan.Add(yearLasts) }
	return store
}

// fillRollups adds up a year, some days at a time: minutes of a year would not fit.
func fillRollups(ctx context.Context, tx *sql.Tx, requests int) error {
	end := &Store{now: func() time.Time { return yearBegan.Add(yearLasts) }}
	const together = 10_000
	for first := 0; first < requests; first += together {
		tally := usage.NewTally()
		for i := first; i < min(first+together, requests); i++ {
			entry := yearEntry(i, requests)
			tally.Add(&entry)
		}
		if err := end.addCounts(ctx, tx, tally); err != nil {
			return err
		}
	}
	return nil
}

// fillRows inserts the rows of a year; indexes are made afterwards, which is faster.
func fillRows(tx *sql.Tx, requests int) error {
	var names, scripts []string
	rows, err := tx.Query("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'requests'")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, script string
		if err := rows.Scan(&name, &script); err != nil {
			return err
		}
		names, scripts = append(names, name), append(scripts, script)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range names {
		if _, err := tx.Exec("DROP INDEX " + name); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(insertYear, requests, yearBegan.UnixMilli(), (yearLasts / time.Duration(requests)).Milliseconds()); err != nil {
		return err
	}
	for _, script := range scripts {
		if _, err := tx.Exec(script); err != nil {
			return err
		}
	}
	return nil
}

// yearReads are the reads that a dashboard makes, and larger ones.
func yearReads(ctx context.Context, store *Store) map[string]func() error {
	end := yearBegan.Add(yearLasts)
	quarter, most := end.Add(-90*24*time.Hour), yearBegan.Add(time.Minute)
	totals := func(from time.Time) func() error {
		return func() error { _, err := store.Totals(ctx, from, end); return err }
	}
	series := func(from time.Time, step usage.Step, offset time.Duration) func() error {
		return func() error { _, err := store.Series(ctx, from, end, step, offset); return err }
	}
	recent := func(f usage.Filter, before usage.Cursor) func() error {
		return func() error { _, err := store.Recent(ctx, f, before, 100); return err }
	}
	return map[string]func() error{
		"totals of an hour":                  totals(end.Add(-time.Hour)),
		"totals of 90 days":                  totals(quarter),
		"totals of the year":                 totals(most),
		"series of 90 days by hour":          series(quarter, usage.Hour, 0),
		"series of 90 days by day in China":  series(quarter, usage.Day, 8*time.Hour),
		"series of the year by hour":         series(most, usage.Hour, 0),
		"series of the year by day":          series(most, usage.Day, 0),
		"series of the year by day in China": series(most, usage.Day, 8*time.Hour),
		"models of 90 days":                  func() error { _, err := store.Models(ctx, quarter, end); return err },
		"models of the year":                 func() error { _, err := store.Models(ctx, most, end); return err },
		"accounts of the year":               func() error { _, err := store.Accounts(ctx, most, end); return err },
		"recent":                             recent(usage.Filter{}, usage.Cursor{}),
		"recent from the middle":             recent(usage.Filter{Model: "model-3"}, usage.Cursor{Began: yearBegan.Add(yearLasts / 2).UnixMilli()}),
		"recent of three filters":            recent(usage.Filter{Model: "model-3", Outcome: "timeout", Account: "account-2"}, usage.Cursor{}),
		"recent of a name that is not there": recent(usage.Filter{Model: "model-3", Account: "nobody"}, usage.Cursor{}),
		"recent of a range":                  recent(usage.Filter{Outcome: "completed", From: quarter, To: quarter.Add(time.Hour)}, usage.Cursor{}),
	}
}

// TestReadsOfAMillionRequestsUseTheirIndexes would see a read that walks over all rows, which
// takes seconds. How fast reads are, BenchmarkReadsOfAYear says: their limit is far above
// that, since a test must not fail for other work of the machine.
func TestReadsOfAMillionRequestsUseTheirIndexes(t *testing.T) {
	if testing.Short() {
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
	for name, read := range yearReads(b.Context(), store) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
