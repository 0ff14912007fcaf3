package app

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/infrastructure/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to happen; nothing takes nearly as long.
const patience = 20 * time.Second

const accessToken = "sk-canary-token"

// The accounts of the tests, as the platform knows them.
var (
	alice = ondemandtest.Account{Email: "canary.alice@example.org", Password: "canary-password-a"}
	bob   = ondemandtest.Account{Key: "canary-key-b"}
)

// platform starts the simulator with both accounts.
func platform(t *testing.T, change ...func(*ondemandtest.Options)) *ondemandtest.Server {
	t.Helper()
	options := ondemandtest.Options{Accounts: []ondemandtest.Account{alice, bob}}
	for _, do := range change {
		do(&options)
	}
	return ondemandtest.Start(t, options)
}

// account is one of the platform's accounts in the configuration.
func account(t *testing.T, name string, a ondemandtest.Account) domain.Account {
	t.Helper()
	credential, err := credentialOf(a)
	if err != nil {
		t.Fatal(err)
	}
	configured, err := domain.NewAccount(name, credential, domain.AccountLimits{})
	if err != nil {
		t.Fatal(err)
	}
	return configured
}

// configFor is a configuration that uses the platform with these accounts.
func configFor(t *testing.T, sim *ondemandtest.Server, accounts ...domain.Account) config.Config {
	t.Helper()
	c := config.Default()
	c.APIAccessToken = domain.NewSecret(accessToken)
	c.Port, c.DataDir, c.RateLimit, c.RetryDelay, c.ShutdownGrace = 0, t.TempDir(), 0, 0, patience
	c.UpstreamGatewayURL, c.UpstreamAPIURL = sim.URL, sim.URL
	c.Accounts, c.DebugMode = accounts, true
	return c
}

// console collects what is written, and lets a test wait for it.
type console struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{}
}

func newConsole() *console { return &console{changed: make(chan struct{})} }

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
	return c.text.Write(p)
}

func (c *console) state() (string, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String(), c.changed
}

func (c *console) String() string {
	text, _ := c.state()
	return text
}

// await returns the first line that holds want, once there is one.
func (c *console) await(t *testing.T, want string) string {
	t.Helper()
	for deadline := time.After(patience); ; {
		text, changed := c.state()
		for line := range strings.Lines(text) {
			if strings.Contains(line, want) && strings.HasSuffix(line, "\n") {
				return line
			}
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%q was not written within %s; there is\n%s", want, patience, text)
		}
	}
}

// service is a running service.
type service struct {
	t        *testing.T
	out, log *console
	url      string
	end      context.CancelFunc
	ended    chan error
	client   *http.Client
}

// start runs the service in this process until the test ends, or stop is called.
func start(t *testing.T, settings Settings) *service {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	s := &service{t: t, out: newConsole(), log: newConsole(), end: end, ended: make(chan error, 1)}
	transport := &http.Transport{}
	s.client = &http.Client{Transport: transport}
	settings.Out, settings.Log, settings.Version = s.out, s.log, "v0-test"
	go func() { s.ended <- Run(ctx, settings) }()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		s.stop()
	})
	s.url = strings.Fields(s.out.await(t, "  API "))[1]
	s.url = strings.TrimSuffix(s.url, "/v1")
	return s
}

// stop ends the service and waits until it has.
func (s *service) stop() {
	s.t.Helper()
	s.end()
	select {
	case err, first := <-s.ended:
		if first {
			close(s.ended)
		}
		if err != nil {
			s.t.Errorf("Run: %v, want nil; the log is\n%s", err, s.log)
		}
	case <-time.After(patience):
		s.t.Errorf("Run did not return within %s; the log is\n%s", patience, s.log)
	}
}

// ask makes a request with the access token; the caller closes the body.
func (s *service) ask(ctx context.Context, method, path, body string) *http.Response {
	s.t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+accessToken)
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return response
}

// get returns the status and the body of a GET.
func (s *service) get(path string) (int, string) {
	s.t.Helper()
	return s.whole(s.ask(s.t.Context(), http.MethodGet, path, ""))
}

func (s *service) whole(response *http.Response) (int, string) {
	s.t.Helper()
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		s.t.Fatalf("read an answer: %v", err)
	}
	return response.StatusCode, string(body)
}

// chat sends these texts, the user's and the assistant's in turn, and returns the
// answer, or what stands in its place.
func (s *service) chat(texts ...string) (status int, answer string) {
	s.t.Helper()
	status, body := s.whole(s.ask(s.t.Context(), http.MethodPost, "/v1/chat/completions", request(false, texts...)))
	var completion struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.Unmarshal([]byte(body), &completion); err != nil || len(completion.Choices) != 1 {
		return status, body
	}
	return status, completion.Choices[0].Message.Content
}

func request(stream bool, texts ...string) string {
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	var messages []message
	for i, text := range texts {
		messages = append(messages, message{[]string{"user", "assistant"}[i%2], text})
	}
	body, _ := json.Marshal(map[string]any{"model": "gpt-4o", "stream": stream, "messages": messages}) //nolint:errchkjson // only strings
	return string(body)
}

// file writes a configuration file as an editor does, in one step.
func file(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
