package chat

import "ondemand-api-proxy/domain"

// maxHeld bounds an answer that has to be kept whole: 64 MiB.
const maxHeld = 64 << 20

// held keeps an answer for a client that waits for the whole of it.
type held struct {
	answer    []byte
	reasoning []byte
}

// add keeps a copy of a delta. It refuses an answer that no memory is meant for.
func (h *held) add(delta *domain.Delta) error {
	if len(h.answer)+len(h.reasoning)+len(delta.Text) > maxHeld {
		// No account is to blame, and another attempt would end the same.
		return domain.E(domain.UpstreamFailed, "on-demand.io sent an answer that is larger than 64 MiB; ask for it as a stream.", nil)
	}
	if delta.Kind == domain.ReasoningDelta {
		h.reasoning = append(h.reasoning, delta.Text...)
	} else {
		h.answer = append(h.answer, delta.Text...)
	}
	return nil
}

// deltas returns what was kept, as one delta of each kind.
func (h *held) deltas() []*domain.Delta {
	var all []*domain.Delta
	if len(h.reasoning) > 0 {
		all = append(all, &domain.Delta{Kind: domain.ReasoningDelta, Text: h.reasoning})
	}
	if len(h.answer) > 0 {
		all = append(all, &domain.Delta{Kind: domain.AnswerDelta, Text: h.answer})
	}
	return all
}
