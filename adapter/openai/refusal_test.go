package openai_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
)

// refusal reads a body that has to be refused.
func refusal(t *testing.T, body string) *domain.Error {
	t.Helper()
	_, _, err := openai.FromChatRequest([]byte(body))
	var refused *domain.Error
	if !errors.As(err, &refused) {
		t.Fatalf("%.200s: got the error %v, want a refusal", body, err)
	}
	if refused.Kind != domain.InvalidRequest || !strings.HasSuffix(refused.Message, ".") {
		t.Errorf("%.200s: got %s with the message %q, want an invalid request and a sentence", body, refused.Kind, refused.Message)
	}
	return refused
}

func TestARefusalNamesTheField(t *testing.T) {
	for field, want := range map[string]string{
		`"model":5`:                            "model",
		`"model":["a"]`:                        "model",
		`"stream":"true"`:                      "stream",
		`"stream":1`:                           "stream",
		`"stream_options":true`:                "stream_options",
		`"stream_options":{"include_usage":1}`: "stream_options.include_usage",
		`"temperature":2.01`:                   "temperature",
		`"temperature":-0.1`:                   "temperature",
		`"temperature":"1"`:                    "temperature",
		`"temperature":1e999`:                  "temperature",
		`"top_p":1.5`:                          "top_p",
		`"top_p":true`:                         "top_p",
		`"presence_penalty":2.5`:               "presence_penalty",
		`"frequency_penalty":-2.5`:             "frequency_penalty",
		`"stop":5`:                             "stop",
		`"stop":""`:                            "stop",
		`"stop":{}`:                            "stop",
		`"stop":["a",5]`:                       "stop[1]",
		`"stop":["a",""]`:                      "stop[1]",
		`"stop":[null]`:                        "stop[0]",
		`"stop":["a","b","c","d","e"]`:         "stop",
		`"max_tokens":0`:                       "max_tokens",
		`"max_tokens":-1`:                      "max_tokens",
		`"max_tokens":1.5`:                     "max_tokens",
		`"max_tokens":"10"`:                    "max_tokens",
		`"max_completion_tokens":0`:            "max_completion_tokens",
		`"max_completion_tokens":false`:        "max_completion_tokens",
		`"n":0`:                                "n",
		`"n":9`:                                "n",
		`"n":1.5`:                              "n",
		`"n":"1"`:                              "n",
		`"reasoning_effort":"max"`:             "reasoning_effort",
		`"reasoning_effort":""`:                "reasoning_effort",
		`"reasoning_effort":2`:                 "reasoning_effort",
		`"tools":{}`:                           "tools",
		`"response_format":"text"`:             "response_format",
		`"response_format":{}`:                 "response_format.type",
		`"logprobs":"true"`:                    "logprobs",
		`"top_logprobs":21`:                    "top_logprobs",
		`"modalities":"text"`:                  "modalities",
		`"modalities":[1]`:                     "modalities[0]",
		`"tool_choice":5`:                      "tool_choice",
		`"user":"a","user":"b"`:                "user",
		`"us\u0065r":"a","user":"b"`:           "user",
		`"x":[{"y":1,"y":2}]`:                  "x[0].y",
		`"messages":[]`:                        "messages",
	} {
		if got := refusal(t, with(field)); got.Param != want || !strings.HasPrefix(got.Message, want) || got.Code != "" {
			t.Errorf("%s: got param %q, code %q, message %q; want the param %q, no code, and a message that begins with it",
				field, got.Param, got.Code, got.Message, want)
		}
	}
}

func TestARefusalNamesThePlaceInTheMessages(t *testing.T) {
	for messages, want := range map[string]string{
		`null`:                             "messages",
		`[]`:                               "messages",
		`"hi"`:                             "messages",
		`{"role":"user","content":"hi"}`:   "messages",
		`[null]`:                           "messages[0]",
		`["hi"]`:                           "messages[0]",
		`[{"content":"hi"}]`:               "messages[0].role",
		`[{"role":null,"content":"hi"}]`:   "messages[0].role",
		`[{"role":"bot","content":"hi"}]`:  "messages[0].role",
		`[{"role":"User","content":"hi"}]`: "messages[0].role",
		`[{"role":1,"content":"hi"}]`:      "messages[0].role",
		`[{"role":"user","content":"a"},{"role":"user"}]`:                                   "messages[1].content",
		`[{"role":"user","content":null}]`:                                                  "messages[0].content",
		`[{"role":"system","content":null}]`:                                                "messages[0].content",
		`[{"role":"developer"}]`:                                                            "messages[0].content",
		`[{"role":"tool","content":null}]`:                                                  "messages[0].content",
		`[{"role":"user","content":[]}]`:                                                    "messages[0].content",
		`[{"role":"user","content":5}]`:                                                     "messages[0].content",
		`[{"role":"user","content":{"type":"text"}}]`:                                       "messages[0].content",
		`[{"role":"user","content":["hi"]}]`:                                                "messages[0].content[0]",
		`[{"role":"user","content":[{"text":"hi"}]}]`:                                       "messages[0].content[0].type",
		`[{"role":"user","content":[{"type":"text"}]}]`:                                     "messages[0].content[0].text",
		`[{"role":"user","content":[{"type":"text","text":null}]}]`:                         "messages[0].content[0].text",
		`[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":5}]}]`: "messages[0].content[1].text",
		`[{"role":"user","content":[{"type":"text","text":"a"},{"type":"video"}]}]`:         "messages[0].content[1].type",
		`[{"content":[{"type":"refusal","refusal":"no"}],"role":"user"}]`:                   "messages[0].content[0].type",
		`[{"role":"assistant","content":[{"type":"refusal","text":"no"}]}]`:                 "messages[0].content[0].refusal",
		`[{"role":"user","content":"a","name":5}]`:                                          "messages[0].name",
		`[{"role":"tool","content":"a","tool_call_id":5}]`:                                  "messages[0].tool_call_id",
		`[{"role":"assistant","tool_calls":{}}]`:                                            "messages[0].tool_calls",
		`[{"role":"assistant","tool_calls":[{"id":"a"}]}]`:                                  "messages[0].tool_calls[0].function",
		`[{"role":"assistant","tool_calls":[{"type":"custom"}]}]`:                           "messages[0].tool_calls[0].type",
		`[{"role":"assistant","tool_calls":[{"function":{"arguments":"{}"}}]}]`:             "messages[0].tool_calls[0].function.name",
		`[{"role":"assistant","tool_calls":[{"function":{"name":"a","arguments":{}}}]}]`:    "messages[0].tool_calls[0].function.arguments",
		`[{"role":"assistant","function_call":"a"}]`:                                        "messages[0].function_call",
		`[{"role":"assistant","refusal":false}]`:                                            "messages[0].refusal",
	} {
		if got := refusal(t, `{"messages":`+messages+`}`); got.Param != want || got.Code != "" {
			t.Errorf("%s: got param %q, code %q (%s), want %q and no code", messages, got.Param, got.Code, got.Message, want)
		}
	}
	if got := refusal(t, `{}`); got.Param != "messages" {
		t.Errorf("no messages at all: got param %q, want messages", got.Param)
	}
}

