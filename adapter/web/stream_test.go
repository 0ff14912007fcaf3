package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

func TestAStreamIsServerSentEventsToItsEnd(t *testing.T) {
	s := newSurface(t, hello, nil)
	body := strings.Replace(liveBody, `"stream":true`, `"stream":true,"stream_options":{"include_usage":true}`, 1)
	answer := s.ask("POST", "/v1/chat/completions", body)
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"} {
		if got := answer.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	got := answer.Body.String()
	for _, want := range []string{`"id":"chatcmpl-`, `"model":"gpt-4o"`, `"content":"Hello"`, `"finish_reason":"stop"`, `"total_tokens":7`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in the stream:\n%s", want, got)
		}
	}
	if !strings.HasSuffix(got, "data: [DONE]\n\n") {
		t.Errorf("the stream does not end with [DONE]:\n%s", got)
	}
}

func TestAnAnswerThatIsNoStreamIsOneObject(t *testing.T) {
	s := newSurface(t, hello, nil)
	answer := s.ask("POST", "/v1/chat/completions", plainBody)
	got := answer.Body.String()
	if kind := answer.Header().Get("Content-Type"); answer.Code != http.StatusOK || kind != "application/json" {
		t.Errorf("got %d %s, want 200 application/json", answer.Code, kind)
	}
	for _, want := range []string{`"object":"chat.completion"`, `"content":"Hello"`, `"finish_reason":"stop"`, `"prompt_tokens":3,"completion_tokens":4`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in the answer: %s", want, got)
		}
	}
}

// readUntil reads lines up to one that holds want, and returns them.
func readUntil(t *testing.T, from *bufio.Reader, want string) string {
	t.Helper()
	found := make(chan string, 1)
	var all strings.Builder
	go func() {
		for {
			line, err := from.ReadString('\n')
			all.WriteString(line)
			if err != nil || strings.Contains(line, want) {
				found <- all.String()
				return
			}
		}
	}()
	got := within(t, "a line with "+want, found)
	if !strings.Contains(got, want) {
		t.Fatalf("the stream ended without %q:\n%s", want, got)
	}
	return got
}

func TestTheFirstChunkIsOutBeforeTheAnswerHasEnded(t *testing.T) {
	goOn := make(chan struct{})
	s := newSurface(t, func(_ context.Context, _ domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
		_ = out.Deliver(0, text("Hel"), false)
		<-goOn
		_ = out.Deliver(0, text("lo"), false)
		return domain.Usage{}, out.Finish(0, domain.FinishStop, false)
	}, nil)
	url, client := s.serve()
	response := s.post(t.Context(), client, url, liveBody)
	reader := bufio.NewReader(response.Body)
	readUntil(t, reader, `"content":"Hel"`)
	close(goOn)
	readUntil(t, reader, "[DONE]")
}

func TestAFailureBeforeTheFirstChunkIsAPlainError(t *testing.T) {
	for _, test := range []struct {
		err  error
		want failure
	}{
		{domain.E(domain.UpstreamFailed, "No.", errors.New("canary-cause")), failure{502, "server_error", "upstream_error", ""}},
		{domain.E(domain.AccountsExhausted, "No.", nil), failure{429, "rate_limit_error", "accounts_exhausted", ""}},
		{errors.New("canary-cause"), failure{500, "server_error", "internal_error", ""}},
	} {
		s := newSurface(t, func(context.Context, domain.ChatRequest, chat.Sink) (domain.Usage, error) {
			return domain.Usage{}, test.err
		}, nil)
		for _, body := range []string{liveBody, plainBody} {
			answer := s.ask("POST", "/v1/chat/completions", body)
			s.wants(test.err.Error(), answer, test.want)
			if strings.Contains(answer.Body.String(), "canary") {
				t.Errorf("the cause shows in the answer: %s", answer.Body)
			}
		}
	}
}

func TestAFailureAfterTheFirstChunkIsAnEventWithoutDone(t *testing.T) {
	s := newSurface(t, func(_ context.Context, _ domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
		_ = out.Deliver(0, text("Hello"), false)
		return domain.Usage{}, domain.E(domain.UpstreamCut, "It was cut.", errors.New("canary-cause"))
	}, nil)
	url, client := s.serve()
	body, err := io.ReadAll(s.post(t.Context(), client, url, liveBody).Body)
	if err != nil {
		t.Errorf("the stream ended with %v, want a proper end of the connection", err)
	}
	got := string(body)
	events := strings.Split(strings.TrimSpace(got), "\n\n")
	last := strings.TrimPrefix(events[len(events)-1], "data: ")
	if f, message := failureOf(t, 0, []byte(last)); f.Code != "upstream_error" || message != "It was cut." {
		t.Errorf("the last event is %s, want the error", last)
	}
	if strings.Contains(got, "[DONE]") || strings.Contains(got, "canary") || !strings.Contains(got, "Hello") {
		t.Errorf("the stream is\n%s\nwant the chunk and the error only", got)
	}
}

