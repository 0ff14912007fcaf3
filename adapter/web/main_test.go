package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ondemand-api-proxy/adapter/dashboard"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
	"ondemand-api-proxy/usecase/models"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to happen; nothing takes nearly as long.
const patience = 10 * time.Second

const (
	token     = "sk-canary-token"
	oneToken  = "sk-canary-one-model"
	oldToken  = "sk-canary-expired"
	plainBody = `{"model":"gpt-4o","messages":[{"role":"user","content":"canary-content"}]}`
	liveBody  = `{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"canary-content"}]}`
)

// answers is a chat use case made of one function.
type answers func(ctx context.Context, request domain.ChatRequest, out chat.Sink) (domain.Usage, error)

func (f answers) Complete(ctx context.Context, request *domain.ChatRequest, out chat.Sink) (*domain.Record, error) {
	usage, err := f(ctx, *request, out)
	return &domain.Record{
		RequestID: request.ID, Began: time.Now(), Scope: request.Scope, Model: request.Model, Stream: request.Stream,
		Usage: usage, Outcome: domain.OutcomeOf(err, domain.FinishStop),
	}, err
}

// books is the Recorder and Observer of the tests.
type books struct {
	mu      sync.Mutex
	records []domain.Record
	began   int
	ended   []string // "route method status outcome"
}

func (b *books) Record(r domain.Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records = append(b.records, r)
}

func (b *books) RequestBegan(string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.began++
}

func (b *books) RequestEnded(route, method string, r domain.Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = append(b.ended, fmt.Sprintf("%s %s %d %s", route, method, r.Status, r.Outcome))
}

// hello answers every request with the same word.
func hello(_ context.Context, _ domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
	if err := out.Deliver(0, text("Hello"), false); err != nil {
		return domain.Usage{}, err
	}
	return domain.Usage{Prompt: 3, Completion: 4, Source: domain.UsageMeasured}, out.Finish(0, domain.FinishStop, false)
}

func text(s string) *domain.Delta { return &domain.Delta{Text: []byte(s)} }

// surface is the HTTP surface under test, with what it logs at debug level.
type surface struct {
	*Server
	t     testing.TB
	logs  *lines
	books *books
}

// newSurface returns a surface that answers with complete; its options may be changed
// before that. Without tokens in them the three of the tests are valid or expired.
func newSurface(t testing.TB, complete answers, change func(*Options), tokens ...AccessToken) *surface {
	t.Helper()
	catalogue, err := models.New([]domain.ModelMapping{{Name: "meta-llama/Llama-3.3", Endpoint: "predefined-llama", OwnedBy: "meta", Known: true}}, "")
	if err != nil {
		t.Fatal(err)
	}
	options := Options{
		MaxBody: 1 << 20, MaxBodies: 64 << 20, MaxInFlight: 1000, MaxQueue: 100, Unready: func() error { return nil }, MemoryOnly: func() bool { return false },
		Pages: []dashboard.Route{{Method: http.MethodGet, Path: "/", Handler: func(w http.ResponseWriter, _ *http.Request) error {
			_, err := io.WriteString(w, "home")
			return err
		}}, {Method: http.MethodHead, Path: "/", Handler: func(http.ResponseWriter, *http.Request) error { return nil }}},
		Draining: func() {},
		Metrics:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "figures") }),
	}
	if change != nil {
		change(&options)
	}
	if len(tokens) == 0 {
		tokens = []AccessToken{
			{Token: domain.NewSecret(token)},
			{Token: domain.NewSecret(oneToken), Models: []string{"gpt-4o"}},
			{Token: domain.NewSecret(oldToken), Expires: time.Now().Add(-time.Second)},
		}
	}
	logs := &lines{}
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(logs), zap.DebugLevel))
	b := &books{}
	return &surface{New(options, complete, catalogue, NewGate(tokens), b, b, log), t, logs, b}
}

// lines collects what is logged.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) Sync() error { return nil }

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// fields returns the lines with this message.
func (l *lines) fields(t testing.TB, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for line := range strings.Lines(l.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if fields["msg"] == message {
			found = append(found, fields)
		}
	}
	return found
}

// ask makes a request with the valid token, without a network in between.
func (s *surface) ask(method, target, body string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	request := httptest.NewRequestWithContext(s.t.Context(), method, target, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(header); i += 2 {
		request.Header.Del(header[i])
		if header[i+1] != "" {
			request.Header.Set(header[i], header[i+1])
		}
	}
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, request)
	return answer
}

// failure is what an OpenAI client sees of an error.
type failure struct {
	Status            int
	Type, Code, Param string
}

// failureOf reads an error's envelope, whose four keys have to be there.
func failureOf(t testing.TB, status int, body []byte) (failure, string) {
	t.Helper()
	var envelope struct {
		Error map[string]*string `json:"error"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil || len(envelope.Error) != 4 || envelope.Error["message"] == nil {
		t.Fatalf("status %d: %q is no error envelope (%v)", status, body, err)
	}
	or := func(name string) string {
		if value := envelope.Error[name]; value != nil {
			return *value
		}
		return ""
	}
	return failure{status, or("type"), or("code"), or("param")}, or("message")
}

// wants fails the test unless the answer is this error.
func (s *surface) wants(what string, answer *httptest.ResponseRecorder, want failure) (message string) {
	s.t.Helper()
	got, message := failureOf(s.t, answer.Code, answer.Body.Bytes())
	if got != want {
		s.t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
	if kind := answer.Header().Get("Content-Type"); kind != "application/json" {
		s.t.Errorf("%s: Content-Type is %q, want application/json", what, kind)
	}
	return message
}

// serve puts the surface behind an address of its own, until the test ends.
func (s *surface) serve() (url string, client *http.Client) {
	s.t.Helper()
	server := httptest.NewUnstartedServer(s.Server)
	server.Config.ErrorLog, _ = zap.NewStdLogAt(s.log, zap.DebugLevel)
	server.Start()
	s.t.Cleanup(server.Close)
	return server.URL, server.Client()
}

// post sends a body to the chat route of a served surface.
func (s *surface) post(ctx context.Context, client *http.Client, url, body string) *http.Response {
	s.t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(request)
	if err != nil {
		s.t.Fatalf("POST: %v", err)
	}
	s.t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// within returns what comes from the channel, or fails the test.
func within[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("%s did not come within %s", what, patience)
		panic("not reached")
	}
}
