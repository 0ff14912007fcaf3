package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"ondemand-api-proxy/domain"
)

// TakeSessions returns the sessions that the last clean stop saved, and forgets them and the
// stop itself: after a crash from here on there is nothing to take. When the last
// stop was not clean there are none, since a session whose last query may be half
// recorded must never be used.
func (s *Store) TakeSessions(ctx context.Context) (sessions []domain.Session, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		marked, err := tx.ExecContext(ctx, "DELETE FROM clean_stop")
		if err != nil {
			return err
		}
		clean, err := marked.RowsAffected()
		if err != nil {
			return err
		}
		if clean > 0 {
			if sessions, err = readSessions(ctx, tx); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM session_tips")
		return err
	})
	if err == nil && len(sessions) > 0 {
		// A power failure could undo a transaction that stands in the log only, and the mark
		// would be back; the checkpoint puts it on the disk for good.
		_, err = s.writer.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
	if err != nil {
		return nil, fmt.Errorf("take over saved sessions: %w", err)
	}
	return sessions, nil
}

func readSessions(ctx context.Context, tx *sql.Tx) (sessions []domain.Session, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT tip, session_id, account_id, last_used FROM session_tips ORDER BY last_used")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var session domain.Session
		var tip []byte
		var lastUsed int64
		if err := rows.Scan(&tip, &session.ID, &session.Account, &lastUsed); err != nil {
			return nil, err
		}
		copy(session.Tip[:], tip)
		session.LastUsed = time.UnixMilli(lastUsed)
		sessions = append(sessions, session)
	}
	return sessions, rows.Err()
}

// SaveSessions keeps the sessions for the next start and marks the stop as clean.
func (s *Store) SaveSessions(ctx context.Context, sessions []domain.Session) error {
	err := s.change(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx, "INSERT OR REPLACE INTO session_tips (tip, session_id, account_id, last_used) VALUES (?, ?, ?, ?)")
		if err != nil {
			return err
		}
		defer insert.Close()
		for _, session := range sessions {
			if _, err := insert.ExecContext(ctx, session.Tip[:], string(session.ID), string(session.Account), session.LastUsed.UnixMilli()); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO clean_stop (id, stopped_at) VALUES (1, ?)", time.Now().UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("save sessions: %w", err)
	}
	return nil
}
