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
	end := func() time.Time { return yearBegan.Add(yearLasts) }
	maker := &Store{now: end}
	if err := maker.use(ctx, careless, careless, false); err != nil {
		tb.Fatal(err)
	}
	err = maker.change(ctx, func(tx *sql.Tx) error {
		return errors.Join(fillRows(tx, requests), maker.fillRollups(ctx, tx, requests))
	})
	if err := errors.Join(err, careless.Close()); err != nil {
		tb.Fatal(err)
	}
	store := mustOpen(tb, directory)
	store.now = end
	return store
}

// fillRollups adds up a year, some days at a time: minutes of a year would not fit.
func (s *Store) fillRollups(ctx context.Context, tx *sql.Tx, requests int) error {
	const together = 10_000
	for first := 0; first < requests; first += together {
		tally := usage.NewTally()
		for i := first; i < min(first+together, requests); i++ {
			entry := yearEntry(i, requests)
			tally.Add(&entry)
		}
		if err := s.addCounts(ctx, tx, tally); err != nil {
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
