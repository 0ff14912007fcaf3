package chat

import (
	"bytes"

	"ondemand-api-proxy/domain"
)

// shaper stands between the upstream's deltas and the client's: it ends an answer at
// a stop text or at the token limit, whatever the model does. It changes nothing when
// the client asked for neither. This is the place for whatever else has to change a
// text on its way.
type shaper struct {
	stops  *stopMatcher // nil: no stop texts
	limit  *limiter     // nil: no limit
	kind   domain.DeltaKind
	ended  bool // nothing of the answer is delivered from here on
	reason domain.FinishReason
}

func newShaper(request *domain.ChatRequest, tokens Tokenizer) *shaper {
	s := &shaper{reason: domain.FinishStop}
	if len(request.Stop) > 0 {
		s.stops = newStopMatcher(request.Stop)
	}
	if request.MaxTokens > 0 {
		s.limit = &limiter{tokens: tokens, left: request.MaxTokens}
	}
	return s
}

// changes tells whether anything may have to be changed. If not, deltas need not pass.
func (s *shaper) changes() bool { return s.stops != nil || s.limit != nil }

// push takes one delta and hands what may be delivered to give. The texts given are
// valid during that call.
func (s *shaper) push(delta *domain.Delta, give func(*domain.Delta) error) error {
	if delta.Kind != s.kind {
		if err := s.turn(delta.Kind, give); err != nil || s.ended {
			return err
		}
	}
	text := delta.Text
	if s.stops != nil && s.kind == domain.AnswerDelta {
		text, s.ended = s.stops.push(text)
	}
	return s.bound(delta, text, s.ended, give)
}

// turn goes over to another kind of text: a token does not reach across. What may be the
// beginning of a stop text is still held: reasoning in between does not end the answer.
func (s *shaper) turn(kind domain.DeltaKind, give func(*domain.Delta) error) error {
	err := s.bound(&domain.Delta{Kind: s.kind}, nil, true, give)
	s.kind = kind
	return err
}

// flush gives what was held back, once there is no more to come.
func (s *shaper) flush(give func(*domain.Delta) error) error {
	if s.ended {
		return nil
	}
	if s.kind != domain.AnswerDelta {
		if err := s.turn(domain.AnswerDelta, give); err != nil || s.ended {
			return err
		}
	}
	var held []byte
	if s.stops != nil {
		held = s.stops.rest()
	}
	return s.bound(&domain.Delta{Kind: s.kind}, held, true, give)
}

// bound gives as much of text, which is what is left of delta, as the limit allows. last
// tells that the text ends with it.
func (s *shaper) bound(delta *domain.Delta, text []byte, last bool, give func(*domain.Delta) error) error {
	if s.limit != nil {
		var full bool
		if text, full = s.limit.push(text, last); full {
			s.ended, s.reason = true, domain.FinishLength
		}
	}
	switch {
	case len(text) == 0:
		return nil
	case bytes.Equal(text, delta.Text): // with its escaped form
		return give(delta)
	default:
		return give(&domain.Delta{Kind: delta.Kind, Text: text})
	}
}
