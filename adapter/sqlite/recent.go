package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"math"
	"strings"

	"ondemand-api-proxy/usecase/usage"
)

// Recent returns the rows that the filter chooses, those that began latest first, at most
// limit, behind the cursor. Paging is stable: what is recorded meanwhile moves nothing, and shows
// only if it began earlier than the rows that were seen.
func (s *Store) Recent(ctx context.Context, filter usage.Filter, before usage.Cursor, limit int) ([]usage.Row, error) {
	var found []usage.Row
	err := s.read(ctx, func(tx *sql.Tx) error {
		query, values, err := recentQuery(ctx, tx, filter, before)
		if err != nil {
			return err
		}
		found, err = readRows(ctx, tx, query+" ORDER BY began DESC, id DESC LIMIT ?", append(values, limit)...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read recent requests: %w", err)
	}
	return found, nil
}

// rowsOfPage is how many rows Each reads at once.
const rowsOfPage = 1000

// Each returns all rows that the filter chooses, those that began latest first. It holds
// nothing open between the rows, however slowly they are taken. It ends with the first error.
func (s *Store) Each(ctx context.Context, filter usage.Filter) iter.Seq2[usage.Row, error] {
	return func(yield func(usage.Row, error) bool) {
		var cursor usage.Cursor
		for {
			page, err := s.Recent(ctx, filter, cursor, rowsOfPage)
			if err != nil {
				yield(usage.Row{}, err)
				return
			}
			for _, row := range page {
				if !yield(row, nil) {
					return
				}
				cursor = row.Cursor()
			}
			if len(page) < rowsOfPage {
				return
			}
		}
	}
}

// recentQuery is the query for the rows, without order and limit.
func recentQuery(ctx context.Context, tx *sql.Tx, f usage.Filter, before usage.Cursor) (query string, values []any, err error) {
	index, err := bestIndex(ctx, tx, f)
	if err != nil {
		return "", nil, err
	}
	var where []string
	add := func(condition string, with ...any) {
		where = append(where, condition)
		values = append(values, with...)
	}
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !f.From.IsZero() {
		from = f.From.UnixMilli()
	}
	if !f.To.IsZero() {
		to = f.To.UnixMilli()
	}
	add("began >= ? AND began < ?", from, to)
	if f.Model != "" {
		add("model = ?", f.Model)
	}
	if f.Outcome != "" {
		add("outcome = ?", string(f.Outcome))
	}
	if f.Account != "" {
		add("account_id = ?", string(f.Account))
	}
	if before != (usage.Cursor{}) {
		add("(began, id) < (?, ?)", before.Began, before.ID)
	}
	return "SELECT id, " + columns + " FROM requests INDEXED BY " + index + " WHERE " + strings.Join(where, " AND "), values, nil
}

// bestIndex chooses the index by the rollups, which know how often each of the names occurs:
// a rare account is not looked for among all the rows of a frequent model.
func bestIndex(ctx context.Context, tx *sql.Tx, f usage.Filter) (string, error) {
	var candidates []candidate
	if f.Model != "" {
		candidates = append(candidates, candidate{"requests_by_model", usage.ByModel, "name", f.Model})
	}
	if f.Outcome != "" {
		candidates = append(candidates, candidate{"requests_by_outcome", usage.All, "outcome", string(f.Outcome)})
	}
	if f.Account != "" {
		candidates = append(candidates, candidate{"requests_by_account", usage.ByAccount, "name", string(f.Account)})
	}
	switch len(candidates) {
	case 0:
		return "requests_by_time", nil
	case 1:
		return candidates[0].index, nil
	}
	best, fewest := "", int64(math.MaxInt64)
	for _, c := range candidates {
		count, err := c.count(ctx, tx, f)
		if err != nil {
			return "", err
		}
		if count < fewest {
			best, fewest = c.index, count
		}
	}
	return best, nil
}

// candidate is an index, and which rollups tell how many rows it leads to.
type candidate struct {
	index         string
	dimension     usage.Dimension
	column, value string
}

// count is how many requests of the days of the filter the rollups know, about.
func (c candidate) count(ctx context.Context, tx *sql.Tx, f usage.Filter) (count int64, err error) {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !f.From.IsZero() {
		from = usage.Day.Of(f.From)
	}
	if !f.To.IsZero() {
		to = usage.Day.Of(f.To)
	}
	err = tx.QueryRowContext(ctx, "SELECT coalesce(sum(requests), 0) FROM rollups WHERE step = ? AND dimension = ? AND at BETWEEN ? AND ? AND "+c.column+" = ?",
		int64(usage.Day), string(c.dimension), from, to, c.value).Scan(&count)
	return count, err
}
