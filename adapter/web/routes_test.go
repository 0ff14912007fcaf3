package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

func TestEveryRouteAnswersWithAndWithoutVersion(t *testing.T) {
	s := newSurface(t, hello, nil)
	for _, prefix := range []string{"/v1", ""} {
		for _, test := range []struct{ method, path, body, want string }{
			{"GET", "/models", "", `"object":"list"`},
			{"GET", "/models/gpt-4o", "", `{"id":"gpt-4o","object":"model","created":1735689600,"owned_by":"openai"}`},
			{"POST", "/chat/completions", plainBody, `"content":"Hello"`},
			{"POST", "/chat/completions", liveBody, "data: [DONE]"},
		} {
			answer := s.ask(test.method, prefix+test.path, test.body)
			if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), test.want) {
				t.Errorf("%s %s: got %d %s, want 200 with %s", test.method, prefix+test.path, answer.Code, answer.Body, test.want)
			}
		}
	}
	for path, want := range map[string]string{"/": "home", "/healthz": `{"status":"ok"}`, "/readyz": `{"ledger":"stored","status":"ready"}`} {
		answer := s.ask("GET", path, "", "Authorization", "")
		if answer.Code != http.StatusOK || answer.Body.String() != want {
			t.Errorf("GET %s without a token: got %d %s, want 200 %s", path, answer.Code, answer.Body, want)
		}
	}
}

func TestWhatWatchesTheServiceMayAskWithHEAD(t *testing.T) {
	s := newSurface(t, hello, nil)
	url, client := s.serve()
	for _, path := range []string{"/", "/healthz", "/readyz"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatalf("HEAD %s: %v", path, err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("HEAD %s: got %d, want 200", path, response.StatusCode)
		}
	}
}

func TestTheModelListIsTheCatalogue(t *testing.T) {
	s := newSurface(t, hello, nil)
	var got openai.ModelList
	if err := json.Unmarshal(s.ask("GET", "/v1/models", "").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(openai.ToModelList(s.models.List()), got); diff != "" {
		t.Errorf("GET /v1/models (-want +got):\n%s", diff)
	}
}

func TestAModelsIDMayHoldSlashes(t *testing.T) {
	s := newSurface(t, hello, nil)
	for _, path := range []string{"/v1/models/meta-llama/Llama-3.3", "/models/meta-llama%2FLlama-3.3", "/v1/models/meta%2Dllama/Llama-3.3"} {
		answer := s.ask("GET", path, "")
		if want := `"id":"meta-llama/Llama-3.3"`; answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("GET %s: got %d %s, want 200 with %s", path, answer.Code, answer.Body, want)
		}
	}
	for _, path := range []string{"/v1/models/gpt-99", "/v1/models/", "/models/a/b/c", "/v1/models/gpt-4o/"} {
		s.wants("GET "+path, s.ask("GET", path, ""), failure{404, "invalid_request_error", "model_not_found", "model"})
	}
}

func TestAnUnknownPathIsAnEnvelopeWith404(t *testing.T) {
	s := newSurface(t, hello, nil)
	for _, path := range []string{
		"/v1", "/v2/models", "/v1/chat", "/v1/chat/completions/", "/v1/completions", "/favicon.ico", "/healthz/",
		"//v1/models", "/v1/../v1/models", "/V1/Models", "/%00", "/v1/chat/completions%2f", "/v1/" + strings.Repeat("x", 5000),
	} {
		for _, method := range []string{"GET", "POST", "PUT"} {
			s.wants(fmt.Sprintf("%s %.40s", method, path), s.ask(method, path, ""), failure{404, "invalid_request_error", "not_found", ""})
		}
	}
}

func TestAMethodThatARouteDoesNotTakeIsAnEnvelopeWith405(t *testing.T) {
	s := newSurface(t, hello, nil)
	for _, test := range []struct{ method, path, allow string }{
		{"POST", "/v1/models", "GET"},
		{"HEAD", "/v1/models", "GET"},
		{"DELETE", "/models/gpt-4o", "GET"},
		{"GET", "/v1/chat/completions", "POST"},
		{"HEAD", "/chat/completions", "POST"},
		{"PUT", "/v1/chat/completions", "POST"},
		{"OPTIONS", "/v1/chat/completions", "POST"},
		{"PROPFIND", "/v1/chat/completions", "POST"},
		{"post", "/v1/chat/completions", "POST"},
		{"POST", "/readyz", "GET"},
	} {
		answer := s.ask(test.method, test.path, plainBody)
		s.wants(test.method+" "+test.path, answer, failure{405, "invalid_request_error", "method_not_allowed", ""})
		if got := answer.Header().Get("Allow"); got != test.allow && !strings.HasPrefix(got, test.allow+", ") {
			t.Errorf("%s %s: Allow is %q, want %q", test.method, test.path, got, test.allow)
		}
	}
}

