package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// Totals sums up the requests that began from from on and before to, from rollups: none is
// missing, also when its row is pruned.
//
// A range of up to 25 hours that begins within usage.MinutesKept is widened to whole minutes, any
// other to whole hours (of UTC); who compares neighbouring ranges has to cut them there. Counts,
// tokens and costs of what was summed are exact, percentiles right within a tenth.
func (s *Store) Totals(ctx context.Context, from, to time.Time) (usage.Totals, error) {
	var totals usage.Totals
	err := s.read(ctx, func(tx *sql.Tx) error {
		spans := spans(from, to, s.now())
		parts, err := sum(ctx, tx, usage.All, spans)
		if err != nil {
			return err
		}
		latencies, err := sumLatencies(ctx, tx, spans)
		if err != nil {
			return err
		}
		all := parts[""]
		totals = usage.Totals{
			Sums: all.Sums, Outcomes: all.Outcomes,
			First: latencies.First.Quantiles(), Duration: latencies.Duration.Quantiles(),
		}
		return nil
	})
	if err != nil {
		return usage.Totals{}, fmt.Errorf("read the totals: %w", err)
	}
	return totals, nil
}

// sum sums up a range by the names of a dimension.
func sum(ctx context.Context, tx *sql.Tx, dimension usage.Dimension, spans []span) (map[string]usage.Part, error) {
	parts := make(map[string]usage.Part)
	for _, span := range spans {
		if err := sumRollups(ctx, tx, dimension, span, parts); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

func sumLatencies(ctx context.Context, tx *sql.Tx, spans []span) (*usage.Latencies, error) {
	latencies := &usage.Latencies{}
	for _, span := range spans {
		err := eachLatency(ctx, tx, span, func(_ int64, first, duration []byte) error { return addLatencyBlobs(latencies, first, duration) })
		if err != nil {
			return nil, err
		}
	}
	return latencies, nil
}

func addPart(parts map[string]usage.Part, name string, outcome domain.Outcome, sums usage.Sums) {
	part, found := parts[name]
	if !found {
		part = usage.Part{Name: name, Outcomes: make(usage.Outcomes)}
	}
	part.Sums = part.Plus(sums)
	part.Outcomes[outcome] += sums.Requests
	parts[name] = part
}

func sumRollups(ctx context.Context, tx *sql.Tx, dimension usage.Dimension, span span, parts map[string]usage.Part) error {
	rows, err := tx.QueryContext(ctx, `SELECT name, outcome, sum(requests), sum(prompt_tokens), sum(completion_tokens), sum(estimated_tokens),
		sum(cost), sum(attempts), sum(streams), max(last)
		FROM rollups WHERE step = ? AND dimension = ? AND at >= ? AND at < ? GROUP BY name, outcome`,
		int64(span.step), string(dimension), span.from, span.to)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, outcome string
		var s usage.Sums
		if err := rows.Scan(&name, &outcome, &s.Requests, &s.Prompt, &s.Completion, &s.Estimated, &s.Cost, &s.Attempts, &s.Streams, &s.Last); err != nil {
			return err
		}
		addPart(parts, name, domain.Outcome(outcome), s)
	}
	return rows.Err()
}

// eachLatency calls do with every pair of stored histograms of the span, in order of time;
// they are valid until it returns.
func eachLatency(ctx context.Context, tx *sql.Tx, span span, do func(at int64, first, duration []byte) error) error {
	rows, err := tx.QueryContext(ctx, "SELECT at, first_delta, duration FROM latencies WHERE step = ? AND at >= ? AND at < ? ORDER BY at",
		int64(span.step), span.from, span.to)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var at int64
		var first, duration sql.RawBytes
		if err := rows.Scan(&at, &first, &duration); err != nil {
			return err
		}
		if err := do(at, first, duration); err != nil {
			return err
		}
	}
	return rows.Err()
}
