package app

import (
	"context"

	"go.uber.org/zap"

	"ondemand-api-proxy/adapter/sqlite"
	"ondemand-api-proxy/usecase/chat"
)

// memory carries the idle upstream sessions over a restart. The store is a convenience:
// whatever is wrong with it, the service goes on, and conversations are replayed.
type memory struct {
	directory string
	sessions  *chat.Sessions
	log       *zap.Logger
	store     *sqlite.Store // nil: there is none
}

// recall opens the store and takes over what the last clean stop left there.
func (m *memory) recall(ctx context.Context) error {
	store, asideAs, err := sqlite.Open(ctx, m.directory)
	if asideAs != "" {
		m.log.Warn("the database was damaged: it was moved aside, and a new one begun", zap.String("moved_to", asideAs))
	}
	if err != nil {
		m.log.Warn("the data directory cannot be used: conversations will begin new upstream sessions after a restart",
			zap.String("data_dir", m.directory), zap.Error(err))
		return nil
	}
	m.store = store
	sessions, err := store.TakeSessions(ctx)
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

// save leaves the sessions for the next start. No request is running any more.
func (m *memory) save(ctx context.Context) error {
	if m.store == nil {
		return nil
	}
	if err := m.store.SaveSessions(ctx, m.sessions.All()); err != nil {
		m.log.Warn("the upstream sessions could not be saved: their conversations will begin new ones", zap.Error(err))
	}
	if err := m.store.Close(); err != nil {
		m.log.Warn("the database could not be closed", zap.Error(err))
	}
	return nil
}
