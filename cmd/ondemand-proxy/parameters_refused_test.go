package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// refusal is OpenAI's error envelope.
type refusal struct {
	Message string
	Type    string
	Param   *string
	Code    *string
}

// refusalOf reads an error answer; all four members have to be there.
func refusalOf(t *testing.T, what string, a answer) refusal {
	t.Helper()
	var envelope struct{ Error map[string]json.RawMessage }
	var read struct{ Error refusal }
	if json.Unmarshal([]byte(a.body), &envelope) != nil || json.Unmarshal([]byte(a.body), &read) != nil {
		t.Fatalf("%s: status %d with a body that is no error envelope: %.500s", what, a.status, a.body)
	}
	for _, member := range []string{"message", "type", "param", "code"} {
		if _, found := envelope.Error[member]; !found {
			t.Errorf("%s: the error has no %q: %s", what, member, a.body)
		}
	}
	if read.Error.Message == "" || read.Error.Type == "" {
		t.Errorf("%s: the error has no message or no type: %s", what, a.body)
	}
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
		t.Errorf("%s: the error has Content-Type %q, want application/json", what, got)
	}
	return read.Error
}

// orNull is a text of an envelope for messages.
func orNull(text *string) string {
	if text == nil {
		return "null"
	}
	return *text
}

const unsupported = "unsupported_parameter"

