package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"

	"ondemand-api-proxy/usecase/usage"
)

const sumColumns = "step, dimension, at, name, outcome, requests, prompt_tokens, completion_tokens, estimated_tokens, cost, attempts, streams, last"

var intoRollups = insertion{
	table: "rollups", columns: sumColumns,
	conflict: " ON CONFLICT DO UPDATE SET requests = requests + excluded.requests," +
		" prompt_tokens = prompt_tokens + excluded.prompt_tokens, completion_tokens = completion_tokens + excluded.completion_tokens," +
		" estimated_tokens = estimated_tokens + excluded.estimated_tokens, cost = cost + excluded.cost, attempts = attempts + excluded.attempts," +
		" streams = streams + excluded.streams, last = max(last, excluded.last)",
}

// addCounts adds a tally of minutes to all rollups.
func (s *Store) addCounts(ctx context.Context, tx *sql.Tx, minutes *usage.Tally) error {
	if err := s.addRollups(ctx, tx, usage.Minute, minutes, firstMinute(s.now())); err != nil {
		return err
	}
	for _, step := range [...]usage.Step{usage.Hour, usage.Day} {
		if err := s.addRollups(ctx, tx, step, minutes.By(step), math.MinInt64); err != nil {
			return err
		}
	}
	return nil
}

// addRollups adds a tally of this step to what is there, but for steps before the first.
func (s *Store) addRollups(ctx context.Context, tx *sql.Tx, step usage.Step, tally *usage.Tally, first int64) error {
	insert := intoRollups.begin(ctx, tx, s.rollups)
	for key, sums := range tally.Sums {
		if key.At < first {
			continue
		}
		err := insert.add(
			ctx, int64(step), string(key.Dimension), key.At, key.Name, string(key.Outcome),
			sums.Requests, sums.Prompt, sums.Completion, sums.Estimated, sums.Cost, sums.Attempts, sums.Streams, sums.Last,
		)
		if err != nil {
			return err
		}
	}
	if err := insert.flush(ctx); err != nil {
		return err
	}
	for at, latencies := range tally.Latencies {
		if at < first {
			continue
		}
		if err := addLatencies(ctx, tx, step, at, latencies); err != nil {
			return err
		}
	}
	return nil
}

func addLatencies(ctx context.Context, tx *sql.Tx, step usage.Step, at int64, more *usage.Latencies) error {
	var first, duration []byte
	err := tx.QueryRowContext(ctx, "SELECT first_delta, duration FROM latencies WHERE step = ? AND at = ?", int64(step), at).Scan(&first, &duration)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	var sum usage.Latencies
	sum.Merge(more)
	if err := addLatencyBlobs(&sum, first, duration); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO latencies (step, at, first_delta, duration) VALUES (?, ?, ?, ?)",
		int64(step), at, histogramBlob(sum.First), histogramBlob(sum.Duration))
	return err
}
