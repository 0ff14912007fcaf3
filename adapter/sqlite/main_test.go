package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

func TestMain(m *testing.M) {
	if directory := os.Getenv(victimDirectory); directory != "" {
		runVictim(directory)
		return
	}
	goleak.VerifyTestMain(m)
}

// noon is where the tests' requests lie around: 12:00 of a day, UTC.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func entry(i int, began time.Time) usage.Entry {
	return usage.Entry{Cost: 17_500, Record: domain.Record{
		RequestID: fmt.Sprint("req-", i), Began: began.UTC(), Scope: "a1b2c3", Model: "gpt-4o", Endpoint: "predefined-openai-gpt4o", Account: "0011223344",
		Outcome: domain.OutcomeCompleted, Status: 200, Usage: domain.Usage{Prompt: 30, Completion: 12, Source: domain.UsageMeasured},
		FirstDelta: 350 * time.Millisecond, Duration: 2100 * time.Millisecond, Stream: true, Attempts: 2, Continued: true,
		Tries: []domain.Try{
			{Account: "5566778899", Session: domain.SessionContinued, Result: "upstream_fault", Took: 90 * time.Millisecond},
			{Choice: 1, Account: "0011223344", Session: domain.SessionReplayed, Result: domain.ResultOK, Began: 100 * time.Millisecond, Took: 2 * time.Second},
		},
	}}
}

// someEntry is any row of the days around noon.
var someEntry = rapid.Custom(func(t *rapid.T) usage.Entry {
	day := (24 * time.Hour).Milliseconds()
	began := noon.Add(time.Duration(rapid.Int64Range(-3*day, 3*day).Draw(t, "began")) * time.Millisecond)
	e := entry(rapid.IntRange(0, 99).Draw(t, "id"), began)
	e.Cost = rapid.Int64Range(0, 1e15).Draw(t, "cost")
	e.Scope = domain.TokenID(rapid.SampledFrom([]string{"t1", "t2"}).Draw(t, "token"))
	e.Model = rapid.SampledFrom([]string{"gpt-4o", "deepseek-r1", "other"}).Draw(t, "model")
	e.Account = domain.AccountID(rapid.SampledFrom([]string{"", "a1", "a2"}).Draw(t, "account"))
	e.Outcome = rapid.SampledFrom([]domain.Outcome{domain.OutcomeCompleted, domain.OutcomeTimeout, domain.OutcomeRejected}).Draw(t, "outcome")
	e.Usage = domain.Usage{
		Prompt: rapid.IntRange(0, 1e6).Draw(t, "prompt"), Completion: rapid.IntRange(0, 1e5).Draw(t, "completion"),
		Source: domain.UsageSource(rapid.IntRange(0, 2).Draw(t, "source")),
	}
	e.FirstDelta = time.Duration(rapid.Int64Range(0, 100_000).Draw(t, "first")) * time.Millisecond
	e.Duration = time.Duration(rapid.Int64Range(1, 1_000_000).Draw(t, "duration")) * time.Millisecond
	e.Stream, e.Continued = rapid.Bool().Draw(t, "stream"), rapid.Bool().Draw(t, "continued")
	e.Attempts = rapid.IntRange(0, 3).Draw(t, "attempts")
	return e
})

// check checks a property; under the race detector the engine is too slow for more than a few
// examples.
func check(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	examples := 0
	rapid.Check(t, func(t *rapid.T) {
		if examples++; examples <= 5 || !raceDetector {
			property(t)
		}
	})
}

// fataler is a test, or a check of a property.
type fataler interface {
	Helper()
	Fatalf(format string, values ...any)
}

// inMemory returns a store whose clock stands at noon.
func inMemory(t fataler) *Store {
	t.Helper()
	store := New("")
	store.now = func() time.Time { return noon }
	if err := store.OpenMemory(context.Background()); err != nil {
		t.Fatalf("OpenMemory: %v", err)
	}
	return store
}

var batches int64

// add writes rows as a batch.
func add(t fataler, store *Store, rows ...usage.Entry) {
	t.Helper()
	batches++
	if err := store.Append(context.Background(), batchOf(batches, rows)); err != nil {
		t.Fatalf("Append: %v", err)
	}
}

func batchOf(id int64, rows []usage.Entry) usage.Batch {
	batch := usage.Batch{ID: id, Rows: rows, Counts: usage.NewTally()}
	for i := range rows {
		batch.Counts.Add(&rows[i])
	}
	return batch
}

// stored returns what the rows and what the rollups of a step say. Of minutes it returns
// those that the store has to keep.
func stored(t fataler, store *Store, step usage.Step) (rows, rollups *usage.Tally) {
	t.Helper()
	first := int64(0)
	if step == usage.Minute {
		first = firstMinute(store.now())
	}
	rows = usage.NewTally()
	err := store.read(context.Background(), func(tx *sql.Tx) (err error) {
		err = eachRow(context.Background(), tx, func(row *usage.Row) {
			if step != usage.Minute || step.Of(row.Began) >= first {
				rows.Add(&row.Entry)
			}
		}, "SELECT id, "+columns+" FROM requests")
		if err != nil {
			return err
		}
		rollups, err = readRollups(tx, step, first)
		return err
	})
	if err != nil {
		t.Fatalf("reading rows and rollups: %v", err)
	}
	return rows.By(step), rollups
}

func readRollups(tx *sql.Tx, step usage.Step, first int64) (*usage.Tally, error) {
	tally := usage.NewTally()
	rows, err := tx.Query("SELECT "+sumColumns+" FROM rollups WHERE step = ? AND at >= ?", int64(step), first)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key usage.Key
		var s usage.Sums
		if err := rows.Scan(&step, &key.Dimension, &key.At, &key.Name, &key.Outcome, &s.Requests, &s.Prompt, &s.Completion,
			&s.Estimated, &s.Cost, &s.Attempts, &s.Streams, &s.Last); err != nil {
			return nil, err
		}
		tally.Sums[key] = s
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return tally, eachLatency(context.Background(), tx, span{step, first, 1 << 40}, func(at int64, first, duration []byte) error {
		tally.Latencies[at] = &usage.Latencies{}
		return addLatencyBlobs(tally.Latencies[at], first, duration)
	})
}

// agree checks that the rollups say what the rows say.
func agree(t fataler, store *Store) {
	t.Helper()
	for _, step := range []usage.Step{usage.Minute, usage.Hour, usage.Day} {
		rows, rollups := stored(t, store, step)
		if diff := cmp.Diff(rows, rollups, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("rollups of %d minutes differ from the rows (-rows +rollups):\n%s", step, diff)
		}
	}
}
