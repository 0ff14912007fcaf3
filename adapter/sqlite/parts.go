package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"ondemand-api-proxy/usecase/usage"
)

// Models sums up the requests of a range by model, the most requested first. What is exact
// is as with Totals.
func (s *Store) Models(ctx context.Context, from, to time.Time) ([]usage.Part, error) {
	return s.parts(ctx, usage.ByModel, from, to)
}

// Accounts sums up the requests of a range by account id, the most requested first; those
// that were ended before an account was tried are not there. What is exact is as with
// Totals.
func (s *Store) Accounts(ctx context.Context, from, to time.Time) ([]usage.Part, error) {
	return s.parts(ctx, usage.ByAccount, from, to)
}

// Tokens sums up the requests of a range by the id of their access token, the most requested
// first; those that came without one are not there. What is exact is as with Totals.
func (s *Store) Tokens(ctx context.Context, from, to time.Time) ([]usage.Part, error) {
	return s.parts(ctx, usage.ByToken, from, to)
}

func (s *Store) parts(ctx context.Context, dimension usage.Dimension, from, to time.Time) ([]usage.Part, error) {
	var parts map[string]usage.Part
	err := s.read(ctx, func(tx *sql.Tx) (err error) {
		parts, err = sum(ctx, tx, dimension, spans(from, to, s.now()))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the sums by %s: %w", dimension, err)
	}
	delete(parts, "")
	return slices.SortedFunc(maps.Values(parts), func(a, b usage.Part) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Name, b.Name))
	}), nil
}
