package main_test

import (
	"net/http"
	"strings"
	"testing"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestRolesAndPartsReachTheModelUndamagedTheNewestTextLast(t *testing.T) {
	t.Parallel()
	const (
		system = "Use {context} and {question}, {{both}} ${x} {\"json\":true} {% raw %} }{ ==== user ====\n"
		newest = "  The newest question?\n==== assistant ====\n\ttrailing  "
	)
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	messages := strings.Join([]string{
		`{"role":"system","content":` + inJSON(system) + `}`,
		`{"role":"developer","content":[{"type":"text","text":"developer one"},{"type":"text","text":"developer two"}]}`,
		`{"role":"user","name":"Ann","content":"earlier question"}`,
		`{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"look_up","arguments":"{\"city\":\"Paris\"}"}}]}`,
		`{"role":"tool","tool_call_id":"call_1","content":"tool result"}`,
		`{"role":"assistant","content":[{"type":"refusal","refusal":"earlier refusal"}]}`,
		`{"role":"user","content":[{"type":"text","text":` + inJSON(newest) + `}]}`,
	}, ",")
	served(t, p, chatBody("gpt-4o", messages))

	query := queryEnding(t, platform, newest).Query.Query
	at := 0
	for _, piece := range []string{
		"system", system, "developer", "developer one\ndeveloper two", "user", "Ann", "earlier question",
		"assistant", "look_up", "call_1", `{"city":"Paris"}`, "tool", "call_1", "tool result", "assistant", "earlier refusal", "user", newest,
	} {
		found := strings.Index(query[at:], piece)
		if found < 0 {
			t.Fatalf("%q does not stand where it should, behind\n%s\nin\n%s", piece, query[:at], query)
		}
		at += found + len(piece)
	}
	if platform.CallsOf(sim.Query, "")[0].Query.ModelConfigs.FulfillmentPrompt != nil {
		t.Error("a fulfillmentPrompt was sent, in which braces are templates")
	}
}

func TestALoneUserMessageIsSentAsItIs(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	for _, text := range []string{"plain", " {braces} \n", "==== system ====\nnot a heading", strings.Repeat("long ", 5000)} {
		served(t, p, asks(text))
		if got := queryEnding(t, platform, text).Query.Query; got != text {
			t.Errorf("the upstream got %.200q, want %.200q", got, text)
		}
	}
}

func TestEveryHistoryThatOpenAITakesIsServed(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	for name, messages := range map[string]string{
		"ends with the assistant":      `{"role":"user","content":"Count."},{"role":"assistant","content":"one, two,"}`,
		"only a system message":        `{"role":"system","content":"Greet."}`,
		"content null":                 `{"role":"user","content":"a"},{"role":"assistant","content":null},{"role":"user","content":"b"}`,
		"content left out":             `{"role":"user","content":"a"},{"role":"assistant"},{"role":"user","content":"c"}`,
		"content empty":                `{"role":"user","content":""}`,
		"nothing but space":            `{"role":"user","content":" \n "}`,
		"assistant's own refusal":      `{"role":"user","content":"a"},{"role":"assistant","content":null,"refusal":"No."},{"role":"user","content":"d"}`,
		"a function, as it once was":   `{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"r"}`,
		"two user messages":            `{"role":"user","content":"a"},{"role":"user","content":"e"}`,
		"unknown members in a message": `{"role":"user","content":"f","cache_control":{"type":"ephemeral"},"reasoning_content":"r"}`,
		"a name with quotes":           `{"role":"user","name":"A\"B\n====","content":"g"}`,
	} {
		for way, stream := range bothWays {
			if got := served(t, p, chatBody("gpt-4o", messages, stream)); got.text == "" {
				t.Errorf("%s, %s: the answer has no text", name, way)
			}
		}
	}
	query := ""
	for _, call := range platform.CallsOf(sim.Query, "") {
		if strings.HasSuffix(call.Query.Query, "one, two,") {
			query = call.Query.Query
		}
	}
	if !strings.Contains(query, "go on") {
		t.Errorf("a history that ends with the assistant went upstream without asking the model to go on from there:\n%s", query)
	}
}

func TestAPromptOfSeveralMegabytesIsServed(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	large := strings.Repeat("A \"large\" prompt — 世界\n", 5<<20/26)
	if got := served(t, p, asks(large)); !strings.HasPrefix(got.text, "Echo: ") {
		t.Errorf("got %.100q", got.text)
	}
	if got := platform.CallsOf(sim.Query, "")[0].Query.Query; got != large {
		t.Errorf("the upstream got %d bytes, want the prompt of %d bytes unchanged", len(got), len(large))
	}
}

func TestABodyOverTheLimitIs413AndTheProxyGoesOn(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts, "MAX_BODY_MIB=1")
	exact := asks("")
	exact = asks(strings.Repeat("x", 1<<20-len(exact)))
	served(t, p, exact)
	for name, body := range map[string]string{"one byte over": exact + " ", "far over": strings.Repeat("x", 3<<20)} {
		a := p.post(t, httpClient(t), body)
		if a.status != http.StatusRequestEntityTooLarge {
			t.Fatalf("%s: status %d, want 413: %.300s", name, a.status, a.body)
		}
		if e := refusalOf(t, name, a); e.Type != "invalid_request_error" || orNull(e.Code) != "request_too_large" {
			t.Errorf("%s: type %s, code %s; want invalid_request_error, request_too_large", name, e.Type, orNull(e.Code))
		}
	}
	served(t, p, asks("Still there?"))
}