func TestASilentStreamShowsSignsOfLife(t *testing.T) {
	fail, goOn := false, make(chan struct{})
	s := newSurface(t, func(ctx context.Context, request domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
		<-goOn
		if fail {
			return domain.Usage{}, domain.E(domain.UpstreamTimeout, "It was silent.", nil)
		}
		return hello(ctx, request, out)
	}, func(o *Options) { o.Heartbeat = 5 * time.Millisecond })
	url, client := s.serve()

	reader := bufio.NewReader(s.post(t.Context(), client, url, liveBody).Body)
	readUntil(t, reader, ": keep-alive")
	readUntil(t, reader, ": keep-alive")
	close(goOn)
	readUntil(t, reader, "[DONE]")

	fail, goOn = true, make(chan struct{})
	response := s.post(t.Context(), client, url, liveBody)
	reader = bufio.NewReader(response.Body)
	readUntil(t, reader, ": keep-alive")
	close(goOn)
	if got := readUntil(t, reader, `"upstream_timeout"`); response.StatusCode != http.StatusOK || strings.Contains(got, "[DONE]") {
		t.Errorf("a failure behind heartbeats: got %d\n%s\nwant 200, and the error as an event", response.StatusCode, got)
	}
	if rest, _ := io.ReadAll(reader); strings.Contains(string(rest), "[DONE]") {
		t.Errorf("[DONE] follows the error: %q", rest)
	}
}

func TestAClientThatLeavesEndsTheWorkAtOnce(t *testing.T) {
	for name, body := range map[string]string{"a stream": liveBody, "one object": plainBody} {
		began, ended := make(chan struct{}), make(chan struct{})
		s := newSurface(t, func(ctx context.Context, _ domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
			_ = out.Deliver(0, text("Hello"), false)
			close(began)
			<-ctx.Done()
			close(ended)
			return domain.Usage{}, domain.E(domain.ClientGone, "The client left.", context.Cause(ctx))
		}, nil)
		url, client := s.serve()
		ctx, leave := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Api-Key", token)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if response, err := client.Do(request); err == nil {
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
		}()
		within(t, name+": the request", began)
		left := time.Now()
		leave()
		within(t, name+": the end of the use case's context", ended)
		if took := time.Since(left); took > time.Second {
			t.Errorf("%s: the work ended %s after the client had left, want within a second", name, took)
		}
		within(t, name+": the end of the client", done)
	}
}

func TestAStreamKnowsFromItsSinkThatTheClientIsGone(t *testing.T) {
	told := make(chan error, 1)
	s := newSurface(t, func(_ context.Context, _ domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
			if err := out.Deliver(0, text(strings.Repeat("x", 64<<10)), false); err != nil {
				told <- err
				return domain.Usage{}, err
			}
		}
		told <- nil
		return domain.Usage{}, nil
	}, nil)
	url, client := s.serve()
	ctx, leave := context.WithCancel(t.Context())
	response := s.post(ctx, client, url, liveBody)
	readUntil(t, bufio.NewReader(response.Body), `"delta"`)
	leave()
	if err := within(t, "the error of Deliver", told); domain.KindOf(err) != domain.ClientGone {
		t.Errorf("Deliver to a client that left says %v, want ClientGone", err)
	}
}

// deaf takes what is written, and fails to send it.
type deaf struct{ *httptest.ResponseRecorder }

func (deaf) FlushError() error { return errors.New("broken pipe") }

func TestAnAnswerThatCouldNotBeSentIsNoCompletion(t *testing.T) {
	for name, body := range map[string]string{"whole": plainBody, "streamed": liveBody} {
		s := newSurface(t, func(ctx context.Context, request domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
			return hello(ctx, request, gathering{out})
		}, nil)
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/chat/completions", strings.NewReader(body))
		request.Header.Set("Authorization", "Bearer "+token)
		s.ServeHTTP(deaf{httptest.NewRecorder()}, request)
		if len(s.books.records) != 1 || s.books.records[0].Outcome != domain.OutcomeClientGone {
			t.Errorf("%s: the records are %+v, want one of a client that was gone", name, s.books.records)
		}
	}
}

// gathering leaves all flushing to the end.
type gathering struct{ chat.Sink }

func (g gathering) Deliver(choice int, delta *domain.Delta, _ bool) error {
	return g.Sink.Deliver(choice, delta, true)
}

func (g gathering) Finish(choice int, reason domain.FinishReason, _ bool) error {
	return g.Sink.Finish(choice, reason, true)
}
