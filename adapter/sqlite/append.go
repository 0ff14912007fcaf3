package sqlite

import (
	"context"
	"database/sql"
	"fmt"

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
		if err := s.insertRows(ctx, tx, batch.Rows); err != nil {
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

// columns are those of a row of requests but its id, in the order of insertRows and eachRow.
const columns = "began, request_id, token_id, model, endpoint, account_id, outcome, status, prompt_tokens, completion_tokens," +
	" usage_source, first_delta, duration, stream, attempts, continued, cost, tries"

var intoRequests = insertion{table: "requests", columns: columns}

func (s *Store) insertRows(ctx context.Context, tx *sql.Tx, rows []usage.Entry) error {
	insert := intoRequests.begin(ctx, tx, s.requests)
	for i := range rows {
		e := &rows[i]
		err := insert.add(
			ctx, e.Began.UnixMilli(), e.RequestID, string(e.Scope), e.Model, string(e.Endpoint), string(e.Account), string(e.Outcome), e.Status,
			e.Usage.Prompt, e.Usage.Completion, int(e.Usage.Source), e.FirstDelta.Milliseconds(), e.Duration.Milliseconds(),
			e.Stream, e.Attempts, e.Continued, e.Cost, triesText(e.Tries),
		)
		if err != nil {
			return err
		}
	}
	return insert.flush(ctx)
}
