package main_test

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// seenChunk is a chunk of a stream, or a whole completion, as a client sees it.
type seenChunk struct {
	ID      string
	Object  string
	Created int64
	Model   string
	Choices []struct {
		Index          int
		Delta, Message struct {
			Role    string
			Content string
		}
		Finish *string `json:"finish_reason"`
	}
	Usage json.RawMessage
	raw   string
}

// chunksOf are the chunks of a stream that went well, in order, or the one completion.
func chunksOf(t *testing.T, a answer) []seenChunk {
	t.Helper()
	if a.status != 200 {
		t.Fatalf("status %d, want 200: %s", a.status, a.body)
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
		return []seenChunk{chunkOf(t, a.body)}
	}
	body, whole := strings.CutSuffix(a.body, "data: [DONE]\n\n")
	if !whole {
		t.Fatalf("the stream does not end with [DONE]: %s", a.body)
	}
	var chunks []seenChunk
	for event := range strings.SplitSeq(strings.TrimSuffix(body, "\n\n"), "\n\n") {
		data, found := strings.CutPrefix(event, "data: ")
		if !found {
			t.Fatalf("an event of the stream is no data: %q", event)
		}
		chunks = append(chunks, chunkOf(t, data))
	}
	return chunks
}

func chunkOf(t *testing.T, document string) seenChunk {
	t.Helper()
	chunk := seenChunk{raw: document}
	if err := json.Unmarshal([]byte(document), &chunk); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, document)
	}
	return chunk
}

func TestAStreamHasItsHeadersItsOrderAndOneID(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	before := time.Now().Unix()
	a := p.post(t, httpClient(t), asks("Order, please.", `"stream":true`))
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"} {
		if got := a.header.Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if a.header.Get("X-Request-Id") == "" || a.header.Get("Content-Length") != "" {
		t.Errorf("x-request-id %q, Content-Length %q; want an id and no length", a.header.Get("X-Request-Id"), a.header.Get("Content-Length"))
	}

	chunks := chunksOf(t, a)
	first, last := chunks[0], chunks[len(chunks)-1]
	if !strings.HasPrefix(first.ID, "chatcmpl-") || first.Created < before || first.Created > time.Now().Unix() {
		t.Errorf("id %q, created %d; want chatcmpl-… and the present time", first.ID, first.Created)
	}
	if delta := first.Choices[0].Delta; delta.Role != "assistant" || delta.Content != "" {
		t.Errorf("the first chunk has role %q and content %q, want the role alone", delta.Role, delta.Content)
	}
	if delta := last.Choices[0].Delta; last.Choices[0].Finish == nil || *last.Choices[0].Finish != "stop" || delta.Content != "" {
		t.Errorf("the last chunk is %s, want the finish reason stop and no content", last.raw)
	}
	for i, chunk := range chunks {
		if chunk.ID != first.ID || chunk.Created != first.Created || chunk.Object != "chat.completion.chunk" || chunk.Model != "gpt-4o" {
			t.Errorf("chunk %d has another id, time, object or model than the first: %s", i, chunk.raw)
		}
		if !strings.Contains(chunk.raw, `"finish_reason":`) {
			t.Errorf("chunk %d has no finish_reason: %s", i, chunk.raw)
		}
		if i > 0 && chunk.Choices[0].Delta.Role != "" {
			t.Errorf("chunk %d names the role again: %s", i, chunk.raw)
		}
	}
	if other := chunksOf(t, p.post(t, httpClient(t), asks("Order, please."))); other[0].ID == first.ID || other[0].Object != "chat.completion" {
		t.Errorf("a second answer has id %q and object %q, want a new id and chat.completion", other[0].ID, other[0].Object)
	}
}

func TestTheFirstDeltaIsOnTheWireLongBeforeTheUpstreamEnds(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Model: sim.Say("First and second."), Pace: sim.Pace{Between: time.Hour}})
	p := start(t, platform, paramAccounts)
	began := time.Now()
	response, err := p.open(t.Context(), httpClient(t), asks("Quick!", `"stream":true`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		data, found := strings.CutPrefix(lines.Text(), "data: ")
		if found && chunkOf(t, data).Choices[0].Delta.Content != "" {
			if got := platform.OpenStreams(); got != 1 {
				t.Errorf("%d upstream streams are open when the first delta is here, want 1", got)
			}
			if took := time.Since(began); took > 12*time.Second { // a heartbeat, which comes after 15 s, would flush it too
				t.Errorf("the first delta came after %v, want it at once", took)
			}
			_ = response.Body.Close()
			awaitSim(t, platform, "the upstream call ends when the client leaves", func() bool { return platform.OpenStreams() == 0 })
			return
		}
	}
	t.Fatalf("the stream ended before its first delta: %v", lines.Err())
}
