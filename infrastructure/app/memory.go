package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"ondemand-api-proxy/adapter/sqlite"
	"ondemand-api-proxy/adapter/web"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

// memory is what survives a restart: the ledger, and the idle upstream sessions. Whatever
// is wrong with the store, the service goes on: the ledger is then kept in memory, and
// conversations are replayed.
type memory struct {
	store     *sqlite.Store
	opening   *opening
	directory string
	sessions  *chat.Sessions
	gate      *web.Gate
	log       *zap.Logger
}

// recall waits for the store and takes over what the last clean stop left there. The error is
// for when another instance has it open.
func (m *memory) recall(ctx context.Context) error {
	asideAs, err := m.opening.take()
	if errors.Is(err, sqlite.ErrInUse) {
		return fmt.Errorf("another ondemand-proxy uses the data directory %s: end that one, or give this one a directory of its own with data_dir or DATA_DIR", m.directory)
	}
	if asideAs != "" {
		m.log.Warn("the database was damaged: it was moved aside, and a new one begun", zap.String("moved_to", asideAs))
	}
	if err != nil {
		m.log.Warn("the data directory cannot be used: the ledger is in memory only, and conversations will begin new upstream sessions after a restart",
			zap.String("data_dir", m.directory), zap.Error(err))
		return m.store.OpenMemory(ctx)
	}
	if err := m.recallSpent(ctx); err != nil {
		m.log.Warn("what the access tokens have used today cannot be read: their daily budgets begin anew", zap.Error(err))
	}
	sessions, err := m.store.TakeSessions(ctx)
	if err != nil {
		m.log.Warn("the saved sessions cannot be read: their conversations will begin new ones", zap.Error(err))
		return nil
	}
	for _, session := range sessions {
		m.sessions.Keep(session)
	}
	if len(sessions) > 0 {
		m.log.Info("upstream sessions taken over from the last run", zap.Int("sessions", len(sessions)))
	}
	return nil
}

// recallSpent tells the gate what the access tokens have used today.
func (m *memory) recallSpent(ctx context.Context) error {
	now := time.Now().UTC()
	parts, err := m.store.Tokens(ctx, now.Truncate(24*time.Hour), now.Add(time.Minute))
	if err != nil {
		return err
	}
	spent := make(map[domain.TokenID]int64, len(parts))
	for _, p := range parts {
		spent[domain.TokenID(p.Name)] = p.Prompt + p.Completion
	}
	m.gate.Spent(spent, now)
	return nil
}

// save leaves the sessions for the next start. No request is running any more, and the
// ledger is written.
func (m *memory) save(ctx context.Context) error {
	if !m.store.InMemory() {
		if err := m.store.SaveSessions(ctx, m.sessions.All()); err != nil {
			m.log.Warn("the upstream sessions could not be saved: their conversations will begin new ones", zap.Error(err))
		}
	}
	if err := m.store.Close(); err != nil {
		m.log.Warn("the database could not be closed", zap.Error(err))
	}
	return nil
}
