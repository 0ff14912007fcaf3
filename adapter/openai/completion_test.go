package openai_test

import (
	"sync"
	"testing"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

func answer(text string) *domain.Delta { return &domain.Delta{Text: []byte(text)} }

func reasoning(text string) *domain.Delta {
	return &domain.Delta{Kind: domain.ReasoningDelta, Text: []byte(text)}
}

// escaped is a delta that brings its JSON form along.
func escaped(text, form string) *domain.Delta {
	return &domain.Delta{Text: []byte(text), Escaped: []byte(form)}
}

// deliver hands the deltas of a choice to the sink and finishes it.
func deliver(t *testing.T, sink chat.Sink, choice int, reason domain.FinishReason, deltas ...*domain.Delta) {
	t.Helper()
	for i, delta := range deltas {
		if err := sink.Deliver(choice, delta, i+1 < len(deltas)); err != nil {
			t.Errorf("delta %d of choice %d: %v", i, choice, err)
		}
	}
	if err := sink.Finish(choice, reason, false); err != nil {
		t.Errorf("finishing choice %d: %v", choice, err)
	}
}

func TestCompletionsLookAsOpenAIMakesThem(t *testing.T) {
	for name, test := range map[string]struct {
		fill  func(*testing.T, *openai.Collector)
		usage domain.Usage
	}{
		"completion-plain.json": {
			fill: func(t *testing.T, c *openai.Collector) {
				deliver(t, c, 0, domain.FinishStop, answer("Hello"), escaped(" \"you\"\n", ` \"you\"\n`), answer(", \x01<ß😀>\u2028\\"), answer(""))
			},
			usage: domain.Usage{Prompt: 3, Completion: 5, Source: domain.UsageMeasured},
		},
		"completion-reasoning.json": {
			fill: func(t *testing.T, c *openai.Collector) {
				deliver(t, c, 0, domain.FinishLength, reasoning("Let me "), reasoning("\"think\""), answer("42"))
			},
			usage: domain.Usage{Prompt: 3, Completion: 50, Reasoning: 48},
		},
		"completion-choices.json": {
			fill: func(t *testing.T, c *openai.Collector) {
				deliver(t, c, 2, domain.FinishLength, answer("two"))
				deliver(t, c, 0, domain.FinishStop, answer("zero"))
				if err := c.Deliver(1, answer("never finished"), false); err != nil {
					t.Error(err)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			collector := openai.NewCollector()
			test.fill(t, collector)
			golden(t, name, collector.Completion(head(true), test.usage))
		})
	}
}

func TestChoicesMayBeCollectedAtOnce(t *testing.T) {
	collector := openai.NewCollector()
	var all sync.WaitGroup
	for choice := range domain.MaxChoices {
		all.Go(func() { deliver(t, collector, choice, domain.FinishStop, answer("a"), reasoning("b"), answer("c")) })
	}
	all.Wait()
	got := decode[completion](t, string(collector.Completion(head(false), domain.Usage{})))
	if len(got.Choices) != domain.MaxChoices {
		t.Fatalf("got %d choices, want %d", len(got.Choices), domain.MaxChoices)
	}
	for i, choice := range got.Choices {
		if choice.Index != i || choice.Message.Content != "ac" || choice.Message.Reasoning != "b" {
			t.Errorf("choice %d is %+v", i, choice)
		}
	}
}

// completion is a chat.completion or one chunk of it, as a client reads it.
type completion struct {
	ID, Object, Model string
	Created           int64
	Choices           []struct {
		Index          int
		Message, Delta struct {
			Role, Content string
			Reasoning     string `json:"reasoning_content"`
		}
		Reason *string `json:"finish_reason"`
	}
	Usage *struct {
		Total int `json:"total_tokens"`
	}
}
