package ondemand

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
)

const (
	answerA = `{"sessionId":"s","answer":"A","eventType":"fulfillment"}`
	answerB = `{"sessionId":"s","answer":"B","eventType":"fulfillment"}`
	done    = "event:message\ndata:[DONE]\n\n"
)

func data(payloads ...string) string {
	var b strings.Builder
	for _, p := range payloads {
		b.WriteString("event:message\ndata:" + p + "\n\n")
	}
	return b.String()
}

func thinking(eventType, text string) string {
	return `{"eventType":"` + eventType + `","thinking":{"delta":"` + text + `"}}`
}

// sample is the protocol's own, byte for byte.
const sample = `event:message
data:{"sessionId":"6a5a","messageId":"6a5b","eventIndex":1,"eventType":"statusLog","status":"processing","currentStatusLog":{"statusType":"fulfilling","statusMessage":"Fulfilling the prompt...","time":"2026-07-17T16:43:59Z"}}

event:message
data:{"sessionId": "6a5a", "messageId": "6a5b", "answer": "As", "status": "processing", "eventIndex":2, "eventType": "fulfillment"}

event:heartbeat
data:{"sessionId":"6a5a","messageId":"6a5b","time":"2026-07-17T16:43:51Z"}

event:message
data:{"sessionId":"6a5a","messageId":"6a5b","eventIndex":118,"eventType":"metricsLog","status":"processing","publicMetrics":{"inputTokens":3771,"outputTokens":192,"totalTokens":3963,"ragTimeSec":9.85,"fulfillmentTimeSec":3.36,"totalTimeSec":13.21}}

event:message
data:[DONE]

`

type streamCase struct {
	body   string
	deltas []string
	usage  domain.Usage
	kind   domain.Kind // of the end; zero: io.EOF
}

var measured = domain.Usage{Prompt: 3771, Completion: 192, Source: domain.UsageMeasured}

