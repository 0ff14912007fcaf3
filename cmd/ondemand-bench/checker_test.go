package main

import (
	"net"
	"strings"
	"testing"
)

const openAIStream = `data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"content":"a \"b\""},"finish_reason":null}]}

: keep-alive
data: {"choices":[{"index":0,"delta":{"content":"\u00e9\n"},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: [DONE]

`

func TestTheCheckerNoticesWhatIsNotAsItWasSent(t *testing.T) {
	const want = "a \"b\"é\n"
	for _, test := range []struct {
		name, stream string
		want         verdict
	}{
		{"as it was sent", openAIStream, verdictFine},
		{"another text", strings.Replace(openAIStream, "a ", "A ", 1), verdictWrong},
		{"less text", strings.Replace(openAIStream, `\n`, "", 1), verdictWrong},
		{"more text", strings.Replace(openAIStream, `\n`, `\n\n`, 1), verdictWrong},
		{"no finish reason", strings.Replace(openAIStream, `"stop"`, "null", 1), verdictWrong},
		{"no end", strings.Replace(openAIStream, "data: [DONE]", "", 1), verdictCut},
		{"text behind the end", openAIStream + "data: {}\n\n", verdictWrong},
		{"an error event", strings.Replace(openAIStream, "data: [DONE]", `data: {"error":{}}`, 1), verdictWrong},
		{"half a frame", openAIStream[:len(openAIStream)/2], verdictCut},
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			c := checker{dialect: openAI}
			c.begin(want)
			for rest := []byte(test.stream); len(rest) > 0; {
				n := min(size, len(rest))
				c.feed(rest[:n])
				rest = rest[n:]
			}
			if got := c.verdict(); got != test.want {
				t.Errorf("%s, in pieces of %d: %s (%s), want %s", test.name, size, got, c.fault, test.want)
			}
			if (c.fault == "") != (test.want == verdictFine) {
				t.Errorf("%s: the fault is %q", test.name, c.fault)
			}
		}
	}
}

// conversationOver lets a client ask what a server answers with these bytes.
func conversationOver(t *testing.T, says, want string, d dialect) sample {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		in := newWire(theirs)
		if head, err := in.head(); err == nil {
			_, _ = in.take(framingOf(head).length)
		}
		for i := 0; i < len(says); i += 11 { // in small pieces
			_, _ = theirs.Write([]byte(says[i:min(i+11, len(says))]))
		}
		_ = theirs.Close()
	}()
	c := &client{in: newWire(ours), check: checker{dialect: d}}
	defer c.close()
	return c.ask([]byte("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"), want, testTime)
}

func TestEveryAnswerOfTheUpstreamIsReadAsItWasMeant(t *testing.T) {
	seen := make(map[string]int)
	for v, a := range newAnswers(50, 4) {
		if other, known := seen[a.text]; known {
			t.Errorf("the variants %d and %d are the same", v, other)
		}
		seen[a.text] = v
		stream := string(a.streamHead)
		for _, frames := range [][][]byte{a.deltas, a.streamTail} {
			for _, frame := range frames {
				stream += string(frame)
			}
		}
		for name, says := range map[string]string{"streamed": stream, "whole": string(a.whole)} {
			if got := conversationOver(t, says, a.text, onDemand); got.verdict != verdictFine || got.first <= 0 {
				t.Errorf("variant %d, %s: %+v", v, name, got)
			}
		}
		if got := conversationOver(t, stream[:len(stream)-7], a.text, onDemand); got.verdict != verdictCut {
			t.Errorf("variant %d without its last chunk: %+v", v, got)
		}
		if n, ok := variantOf([]byte(`{"messages":[{"content":"` + mark((v+1)%variants) + `"},{"content":"what? ` + mark(v) + `"}]}`)); n != v || !ok {
			t.Errorf("the mark of %d is read as %d, %t", v, n, ok)
		}
	}
}

func TestARefusalIsSaidWithItsWords(t *testing.T) {
	got := conversationOver(t, string(response(429, `{"error":{"message":"too many"}}`)), "text", openAI)
	if got.verdict != verdictRefused || !strings.Contains(got.fault, "429") || !strings.Contains(got.fault, "too many") {
		t.Errorf("got %+v", got)
	}
}
