package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"ondemand-api-proxy/usecase/usage"
)

// Prune implements usage.Store.
func (s *Store) Prune(ctx context.Context, before time.Time, most int) (deleted int, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		deleted, err = deleteSome(ctx, tx,
			"DELETE FROM requests WHERE id IN (SELECT id FROM requests WHERE began < ? ORDER BY began LIMIT ?)", before.UnixMilli(), most)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete old rows of the ledger: %w", err)
	}
	return deleted, nil
}

// The dimensions are named since an index that begins with them cannot be searched without.
const (
	deleteMinutes = `DELETE FROM rollups WHERE (step, dimension, at, name, outcome) IN (SELECT step, dimension, at, name, outcome FROM rollups
		WHERE step = ? AND dimension IN (?, ?, ?, ?) AND at < ? LIMIT ?)`
	deleteLatencies = `DELETE FROM latencies WHERE (step, at) IN (SELECT step, at FROM latencies WHERE step = ? AND at < ? LIMIT ?)`
)

// PruneMinutes implements usage.Store.
func (s *Store) PruneMinutes(ctx context.Context, before time.Time, most int) (deleted int, err error) {
	step, end := int64(usage.Minute), usage.Minute.Of(before)
	err = s.change(ctx, func(tx *sql.Tx) error {
		sums, err := deleteSome(ctx, tx, deleteMinutes,
			step, string(usage.All), string(usage.ByModel), string(usage.ByAccount), string(usage.ByToken), end, most)
		if err != nil {
			return err
		}
		latencies, err := deleteSome(ctx, tx, deleteLatencies, step, end, most-sums)
		deleted = sums + latencies
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete old minutes of the ledger: %w", err)
	}
	return deleted, nil
}

func deleteSome(ctx context.Context, tx *sql.Tx, query string, values ...any) (int, error) {
	result, err := tx.ExecContext(ctx, query, values...)
	if err != nil {
		return 0, err
	}
	count, err := result.RowsAffected()
	return int(count), err
}
