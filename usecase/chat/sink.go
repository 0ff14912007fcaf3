package chat

import "ondemand-api-proxy/domain"

// Sink takes an answer to the client. With several choices its methods are called
// from several goroutines at once, one for each choice.
//
// Nothing has been promised to the client until the first call: until then the
// whole request may still end in a plain error.
type Sink interface {
	// Deliver hands on one delta of a choice; it is valid during the call only, and nobody changes it.
	// more says that a further delta is already waiting, so that flushing can
	// be left to it; an empty delta only flushes. An error means that the client is gone.
	Deliver(choice int, delta *domain.Delta, more bool) error
	// Finish tells that a choice is complete, and why it ended. more says that the end of
	// the whole answer follows at once, so that flushing can be left to it.
	Finish(choice int, reason domain.FinishReason, more bool) error
}
