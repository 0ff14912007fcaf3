package chat

import (
	"context"
	"errors"
	"io"
	"time"

	"ondemand-api-proxy/domain"
)

// attempt is one try at answering a choice: one lease, one session, one query.
type attempt struct {
	choice    *choice
	lease     Lease
	began     time.Time
	session   domain.SessionID
	continued bool // the session had seen the conversation before
	ahead     bool // the session was opened before the request came
	again     bool // the account failed this choice before
	text      string
	queried   bool
	unflushed bool // the client was given something that still waits to be flushed

	shape     *shaper
	whole     bool // the upstream's answer came to its end and was delivered unchanged
	answer    hashed
	reasoning tally
	held      held // what a client that waits for the whole answer has not seen yet
}

// run makes the attempt, from choosing an account to the last delta. Whatever
// happens on the way, settle is told.
func (a *attempt) run(ctx context.Context) (err error) {
	if err := a.route(ctx); err != nil {
		return err
	}
	a.began = time.Now()
	err = errPanicked // unless converse returns
	defer func() { a.settle(ctx, err) }()
	return a.converse(ctx)
}

// converse puts the query and takes the answer.
func (a *attempt) converse(ctx context.Context) error {
	stream, err := a.ask(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()

	a.shape = newShaper(a.choice.job.request, a.choice.in.tokens)
	if err := a.pull(stream); err != nil {
		return err
	}
	return a.finish(stream)
}

// ask opens a session unless one goes on, and puts the query.
func (a *attempt) ask(ctx context.Context) (stream Stream, err error) {
	c := a.choice
	if !a.continued {
		if err := a.open(ctx); err != nil {
			return nil, err
		}
	}
	c.continued = a.continued
	request := c.job.request
	query := &domain.Query{
		Endpoint: c.job.model.Endpoint, Text: a.text, Sampling: request.Sampling,
		Stop: request.Stop, Effort: c.job.model.Allowed(request.Effort),
	}
	a.queried = true
	c.queries++
	err = a.lease.Call(ctx, func(ctx context.Context, account *domain.Account, grant *domain.Grant) (err error) {
		stream, err = c.in.upstream.Query(ctx, account, grant, a.session, query)
		return err
	})
	return stream, err
}

// open gets a new session: one that was opened ahead, unless the choice has failed before.
func (a *attempt) open(ctx context.Context) error {
	c := a.choice
	if !c.replay {
		if a.session, a.ahead = c.in.warm.Take(c.account, time.Now()); a.ahead {
			return nil
		}
	}
	return a.lease.Call(ctx, func(ctx context.Context, account *domain.Account, grant *domain.Grant) (err error) {
		a.session, err = c.in.upstream.OpenSession(ctx, account, grant)
		return err
	})
}

// pull takes the answer from the upstream, delta by delta, through the shaper to the
// client, until it ends or the client has all it asked for.
func (a *attempt) pull(stream Stream) error {
	for !a.shape.ended {
		delta, err := stream.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		a.tally(delta)
		if a.shape.changes() {
			err = a.reshape(delta, stream)
		} else {
			err = a.give(delta, stream.Waiting())
		}
		if err != nil {
			return err
		}
	}
	if a.shape.ended {
		return nil
	}
	if a.answer.size == 0 {
		return domain.E(domain.UpstreamEmpty, "on-demand.io ended its answer without a word.", nil)
	}
	err := a.shape.flush(func(d *domain.Delta) error { return a.give(d, true) })
	a.whole = !a.shape.ended
	return err
}

// reshape gives the client as much of a delta as the shaper lets pass.
func (a *attempt) reshape(delta *domain.Delta, stream Stream) error {
	if err := a.shape.push(delta, func(d *domain.Delta) error { return a.give(d, stream.Waiting()) }); err != nil {
		return err
	}
	return a.flush(stream)
}

// tally counts what the upstream sent, for whoever needs an estimate or a digest.
func (a *attempt) tally(delta *domain.Delta) {
	if delta.Kind == domain.ReasoningDelta {
		a.reasoning.add(delta.Text)
		return
	}
	a.answer.add(delta.Text)
}

// give hands a delta to the client, which commits the choice; for a client that
// waits for the whole answer it is kept until there is one.
func (a *attempt) give(delta *domain.Delta, more bool) error {
	c := a.choice
	if c.firstDelta.IsZero() {
		c.firstDelta = time.Now()
	}
	if !c.job.request.Stream {
		return a.held.add(delta)
	}
	a.unflushed = more
	return c.deliver(delta, more)
}

// flush sends what was given and not flushed since a further delta was waiting, when that
// one was held back and nothing else is there.
func (a *attempt) flush(stream Stream) error {
	if !a.unflushed || stream.Waiting() {
		return nil
	}
	a.unflushed = false
	return a.choice.deliver(&domain.Delta{}, false)
}

// finish commits what was held back and tells the client that the choice is complete.
func (a *attempt) finish(stream Stream) error {
	c := a.choice
	if a.whole {
		c.usage = stream.Usage()
	}
	for _, delta := range a.held.deltas() {
		if err := c.deliver(delta, true); err != nil {
			return err
		}
	}
	c.committed = true
	c.reason = a.shape.reason
	alone := len(c.job.choices) == 1 && c.usage.Source == domain.UsageMeasured // and nothing is left to be done
	if err := c.out.Finish(c.index, c.reason, alone); err != nil {
		return gone(err)
	}
	return nil
}

// settle closes the attempt's books, however it ended: tokens, session, account,
// record. The session is kept only when its content is known for certain; all that
// was cut, failed or ended early may have left anything in it.
func (a *attempt) settle(ctx context.Context, err error) {
	c := a.choice
	defer func() { // whatever happens below
		c.job.atWork.Add(-1)
		a.lease.Release(err)
	}()
	if err != nil && !c.committed {
		c.firstDelta = time.Time{} // nobody saw it
	}
	kept := a.whole && err == nil
	if kept {
		c.in.sessions.Keep(domain.Session{
			ID: a.session, Account: c.account, LastUsed: time.Now(), Tip: c.job.history.WithAnswer(a.answer.digest()),
		})
	}
	if c.usage.Source == domain.UsageUnknown && a.answer.size+a.reasoning.size > 0 && (err == nil || c.committed || ctx.Err() != nil) {
		c.usage = a.estimate()
	}
	if err != nil && ctx.Err() != nil { // says nothing about the account
		err = ended(ctx)
	}
	if err != nil && !a.sessionAtFault(err) && isRetried(domain.KindOf(err)) {
		c.avoid(c.account)
	}
	done := domain.Attempt{RequestID: c.job.request.ID, Account: a.lease.Account(), Session: a.use(), Kept: kept, Err: err}
	c.tries = append(c.tries, domain.Try{
		Choice: c.index, Account: c.account, Session: done.Session, Result: done.Result(),
		Began: a.began.Sub(c.job.began), Took: time.Since(a.began),
	})
	c.in.observer.Attempted(done)
}

// use tells what kind of session the attempt was made in.
func (a *attempt) use() domain.SessionUse {
	switch {
	case a.continued:
		return domain.SessionContinued
	case a.session == "":
		return domain.SessionNone
	case a.choice.job.request.Messages.HasBegun():
		return domain.SessionReplayed
	default:
		return domain.SessionFresh
	}
}

// estimate counts the tokens of what the upstream sent. The job adds the prompt.
func (a *attempt) estimate() domain.Usage {
	tokens := a.choice.in.tokens
	usage := domain.Usage{Source: domain.UsageEstimated, Reasoning: a.reasoning.count(tokens)}
	usage.Completion = a.answer.count(tokens) + usage.Reasoning
	if most := a.choice.job.request.MaxTokens; most > 0 && a.shape.reason == domain.FinishLength {
		usage.Completion = min(usage.Completion, most)
		usage.Reasoning = min(usage.Reasoning, usage.Completion)
	}
	return usage
}

// deliver gives the client a delta. From here on the choice is committed.
func (c *choice) deliver(delta *domain.Delta, more bool) error {
	c.committed = true
	if err := c.out.Deliver(c.index, delta, more); err != nil {
		return gone(err)
	}
	return nil
}

func gone(err error) error {
	return domain.E(domain.ClientGone, "The client left before its answer was complete.", err)
}
