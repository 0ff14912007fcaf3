package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

func TestTheAccessLogHoldsTemplatesAndNothingOfTheClient(t *testing.T) {
	s := newSurface(t, func(ctx context.Context, request domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
		if request.Model != "gpt-4o" {
			return domain.Usage{}, unknownModel(request.Model)
		}
		if request.Stream {
			_ = out.Deliver(0, text("canary-answer"), false)
			return domain.Usage{}, domain.E(domain.UpstreamCut, "Cut.", errors.New("status 502"))
		}
		return hello(ctx, request, out)
	}, nil)
	const query = "?canary-query=canary-value"
	for _, test := range []struct {
		method, path, body string
		header             []string
		name, route, level string
		status             int
		failed             bool
	}{
		{"POST", "/v1/chat/completions", plainBody, nil, "POST", "/v1/chat/completions", "debug", 200, false},
		{"POST", "/chat/completions", liveBody, nil, "POST", "/chat/completions", "debug", 200, true},
		{"POST", "/v1/chat/completions", `{"model":"gpt-4o","messages":[{"role":"canary-role","content":"canary-content"}]}`, nil, "POST", "/v1/chat/completions", "info", 400, true},
		{"POST", "/v1/chat/completions", `{"model":"canary-model","messages":[{"role":"user","content":"x"}]}`, nil, "POST", "/v1/chat/completions", "info", 404, true},
		{"GET", "/v1/models/canary-model", "", nil, "GET", "/v1/models/*id", "info", 404, true},
		{"POST", "/v1/chat/completions", `{"canary-key":1,"canary-key":2}`, nil, "POST", "/v1/chat/completions", "info", 400, true},
		{"POST", "/v1/chat/completions", plainBody + "canary", nil, "POST", "/v1/chat/completions", "info", 400, true},
		{"POST", "/v1/chat/completions", plainBody[:40] + "\x01", nil, "POST", "/v1/chat/completions", "info", 400, true},
		{"POST", "/v1/chat/completions", plainBody, []string{"Authorization", "Bearer canary-wrong"}, "POST", "/v1/chat/completions", "info", 401, true},
		{"GET", "/v1/models/gpt-4o", "", []string{"User-Agent", "canary-agent", "Referer", "https://canary.example", "Cookie", "canary=1"}, "GET", "/v1/models/*id", "debug", 200, false},
		{"GET", "/canary-path", "", nil, "GET", "unmatched", "info", 404, true},
		{"DELETE", "/v1/models", "", nil, "DELETE", "unmatched", "info", 405, true},
		{"CANARY", "/v1/models", "", nil, "other", "unmatched", "info", 405, true},
		{"TRACE", "/v1/models", "", nil, "other", "unmatched", "info", 405, true},
		{"get", "/v1/models", "", nil, "other", "unmatched", "info", 405, true},
		{"GET", "/healthz", "", []string{"X-Forwarded-For", "canary-address"}, "GET", "/healthz", "debug", 200, false},
	} {
		before := len(s.logs.fields(t, "http request"))
		answer := s.ask(test.method, test.path+query, test.body, append(test.header, "X-Request-Id", "canary-id")...)
		lines := s.logs.fields(t, "http request")[before:]
		if len(lines) != 1 {
			t.Errorf("%s %s: %d lines, want 1", test.method, test.path, len(lines))
			continue
		}
		line := lines[0]
		if took, ok := line["took"].(float64); !ok || took < 0 {
			t.Errorf("%s %s: took is %v", test.method, test.path, line["took"])
		}
		if errs, _ := line["errors"].([]any); (len(errs) > 0) != test.failed {
			t.Errorf("%s %s: errors are %v, want some: %v", test.method, test.path, line["errors"], test.failed)
		}
		for _, key := range []string{"took", "ts", "errors"} {
			delete(line, key)
		}
		want := map[string]any{
			"level": test.level, "msg": "http request", "request_id": answer.Header().Get("x-request-id"),
			"method": test.name, "route": test.route, "status": float64(test.status),
		}
		if diff := cmp.Diff(want, line); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", test.method, test.path, diff)
		}
	}
	for line := range strings.Lines(s.logs.String()) {
		if strings.Contains(strings.ToLower(line), "canary") {
			t.Errorf("text of the client is in the log: %s", line)
		}
	}
}

// unknownModel is an error in which the client's own text is quoted.
func unknownModel(name string) error {
	return domain.E(domain.ModelNotFound, fmt.Sprintf("The model %q does not exist here.", name), nil)
}

func TestTheCauseOfAFailureIsInTheLogAndOnlyThere(t *testing.T) {
	s := newSurface(t, func(context.Context, domain.ChatRequest, chat.Sink) (domain.Usage, error) {
		return domain.Usage{}, domain.E(domain.UpstreamFailed, "No.", errors.New("status 502 (cdn)"))
	}, nil)
	answer := s.ask("POST", "/v1/chat/completions", plainBody)
	if strings.Contains(answer.Body.String(), "cdn") {
		t.Errorf("the cause shows in the answer: %s", answer.Body)
	}
	lines := s.logs.fields(t, "http request")
	if len(lines) != 1 || lines[0]["level"] != "info" || !strings.Contains(fmt.Sprint(lines[0]["errors"]), "status 502 (cdn)") {
		t.Errorf("logged %v, want one line with the cause", lines)
	}
}

func TestWhetherAnAccountIsReadyIsNoNewsForTheLog(t *testing.T) {
	s := newSurface(t, hello, func(o *Options) {
		o.Unready = func() error { return domain.E(domain.NoAccount, "None.", nil) }
	})
	if answer := s.ask(http.MethodGet, "/readyz", ""); answer.Code != http.StatusServiceUnavailable {
		t.Fatalf("got %d, want 503", answer.Code)
	}
	if lines := s.logs.fields(t, "http request"); len(lines) != 1 || lines[0]["level"] != "debug" {
		t.Errorf("logged %v, want one line at debug level: probes come every few seconds", lines)
	}
}
