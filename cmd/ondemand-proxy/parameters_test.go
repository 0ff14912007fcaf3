package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// paramAccounts are those of the simulator's default accounts that need no sign-in.
const paramAccounts = `[{"api_key":"demo-key"}]`

// bothWays are the members that make a request one for the whole answer, or for a stream.
var bothWays = map[string]string{"whole": `"stream":false`, "streamed": `"stream":true`}

// chatBody is the body of a chat request; messages and the further members are JSON.
func chatBody(model, messages string, members ...string) string {
	return `{"model":` + inJSON(model) + `,"messages":[` + messages + `]` + strings.Join(append([]string{""}, nonEmpty(members)...), ",") + `}`
}

// asks is the body of a chat request with one user message.
func asks(text string, members ...string) string {
	return chatBody("gpt-4o", `{"role":"user","content":`+inJSON(text)+`}`, members...)
}

func nonEmpty(texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return text == "" })
}

// inJSON is text as a JSON string.
func inJSON(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string can always be written down
	}
	return string(quoted)
}

// queryEnding is the one upstream query that ends with text.
func queryEnding(t *testing.T, platform *sim.Server, text string) sim.Call {
	t.Helper()
	var found []sim.Call
	for _, call := range platform.CallsOf(sim.Query, "") {
		if call.Query != nil && strings.HasSuffix(call.Query.Query, text) {
			found = append(found, call)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d upstream queries end with %q, want 1", len(found), text)
	}
	return found[0]
}

// awaitSim waits until cond holds for the simulator.
func awaitSim(t *testing.T, platform *sim.Server, what string, cond func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := platform.WaitFor(ctx, cond); err != nil {
		t.Fatalf("still not so after 20 s: %s", what)
	}
}

// awaitLogged waits until the log holds text at least so many times.
func awaitLogged(t *testing.T, p *proxy, text string, times int) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		changed := p.log.next()
		if strings.Count(p.log.String(), text) >= times {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("the log does not hold %q %d times after 20 s\n%s", text, times, p.log.tail())
		}
	}
}

// served sends a request and returns what it told, which has to be a whole answer.
func served(t *testing.T, p *proxy, body string) told {
	t.Helper()
	a := p.post(t, httpClient(t), body)
	all := a.tells(t)
	if a.status != 200 || !all.done || all.failure != "" || all.finish == "" {
		t.Fatalf("status %d, finish reason %q, error %q, done %v; want a whole answer\nrequest: %.300s\nanswer: %.600s", a.status, all.finish, all.failure, all.done, body, a.body)
	}
	return all
}

func TestOnlyWhatTheClientSetIsSentUpstream(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	for i, c := range []struct{ members, configs string }{
		{``, ``},
		{`"temperature":0`, `{"temperature":0}`},
		{`"temperature":2`, `{"temperature":2}`},
		{`"temperature":0.25,"top_p":0.5`, `{"temperature":0.25,"topP":0.5}`},
		{`"top_p":0`, `{"topP":0}`},
		{`"top_p":1`, `{"topP":1}`},
		{`"presence_penalty":2`, `{"presencePenalty":2}`},
		{`"presence_penalty":-2`, `{"presencePenalty":0}`},
		{`"frequency_penalty":0.5`, `{"frequencyPenalty":0.5}`},
		{`"frequency_penalty":-0.5`, `{"frequencyPenalty":0}`},
		{`"stop":"END"`, `{"stopSequences":["END"]}`},
		{`"stop":["a1","b2","c3","d4"]`, `{"stopSequences":["a1","b2","c3","d4"]}`},
		{`"stop":[]`, ``},
		{`"max_tokens":1000`, ``},
		{`"max_completion_tokens":1000`, ``},
		{`"max_tokens":99999999999999999999`, ``},
		{`"temperature":null,"top_p":null,"stop":null,"max_tokens":null,"n":null,"tools":null,"reasoning_effort":null,"stream_options":null`, ``},
		{`"user":"u","seed":7,"metadata":{"a":"b"},"store":true,"service_tier":"auto","logit_bias":{"50256":-100},"parallel_tool_calls":false`, ``},
		{`"safety_identifier":"s","prompt_cache_key":"k","verbosity":"low","no_such_field":{"deep":[1,{"a":null}]}`, ``},
		{`"tools":[],"tool_choice":"auto","response_format":{"type":"text"},"logprobs":false,"top_logprobs":0,"modalities":["text"],"n":1`, ``},
	} {
		for way, stream := range bothWays {
			text := fmt.Sprintf("Case %02d, %s.", i, way)
			served(t, p, asks(text, c.members, stream))
			var sent map[string]json.RawMessage
			if err := json.Unmarshal(queryEnding(t, platform, text).Body, &sent); err != nil {
				t.Fatalf("%s (%s): the query is no JSON: %v", c.members, way, err)
			}
			if got := string(sent["modelConfigs"]); got != c.configs {
				t.Errorf("%s (%s): modelConfigs sent upstream: %s, want %s", c.members, way, got, c.configs)
			}
			delete(sent, "modelConfigs")
			want := []string{"endpointId", "fulfillmentOnly", "pluginIds", "query", "responseMode"}
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(sent))); diff != "" {
				t.Errorf("%s (%s): other fields sent upstream (-want +got):\n%s", c.members, way, diff)
			}
			if string(sent["responseMode"]) != `"stream"` {
				t.Errorf("%s (%s): responseMode %s, want stream", c.members, way, sent["responseMode"])
			}
		}
	}
}

