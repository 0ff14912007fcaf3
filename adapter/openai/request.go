package openai

import (
	"fmt"
	"math"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"ondemand-api-proxy/domain"
)

// StreamOptions is what a client wants of a stream beyond the answer.
type StreamOptions struct {
	IncludeUsage bool // a last chunk with the usage
}

// maxModelName bounds a model's name, which every chunk repeats.
const maxModelName = 256

// FromChatRequest reads the body of a request for a chat completion. The caller
// adds ID and Scope. Model is empty when the client named none.
//
// Null means not set, and fields this product has no use for are ignored, as
// OpenAI's own servers do; nothing is ever coerced. Every error is a *domain.Error
// of kind InvalidRequest whose Param names the field in OpenAI's notation, and is
// empty when the body is no JSON at all.
func FromChatRequest(body []byte) (domain.ChatRequest, StreamOptions, error) {
	t := usedTools.Get().(*tools)
	defer t.giveBack()
	if messages, rest := t.plainMessages(body); messages != nil {
		if request, options, err := t.chatRequest(rest, messages); err == nil {
			return request, options, nil
		} // else the places that the error names would be those of rest
	}
	return t.chatRequest(body, nil)
}

// chatRequest reads a body; messages are those that were taken out of it, if any.
func (t *tools) chatRequest(body []byte, messages []domain.Message) (domain.ChatRequest, StreamOptions, error) {
	r := chatReader{cursor: t.cursor(body)}
	r.request.Choices, r.request.Messages = 1, messages
	if err := r.object(r.field); err != nil {
		return domain.ChatRequest{}, StreamOptions{}, err
	}
	if err := r.finish(); err != nil {
		return domain.ChatRequest{}, StreamOptions{}, err
	}
	if len(r.request.Messages) == 0 {
		return domain.ChatRequest{}, StreamOptions{},
			domain.Invalid("messages", "messages must be an array of at least one message.")
	}
	return r.request, r.options, nil
}

// chatReader fills a request as its fields come.
type chatReader struct {
	cursor

	request domain.ChatRequest
	options StreamOptions
	parts   []string // scratch of content
}

// field reads the top-level field of this name.
func (r *chatReader) field(name string) error {
	var err error
	sampling := &r.request.Sampling
	switch name {
	case "model":
		return r.model()
	case "messages":
		return r.array("an array of messages", r.message)
	case "stream":
		r.request.Stream, err = r.flag()
		return err
	case "stream_options":
		return r.object(r.streamOption)
	case "temperature":
		return r.measure(&sampling.Temperature, 0, 2, "a number from 0 to 2")
	case "top_p":
		return r.measure(&sampling.TopP, 0, 1, "a number from 0 to 1")
	case "presence_penalty":
		return r.penalty(&sampling.PresencePenalty)
	case "frequency_penalty":
		return r.penalty(&sampling.FrequencyPenalty)
	case "stop":
		return r.stop()
	case "max_tokens", "max_completion_tokens":
		return r.limit()
	case "n":
		choices, err := r.integer(1, domain.MaxChoices, "an integer from 1 to 8")
		r.request.Choices = int(choices)
		return err
	case "reasoning_effort":
		return r.effort()
	default:
		return r.unserved(name)
	}
}

func (r *chatReader) model() error {
	name, err := r.text()
	if err != nil {
		return err
	}
	if len(name) > maxModelName {
		return r.refuse("a name of at most 256 bytes", quoted(name))
	}
	r.request.Model = name
	return nil
}

// streamOption reads one member of stream_options, which OpenAI allows in streams
// only; here it is taken without one too and then means nothing.
func (r *chatReader) streamOption(name string) error {
	if name != "include_usage" {
		return r.skip()
	}
	var err error
	r.options.IncludeUsage, err = r.flag()
	return err
}

func (r *chatReader) measure(target **float64, least, most float64, want string) error {
	value, err := r.number(least, most, want)
	*target = &value
	return err
}

// penalty reads a penalty; the platform has no negative ones, so they become none at all.
func (r *chatReader) penalty(target **float64) error {
	value, err := r.number(-2, 2, "a number from -2 to 2")
	value = max(value, 0)
	*target = &value
	return err
}

// limit reads either of the two limits; the smaller counts. What no answer can
// reach is the same as the largest number.
func (r *chatReader) limit() error {
	value, err := r.integer(1, math.Inf(1), "an integer of at least 1")
	if err != nil {
		return err
	}
	limit := int(min(value, math.MaxInt32))
	if r.request.MaxTokens == 0 || limit < r.request.MaxTokens {
		r.request.MaxTokens = limit
	}
	return nil
}

func (r *chatReader) stop() error {
	one := func() error {
		text, err := r.text()
		if err != nil {
			return err
		}
		if text == "" {
			return r.refuse("a string that is not empty", "an empty one")
		}
		if len(text) > domain.MaxStopBytes {
			return r.refuse("a string of at most 4096 bytes", fmt.Sprintf("one of %d", len(text)))
		}
		r.request.Stop = append(r.request.Stop, text)
		return nil
	}
	if r.dec.PeekKind() == jsontext.KindString {
		return one()
	}
	return r.array("a string or an array of strings", func(index int) error {
		if index >= domain.MaxStops {
			return domain.Invalid("stop", "stop must hold at most 4 strings.")
		}
		return one()
	})
}

// effortNames are OpenAI's efforts, least first.
var effortNames = [...]string{"none", "minimal", "low", "medium", "high", "xhigh"}

func (r *chatReader) effort() error {
	name, err := r.text()
	if err != nil {
		return err
	}
	switch name {
	case "none":
		r.request.Effort = ""
	case "minimal", "low":
		r.request.Effort = domain.EffortLow
	case "medium":
		r.request.Effort = domain.EffortMedium
	case "high", "xhigh":
		r.request.Effort = domain.EffortMax
	default:
		return r.refuse(oneOf(effortNames[:]), quoted(name))
	}
	return nil
}

// oneOf lists what is allowed.
func oneOf(names []string) string {
	last := len(names) - 1
	return "one of " + strings.Join(names[:last], ", ") + " or " + names[last]
}
