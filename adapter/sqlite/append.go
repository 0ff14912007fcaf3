package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"ondemand-api-proxy/usecase/usage"
)

// mostMemoryRows bounds a store in memory: about 50 MB.
const mostMemoryRows = 100_000

// Append implements usage.Store. Rollups of minutes that are over for longer than they are
// kept are not written.
func (s *Store) Append(ctx context.Context, batch usage.Batch) error {
	err := s.change(ctx, func(tx *sql.Tx) error {
		// The driver watches a context by a goroutine for each statement; a batch is quick
		// enough to be watched where it begins and ends only.
		ctx := context.WithoutCancel(ctx)
		if written, err := isWritten(ctx, tx, batch.ID); written || err != nil {
			return err
		}
		if err := insertRows(ctx, tx, batch.Rows); err != nil {
			return err
		}
		if s.memory {
			if _, err := tx.ExecContext(ctx, "DELETE FROM requests WHERE id <= (SELECT max(id) FROM requests) - ?", mostMemoryRows); err != nil {
				return err
			}
		}
		return s.addCounts(ctx, tx, batch.Counts)
	})
	if err != nil {
		return fmt.Errorf("write %d rows to the ledger: %w", len(batch.Rows), err)
	}
	return nil
}

// isWritten tells whether the batch was written before, and marks it as written.
func isWritten(ctx context.Context, tx *sql.Tx, batch int64) (bool, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO last_batch (only, batch) VALUES (1, ?)
		ON CONFLICT DO UPDATE SET batch = excluded.batch WHERE batch <> excluded.batch`, batch)
	if err != nil {
		return false, err
	}
	changed, err := result.RowsAffected()
	return changed == 0, err
}

// columns are those of a row of requests but its id, in the order of values and scanRow.
const columns = "began, request_id, token_id, model, endpoint, account_id, outcome, status, prompt_tokens, completion_tokens," +
	" usage_source, first_delta, duration, stream, attempts, continued, cost, tries"

var insertRow = "INSERT INTO requests (" + columns + ") VALUES " + places(columns)

func insertRows(ctx context.Context, tx *sql.Tx, rows []usage.Entry) error {
	insert, err := tx.PrepareContext(ctx, insertRow)
	if err != nil {
		return err
	}
	defer insert.Close()
	var values []any
	for i := range rows {
		values = appendValues(values[:0], &rows[i])
		if _, err := insert.ExecContext(ctx, values...); err != nil {
			return err
		}
	}
	return nil
}

func appendValues(values []any, e *usage.Entry) []any {
	return append(
		values, e.Began.UnixMilli(), e.RequestID, string(e.Scope), e.Model, string(e.Endpoint), string(e.Account), string(e.Outcome), e.Status,
		e.Usage.Prompt, e.Usage.Completion, int(e.Usage.Source), e.FirstDelta.Milliseconds(), e.Duration.Milliseconds(),
		e.Stream, e.Attempts, e.Continued, e.Cost, triesText(e.Tries),
	)
}

// places returns "(?,?,?)" for a list of so many columns.
func places(columns string) string {
	return "(" + strings.Repeat("?,", strings.Count(columns, ",")) + "?)"
}
