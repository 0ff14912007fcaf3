package openai

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

var _ chat.Sink = (*Stream)(nil)

// Bounds of what is put together, in bytes.
const (
	gathered = 8 << 10  // waits for a flush
	maxKept  = 64 << 10 // of a buffer that is used again
)

// streamBuffers are buffers that no stream uses: one that waits for its next delta holds none.
var streamBuffers = sync.Pool{New: func() any { b := make([]byte, 0, gathered+gathered/4); return &b }}

// Stream writes an answer to the client chunk by chunk, as server-sent events. The
// headers go out with the first thing written; until then the request may still
// end in a plain error.
//
// The methods may be called from several goroutines. A single mutex is the turn to
// write on the connection, and so is held while writing: two choices cannot write
// at once anyway. Whoever makes a Stream calls Close before the handler returns.
type Stream struct {
	heartbeat heartbeat
	format    format

	mu      sync.Mutex
	w       http.ResponseWriter
	flusher *http.ResponseController
	choices [][]byte // what the chunks of each begin with; nil: nothing of it was written
	buf     []byte   // what is put together and not written; bounded by gathered between calls
	lent    *[]byte  // where buf came from; nil: there is none
	started bool
	pending bool // put together and not flushed
	ended   bool
	err     error // the first failure; nothing is written after it
}

// NewStream prepares a stream on w. While nothing is written for the duration
// heartbeat, a comment is, so that no proxy on the way takes the connection for
// dead; zero turns that off.
func NewStream(w http.ResponseWriter, head *Head, heartbeat time.Duration) *Stream {
	s := &Stream{format: newFormat(head), w: w, flusher: http.NewResponseController(w)}
	s.heartbeat.start(heartbeat, s.beat)
	return s
}

// Deliver implements chat.Sink: the delta becomes one chunk, the first one of a
// choice comes behind a chunk with the role. The chunk is flushed unless more is
// true. The error, once there is one, stays: the client is gone.
func (s *Stream) Deliver(choice int, delta *domain.Delta, more bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !isEmpty(delta) {
		s.borrow()
		s.open(choice)
		s.buf = append(s.buf, s.choices[choice]...)
		switch delta.Kind {
		case domain.AnswerDelta:
			s.buf = append(s.buf, `{"content":"`...)
		case domain.ReasoningDelta:
			s.buf = append(s.buf, `{"reasoning_content":"`...)
		}
		s.buf = appendText(s.buf, delta)
		s.buf = append(s.buf, s.format.afterText...)
		s.add()
	}
	if !more {
		s.flush()
	}
	return s.err
}

// Finish implements chat.Sink: it writes the chunk that holds the finish reason.
func (s *Stream) Finish(choice int, reason domain.FinishReason, more bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.borrow()
	s.open(choice)
	s.buf = s.format.appendFinish(s.buf, choice, reason)
	s.add()
	if !more {
		s.flush()
	}
	return s.err
}

// End completes the stream: the usage, if the client asked for it, and [DONE].
// Nothing is written after it.
func (s *Stream) End(usage domain.Usage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.borrow()
	s.buf = s.format.appendEnd(s.buf, usage)
	s.add()
	s.flush()
	s.ended = true
	return s.err
}

// Fail ends the stream with an error event and without [DONE], so that no client
// takes what it has for a whole answer. Nothing is written after it. It is for
// streams that have Started; others are better ended with a plain error.
func (s *Stream) Fail(err *domain.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.borrow()
	s.buf = append(s.buf, "data: "...)
	s.buf = appendError(s.buf, err, classify(err))
	s.buf = append(s.buf, "\n\n"...)
	s.add()
	s.flush()
	s.ended = true
}

// Started tells whether the headers are out, or will be with what waits to be flushed. As a heartbeat may send them at any
// time, the answer holds for certain only after Close.
func (s *Stream) Started() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.started
}

// Close ends the heartbeat, and waits for one that is just being written; from then
// on the stream does nothing by itself. End or Fail may still follow, and then another
// Close.
func (s *Stream) Close() {
	s.heartbeat.stop()
}

// open begins a choice with its role when nothing of it was written yet.
func (s *Stream) open(choice int) {
	for len(s.choices) <= choice {
		s.choices = append(s.choices, nil)
	}
	if s.choices[choice] == nil {
		s.choices[choice] = s.format.prefix(choice)
		s.buf = s.format.appendRole(s.buf, choice)
	}
}

// beat writes the heartbeat's comment when nothing was written for interval. It
// returns when to look again, zero for never.
func (s *Stream) beat(interval time.Duration, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.err != nil {
		return 0
	}
	if left := interval - now.Sub(s.heartbeat.last); left > 0 {
		return left
	}
	// A comment needs no empty line behind it, and older clients for Go take an empty line
	// for an event without data.
	s.borrow()
	s.buf = append(s.buf, ": keep-alive\n"...)
	s.add()
	s.flush()
	return interval
}

var errEnded = errors.New("the stream was ended before")

// add takes what was put into the buffer; it is written when much has gathered, or at the next
// flush: one write costs as much as many deltas.
func (s *Stream) add() {
	if s.ended && s.err == nil {
		s.err = domain.E(domain.Internal, "The answer was already complete.", errEnded)
	}
	if s.err == nil {
		s.start()
		s.pending = true
	}
	if s.err != nil || len(s.buf) >= gathered {
		s.write()
	}
}

// borrow gets a buffer unless there is one.
func (s *Stream) borrow() {
	if s.lent == nil {
		s.lent = streamBuffers.Get().(*[]byte)
		s.buf = (*s.lent)[:0]
	}
}

// write sends what is in the buffer, unless the stream has failed, and gives the buffer back.
func (s *Stream) write() {
	if s.err == nil && len(s.buf) > 0 {
		s.heartbeat.last = time.Now()
		if _, err := s.w.Write(s.buf); err != nil {
			s.gone(err)
		}
	}
	if s.lent != nil && cap(s.buf) <= maxKept {
		*s.lent = s.buf
		streamBuffers.Put(s.lent)
	}
	s.buf, s.lent = nil, nil
}

// start decides on the status and the headers, once; they go out with the first write.
func (s *Stream) start() {
	if s.started {
		return
	}
	s.started = true
	header := s.w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Accel-Buffering", "no") // else nginx would gather the chunks
	s.w.WriteHeader(http.StatusOK)
}

func (s *Stream) flush() {
	if !s.pending || s.err != nil {
		return
	}
	s.pending = false
	if s.write(); s.err != nil {
		return
	}
	if err := s.flusher.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.gone(err)
	}
}

func (s *Stream) gone(cause error) {
	s.err = domain.E(domain.ClientGone, "The client closed the connection.", cause)
}
