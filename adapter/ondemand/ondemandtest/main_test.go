package ondemandtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	email    = "a@example.org"
	password = "secret"
	keyA     = "key-a"
	keyB     = "key-b"
	endpoint = "predefined-openai-gpt4o"
)

func accounts() []sim.Account {
	return []sim.Account{{Email: email, Password: password}, {Key: keyA}, {Key: keyB}}
}

// customer speaks the protocol by hand.
type customer struct {
	t      *testing.T
	server *sim.Server
	http   *http.Client
	header http.Header
	prefix string // of the chat paths
}

// start returns a simulator with three accounts, and a customer with keyA.
func start(t *testing.T, opts sim.Options) (*sim.Server, *customer) {
	t.Helper()
	if opts.Accounts == nil {
		opts.Accounts = accounts()
	}
	server := sim.Start(t, opts)
	return server, newCustomer(t, server, keyA)
}

func newCustomer(t *testing.T, server *sim.Server, key string) *customer {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 1000}
	t.Cleanup(transport.CloseIdleConnections)
	return &customer{
		t: t, server: server, http: &http.Client{Transport: transport},
		header: http.Header{"Apikey": {key}}, prefix: "/chat/v1",
	}
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

// open sends a request and returns when its headers are there.
func (c *customer) open(ctx context.Context, method, path, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.server.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header = c.header.Clone()
	request.GetBody = nil // no repetition by the HTTP client
	return c.http.Do(request)
}

func (c *customer) do(method, path, body string) answer {
	response, err := c.open(c.t.Context(), method, path, body)
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(text), err}
}

func (c *customer) post(path, body string) answer { return c.do(http.MethodPost, path, body) }

// session opens one and returns its id.
func (c *customer) session() string {
	c.t.Helper()
	got := c.post(c.prefix+"/sessions", `{"externalUserId":"u","pluginIds":[]}`)
	if got.status != http.StatusCreated {
		c.t.Fatalf("opening a session: status %d, body %q, error %v; want 201", got.status, got.body, got.err)
	}
	return path(c.t, got.body, "data", "id")
}

// ask sends a query in stream mode; extra is JSON members that begin with a comma.
func (c *customer) ask(session, text, extra string) answer {
	return c.post(c.queryPath(session), c.queryBody(text, extra))
}

func (c *customer) queryPath(session string) string {
	return c.prefix + "/sessions/" + session + "/query"
}

func (c *customer) queryBody(text, extra string) string {
	query, err := json.Marshal(text)
	if err != nil {
		c.t.Fatal(err)
	}
	return `{"endpointId":"` + endpoint + `","query":` + string(query) +
		`,"responseMode":"stream","pluginIds":[],"fulfillmentOnly":true` + extra + `}`
}

// path is the string at a path of keys in a JSON text.
func path(t *testing.T, text string, keys ...string) string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("not JSON: %v: %q", err, text)
	}
	for _, key := range keys {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	found, _ := value.(string)
	return found
}

// eventually fails the test when cond does not come true within ten seconds.
func eventually(t *testing.T, server *sim.Server, what string, cond func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := server.WaitFor(ctx, cond); err != nil {
		t.Fatalf("%s did not come true: %v", what, err)
	}
}
