// Package chat is the heart of the product: it answers one chat request over the
// accounts there are. Read Complete first; it tells the whole story.
package chat

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"ondemand-api-proxy/domain"
)

// Models knows which endpoint a public model name stands for.
type Models interface {
	// Resolve returns the mapping, or a ModelNotFound error.
	Resolve(name string) (domain.ModelMapping, error)
}

// Observer is told how every attempt ended. It is quick and never fails the request.
type Observer interface {
	Attempted(domain.Attempt)
}

// Options are the interactor's settings.
type Options struct {
	// MaxRetries is how many attempts may follow the first one.
	MaxRetries int
	// RetryDelay is the pause before an account is tried a second time by one
	// request; it doubles with each further time.
	RetryDelay time.Duration
	// StreamTimeout is the longest silence in an answer. No attempt begins later than
	// twice this after the request came.
	StreamTimeout time.Duration
}

// Interactor answers chat requests. It is safe for concurrent use.
type Interactor struct {
	models   Models
	accounts Accounts
	upstream Upstream
	sessions *Sessions
	warm     *Warm
	tokens   Tokenizer
	observer Observer
	options  Options
}

// New returns an interactor.
func New(models Models, accounts Accounts, upstream Upstream, sessions *Sessions, warm *Warm, tokens Tokenizer, observer Observer, options Options) *Interactor {
	return &Interactor{models, accounts, upstream, sessions, warm, tokens, observer, options}
}

// Complete answers one request, which nobody changes meanwhile: it resolves the model, and gets every choice answered (see
// choice.answer for how one choice is attempted, tried again elsewhere, and committed).
// It returns the record of the request, all but its status; on an error that tells the
// tokens that were used in vain. Whether the client may still be told an error in place of
// an answer is for the sink to say: that is so until its first call.
func (in *Interactor) Complete(ctx context.Context, request *domain.ChatRequest, out Sink) (*domain.Record, error) {
	job := &job{request: request, began: time.Now()}
	err := job.begin(in, out)
	if err == nil {
		err = job.answerAll(ctx)
	}
	return job.record(in.tokens, err), err
}

// errPanicked is how an attempt ends that a panic ended.
var errPanicked = domain.E(domain.Internal, "The proxy met an error of its own.", errors.New("panic"))

// job is one request on its way.
type job struct {
	request *domain.ChatRequest
	model   domain.ModelMapping
	began   time.Time
	seen    domain.Conversation // what a session that could go on has seen
	rest    domain.Conversation // what is to be sent into it
	tip     domain.Digest       // of seen
	history *domain.Hasher      // of all messages
	choices []*choice
	atWork  atomic.Int32 // choices that hold a lease
}

// begin resolves the model and prepares the choices.
func (j *job) begin(in *Interactor, out Sink) (err error) {
	if j.model, err = in.models.Resolve(j.request.Model); err != nil {
		return err
	}
	j.seen, j.rest = j.request.Messages.Split()
	j.history = domain.NewHasher(j.request.Scope)
	j.history.Add(j.seen...)
	j.tip = j.history.Digest()
	j.history.Add(j.rest...)
	for i := range j.request.Choices {
		j.choices = append(j.choices, &choice{in: in, job: j, index: i, out: out})
	}
	return nil
}

// answerAll gets all choices answered.
func (j *job) answerAll(ctx context.Context) error {
	if len(j.choices) == 1 {
		return j.choices[0].answer(ctx)
	}
	return j.answerTogether(ctx)
}

// answerTogether gets several choices answered at once. The first one that fails for
// good ends the others.
func (j *job) answerTogether(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var first error
	var once sync.Once
	var group sync.WaitGroup
	for _, c := range j.choices {
		group.Go(func() {
			if err := c.answer(ctx); err != nil {
				once.Do(func() { first = err; cancel(errSibling) })
			}
		})
	}
	group.Wait()
	return first
}

// errSibling is why a choice was stopped when another one of its request failed.
var errSibling = errors.New("another choice of the request failed")

// usage sums up the choices.
func (j *job) usage(tokens Tokenizer) domain.Usage {
	var total domain.Usage
	for _, c := range j.choices {
		total = total.Plus(c.usage)
	}
	if total.Source == domain.UsageEstimated {
		total.Prompt = countPrompt(tokens, j.request.Messages)
	}
	return total
}

// record is what remains of the request.
func (j *job) record(tokens Tokenizer, err error) *domain.Record {
	r := &domain.Record{
		RequestID: j.request.ID, Began: j.began, Duration: time.Since(j.began),
		Scope: j.request.Scope, Model: domain.OtherModel,
		Stream: j.request.Stream, Usage: j.usage(tokens),
	}
	if j.model.Known { // else both are the client's text
		r.Model, r.Endpoint = j.model.Name, j.model.Endpoint
	}
	reason := domain.FinishStop
	for _, c := range j.choices {
		r.Attempts += c.queries
		r.Tries = append(r.Tries, c.tries[:min(len(c.tries), domain.MaxTries-len(r.Tries))]...)
		r.Continued = r.Continued || c.continued
		if c.account != "" {
			r.Account = c.account
		}
		if c.reason == domain.FinishLength {
			reason = c.reason
		}
		if !c.firstDelta.IsZero() && (r.FirstDelta == 0 || c.firstDelta.Sub(j.began) < r.FirstDelta) {
			r.FirstDelta = c.firstDelta.Sub(j.began)
		}
	}
	r.Outcome = domain.OutcomeOf(err, reason)
	return r
}