func TestWhatTheProductDoesNotDoIsRefusedAsUnsupported(t *testing.T) {
	parts := func(kind string) string {
		return `{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"` + kind + `","` + kind + `":{}}]}]}`
	}
	for body, want := range map[string]string{
		with(`"logprobs":true`):                                       "logprobs",
		with(`"top_logprobs":3`):                                      "top_logprobs",
		with(`"modalities":["text","audio"]`):                         "modalities",
		with(`"audio":{"voice":"alloy","format":"wav"}`):              "audio",
		with(`"tools":[{"type":"function","function":{"name":"f"}}]`): "tools",
		with(`"functions":[{"name":"f"}]`):                            "functions",
		with(`"tool_choice":"required"`):                              "tool_choice",
		with(`"function_call":{"name":"f"}`):                          "function_call",
		with(`"response_format":{"type":"json_object"}`):              "response_format",
		parts("image_url"):                                            "messages[0].content[1].type",
		parts("input_audio"):                                          "messages[0].content[1].type",
		parts("file"):                                                 "messages[0].content[1].type",
		`{"messages":[{"role":"assistant","audio":{"id":"a"}}]}`:      "messages[0].audio",
	} {
		if got := refusal(t, body); got.Param != want || got.Code != "unsupported_parameter" {
			t.Errorf("%s: got param %q, code %q, want %q, unsupported_parameter", body, got.Param, got.Code, want)
		}
	}
}

func TestBrokenJSONIsRefusedWithThePlaceAndNoParam(t *testing.T) {
	for body, want := range map[string]string{
		"":                                   "empty",
		" \n":                                "empty",
		"null":                               "must be an object, not null",
		"[]":                                 "must be an object, not an array",
		`"x"`:                                "must be an object, not a string",
		"{":                                  "byte 1,",
		with(`"a":1`)[:40]:                   "byte 40,",
		`{"a":tru}`:                          "byte 8:",
		`{"a":'x'}`:                          "byte 5:",
		`{"a":1,}`:                           "byte 6:",
		`{a:1}`:                              "byte 1:",
		"{\"a\":\"\x01\"}":                   "byte 6:",
		"{" + question + "}}":                "byte 45,",
		"{" + question + "} {}":              "byte 46,",
		"{" + question + "}\n\x00":           "byte 46,",
		"\xef\xbb\xbf{" + question + "}":     "byte 0:",
		`{"a":` + strings.Repeat("[", 20000): "byte",
	} {
		if got := refusal(t, body); got.Param != "" || !strings.Contains(got.Message, want) {
			t.Errorf("%.60q: got param %q and the message %q, want none and a message with %q", body, got.Param, got.Message, want)
		}
	}
}

func TestARefusalRepeatsLittleOfTheClientsText(t *testing.T) {
	long := strings.Repeat("ß\\n\\u0000", 5000)
	for _, body := range []string{
		`{"messages":[{"role":"` + long + `"}]}`,
		`{"messages":[{"role":"user","content":[{"type":"` + long + `"}]}]}`,
		with(`"reasoning_effort":"` + long + `"`),
		with(`"model":"` + long + `"`),
		with(`"modalities":["` + long + `"]`),
		with(`"response_format":{"type":"` + long + `"}`),
		with(`"n":` + strings.Repeat("9", 5000)),
		with(`"` + long + `":1,"` + long + `":2`),
		with(`"x":` + strings.Repeat(`{"`+long[:90]+`":`, 50) + `{"a":1,"a":2}` + strings.Repeat("}", 50)),
	} {
		got := refusal(t, body)
		text := got.Message + got.Param
		if len(text) > 1000 || strings.ContainsAny(text, "\n\x00") || !utf8.ValidString(text) {
			t.Errorf("%.80s…: the refusal has %d bytes: %q", body, len(text), text)
		}
	}
}
