package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

func TestAPanicIsA500ThatTellsNothing(t *testing.T) {
	for name, value := range map[string]any{
		"a text": "canary-panic", "an error": errors.New("canary-panic"), "a domain error": domain.E(domain.NoAccount, "canary-panic", nil),
	} {
		s := newSurface(t, func(context.Context, domain.ChatRequest, chat.Sink) (domain.Usage, error) { panic(value) }, nil)
		for _, body := range []string{plainBody, liveBody} {
			answer := s.ask("POST", "/v1/chat/completions", body)
			message := s.wants("a panic with "+name, answer, failure{500, "server_error", "internal_error", ""})
			if strings.Contains(message, "canary") {
				t.Errorf("a panic with %s shows in the answer: %q", name, message)
			}
		}
		lines := s.logs.fields(t, "a request made the proxy panic")
		if len(lines) != 2 || lines[0]["level"] != "error" || !strings.Contains(lines[0]["stack"].(string), "panic_test.go") {
			t.Errorf("a panic with %s: logged %v, want two errors with a stack", name, lines)
		}
	}
}

func TestAPanicWithinAStreamCutsTheConnection(t *testing.T) {
	s := newSurface(t, func(_ context.Context, request domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
		if request.Model == "fine" {
			return hello(context.Background(), request, out)
		}
		_ = out.Deliver(0, text("Hello"), false)
		panic("canary-panic")
	}, nil)
	url, client := s.serve()
	body, err := io.ReadAll(s.post(t.Context(), client, url, liveBody).Body)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the client read to %v, want an unexpected end: it must not take the answer for whole", err)
	}
	if got := string(body); !strings.Contains(got, "Hello") || strings.Contains(got, "[DONE]") || strings.Contains(got, "canary") {
		t.Errorf("the client read %q, want the beginning of the answer and nothing else", got)
	}
	response := s.post(t.Context(), client, url, strings.Replace(plainBody, "gpt-4o", "fine", 1))
	if response.StatusCode != http.StatusOK {
		t.Errorf("the next request got %d, want 200", response.StatusCode)
	}
}

func TestAHandlerThatAbortsOnPurposeIsNoDefect(t *testing.T) {
	s := newSurface(t, func(context.Context, domain.ChatRequest, chat.Sink) (domain.Usage, error) {
		panic(http.ErrAbortHandler)
	}, nil)
	url, client := s.serve()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/chat/completions", strings.NewReader(plainBody))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Api-Key", token)
	if response, err := client.Do(request); err == nil {
		_ = response.Body.Close()
		t.Errorf("got status %d, want a cut connection", response.StatusCode)
	}
	if lines := s.logs.fields(t, "a request made the proxy panic"); len(lines) > 0 {
		t.Errorf("it was logged as a panic: %v", lines)
	}
}