func TestARequestThatCannotBeServedIs400AndNamesTheParameter(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	user := func(rest string) string { return chatBody("gpt-4o", `{"role":"user",`+rest+`}`) }
	for _, c := range []struct{ body, param, code string }{
		{asks("x", `"temperature":2.1`), "temperature", "null"},
		{asks("x", `"temperature":-0.1`), "temperature", "null"},
		{asks("x", `"temperature":"1"`), "temperature", "null"},
		{asks("x", `"temperature":true`), "temperature", "null"},
		{asks("x", `"top_p":1.1`), "top_p", "null"},
		{asks("x", `"top_p":-0.1`), "top_p", "null"},
		{asks("x", `"presence_penalty":2.1`), "presence_penalty", "null"},
		{asks("x", `"presence_penalty":-2.1`), "presence_penalty", "null"},
		{asks("x", `"frequency_penalty":2.1`), "frequency_penalty", "null"},
		{asks("x", `"frequency_penalty":"0"`), "frequency_penalty", "null"},
		{asks("x", `"n":0`), "n", "null"},
		{asks("x", `"n":9`), "n", "null"},
		{asks("x", `"n":1.5`), "n", "null"},
		{asks("x", `"n":"2"`), "n", "null"},
		{asks("x", `"stop":["1","2","3","4","5"]`), "stop", "null"},
		{asks("x", `"stop":""`), "stop", "null"},
		{asks("x", `"stop":["a",""]`), "stop[1]", "null"},
		{asks("x", `"stop":7`), "stop", "null"},
		{asks("x", `"max_tokens":0`), "max_tokens", "null"},
		{asks("x", `"max_tokens":-1`), "max_tokens", "null"},
		{asks("x", `"max_tokens":"10"`), "max_tokens", "null"},
		{asks("x", `"max_tokens":1.5`), "max_tokens", "null"},
		{asks("x", `"max_completion_tokens":0`), "max_completion_tokens", "null"},
		{asks("x", `"stream":"true"`), "stream", "null"},
		{asks("x", `"stream":1`), "stream", "null"},
		{asks("x", `"stream_options":{"include_usage":"yes"}`), "stream_options.include_usage", "null"},
		{asks("x", `"reasoning_effort":"huge"`), "reasoning_effort", "null"},
		{asks("x", `"reasoning_effort":""`), "reasoning_effort", "null"},
		{asks("x", `"reasoning_effort":3`), "reasoning_effort", "null"},

		{asks("x", `"tools":[{"type":"function","function":{"name":"f"}}]`), "tools", unsupported},
		{asks("x", `"functions":[{"name":"f"}]`), "functions", unsupported},
		{asks("x", `"tool_choice":"required"`), "tool_choice", unsupported},
		{asks("x", `"tool_choice":{"type":"function","function":{"name":"f"}}`), "tool_choice", unsupported},
		{asks("x", `"function_call":{"name":"f"}`), "function_call", unsupported},
		{asks("x", `"response_format":{"type":"json_object"}`), "response_format", unsupported},
		{asks("x", `"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{}}}`), "response_format", unsupported},
		{asks("x", `"logprobs":true`), "logprobs", unsupported},
		{asks("x", `"top_logprobs":2`), "top_logprobs", unsupported},
		{asks("x", `"modalities":["text","audio"]`), "modalities", unsupported},
		{asks("x", `"audio":{"voice":"alloy","format":"mp3"}`), "audio", unsupported},
		{user(`"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]`), "messages[0].content[0].type", unsupported},
		{user(`"content":[{"type":"text","text":"a"},{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]`), "messages[0].content[1].type", unsupported},
		{user(`"content":[{"type":"file","file":{"file_id":"f"}}]`), "messages[0].content[0].type", unsupported},

		{chatBody("gpt-4o", ``), "messages", "null"},
		{`{"model":"gpt-4o"}`, "messages", "null"},
		{`{"model":"gpt-4o","messages":null}`, "messages", "null"},
		{`{"model":"gpt-4o","messages":"hello"}`, "messages", "null"},
		{chatBody("gpt-4o", `"hello"`), "messages[0]", "null"},
		{chatBody("gpt-4o", `{"role":"robot","content":"x"}`), "messages[0].role", "null"},
		{chatBody("gpt-4o", `{"content":"x"}`), "messages[0].role", "null"},
		{chatBody("gpt-4o", `{"role":"system","content":"s"},{"role":"User","content":"x"}`), "messages[1].role", "null"},
		{user(`"content":null`), "messages[0].content", "null"},
		{user(`"name":"n"`), "messages[0].content", "null"},
		{user(`"content":7`), "messages[0].content", "null"},
		{user(`"content":[]`), "messages[0].content", "null"},
		{user(`"content":[{"type":"video","video":"x"}]`), "messages[0].content[0].type", "null"},
		{user(`"content":[{"text":"x"}]`), "messages[0].content[0].type", "null"},
		{user(`"content":[{"type":"text"}]`), "messages[0].content[0].text", "null"},
		{chatBody("gpt-4o", `{"role":"system","content":null},{"role":"user","content":"x"}`), "messages[0].content", "null"},
		{chatBody("gpt-4o", `{"role":"tool","tool_call_id":"c","content":null}`), "messages[0].content", "null"},

		{`{"model":7,"messages":[{"role":"user","content":"x"}]}`, "model", "null"},
		{`{"messages":[{"role":"user","content":"x"}]}`, "model", "null"},
		{chatBody("", `{"role":"user","content":"x"}`), "model", "null"},
		{asks("x", `"temperature":1,"temperature":1`), "temperature", "null"},
		{asks("x", `"model":"gpt-4o"`), "model", "null"},
		{asks("x", `"no_such_field":1,"no_such_field":2`), "no_such_field", "null"},
		{asks("x") + `{}`, "null", "null"},
		{asks("x") + ` and more`, "null", "null"},
		{asks("x")[:40], "null", "null"},
		{``, "null", "null"},
		{`[]`, "null", "null"},
		{`"hello"`, "null", "null"},
		{`null`, "null", "null"},
		{`{model:"gpt-4o"}`, "null", "null"},
	} {
		a := p.post(t, httpClient(t), c.body)
		if a.status != http.StatusBadRequest {
			t.Errorf("status %d, want 400\nrequest: %s\nanswer: %s", a.status, c.body, a.body)
			continue
		}
		e := refusalOf(t, c.body, a)
		if e.Type != "invalid_request_error" || orNull(e.Param) != c.param || orNull(e.Code) != c.code {
			t.Errorf("type %s, param %s, code %s; want invalid_request_error, %s, %s\nrequest: %s\nanswer: %s",
				e.Type, orNull(e.Param), orNull(e.Code), c.param, c.code, c.body, a.body)
		}
		if c.param != "null" && !strings.Contains(e.Message, c.param) {
			t.Errorf("the message does not name %s: %s", c.param, e.Message)
		}
	}
	if got := platform.Count(sim.Query, "") + platform.Count(sim.NewSession, ""); got != 0 {
		t.Errorf("refused requests made %d upstream calls, want none", got)
	}
}
