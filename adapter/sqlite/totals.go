package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// shortRange is the longest range whose sums come from the rows.
const shortRange = 2 * time.Hour

// Totals sums up the requests that began from from on and before to.
//
// A range of up to two hours is summed from its rows: the range is exact to the millisecond, but
// holds only requests whose rows are still there. A longer one is summed from rollups:
// nothing is missing, but the range is widened to whole hours, so that who compares neighbouring
// ranges has to cut them at whole hours (of UTC). Counts, tokens and costs of what was summed are
// exact, percentiles right within a tenth.
func (s *Store) Totals(ctx context.Context, from, to time.Time) (usage.Totals, error) {
	var totals usage.Totals
	err := s.read(ctx, func(tx *sql.Tx) error {
		parts, latencies, err := sum(ctx, tx, usage.All, from, to)
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

// sum sums up a range by the names of a dimension. Latencies are summed for All only.
func sum(ctx context.Context, tx *sql.Tx, dimension usage.Dimension, from, to time.Time) (map[string]usage.Part, *usage.Latencies, error) {
	parts, latencies := make(map[string]usage.Part), &usage.Latencies{}
	if to.Sub(from) <= shortRange {
		tally, err := tallyRows(ctx, tx, from, to)
		if err != nil {
			return nil, nil, err
		}
		for key, sums := range tally.Sums {
			if key.Dimension == dimension {
				addPart(parts, key.Name, key.Outcome, sums)
			}
		}
		for _, l := range tally.Latencies {
			latencies.Merge(l)
		}
		return parts, latencies, nil
	}
	for _, span := range spans(from, to) {
		if err := sumRollups(ctx, tx, dimension, span, parts); err != nil {
			return nil, nil, err
		}
		if dimension != usage.All {
			continue
		}
		err := eachLatency(ctx, tx, span, func(_ int64, first, duration []byte) error { return addLatencyBlobs(latencies, first, duration) })
		if err != nil {
			return nil, nil, err
		}
	}
	return parts, latencies, nil
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
