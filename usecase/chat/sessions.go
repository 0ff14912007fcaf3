package chat

import (
	"container/list"
	"sync"
	"time"

	"ondemand-api-proxy/domain"
)

// Sessions keeps the upstream sessions that no request is using, by their tip. Taking
// one removes it, so that a session never serves two requests at once; whoever knows
// its content for certain afterwards keeps it again. It is safe for concurrent use.
type Sessions struct {
	timeout time.Duration
	most    int

	mu     sync.Mutex
	byTip  map[domain.Digest]*list.Element
	recent *list.List // of domain.Session, the longest unused at the back
}

// NewSessions returns an empty store. A session idle for longer than timeout is not
// used again; beyond most sessions the longest unused are forgotten, which only costs
// their conversations a replay.
func NewSessions(timeout time.Duration, most int) *Sessions {
	return &Sessions{timeout: timeout, most: most, byTip: make(map[domain.Digest]*list.Element), recent: list.New()}
}

// Take removes and returns the session whose tip this is.
func (s *Sessions) Take(tip domain.Digest, now time.Time) (domain.Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry, found := s.byTip[tip]
	if !found {
		return domain.Session{}, false
	}
	session := s.remove(entry)
	if session.Expired(now, s.timeout) {
		return domain.Session{}, false
	}
	return session, true
}

// Keep stores a session that is idle from now on. Of two sessions with the same tip
// the later one stays.
func (s *Sessions) Keep(session domain.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if twin, found := s.byTip[session.Tip]; found {
		s.remove(twin)
	}
	s.byTip[session.Tip] = s.recent.PushFront(session)
	for s.recent.Len() > s.most {
		s.remove(s.recent.Back())
	}
	for back := s.recent.Back(); back != nil && back.Value.(domain.Session).Expired(session.LastUsed, s.timeout); back = s.recent.Back() {
		s.remove(back)
	}
}

// All returns every session kept, the longest unused first.
func (s *Sessions) All() []domain.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]domain.Session, 0, s.recent.Len())
	for entry := s.recent.Back(); entry != nil; entry = entry.Prev() {
		all = append(all, entry.Value.(domain.Session))
	}
	return all
}

// Len returns how many sessions are kept, some of which may have expired.
func (s *Sessions) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recent.Len()
}

func (s *Sessions) remove(entry *list.Element) domain.Session {
	session := s.recent.Remove(entry).(domain.Session)
	delete(s.byTip, session.Tip)
	return session
}
