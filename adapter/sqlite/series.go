package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// mostPoints bounds a series: eleven years of hours, or more minutes than are kept.
const mostPoints = 100_000

var errTooLong = errors.New("the range has too many steps")

// Series sums up each minute, hour or day that the range touches, oldest first and without gaps.
// Days are those of a place whose clock is offset ahead of UTC, all the year round.
//
// Every point is a whole step, so the first one may begin before from and the last one end after
// to. It comes from rollups, so nothing is missing but minutes that lie further back than
// usage.MinutesKept: they have no requests. Counts and tokens are exact, but where the
// offset is no whole number of hours, an hour counts to the day that it begins in.
// Percentiles are right within a tenth.
func (s *Store) Series(ctx context.Context, from, to time.Time, step usage.Step, offset time.Duration) ([]usage.Point, error) {
	grid := newGrid(from, to, step, offset)
	if grid.count > mostPoints {
		return nil, fmt.Errorf("read a series: %w", errTooLong)
	}
	var points []usage.Point
	err := s.read(ctx, func(tx *sql.Tx) (err error) {
		points, err = grid.read(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read a series: %w", err)
	}
	return points, nil
}

// grid is where the points of a series lie.
type grid struct {
	width, ahead int64 // of a point, and of the clock, in minutes
	first, count int64 // number of the first point since 1970 of that clock, and how many there are
	source       span  // the rollups that the points are made of
}

func newGrid(from, to time.Time, step usage.Step, offset time.Duration) grid {
	g := grid{width: int64(step)}
	if step == usage.Day {
		g.ahead = int64(offset / time.Minute)
	}
	minute := time.Minute.Milliseconds()
	g.first = floorDiv(floorDiv(from.UnixMilli(), minute)+g.ahead, g.width)
	end := ceilDiv(ceilDiv(to.UnixMilli(), minute)+g.ahead, g.width)
	g.count = max(end-g.first, 0)

	g.source.step = step
	if g.ahead%g.width != 0 {
		g.source.step = usage.Hour
	}
	unit := int64(g.source.step)
	g.source.from, g.source.to = ceilDiv(g.first*g.width-g.ahead, unit), ceilDiv(end*g.width-g.ahead, unit)
	return g
}

// index is the point that a rollup of the source belongs to.
func (g *grid) index(at int64) int64 {
	return floorDiv(at*int64(g.source.step)+g.ahead, g.width) - g.first
}

func (g *grid) read(ctx context.Context, tx *sql.Tx) ([]usage.Point, error) {
	points := make([]usage.Point, g.count)
	for i := range points {
		start := ((g.first+int64(i))*g.width - g.ahead) * time.Minute.Milliseconds()
		points[i].Start = time.UnixMilli(start).UTC()
	}
	if err := g.readSums(ctx, tx, points); err != nil {
		return nil, err
	}
	return points, g.readLatencies(ctx, tx, points)
}

func (g *grid) readLatencies(ctx context.Context, tx *sql.Tx, points []usage.Point) error {
	var sum usage.Latencies // of one point at a time: they come in order
	current := int64(-1)
	done := func() {
		if current >= 0 {
			points[current].First, points[current].Duration = sum.First.Quantiles(), sum.Duration.Quantiles()
			clear(sum.First)
			clear(sum.Duration)
		}
	}
	err := eachLatency(ctx, tx, g.source, func(at int64, first, duration []byte) error {
		if index := g.index(at); index != current {
			done()
			current = index
		}
		return addLatencyBlobs(&sum, first, duration)
	})
	done()
	return err
}

func (g *grid) readSums(ctx context.Context, tx *sql.Tx, points []usage.Point) error {
	// One row for each step, and not one for each outcome of it: rows cost more than text.
	rows, err := tx.QueryContext(ctx, `SELECT at, sum(prompt_tokens), sum(completion_tokens), group_concat(outcome || ' ' || requests)
		FROM rollups WHERE step = ? AND dimension = ? AND at >= ? AND at < ? GROUP BY at`,
		int64(g.source.step), string(usage.All), g.source.from, g.source.to)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var at, prompt, completion int64
		var outcomes string
		if err := rows.Scan(&at, &prompt, &completion, &outcomes); err != nil {
			return err
		}
		point := &points[g.index(at)]
		point.Prompt += prompt
		point.Completion += completion
		if point.Outcomes == nil {
			point.Outcomes = make(usage.Outcomes)
		}
		for one := range strings.SplitSeq(outcomes, ",") {
			outcome, requests, _ := strings.Cut(one, " ")
			count, err := strconv.ParseInt(requests, 10, 64)
			if err != nil {
				return fmt.Errorf("a stored outcome cannot be read: %w", err)
			}
			point.Outcomes[domain.Outcome(outcome)] += count
		}
	}
	return rows.Err()
}
