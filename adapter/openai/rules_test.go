package openai_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
)

func TestNumbersAreTakenExactlyWithinTheirRange(t *testing.T) {
	ranges := map[string][2]float64{
		"temperature": {0, 2}, "top_p": {0, 1}, "presence_penalty": {-2, 2}, "frequency_penalty": {-2, 2},
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"temperature", "top_p", "presence_penalty", "frequency_penalty"}).Draw(t, "name")
		value := rapid.OneOf(rapid.Float64Range(-3, 3), rapid.Float64Range(-1e300, 1e300)).Draw(t, "value")
		literal, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := openai.FromChatRequest([]byte(with(fmt.Sprintf("%q:%s", name, literal))))
		allowed := value >= ranges[name][0] && value <= ranges[name][1]
		if allowed != (err == nil) {
			t.Fatalf("%s %s: error %v, want it allowed: %t", name, literal, err, allowed)
		}
		if err != nil {
			return
		}
		set := map[string]*float64{
			"temperature": r.Sampling.Temperature, "top_p": r.Sampling.TopP,
			"presence_penalty": r.Sampling.PresencePenalty, "frequency_penalty": r.Sampling.FrequencyPenalty,
		}
		for field, got := range set {
			switch {
			case field == name && (got == nil || *got != max(value, 0)):
				t.Fatalf("%s %s was read as %v", name, literal, got)
			case field != name && got != nil:
				t.Fatalf("%s was set by %s", field, name)
			}
		}
	})
}

func TestAnyTextPassesThroughContentUnchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		literal, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, content := range []string{string(literal), `[{"text":` + string(literal) + `,"type":"text"}]`} {
			r, _, err := openai.FromChatRequest([]byte(`{"messages":[{"content":` + content + `,"role":"user"}]}`))
			if err != nil || r.Messages[0].Text != text {
				t.Fatalf("%s was read as %q (%v)", content, r.Messages, err)
			}
		}
	})
}

func TestAnAnswerIsTheSameStreamedAndWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := httptest.NewRecorder()
		stream := openai.NewStream(w, head(false), 0)
		collector := openai.NewCollector()
		want := map[domain.DeltaKind]string{}
		for _, text := range rapid.SliceOf(rapid.String()).Draw(t, "texts") {
			delta := &domain.Delta{Text: []byte(text)}
			if rapid.Bool().Draw(t, "reasoning") {
				delta.Kind = domain.ReasoningDelta
			}
			if rapid.Bool().Draw(t, "escaped") {
				literal, err := json.Marshal(text)
				if err != nil {
					t.Fatal(err)
				}
				delta.Escaped = literal[1 : len(literal)-1]
			}
			want[delta.Kind] += text
			if stream.Deliver(0, delta, true) != nil || collector.Deliver(0, delta, true) != nil {
				t.Fatal("a delta was refused")
			}
		}
		if stream.Finish(0, domain.FinishStop, false) != nil || collector.Finish(0, domain.FinishStop, false) != nil {
			t.Fatal("the end was refused")
		}
		stream.Close()

		var streamed, thought strings.Builder
		for frame := range strings.SplitSeq(strings.TrimSuffix(w.Body.String(), "\n\n"), "\n\n") {
			var chunk completion
			if err := json.Unmarshal([]byte(strings.TrimPrefix(frame, "data: ")), &chunk); err != nil {
				t.Fatalf("%v: %s", err, frame)
			}
			streamed.WriteString(chunk.Choices[0].Delta.Content)
			thought.WriteString(chunk.Choices[0].Delta.Reasoning)
		}
		var whole completion
		if err := json.Unmarshal(collector.Completion(head(false), domain.Usage{}), &whole); err != nil {
			t.Fatal(err)
		}
		message := whole.Choices[0].Message
		if streamed.String() != want[domain.AnswerDelta] || message.Content != want[domain.AnswerDelta] {
			t.Fatalf("the answer %q was streamed as %q and sent whole as %q", want[domain.AnswerDelta], streamed.String(), message.Content)
		}
		if thought.String() != want[domain.ReasoningDelta] || message.Reasoning != want[domain.ReasoningDelta] {
			t.Fatalf("the reasoning %q was streamed as %q and sent whole as %q", want[domain.ReasoningDelta], thought.String(), message.Reasoning)
		}
	})
}

func FuzzFromChatRequest(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "{" + question + "}", with(`"stop":["a","b"],"n":3,"max_tokens":5`), with(`"temperature":0.5,"top_p":1e-3`),
		with(`"tools":[{}]`), with(`"x":{"a":1,"a":2}`), with(`"presence_penalty":-1`),
		`{"messages":[{"role":"assistant","content":[{"type":"refusal","refusal":"\ud83d"}],"tool_calls":[{"function":{"name":"f"}}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, _, err := openai.FromChatRequest(body)
		if err != nil {
			refused := domain.AsError(err)
			text := refused.Message + refused.Param
			if refused.Kind != domain.InvalidRequest || refused.Message == "" || len(text) > 1500 || !utf8.ValidString(text) {
				t.Fatalf("refused with %q (param %q, kind %s)", refused.Message, refused.Param, refused.Kind)
			}
			return
		}
		within := func(value *float64, most float64) bool { return value == nil || *value >= 0 && *value <= most }
		if !within(r.Sampling.Temperature, 2) || !within(r.Sampling.TopP, 1) ||
			!within(r.Sampling.PresencePenalty, 2) || !within(r.Sampling.FrequencyPenalty, 2) {
			t.Fatalf("a number is out of its range: %+v", r.Sampling)
		}
		if len(r.Messages) == 0 || r.Choices < 1 || r.Choices > domain.MaxChoices || r.MaxTokens < 0 || len(r.Stop) > domain.MaxStops {
			t.Fatalf("a bound is broken: %+v", r)
		}
		for _, stop := range r.Stop {
			if stop == "" {
				t.Fatal("an empty stop text")
			}
		}
		for _, m := range r.Messages {
			if m.Role == "" || !utf8.ValidString(m.Text) {
				t.Fatalf("a message that is none: %+v", m)
			}
		}
	})
}
