package openai

import (
	"slices"
	"strconv"
	"sync"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

var _ chat.Sink = (*Collector)(nil)

// Collector gathers an answer that is to be sent whole. Its methods may be called
// from several goroutines. Use NewCollector.
type Collector struct {
	mu      sync.Mutex
	choices []collected
}

// collected is one choice; the texts are kept as they stand in JSON.
type collected struct {
	answer, reasoning []byte
	reason            domain.FinishReason // empty: not finished
}

// NewCollector returns an empty Collector.
func NewCollector() *Collector { return &Collector{} }

// Deliver implements chat.Sink and never fails.
func (c *Collector) Deliver(choice int, delta *domain.Delta, _ bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	gathered := c.choice(choice)
	switch delta.Kind {
	case domain.AnswerDelta:
		gathered.answer = appendText(gathered.answer, delta)
	case domain.ReasoningDelta:
		gathered.reasoning = appendText(gathered.reasoning, delta)
	}
	return nil
}

// Finish implements chat.Sink and never fails.
func (c *Collector) Finish(choice int, reason domain.FinishReason, _ bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.choice(choice).reason = reason
	return nil
}

// Completion returns the chat.completion object of all choices that were finished,
// in order.
func (c *Collector) Completion(head *Head, usage domain.Usage) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	size := 512
	for i := range c.choices {
		size += 128 + len(c.choices[i].answer) + len(c.choices[i].reasoning)
	}
	body := appendHead(make([]byte, 0, size), head, "chat.completion")
	body = append(body, `,"choices":[`...)
	separate := false
	for i := range c.choices {
		if c.choices[i].reason == "" {
			continue
		}
		if separate {
			body = append(body, ',')
		}
		separate = true
		body = c.choices[i].append(body, i)
	}
	body = append(body, `],"usage":`...)
	body = appendUsage(body, usage)
	return append(body, '}')
}

func (c *collected) append(dst []byte, index int) []byte {
	dst = append(dst, `{"index":`...)
	dst = strconv.AppendInt(dst, int64(index), 10)
	dst = append(dst, `,"message":{"role":"assistant","content":"`...)
	dst = append(dst, c.answer...)
	dst = append(dst, '"')
	if len(c.reasoning) > 0 {
		dst = append(dst, `,"reasoning_content":"`...)
		dst = append(dst, c.reasoning...)
		dst = append(dst, '"')
	}
	dst = append(dst, `,"refusal":null},"logprobs":null,"finish_reason":`...)
	dst = appendString(dst, c.reason)
	return append(dst, '}')
}

func (c *Collector) choice(index int) *collected {
	if missing := index + 1 - len(c.choices); missing > 0 {
		c.choices = append(c.choices, slices.Repeat([]collected{{}}, missing)...)
	}
	return &c.choices[index]
}