func TestReasoningEffortIsSentInThePlatformsWordsAndOnlyToModelsThatListIt(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{StrictEffort: true})
	p := start(t, platform, paramAccounts)
	awaitLogged(t, p, "model catalogue refreshed", 1)
	for model, efforts := range map[string]map[string]string{
		"gpt-5":             {"none": "", "minimal": "low", "low": "low", "medium": "medium", "high": "max", "xhigh": "max"},
		"grok-4":            {"none": "", "minimal": "low", "low": "low", "medium": "medium", "high": "medium", "xhigh": "medium"},
		"gpt-4o":            {"none": "", "minimal": "", "low": "", "medium": "", "high": "", "xhigh": ""},
		"byoi-5f0c2a77-own": {"high": ""}, "predefined-openai-gpt5": {"high": "max"},
	} {
		for effort, want := range efforts {
			text := "Effort " + effort + " for " + model + "."
			served(t, p, chatBody(model, `{"role":"user","content":`+inJSON(text)+`}`, `"reasoning_effort":`+inJSON(effort)))
			got := ""
			if sent := queryEnding(t, platform, text).Query.ReasoningEffort; sent != nil {
				got = *sent
			}
			if got != want {
				t.Errorf("%s with reasoning_effort %s: %q sent upstream, want %q", model, effort, got, want)
			}
		}
	}
}

func TestNChoicesAreAnsweredEachWithItsIndexAndOneFinish(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Model: sim.Say("One of several answers.")})
	p := start(t, platform, paramAccounts)
	alone := served(t, p, asks("How many?")).usage
	for n := 1; n <= 8; n++ {
		for way, stream := range bothWays {
			a := p.post(t, httpClient(t), asks("How many?", fmt.Sprintf(`"n":%d`, n), stream, `"stream_options":{"include_usage":true}`))
			texts, finishes := map[int]string{}, map[int]string{}
			for _, chunk := range chunksOf(t, a) {
				for _, c := range chunk.Choices {
					texts[c.Index] += c.Delta.Content + c.Message.Content
					if c.Finish != nil {
						finishes[c.Index] += *c.Finish + ";"
					}
				}
			}
			wantTexts, wantFinishes := map[int]string{}, map[int]string{}
			for i := range n {
				wantTexts[i], wantFinishes[i] = "One of several answers.", "stop;"
			}
			if diff := cmp.Diff(wantTexts, texts); diff != "" {
				t.Errorf("n=%d, %s: texts by index (-want +got):\n%s", n, way, diff)
			}
			if diff := cmp.Diff(wantFinishes, finishes); diff != "" {
				t.Errorf("n=%d, %s: finish reasons by index (-want +got):\n%s", n, way, diff)
			}
			if got := a.tells(t).usage; got.Prompt != alone.Prompt || got.Completion != n*alone.Completion {
				t.Errorf("n=%d, %s: usage %+v, want the prompt once and the completion %d times of %+v", n, way, got, n, alone)
			}
		}
	}
	if got := platform.Overlaps(); got != 0 {
		t.Errorf("%d queries went into a session that was still answering, want none", got)
	}
}

func TestUnicodePassesByteForByteWhateverTheWire(t *testing.T) {
	t.Parallel()
	const text = "naïve 世界 👩‍👩‍👧 😀😀 \U0010FFFF e\u0301 \u200e עִברִית \"q\" \\ \t\u0001 </script> \u2028 end"
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	for name, wire := range map[string]sim.Wire{
		"sample": {}, "split surrogates": {SplitSurrogates: true}, "escaped": {EscapeUnicode: true},
		"escaped and split, one character a frame": {EscapeUnicode: true, SplitSurrogates: true, DeltaRunes: 1},
		"spaced, CRLF, unknown events":             {JSON: sim.SpacedJSON, SpaceAfterColon: true, CRLF: true, UnknownEvents: true, DeltaRunes: 2},
		"compact, no event lines, byte by byte":    {JSON: sim.CompactJSON, NoEventLines: true, ByteWise: true},
	} {
		platform.Script(sim.Fault{On: sim.Query, If: func(c sim.Call) bool { return strings.HasPrefix(c.Query.Query, name+":") }, Do: sim.Using(wire)})
		for way, stream := range bothWays {
			question := name + ": " + way + " " + text
			if got := served(t, p, asks(question, stream)).text; got != "Echo: "+question {
				t.Errorf("%s, %s:\n got %q\nwant %q", name, way, got, "Echo: "+question)
			}
			if got := queryEnding(t, platform, question).Query.Query; got != question {
				t.Errorf("%s, %s: the upstream got %q, want %q", name, way, got, question)
			}
		}
	}
}
