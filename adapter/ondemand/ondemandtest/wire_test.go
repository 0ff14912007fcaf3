package ondemandtest_test

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestStreamIsTheDocumentsSampleByteForByte(t *testing.T) {
	_, c := start(t, sim.Options{
		Model: func(sim.Seen) sim.Answer {
			return sim.Answer{Deltas: []string{"As", " a\n\"whole\""}, Reasoning: "Hm.", InputTokens: 3771, OutputTokens: 192}
		},
		Now: func() time.Time { return time.Date(2026, 7, 17, 16, 43, 59, 0, time.UTC) },
	})
	session := c.session()
	got := c.ask(session, "hi", "")
	if kind := got.header.Get("Content-Type"); kind != "text/event-stream; charset=utf-8" {
		t.Errorf("content type %q", kind)
	}
	body := strings.ReplaceAll(got.body, session, "6a5a")
	body = regexp.MustCompile(`[0-9a-f]{24}`).ReplaceAllString(body, "6a5b")
	want := `event:message
data:{"sessionId":"6a5a","messageId":"6a5b","eventIndex":1,"eventType":"statusLog","status":"processing","currentStatusLog":{"statusType":"fulfilling","statusMessage":"Fulfilling the prompt...","time":"2026-07-17T16:43:59Z"}}

event:message
data:{"sessionId":"6a5a","messageId":"6a5b","eventIndex":2,"eventType":"fulfillment_thinking","status":"processing","thinking":{"delta":"Hm."}}

event:message
data:{"sessionId": "6a5a", "messageId": "6a5b", "answer": "As", "status": "processing", "eventIndex":3, "eventType": "fulfillment"}

event:message
data:{"sessionId": "6a5a", "messageId": "6a5b", "answer": " a\n\"whole\"", "status": "processing", "eventIndex":4, "eventType": "fulfillment"}

event:message
data:{"sessionId":"6a5a","messageId":"6a5b","eventIndex":5,"eventType":"statusLog","status":"processing","answer":"As a\n\"whole\"","currentStatusLog":{"statusType":"fulfillment_completed","statusMessage":"Fulfillment completed","time":"2026-07-17T16:43:59Z"}}

event:message
data:{"sessionId":"6a5a","messageId":"6a5b","eventIndex":6,"eventType":"metricsLog","status":"processing","publicMetrics":{"inputTokens":3771,"outputTokens":192,"totalTokens":3963,"ragTimeSec":0.00,"fulfillmentTimeSec":0.00,"totalTimeSec":0.00}}

event:message
data:[DONE]

`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("stream (-want +got):\n%s", diff)
	}
}

func TestEveryWireCarriesTheSameAnswer(t *testing.T) {
	text := "A \"fine\" \t answer\nwith été, 漢字, emoji 😀😀👩‍👩‍👧 and a backslash \\ at its end 😀"
	server, c := start(t, sim.Options{Model: sim.Say(text)})
	session := c.session()
	has := func(part string) func(string) bool {
		return func(body string) bool { return strings.Contains(body, part) }
	}
	lacks := func(part string) func(string) bool {
		return func(body string) bool { return !strings.Contains(body, part) }
	}
	for name, test := range map[string]struct {
		wire sim.Wire
		sign func(body string) bool
	}{
		"sample":            {sim.Wire{}, has("event:message\ndata:{\"sessionId\"")},
		"no event lines":    {sim.Wire{NoEventLines: true}, lacks("event:")},
		"space after colon": {sim.Wire{SpaceAfterColon: true}, has("event: message\ndata: {")},
		"spaced JSON":       {sim.Wire{JSON: sim.SpacedJSON}, has(`"eventIndex": 1, "eventType": "statusLog"`)},
		"compact JSON":      {sim.Wire{JSON: sim.CompactJSON}, has(`"status":"processing","eventIndex":2,"eventType":"fulfillment"`)},
		"CRLF":              {sim.Wire{CRLF: true}, has("data:[DONE]\r\n\r\n")},
		"one write":         {sim.Wire{OneWrite: true}, has("[DONE]")},
		"byte-wise":         {sim.Wire{ByteWise: true}, has("[DONE]")},
		"no metrics":        {sim.Wire{NoMetrics: true}, lacks("metricsLog")},
		"no whole":          {sim.Wire{NoWhole: true}, lacks(`"answer":"A`)},
		"unknown events":    {sim.Wire{UnknownEvents: true}, has("telemetry_v9")},
		"planning":          {sim.Wire{Planning: true}, has("planning_output")},
		"escapes":           {sim.Wire{EscapeUnicode: true}, has(`\u00e9t\u00e9`)},
		"split surrogates":  {sim.Wire{SplitSurrogates: true}, has(`\ud83d"`)},
		"split and escaped": {sim.Wire{SplitSurrogates: true, EscapeUnicode: true}, has(`"answer": "\ude00`)},
		"single characters": {sim.Wire{DeltaRunes: 1}, has(`"answer": "A"`)},
		"one delta":         {sim.Wire{DeltaRunes: 1 << 20}, has(`"answer": "A \"fine\" \t answer\nwith`)},
	} {
		t.Run(name, func(t *testing.T) {
			server.Script(sim.Fault{Times: 1, Do: sim.Using(test.wire)})
			got := c.ask(session, "hi", "")
			s := readStream(t, got.body)
			if s.text != text || !s.done || got.err != nil {
				t.Errorf("got %q, done %v, error %v; want %q", s.text, s.done, got.err, text)
			}
			if !test.sign(got.body) {
				t.Errorf("the stream does not look like this wire:\n%s", got.body)
			}
		})
	}
}

