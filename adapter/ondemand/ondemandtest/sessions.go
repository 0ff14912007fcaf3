package ondemandtest

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"sync"
	"time"
)

// sessions are the chat sessions of all accounts.
type sessions struct {
	opts *Options

	mu       sync.Mutex
	byID     map[string]*session
	order    []*session // oldest made first
	bytes    int
	overlaps int
}

type session struct {
	id, owner string
	turns     []Turn
	bytes     int
	busy      int // queries being answered
	used      time.Time
	gone      bool // expired or forgotten; kept for its transcript
}

// turnCost is what a turn weighs beside its texts, in bytes.
const turnCost = 128

func newSessions(opts *Options) sessions {
	return sessions{opts: opts, byID: map[string]*session{}}
}

// make opens a session for an account.
func (t *sessions) make(owner string) string {
	s := &session{id: newID(), owner: owner, used: t.opts.Now(), bytes: turnCost}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byID[s.id] = s
	t.order = append(t.order, s)
	t.bytes += s.bytes
	t.trim()
	return s.id
}

// trim drops the oldest sessions beyond the bounds. One that is being answered lives
// on in the hands of its query.
func (t *sessions) trim() {
	for len(t.order) > t.opts.KeepSessions || (t.bytes > t.opts.KeepBytes && len(t.order) > 0) {
		s := t.order[0]
		t.order[0] = nil
		t.order = t.order[1:]
		t.bytes -= s.bytes
		delete(t.byID, s.id)
	}
}

// find returns the account's session, or why it cannot be used.
func (t *sessions) find(id, owner string) (*session, *refusal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.byID[id]
	if s == nil || s.owner != owner {
		return nil, sessionUnknown()
	}
	if idle := t.opts.SessionIdle; idle > 0 && t.opts.Now().Sub(s.used) > idle {
		s.gone = true
	}
	switch {
	case s.gone && t.opts.ExpiredAs400:
		return nil, sessionExpired()
	case s.gone:
		return nil, sessionUnknown()
	}
	return s, nil
}

func sessionUnknown() *refusal { return &refusal{404, "Session not found", "not_found"} }

func sessionExpired() *refusal { return invalid("Session has expired") }

// ask adds a turn and returns its number and the turns before it. Every ask must be
// followed by one answered.
func (t *sessions) ask(s *session, query, endpoint string) (int, []Turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.busy > 0 {
		t.overlaps++
	}
	s.busy++
	s.used = t.opts.Now()
	before := slices.Clone(s.turns)
	s.turns = append(s.turns, Turn{Query: query, Endpoint: endpoint})
	t.weigh(s, len(query)+turnCost)
	return len(before), before
}

// answered completes a turn with what was sent of its answer.
func (t *sessions) answered(s *session, turn int, answer string, complete bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.busy--
	s.used = t.opts.Now()
	s.turns[turn].Answer, s.turns[turn].Complete = answer, complete
	t.weigh(s, len(answer))
}

// broke corrects a turn whose last bytes could not be sent.
func (t *sessions) broke(s *session, turn int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.turns[turn].Complete = false
}

func (t *sessions) weigh(s *session, more int) {
	s.bytes += more
	if t.byID[s.id] == s {
		t.bytes += more
		t.trim()
	}
}

// Transcript is what a session has seen, oldest first; nil for an unknown one. It
// outlives the session's expiry.
func (s *Sim) Transcript(session string) []Turn {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	if found := s.sessions.byID[session]; found != nil {
		return slices.Clone(found.turns)
	}
	return nil
}

// Sessions are the ids of an account's sessions, oldest made first, expired ones
// included; the empty account means all.
func (s *Sim) Sessions(account string) []string {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	var ids []string
	for _, found := range s.sessions.order {
		if account == "" || found.owner == account {
			ids = append(ids, found.id)
		}
	}
	return ids
}

// ForgetSessions expires the sessions with these ids, or all of them. Answers that
// are under way go on.
func (s *Sim) ForgetSessions(ids ...string) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	for _, found := range s.sessions.order {
		if len(ids) == 0 || slices.Contains(ids, found.id) {
			found.gone = true
		}
	}
}

// Overlaps is how many queries came into a session that was still answering another.
func (s *Sim) Overlaps() int {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	return s.sessions.overlaps
}

// newID is a random id as the platform makes them: 24 hexadecimal digits.
func newID() string {
	var raw [12]byte
	_, _ = rand.Read(raw[:]) // never fails
	return hex.EncodeToString(raw[:])
}