func shapeCases() map[string]streamCase {
	return map[string]streamCase{
		"the sample":              {body: sample, deltas: []string{"A:As"}, usage: measured},
		"the sample with CRLF":    {body: strings.ReplaceAll(sample, "\n", "\r\n"), deltas: []string{"A:As"}, usage: measured},
		"the sample with CR":      {body: strings.ReplaceAll(sample, "\n", "\r"), deltas: []string{"A:As"}, usage: measured},
		"a byte order mark":       {body: "\ufeffdata:" + answerA + "\n\n" + done, deltas: []string{"A:A"}},
		"no event lines":          {body: "data:" + answerA + "\n\ndata:[DONE]\n\n", deltas: []string{"A:A"}},
		"a space after the colon": {body: "event: message\ndata: " + answerA + "\n\ndata: [DONE]\n\n", deltas: []string{"A:A"}},
		"spaces in the JSON":      {body: data(`  { "answer" : "A" , "eventType" : "fulfillment" }  `) + done, deltas: []string{"A:A"}},
		"comments and other fields": {
			body:   ": hello\nid:1\nretry:5\n" + data(answerA) + ":\n\n: ping\n" + done,
			deltas: []string{"A:A"},
		},
		"several data lines are one text": {
			body:   "data:{\"eventType\":\"fulfillment\",\ndata: \"answer\":\ndata:\"A\"}\n\n" + done,
			deltas: []string{"A:A"},
		},
		"data before its event line": {body: "data:" + answerA + "\nevent:message\n\n" + done, deltas: []string{"A:A"}},
		"a data line without colon":  {body: "data\n\n" + done},
		"many blank lines":           {body: "\n\n\n" + data(answerA) + "\n\n\n" + done + "\n\n", deltas: []string{"A:A"}},
		"nested keys are not ours": {
			body:   data(`{"a":{"eventType":"error","answer":"x"},"b":["}",{"error":"y"}],"answer":"A","eventType":"fulfillment","c":-1.5e3}`) + done,
			deltas: []string{"A:A"},
		},
		"quotes and braces in the text": {
			body:   data(`{"eventType":"fulfillment","answer":"\"}{\\\",\"eventType\":\"error\\"}`) + done,
			deltas: []string{`A:"}{\","eventType":"error\`},
		},
	}
}

func meaningCases() map[string]streamCase {
	return map[string]streamCase{
		"status logs, plans, unknown events and whole answers are no deltas": {
			body: data(answerA,
				`{"eventType":"statusLog","answer":"the whole answer","currentStatusLog":{"statusType":"fulfillment_completed"}}`,
				`{"eventType":"planning_output","output":{"delta":"plan"}}`, `{"eventType":"step_output","output":{"delta":"step"}}`,
				`{"eventType":"brandNew","answer":"x"}`, `{"answer":"without a type"}`, `{}`, `[]`, `null`, `7`, `"text"`, ``) + done,
			deltas: []string{"A:A"},
		},
		"three kinds of reasoning": {
			body:   data(thinking("planning_thinking", "1"), thinking("step_thinking", "2"), thinking("fulfillment_thinking", "3"), answerA) + done,
			deltas: []string{"R:1", "R:2", "R:3", "A:A"},
		},
		"empty and absent deltas are skipped": {
			body: data(`{"answer":"","eventType":"fulfillment"}`, `{"answer":null,"eventType":"fulfillment"}`, `{"eventType":"fulfillment"}`,
				`{"answer":5,"eventType":"fulfillment"}`, thinking("step_thinking", ""), `{"eventType":"step_thinking","thinking":"x"}`) + done,
		},
		"a heartbeat that is no JSON":       {body: "event:heartbeat\ndata:ping\n\n" + data(answerA) + done, deltas: []string{"A:A"}},
		"empty errors are none":             {body: data(`{"error":null,"errorCode":"","answer":"A","eventType":"fulfillment"}`) + done, deltas: []string{"A:A"}},
		"usage of nothing is not known":     {body: data(`{"eventType":"metricsLog","publicMetrics":{"inputTokens":0,"outputTokens":0}}`) + done},
		"negative usage is not known":       {body: data(`{"eventType":"metricsLog","publicMetrics":{"inputTokens":-1,"outputTokens":5}}`) + done},
		"absurd usage is not known":         {body: data(`{"eventType":"metricsLog","publicMetrics":{"inputTokens":1e99,"outputTokens":5}}`) + done},
		"metrics without counts":            {body: data(`{"eventType":"metricsLog"}`) + done},
		"usage with decimals":               {body: data(`{"eventType":"metricsLog","publicMetrics":{"inputTokens":3771.0,"outputTokens":1.92e2}}`) + done, usage: measured},
		"a split pair is joined":            {body: data(`{"answer":"\ud83d","eventType":"fulfillment"}`, `{"answer":"\ude00","eventType":"fulfillment"}`) + done, deltas: []string{"A:😀"}},
		"a split pair around a heartbeat":   {body: data(`{"answer":"\ud83d","eventType":"fulfillment"}`, `{}`, `{"answer":"\ude00","eventType":"fulfillment"}`) + done, deltas: []string{"A:😀"}},
		"half a pair at the end":            {body: data(`{"answer":"a\ud83d","eventType":"fulfillment"}`) + done, deltas: []string{"A:a", "A:\ufffd"}},
		"half a pair before the other kind": {body: data(thinking("step_thinking", `\ud83d`), answerA, answerB) + done, deltas: []string{"R:\ufffd", "A:A", "A:B"}},
	}
}

func endCases() map[string]streamCase {
	one := []string{"A:A"}
	return map[string]streamCase{
		"what follows the end is ignored":      {body: data(answerA) + done + data(answerB, `{broken`), deltas: one},
		"the end without its blank line":       {body: data(answerA) + "data:[DONE]\n", deltas: one},
		"the end without its line end":         {body: data(answerA) + "data: [DONE]", deltas: one},
		"the end with spaces":                  {body: data(answerA) + "data:  [DONE] \n\n", deltas: one},
		"no end":                               {body: data(answerA), deltas: one, kind: domain.UpstreamCut},
		"no end, inside a frame":               {body: data(answerA) + `data:{"answer":"B`, deltas: one, kind: domain.UpstreamCut},
		"no end, before the blank line":        {body: data(answerA) + "data:" + answerB + "\n", deltas: one, kind: domain.UpstreamCut},
		"nothing at all":                       {kind: domain.UpstreamCut},
		"an error event":                       {body: data(answerA, `{"eventType":"error","message":"m"}`) + done, deltas: one, kind: domain.UpstreamFault},
		"an error key":                         {body: data(answerA, `{"error":"m"}`), deltas: one, kind: domain.UpstreamFault},
		"an error object":                      {body: data(answerA, `{"error":{"message":"m"}}`), deltas: one, kind: domain.UpstreamFault},
		"an error code":                        {body: data(answerA, `{"message":"m","errorCode":"server_error"}`), deltas: one, kind: domain.UpstreamFault},
		"a failure":                            {body: data(answerA, `{"eventType":"statusLog","status":"failed"}`) + done, deltas: one, kind: domain.UpstreamFault},
		"broken JSON":                          {body: data(answerA, `{"answer":"B`) + done, deltas: one, kind: domain.UpstreamFault},
		"broken JSON under an unknown event":   {body: "event:x\ndata:oops\n\n" + done, kind: domain.UpstreamFault},
		"a raw control character in the text":  {body: data("{\"answer\":\"a\x01\",\"eventType\":\"fulfillment\"}") + done, kind: domain.UpstreamFault},
		"an error is not shown before a delta": {body: data(answerA, answerB, `{"error":1}`), deltas: []string{"A:A", "A:B"}, kind: domain.UpstreamFault},
	}
}

func TestStreamReadsWhatThePlatformSends(t *testing.T) {
	for _, table := range []map[string]streamCase{shapeCases(), meaningCases(), endCases()} {
		for name, test := range table {
			t.Run(name, func(t *testing.T) {
				readers := map[string]io.Reader{
					"at once": strings.NewReader(test.body), "byte by byte": iotest.OneByteReader(strings.NewReader(test.body)),
					"with its end": iotest.DataErrReader(strings.NewReader(test.body)), "in halves": iotest.HalfReader(strings.NewReader(test.body)),
				}
				for pieces, reader := range readers {
					g := readAll(t, streamOver(t.Context(), keyAccount(t), reader, time.Minute))
					if diff := cmp.Diff(test.deltas, g.Deltas); diff != "" {
						t.Errorf("%s: deltas (-want +got):\n%s", pieces, diff)
					}
					if g.Usage != test.usage {
						t.Errorf("%s: usage: got %+v, want %+v", pieces, g.Usage, test.usage)
					}
					checkEnd(t, g.End, test.kind)
				}
			})
		}
	}
}

func checkEnd(t *testing.T, end error, kind domain.Kind) {
	t.Helper()
	if kind == 0 {
		if !errors.Is(end, io.EOF) || end != io.EOF { //nolint:errorlint // the contract is io.EOF itself
			t.Errorf("the end: got %v, want io.EOF", end)
		}
		return
	}
	if got := domain.KindOf(end); got != kind {
		t.Errorf("the end: got %v (%v), want %v", got, end, kind)
	}
}

func TestBrokenFrameCanBeToldFromOtherFaults(t *testing.T) {
	g := readAll(t, streamOver(t.Context(), keyAccount(t), strings.NewReader(data(`{`)), time.Minute))
	if !errors.Is(g.End, errMalformedFrame) {
		t.Errorf("got %v, want a cause of errMalformedFrame", g.End)
	}
}

func TestStreamThatIsResetIsCut(t *testing.T) {
	body := io.MultiReader(strings.NewReader(data(answerA)), iotest.ErrReader(errors.New("connection reset by peer")))
	g := readAll(t, streamOver(t.Context(), keyAccount(t), body, time.Minute))
	if g.Answer != "A" || domain.KindOf(g.End) != domain.UpstreamCut {
		t.Errorf("got %q and %v, want A and a cut", g.Answer, g.End)
	}
}

func TestStreamThatEndsCleanlyWithoutItsLastFrameIsCut(t *testing.T) {
	g := readAll(t, streamOver(t.Context(), keyAccount(t), strings.NewReader(data(answerA)), time.Minute))
	if g.Answer != "A" || domain.KindOf(g.End) != domain.UpstreamCut {
		t.Errorf("got %q and %v, want A and a cut", g.Answer, g.End)
	}
	if errors.Is(g.End, io.EOF) {
		t.Error("a cut answer can be taken for a whole one: its error wraps io.EOF")
	}
}

func TestStreamServesLongDeltasAndRefusesEndlessFrames(t *testing.T) {
	long := strings.Repeat("0123456789abcdé\\n", 1<<16)
	body := data(answerA, `{"answer":"`+long+`","eventType":"fulfillment"}`, answerB) + done
	g := readAll(t, streamOver(t.Context(), keyAccount(t), strings.NewReader(body), time.Minute))
	if want := "A" + strings.ReplaceAll(long, `\n`, "\n") + "B"; g.Answer != want || g.End != io.EOF { //nolint:errorlint // the contract is io.EOF itself
		t.Errorf("a delta of %d bytes came as %d bytes, ended by %v", len(want), len(g.Answer), g.End)
	}

	endless := io.MultiReader(strings.NewReader(data(answerA)+`data:{"answer":"`), endlessReader{})
	g = readAll(t, streamOver(t.Context(), keyAccount(t), endless, time.Minute))
	if g.Answer != "A" || !errors.Is(g.End, errFrameTooLong) || domain.KindOf(g.End) != domain.UpstreamFault {
		t.Errorf("got %q and %v, want A and a fault for an endless frame", g.Answer, g.End)
	}
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestLineEndsOfAnyKindTakeLinearTime(t *testing.T) {
	const size = 4 << 20 // an hour, if each line looked at all bytes behind it
	for name, end := range map[string]string{"CR": "\r", "LF": "\n"} {
		began := time.Now()
		body := data(answerA) + strings.Repeat(end, size) + data(answerB) + done
		g := readAll(t, streamOver(t.Context(), keyAccount(t), strings.NewReader(body), time.Minute))
		if g.Answer != "AB" || time.Since(began) > 20*time.Second {
			t.Errorf("%s: got %q after %v, want AB soon", name, g.Answer, time.Since(began))
		}
	}
	// In one read, as a buffer that a long frame made large would take it.
	r := frameReader{source: strings.NewReader(""), buffer: []byte(strings.Repeat("\r", size))}
	r.filled = size
	began := time.Now()
	if _, ok := r.next(); ok || time.Since(began) > 20*time.Second {
		t.Errorf("a buffer of CRs: frame %t after %v", ok, time.Since(began))
	}
}

func TestLinesThatAreNoDataDoNotAddUp(t *testing.T) {
	comments := strings.Repeat(": keep-alive\nid:1\n", 2<<20)
	g := readAll(t, streamOver(t.Context(), keyAccount(t), strings.NewReader(comments+data(answerA)+done), time.Minute))
	if g.Answer != "A" || g.End != io.EOF { //nolint:errorlint // the contract is io.EOF itself
		t.Errorf("got %q and %v after %d MiB of comments", g.Answer, g.End, len(comments)>>20)
	}
}

// oneRead gives each of its texts in one read.
type oneRead struct{ texts []string }

func (r *oneRead) Read(p []byte) (int, error) {
	if len(r.texts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.texts[0])
	r.texts = r.texts[1:]
	return n, nil
}

func TestWaitingIsTrueOnlyWhenADeltaOrTheEndIsBuffered(t *testing.T) {
	heartbeat := "event:heartbeat\ndata:{}\n\n"
	s := streamOver(t.Context(), keyAccount(t), &oneRead{texts: []string{
		data(answerA) + heartbeat + data(answerB) + heartbeat, // a heartbeat is not worth waiting for
		data(answerA) + `data:{"answer":"\ud83d`,              // nor is half a frame
		`","eventType":"fulfillment"}` + "\n\n",               // nor half a character
		data(`{"answer":"\ude00","eventType":"fulfillment"}`) + done,
	}}, time.Minute)
	defer s.Close()
	var trace []string
	for {
		delta, err := s.Next()
		if err != nil {
			break
		}
		mark := "-"
		if s.Waiting() {
			mark = "+"
		}
		trace = append(trace, string(delta.Text)+mark)
	}
	if diff := cmp.Diff([]string{"A+", "B-", "A-", "😀+"}, trace); diff != "" {
		t.Errorf("deltas and what was waiting behind them (-want +got):\n%s", diff)
	}
}