func TestEveryResponseCarriesARequestIDOfOurOwn(t *testing.T) {
	s := newSurface(t, func(ctx context.Context, request domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
		switch request.Model {
		case "panic":
			panic("canary-panic")
		case "fail":
			return domain.Usage{}, errors.New("no")
		}
		return hello(ctx, request, out)
	}, func(o *Options) { o.CORSOrigins = []string{"*"} })
	seen := make(map[string]string)
	check := func(name string, status int, answer interface{ Header() http.Header }, got int) {
		t.Helper()
		id := answer.Header().Get("x-request-id")
		if got != status {
			t.Errorf("%s: got status %d, want %d", name, got, status)
		}
		if !strings.HasPrefix(id, "req_") || len(id) < 20 || strings.Contains(id, "canary") {
			t.Errorf("%s: x-request-id is %q, want a long one of our own", name, id)
		}
		if twin, found := seen[id]; found {
			t.Errorf("%s and %s have the same x-request-id %s", name, twin, id)
		}
		seen[id] = name
	}
	own := []string{"x-request-id", "canary-id"}
	for _, test := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
	}{
		{"an answer", "POST", "/v1/chat/completions", plainBody, nil, 200},
		{"a stream", "POST", "/v1/chat/completions", liveBody, nil, 200},
		{"the models", "GET", "/v1/models", "", nil, 200},
		{"the page", "GET", "/", "", nil, 200},
		{"health", "GET", "/healthz", "", nil, 200},
		{"broken JSON", "POST", "/v1/chat/completions", "{", nil, 400},
		{"no token", "GET", "/v1/models", "", []string{"Authorization", ""}, 401},
		{"no such path", "GET", "/nowhere", "", nil, 404},
		{"no such method", "DELETE", "/v1/models", "", nil, 405},
		{"a preflight", "OPTIONS", "/v1/models", "", []string{"Origin", "https://a.example", "Access-Control-Request-Method", "GET"}, 204},
		{"a body too large", "POST", "/v1/chat/completions", strings.Repeat(" ", 1<<20+1), nil, 413},
		{"a panic", "POST", "/v1/chat/completions", strings.Replace(plainBody, "gpt-4o", "panic", 1), nil, 500},
		{"a failure", "POST", "/v1/chat/completions", strings.Replace(liveBody, "gpt-4o", "fail", 1), nil, 500},
	} {
		answer := s.ask(test.method, test.path, test.body, append(test.header, own...)...)
		check(test.name, test.status, answer, answer.Code)
	}
	s.Drain()
	answer := s.ask("GET", "/healthz", "", own...)
	check("while shutting down", 503, answer, answer.Code)
}

// raw sends a request line as it is and returns the status it gets.
func raw(t *testing.T, address, line string) int {
	t.Helper()
	var dialer net.Dialer
	c, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", line)
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestOddRequestLinesAreNoReasonToPanic(t *testing.T) {
	s := newSurface(t, hello, nil)
	address, _ := s.serve()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{
		"CONNECT example.org:443":            404,
		"GET http://example.org":             404,
		"GET http://example.org/healthz":     200,
		"OPTIONS *":                          200, // net/http answers it by itself
		"GET /healthz?a;b=%zz":               200,
		"TRACE /v1/models":                   405,
		"GET /v1/models/%E2%82":              401,
		"X-Y_Z /v1/chat/completions?q=a%20b": 405,
	} {
		if got := raw(t, at.Host, line); got != want {
			t.Errorf("%s: got status %d, want %d", line, got, want)
		}
	}
	if panics := s.logs.fields(t, "a request made the proxy panic"); len(panics) > 0 {
		t.Errorf("requests made the proxy panic: %v", panics)
	}
}
