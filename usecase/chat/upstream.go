package chat

import (
	"context"

	"ondemand-api-proxy/domain"
)

// Upstream is the platform as a conversation needs it. Its errors are domain
// errors of the upstream kinds.
type Upstream interface {
	// OpenSession makes a new, empty session of the account.
	OpenSession(ctx context.Context, account *domain.Account, grant *domain.Grant) (domain.SessionID, error)
	// Query asks one question in a session and returns once the answer's headers
	// are there. The stream lives until it is closed or ctx ends, and must be closed.
	Query(ctx context.Context, account *domain.Account, grant *domain.Grant, session domain.SessionID, query *domain.Query) (Stream, error)
}

// Stream is one answer as it comes, pulled by one goroutine.
type Stream interface {
	// Next blocks for the next delta. It is valid until the next call. The
	// error is io.EOF after a proper end, else a domain error; it stays the same
	// from then on.
	Next() (*domain.Delta, error)
	// Waiting tells whether Next has something to return at once, so that
	// flushing what was delivered so far can wait.
	Waiting() bool
	// Usage is what the upstream counted; its Source is UsageUnknown until the
	// upstream has said.
	Usage() domain.Usage
	// Close ends the answer; the upstream is told by the closed connection when
	// it is not at its end. It may be called twice.
	Close()
}