func TestAnyTextSurvivesAnyWire(t *testing.T) {
	server, c := start(t, sim.Options{})
	session := c.session()
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.String().Draw(rt, "text")
		wire := sim.Wire{
			SplitSurrogates: rapid.Bool().Draw(rt, "split"), EscapeUnicode: rapid.Bool().Draw(rt, "escape"),
			CRLF: rapid.Bool().Draw(rt, "crlf"), DeltaRunes: rapid.IntRange(0, 5).Draw(rt, "runes"), OneWrite: true,
		}
		server.Script(sim.Fault{Times: 1, Do: sim.Using(wire).With(sim.Answering(sim.Answer{Text: text}))})
		if got := readStream(t, c.ask(session, "hi", "").body); got.text != text || !got.done {
			rt.Fatalf("got %q, done %v; want %q", got.text, got.done, text)
		}
	})
}

func TestBigDeltaComesWhole(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1<<16)
	_, c := start(t, sim.Options{Model: sim.Say(big), Wire: sim.Wire{DeltaRunes: 1 << 20}})
	s := readStream(t, c.ask(c.session(), "hi", "").body)
	if s.deltas != 1 || s.text != big {
		t.Errorf("%d deltas of %d bytes, want 1 of %d", s.deltas, len(s.text), len(big))
	}
}

func TestPlainQuestionsWithoutFulfilmentOnlyMeetThePlanner(t *testing.T) {
	_, c := start(t, sim.Options{})
	body := strings.Replace(c.queryBody("hi", ""), `"fulfillmentOnly":true`, `"fulfillmentOnly":false`, 1)
	if s := readStream(t, c.post(c.queryPath(c.session()), body).body); len(s.of("step_output")) != 1 {
		t.Errorf("no planner frames")
	}
}

func TestPauseBringsHeartbeats(t *testing.T) {
	server, c := start(t, sim.Options{Pace: sim.Pace{Heartbeat: time.Millisecond, BeforeFirst: 20 * time.Millisecond}})
	server.Script(sim.Fault{On: sim.Query, Do: sim.AfterDeltas(2, sim.Pause(20*time.Millisecond))})
	s := readStream(t, c.ask(c.session(), "hi", "").body)
	phase, beats := 0, [3]int{}
	for _, f := range s.frames {
		if f.fields["eventType"] == "fulfillment" {
			phase++
		} else if f.event == "heartbeat" {
			beats[min(phase, 2)]++
		}
	}
	if beats[0] < 10 || beats[1] != 0 || beats[2] < 10 || s.text != "Echo: hi" {
		t.Errorf("heartbeats before the first delta, between, after the second: %v; text %q", beats, s.text)
	}
}

func TestHeadersAndDeltasComeAtTheirTime(t *testing.T) {
	const pause = 30 * time.Millisecond
	_, c := start(t, sim.Options{Model: sim.Say("one two"), Pace: sim.Pace{BeforeHeaders: pause, BeforeFirst: pause, Between: pause}})
	session := c.session()
	began := time.Now()
	response, err := c.open(context.Background(), http.MethodPost, c.queryPath(session), c.queryBody("hi", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if took := time.Since(began); took < pause {
		t.Errorf("headers came after %s, want at least %s", took, pause)
	}
	_, _ = io.ReadAll(response.Body)
	if took := time.Since(began); took < 3*pause {
		t.Errorf("the answer was over after %s, want at least %s", took, 3*pause)
	}
}
