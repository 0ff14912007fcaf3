package chat

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"ondemand-api-proxy/domain"
)

// choice is one of the answers a request asked for. It is used by one goroutine.
type choice struct {
	in    *Interactor
	job   *job
	index int
	out   Sink

	committed bool          // the client has seen something of it: no way back
	replay    bool          // only a new session will do
	spent     int           // attempts that counted
	spoke     bool          // some attempt failed otherwise than by silence
	failure   *domain.Error // of the last attempt
	tried     []domain.AccountID

	queries    int
	tries      []domain.Try
	continued  bool
	account    domain.AccountID
	firstDelta time.Time
	usage      domain.Usage
	reason     domain.FinishReason
}

// answer attempts the choice until it is answered, cannot be, or the client has seen
// a part of it: then there is no second attempt, and its end is told as it was. A panic
// becomes an error: one defect must end neither the process nor the record of the request.
func (c *choice) answer(ctx context.Context) (err error) {
	defer recovered(&err)
	for {
		a := &attempt{choice: c}
		err := a.run(ctx)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ended(ctx)
		case c.committed:
			return err
		}
		if err := c.giveUp(ctx, a, err); err != nil {
			return err
		}
	}
}

// recovered, deferred, turns a panic into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = domain.E(domain.Internal, "The proxy met an error of its own.", fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}
}

// ended tells why a request's context ended: the proxy shuts down, or the client left.
func ended(ctx context.Context) error {
	cause := context.Cause(ctx)
	if e := domain.AsError(cause); e.Kind == domain.Unavailable {
		return e
	}
	return domain.E(domain.ClientGone, "The client left before its answer was complete.", cause)
}

// giveUp decides what an attempt's failure means for the choice: nil to attempt it
// again (after the pause that is due), else what the client is told. It is the left half of
// the table of attempts in docs/architecture.md; the account pool is the right one.
func (c *choice) giveUp(ctx context.Context, a *attempt, err error) error {
	failure := domain.AsError(err)
	c.failure = failure
	if a.sessionAtFault(err) {
		c.replay = true // the conversation is replayed, and this was no attempt yet
		return nil
	}
	if !isRetried(failure.Kind) {
		return failure
	}
	c.replay = true
	c.spoke = c.spoke || failure.Kind != domain.UpstreamSilent
	if a.queried || a.again || !failure.Kind.IsAccountTrouble() { // an account's first trouble is free
		c.spent++
	}
	if c.spent > c.in.options.MaxRetries || !c.pause(ctx) {
		return c.verdict(failure)
	}
	return nil
}

// sessionAtFault tells whether err may mean no more than that a session which is not new
// is no longer usable.
func (a *attempt) sessionAtFault(err error) bool {
	kind := domain.KindOf(err)
	return (a.continued || a.ahead) && (kind == domain.SessionGone || kind == domain.UpstreamRejected)
}

// isRetried tells whether a failure of this kind is worth another attempt, on another
// account if there is one.
func isRetried(kind domain.Kind) bool {
	return kind.IsFault() || kind.IsAccountTrouble() || kind == domain.RouteMissing || kind == domain.SessionGone
}

// pause waits before an account is tried a second time; while another one is left
// there is nothing to wait for. It returns false when it is too late for a further attempt.
func (c *choice) pause(ctx context.Context) bool {
	var delay time.Duration
	if fresh, err := c.in.accounts.Outlook(c.tried); !fresh && err == nil {
		delay = doubled(c.in.options.RetryDelay, c.spent-1)
		delay = delay/2 + rand.N(delay/2+1)
	}
	if time.Now().Add(delay).After(c.latest()) {
		return false
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done(): // the next attempt will see it
	}
	return true
}

// latest is when a further attempt may still begin.
func (c *choice) latest() time.Time { return c.job.began.Add(2 * c.in.options.StreamTimeout) }

const longestPause = 30 * time.Second

// doubled returns pause, doubled so many times and never longer than longestPause. Any
// number of times will do, also one that a shift could not stand.
func doubled(pause time.Duration, times int) time.Duration {
	for ; times > 0 && pause < longestPause; times-- {
		pause *= 2
	}
	return min(pause, longestPause)
}

// verdict tells the client of the last failure once there is nothing left to try. A
// request whose own attempts used up the accounts answers as if it had found them so.
func (c *choice) verdict(failure *domain.Error) error {
	switch {
	case failure.Kind.IsAccountTrouble():
		if _, err := c.in.accounts.Outlook(nil); err != nil {
			return err
		}
		kind := domain.NoAccount
		if failure.Kind == domain.UpstreamRateLimited {
			kind = domain.AccountsExhausted
		}
		err := domain.E(kind, "No attempt found an on-demand.io account that could serve the request; try again in a moment.", failure)
		err.RetryAfter = time.Second
		return err
	case !c.spoke:
		return domain.E(domain.UpstreamTimeout, "on-demand.io did not answer in time, in any attempt.", failure)
	default:
		return domain.E(domain.UpstreamFailed, "on-demand.io failed to answer, in every attempt.", failure)
	}
}
