package openai_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
)

func TestARequestWithEveryFieldIsReadWhole(t *testing.T) {
	body, err := os.ReadFile(filepath.Join("testdata", "request-full.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, options, err := openai.FromChatRequest(body)
	if err != nil {
		t.Fatal(err)
	}
	want := domain.ChatRequest{
		Model: "gpt-4o",
		Messages: domain.Conversation{
			{Role: domain.RoleDeveloper, Text: "Answer in {curly} braces."},
			{Role: domain.RoleSystem, Name: "ops", Text: "one\ntwo"},
			{Role: domain.RoleUser, Name: "ada", Text: "What is the weather?"},
			{Role: domain.RoleAssistant, ToolCalls: []domain.ToolCall{
				{ID: "call_1", Name: "weather", Arguments: `{"city":"Ulm"}`}, {ID: "call_2", Name: "clock"},
			}},
			{Role: domain.RoleTool, ToolCallID: "call_1", Text: "rain"},
			{Role: domain.RoleTool, ToolCallID: "call_2", Text: "noon"},
			{Role: domain.RoleAssistant, ToolCalls: []domain.ToolCall{{Name: "legacy", Arguments: "{}"}}},
			{Role: domain.RoleFunction, Name: "legacy", Text: "done"},
			{Role: domain.RoleAssistant, Text: "It rains\nand no more"},
			{Role: domain.RoleAssistant, Text: "I will not."},
			{Role: domain.RoleUser, Text: "Größe 😀?"},
		},
		Stream: true,
		Sampling: domain.Sampling{
			Temperature: new(0.7), TopP: new(1.0), PresencePenalty: new(0.0), FrequencyPenalty: new(0.25),
		},
		Stop:      []string{"END", "\n\n"},
		MaxTokens: 100,
		Choices:   2,
		Effort:    domain.EffortMax,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the request differs (-want +got):\n%s", diff)
	}
	if !options.IncludeUsage {
		t.Error("include_usage was lost")
	}
}

const question = `"messages":[{"role":"user","content":"hi"}]`

// with returns a request that holds this field too.
func with(field string) string { return "{" + question + "," + field + "}" }

func TestWhatTheClientDidNotSetStaysUnset(t *testing.T) {
	want := domain.ChatRequest{Messages: domain.Conversation{{Role: domain.RoleUser, Text: "hi"}}, Choices: 1}
	bodies := []string{"{" + question + "}", " \r\n\t{" + question + "}\n ", with(`"Temperature":9,"STREAM":"yes"`)}
	for _, name := range []string{
		"model", "stream", "stream_options", "temperature", "top_p", "presence_penalty", "frequency_penalty", "stop",
		"max_tokens", "max_completion_tokens", "n", "reasoning_effort", "tools", "functions", "tool_choice",
		"function_call", "response_format", "logprobs", "top_logprobs", "modalities", "audio", "user", "unheard_of",
	} {
		bodies = append(bodies, with(`"`+name+`":null`))
	}
	for _, field := range []string{
		`"model":""`, `"stream":false`, `"stop":[]`, `"tools":[]`, `"functions":[]`, `"tool_choice":"none"`,
		`"function_call":"auto"`, `"top_logprobs":0`, `"modalities":["text"]`, `"modalities":[]`, `"reasoning_effort":"none"`,
		`"stream_options":{}`, `"stream_options":{"include_usage":null}`, `"user":5`, `"seed":"x"`, `"logit_bias":[]`,
		`"x":{"a":[[{"b":null}]]}`,
	} {
		bodies = append(bodies, with(field))
	}
	for _, body := range bodies {
		got, options, err := openai.FromChatRequest([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" || options.IncludeUsage {
			t.Errorf("%s: options %+v, the request differs (-want +got):\n%s", body, options, diff)
		}
	}
}

func TestFieldsReachTheRequest(t *testing.T) {
	for field, get := range map[string]func(domain.ChatRequest) (got, want any){
		`"temperature":0`:                          func(r domain.ChatRequest) (any, any) { return r.Sampling.Temperature, new(0.0) },
		`"temperature":2`:                          func(r domain.ChatRequest) (any, any) { return r.Sampling.Temperature, new(2.0) },
		`"temperature":-0`:                         func(r domain.ChatRequest) (any, any) { return fmt.Sprint(*r.Sampling.Temperature), "0" },
		`"temperature":1e-1`:                       func(r domain.ChatRequest) (any, any) { return r.Sampling.Temperature, new(0.1) },
		`"presence_penalty":-2`:                    func(r domain.ChatRequest) (any, any) { return r.Sampling.PresencePenalty, new(0.0) },
		`"frequency_penalty":-0.0`:                 func(r domain.ChatRequest) (any, any) { return fmt.Sprint(*r.Sampling.FrequencyPenalty), "0" },
		`"stop":"END"`:                             func(r domain.ChatRequest) (any, any) { return r.Stop, []string{"END"} },
		`"stop":["a","b","c","d"]`:                 func(r domain.ChatRequest) (any, any) { return r.Stop, []string{"a", "b", "c", "d"} },
		`"max_tokens":5`:                           func(r domain.ChatRequest) (any, any) { return r.MaxTokens, 5 },
		`"max_completion_tokens":1`:                func(r domain.ChatRequest) (any, any) { return r.MaxTokens, 1 },
		`"max_completion_tokens":7,"max_tokens":9`: func(r domain.ChatRequest) (any, any) { return r.MaxTokens, 7 },
		`"max_tokens":1e3`:                         func(r domain.ChatRequest) (any, any) { return r.MaxTokens, 1000 },
		`"max_tokens":9e99`:                        func(r domain.ChatRequest) (any, any) { return r.MaxTokens, 1<<31 - 1 },
		`"n":8`:                                    func(r domain.ChatRequest) (any, any) { return r.Choices, 8 },
		`"n":2.0`:                                  func(r domain.ChatRequest) (any, any) { return r.Choices, 2 },
		`"reasoning_effort":"minimal"`:             func(r domain.ChatRequest) (any, any) { return r.Effort, domain.EffortLow },
		`"reasoning_effort":"low"`:                 func(r domain.ChatRequest) (any, any) { return r.Effort, domain.EffortLow },
		`"reasoning_effort":"medium"`:              func(r domain.ChatRequest) (any, any) { return r.Effort, domain.EffortMedium },
		`"reasoning_effort":"high"`:                func(r domain.ChatRequest) (any, any) { return r.Effort, domain.EffortMax },
		`"mod\u0065l":"a/b"`:                       func(r domain.ChatRequest) (any, any) { return r.Model, "a/b" },
	} {
		r, _, err := openai.FromChatRequest([]byte(with(field)))
		if err != nil {
			t.Errorf("%s: %v", field, err)
			continue
		}
		got, want := get(r)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field, diff)
		}
	}
}

func TestAssistantMessagesMayHaveNoContent(t *testing.T) {
	for _, message := range []string{
		`{"role":"assistant"}`, `{"role":"assistant","content":null}`, `{"content":[],"role":"assistant"}`, `{"role":"assistant","content":""}`,
	} {
		r, _, err := openai.FromChatRequest([]byte(`{"messages":[` + message + `]}`))
		if err != nil {
			t.Errorf("%s: %v", message, err)
			continue
		}
		if diff := cmp.Diff(domain.Conversation{{Role: domain.RoleAssistant}}, r.Messages); diff != "" {
			t.Errorf("%s (-want +got):\n%s", message, diff)
		}
	}
}

func TestHalvesOfCharactersBecomeReplacementCharacters(t *testing.T) {
	for name, content := range map[string]string{
		"a lone high surrogate": `cut \ud83d`, "a lone low surrogate": `cut \ude00`, "a broken byte": "cut \xff",
	} {
		r, _, err := openai.FromChatRequest([]byte(`{"messages":[{"role":"user","content":"` + content + `"}]}`))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := r.Messages[0].Text; got != "cut \uFFFD" {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestAVeryLongHistoryIsRead(t *testing.T) {
	const count = 100_000
	message := `{"role":"user","content":[{"type":"text","text":"hi"}]}`
	body := `{"messages":[` + strings.Repeat(message+",", count-1) + message + `]}`
	r, _, err := openai.FromChatRequest([]byte(body))
	if err != nil || len(r.Messages) != count {
		t.Fatalf("read %d messages (%v), want %d", len(r.Messages), err, count)
	}
}
