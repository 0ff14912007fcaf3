package sqlite

import (
	"context"
	"database/sql"
	"time"

	"ondemand-api-proxy/usecase/usage"
)

func readRows(ctx context.Context, tx *sql.Tx, query string, values ...any) (found []usage.Row, err error) {
	err = eachRow(ctx, tx, func(row *usage.Row) { found = append(found, *row) }, query, values...)
	return found, err
}

// eachRow calls do with every row of requests that the query returns: its id, and columns.
func eachRow(ctx context.Context, tx *sql.Tx, do func(*usage.Row), query string, values ...any) error {
	rows, err := tx.QueryContext(ctx, query, values...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var row usage.Row
		var began, first, duration int64
		var tries string
		err := rows.Scan(
			&row.ID, &began, &row.RequestID, &row.Scope, &row.Model, &row.Endpoint, &row.Account, &row.Outcome, &row.Status,
			&row.Usage.Prompt, &row.Usage.Completion, &row.Usage.Source, &first, &duration,
			&row.Stream, &row.Attempts, &row.Continued, &row.Cost, &tries,
		)
		if err != nil {
			return err
		}
		row.Began = time.UnixMilli(began).UTC()
		row.FirstDelta = time.Duration(first) * time.Millisecond
		row.Duration = time.Duration(duration) * time.Millisecond
		row.Tries = parseTries(tries)
		do(&row)
	}
	return rows.Err()
}
