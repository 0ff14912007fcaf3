package ondemand

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"ondemand-api-proxy/domain"
)

// patience is how many times the longest silence the wait for a delta may last, as
// long as heartbeats and other frames come.
const patience = 10

// Bounds of what is read after the end of an answer, so that its connection can be
// used again: the end of the body usually came with it.
const (
	drainBytes = 4 << 10
	drainTime  = 50 * time.Millisecond
)

// errClosed is the cancellation cause of a stream that was closed from this side.
var errClosed = errors.New("the answer was closed")

// errNoEnd is the cause of a stream that ended cleanly, as HTTP sees it, but without the
// frame that ends an answer. It stands for io.EOF, which means a proper end to callers.
var errNoEnd = errors.New("the stream ended without its last frame")

// errNoDelta is the cause of a stream that was alive and said nothing.
var errNoDelta = errors.New("only heartbeats came for too long")

// streamOptions is what a stream is made of. parent is the caller's context, bounded
// the request's own, which cancel and silence end; nobody waits when a stream is made.
type streamOptions struct {
	call            *call
	parent, bounded context.Context
	cancel          context.CancelCauseFunc
	body            io.ReadCloser
	silence         *silence // cancels bounded with errSilent
	limit           time.Duration
	pool            *bufferPool
}

// stream implements [chat.Stream]. It works through the frames that are buffered and
// reads only when they hold no delta; so what Waiting looks ahead to costs nothing.
// It has no goroutine of its own: a timer cancels the request that is silent.
type stream struct {
	streamOptions
	frames  frameReader
	text    deltaText
	buffers *buffers // nil once they went back

	given   domain.Delta // the one that Next returned last
	delta   domain.Delta // the next one, when ready
	ready   bool
	delayed payload // a delta that has to wait for delta to be taken
	end     error   // how it ended, once known; io.EOF: properly
	usage   domain.Usage

	atDone atomic.Bool // the end of the answer was read
	closed sync.Once
}

func newStream(options streamOptions) *stream {
	b := options.pool.get()
	return &stream{
		streamOptions: options,
		buffers:       b,
		frames:        frameReader{source: options.body, buffer: b.read},
		text:          deltaText{scratch: &b.scratch},
	}
}

// Next implements [chat.Stream].
func (s *stream) Next() (*domain.Delta, error) {
	if !s.advance() {
		s.pull()
	}
	if s.ready {
		s.ready = false
		s.text.turn()
		s.given = s.delta
		return &s.given, nil
	}
	s.release()
	return nil, s.end
}

// Waiting implements [chat.Stream].
func (s *stream) Waiting() bool { return s.advance() }

// Usage implements [chat.Stream].
func (s *stream) Usage() domain.Usage { return s.usage }

// Close implements [chat.Stream]. It may be called while Next blocks, which then
// returns. After a proper end it waits for the rest of the body, but not for long.
func (s *stream) Close() {
	s.closed.Do(func() {
		if s.atDone.Load() {
			s.silence.wait(time.Now(), drainTime)
			_, _ = io.CopyN(io.Discard, s.body, drainBytes) // a connection that cannot be kept is closed below
		}
		s.silence.stop()
		s.cancel(errClosed)
		_ = s.body.Close()
	})
}

// advance works through what is buffered until the next delta or the end is known,
// and tells whether it is. It never reads.
func (s *stream) advance() bool {
	for !s.ready && s.end == nil {
		if s.delayed.kind != payloadNothing {
			waiting := s.delayed
			s.delayed = payload{}
			s.deliver(waiting)
			continue
		}
		if said, size := s.buffers.like.read(s.frames.rest()); size > 0 {
			s.frames.pass(size)
			s.deliver(said)
			continue
		}
		next, ok := s.frames.next()
		if !ok {
			return false
		}
		s.take(next)
	}
	return true
}

// take does what a frame says.
func (s *stream) take(next frame) {
	if next.done() {
		s.finish()
		return
	}
	said, err := scanPayload(next.data)
	if err != nil {
		if !next.heartbeat && len(next.data) > 0 {
			s.end = s.call.failure(domain.UpstreamFault, err)
		}
		return
	}
	switch said.kind {
	case payloadAnswer, payloadReasoning:
		s.buffers.like.learn(next, said)
		s.deliver(said)
	case payloadUsage:
		s.usage = said.usage
	case payloadFailure:
		safe := said.said().safe(0, redactorFor(s.call))
		s.end = s.call.failure(domain.UpstreamFault, safe)
	case payloadNothing:
	}
}

// said is what a failure tells about itself.
func (p payload) said() said {
	return said{Message: looseText(p.message), ErrorCode: looseText(p.code)}
}

// deliver makes the delta of a frame the next one. Half a character of the other
// kind goes before it.
func (s *stream) deliver(said payload) {
	if len(said.text) == 0 {
		return
	}
	kind := domain.AnswerDelta
	if said.kind == payloadReasoning {
		kind = domain.ReasoningDelta
	}
	if s.text.holdsOther(kind) {
		s.delta, s.ready = s.text.orphan()
		s.delayed = said
		return
	}
	s.delta, s.ready = s.text.delta(kind, said.text)
}

// finish is the proper end. Half a character that is still held is delivered first.
func (s *stream) finish() {
	s.atDone.Store(true)
	s.end = io.EOF
	s.delta, s.ready = s.text.orphan()
}

// pull reads until the next delta or the end is known. Only time spent here counts
// as waiting: a client that takes its time does not make the platform silent.
func (s *stream) pull() {
	var began time.Time
	for !s.advance() {
		now := time.Now()
		if began.IsZero() {
			began = now
		}
		left := patience*s.limit - now.Sub(began)
		if left <= 0 {
			s.end = s.call.failure(domain.UpstreamSilent, errNoDelta)
			return
		}
		s.silence.wait(now, min(s.limit, left))
		err := s.frames.fill()
		s.silence.rest()
		if err != nil {
			s.stopped(err)
			return
		}
	}
}

// stopped ends a stream that cannot be read any further.
func (s *stream) stopped(err error) {
	switch {
	case errors.Is(err, errFrameTooLong):
		s.end = s.call.failure(domain.UpstreamFault, err)
	case s.frames.endsDone():
		s.finish()
	case errors.Is(err, io.EOF):
		s.end = s.call.failure(domain.UpstreamCut, errNoEnd)
	default:
		kind, cause := brokenKind(s.parent, s.bounded, err, domain.UpstreamCut)
		if kind != domain.ClientGone {
			cause = redactorFor(s.call).network(cause)
		}
		s.end = s.call.failure(kind, cause)
	}
}

// release gives the buffers back: whoever sees the end has no use for earlier texts.
func (s *stream) release() {
	if s.buffers == nil {
		return
	}
	s.buffers.read = s.frames.buffer
	s.pool.put(s.buffers)
	s.buffers, s.frames, s.text = nil, frameReader{}, deltaText{}
	s.given, s.delta, s.delayed = domain.Delta{}, domain.Delta{}, payload{}
}
