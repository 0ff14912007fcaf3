package domain

import "time"

// SessionID is the upstream's own id of a chat session.
type SessionID string

// Session is an upstream chat session that no request is using: whose it is, how
// far its conversation has come, and when it was last used. It is only ever kept
// while its content is known for certain.
type Session struct {
	ID       SessionID
	Account  AccountID
	Tip      Digest // of everything it has seen, its last answer included
	LastUsed time.Time
}

// Expired tells whether the session was idle for longer than timeout.
func (s Session) Expired(now time.Time, timeout time.Duration) bool {
	return now.Sub(s.LastUsed) > timeout
}
