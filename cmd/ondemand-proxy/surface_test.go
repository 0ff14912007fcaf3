package main_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// send makes any request, with just the headers given.
func (p *proxy) send(t *testing.T, method, path, body string, headers map[string]string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := httpClient(t).Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, p.log.tail())
	}
	return read(response)
}

// bearer are the headers that authorise the tests.
var bearer = map[string]string{"Authorization": "Bearer " + accessToken}

func TestWhoShowsAValidTokenInEitherHeaderIsLetIn(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts, `ACCESS_TOKENS=[{"name":"second","token":"sk-second"},{"name":"old","token":"sk-old","expires":"2020-01-01"}]`)
	for name, c := range map[string]struct {
		headers map[string]string
		admits  bool
	}{
		"bearer":                           {bearer, true},
		"a scheme in lower case":           {map[string]string{"Authorization": "bearer " + accessToken}, true},
		"x-api-key":                        {map[string]string{"x-api-key": accessToken}, true},
		"x-api-key beside a foreign token": {map[string]string{"x-api-key": accessToken, "Authorization": "Bearer hf_of_the_space"}, true},
		"bearer beside a foreign key":      {map[string]string{"x-api-key": "foreign", "Authorization": "Bearer " + accessToken}, true},
		"a second token":                   {map[string]string{"Authorization": "Bearer sk-second"}, true},
		"nothing":                          {nil, false},
		"an empty token":                   {map[string]string{"Authorization": "Bearer ", "x-api-key": ""}, false},
		"a wrong token":                    {map[string]string{"Authorization": "Bearer wrong"}, false},
		"wrong in both":                    {map[string]string{"Authorization": "Bearer wrong", "x-api-key": "wrong"}, false},
		"the beginning of the token":       {map[string]string{"x-api-key": accessToken[:len(accessToken)-1]}, false},
		"more than the token":              {map[string]string{"x-api-key": accessToken + "x"}, false},
		"another case":                     {map[string]string{"x-api-key": strings.ToUpper(accessToken)}, false},
		"basic":                            {map[string]string{"Authorization": "Basic " + accessToken}, false},
		"no scheme":                        {map[string]string{"Authorization": accessToken}, false},
		"an expired token":                 {map[string]string{"x-api-key": "sk-old"}, false},
		"the documented default":           {map[string]string{"x-api-key": "sk-2api-ondemand-access-token-2025"}, false},
	} {
		for _, prefix := range []string{"/v1", ""} {
			for _, a := range []answer{
				p.send(t, http.MethodGet, prefix+"/models", "", c.headers),
				p.send(t, http.MethodGet, prefix+"/models/gpt-4o", "", c.headers),
				p.send(t, http.MethodPost, prefix+"/chat/completions", asks("Who is there?"), c.headers),
			} {
				if c.admits && a.status != http.StatusOK {
					t.Errorf("%s: status %d below %q, want 200: %s", name, a.status, prefix, a.body)
				} else if !c.admits {
					e := refusalOf(t, name, a)
					if a.status != http.StatusUnauthorized || e.Type != "authentication_error" || orNull(e.Code) != "invalid_api_key" {
						t.Errorf("%s: status %d, type %s, code %s below %q; want 401, authentication_error, invalid_api_key", name, a.status, e.Type, orNull(e.Code), prefix)
					}
				}
			}
		}
	}
}

func TestEveryAnswerHasARequestIDOfItsOwnAndEveryErrorTheEnvelope(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	seen := map[string]bool{}
	for _, c := range []struct {
		method, path, body string
		headers            map[string]string
		status             int
		code               string // of the error, if any
	}{
		{"GET", "/v1/models", "", bearer, 200, ""},
		{"GET", "/models", "", bearer, 200, ""},
		{"GET", "/v1/models/gpt-4o", "", bearer, 200, ""},
		{"GET", "/models/gpt-4o", "", bearer, 200, ""},
		{"POST", "/v1/chat/completions", asks("a"), bearer, 200, ""},
		{"POST", "/chat/completions", asks("a"), bearer, 200, ""},
		{"POST", "/chat/completions", asks("a", `"stream":true`), bearer, 200, ""},
		{"GET", "/healthz", "", nil, 200, ""},
		{"GET", "/readyz", "", nil, 200, ""},
		{"GET", "/", "", nil, 200, ""},
		{"POST", "/v1/chat/completions", "{", bearer, 400, "null"},
		{"GET", "/v1/models", "", nil, 401, "invalid_api_key"},
		{"POST", "/v1/chat/completions", "{", nil, 401, "invalid_api_key"},
		{"GET", "/v1/models/no-such", "", bearer, 404, "model_not_found"},
		{"GET", "/v1/models/no/such", "", bearer, 404, "model_not_found"},
		{"GET", "/v1", "", bearer, 404, "not_found"},
		{"GET", "/v1/no-such-route", "", bearer, 404, "not_found"},
		{"GET", "/v1/no-such-route", "", nil, 404, "not_found"},
		{"POST", "/v1/completions", asks("a"), bearer, 404, "not_found"},
		{"POST", "/v1/embeddings", `{}`, bearer, 404, "not_found"},
		{"POST", "/v1/v1/chat/completions", asks("a"), bearer, 404, "not_found"},
		{"GET", "/v1/chat/completions", "", bearer, 405, "method_not_allowed"},
		{"GET", "/chat/completions", "", bearer, 405, "method_not_allowed"},
		{"DELETE", "/v1/chat/completions", "", nil, 405, "method_not_allowed"},
		{"POST", "/v1/models", `{}`, bearer, 405, "method_not_allowed"},
		{"DELETE", "/v1/models/gpt-4o", "", bearer, 405, "method_not_allowed"},
		{"POST", "/healthz", `{}`, nil, 405, "method_not_allowed"},
	} {
		what := c.method + " " + c.path
		a := p.send(t, c.method, c.path, c.body, c.headers)
		if a.status != c.status {
			t.Errorf("%s: status %d, want %d: %.300s", what, a.status, c.status, a.body)
		}
		if c.code != "" {
			if e := refusalOf(t, what, a); orNull(e.Code) != c.code {
				t.Errorf("%s: code %s, want %s", what, orNull(e.Code), c.code)
			}
		}
		if a.status == http.StatusMethodNotAllowed && a.header.Get("Allow") == "" {
			t.Errorf("%s: 405 without the header Allow", what)
		}
		id := a.header.Get("X-Request-Id")
		if id == "" || seen[id] {
			t.Errorf("%s: x-request-id is %q, want one that no other answer has", what, id)
		}
		seen[id] = true
	}
	if a := p.send(t, http.MethodGet, "/healthz", "", map[string]string{"x-request-id": "forged"}); a.header.Get("X-Request-Id") == "forged" {
		t.Error("the client's own x-request-id was taken over")
	}
}

func TestModelIDsMayHoldSlashes(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	awaitLogged(t, p, "model catalogue refreshed", 1)
	for _, path := range []string{
		"/v1/models/meta-llama/Llama-3.3-70B-Instruct", "/models/meta-llama/Llama-3.3-70B-Instruct", "/v1/models/meta-llama%2FLlama-3.3-70B-Instruct",
	} {
		a := p.get(t, httpClient(t), path)
		if a.status != http.StatusOK || !strings.Contains(a.body, `"id":"meta-llama/Llama-3.3-70B-Instruct"`) {
			t.Errorf("GET %s: status %d, %s; want the model", path, a.status, a.body)
		}
	}
}

func TestTheRateLimitAdmitsABurstAndThenSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts, "RATE_LIMIT=5", `ACCESS_TOKENS=[{"name":"free","token":"sk-free","rate_limit":0}]`)
	for range 10 { // nothing of this counts
		p.send(t, http.MethodPost, "/v1/chat/completions", asks("x"), map[string]string{"Authorization": "Bearer wrong"})
		p.get(t, httpClient(t), "/v1/models")
		p.get(t, httpClient(t), "/healthz")
	}
	checkLimits := func(what string, a answer, remaining int) {
		t.Helper()
		if got := a.header.Get("X-Ratelimit-Limit-Requests"); got != "5" {
			t.Errorf("%s: x-ratelimit-limit-requests is %q, want 5", what, got)
		}
		if got := a.header.Get("X-Ratelimit-Remaining-Requests"); got != strconv.Itoa(remaining) {
			t.Errorf("%s: x-ratelimit-remaining-requests is %q, want %d", what, got, remaining)
		}
		if a.header.Get("X-Ratelimit-Reset-Requests") == "" {
			t.Errorf("%s: there is no x-ratelimit-reset-requests", what)
		}
	}
	for i := range 5 {
		a := p.post(t, httpClient(t), asks("Within the limit.", `"stream":`+strconv.FormatBool(i%2 == 0)))
		if a.status != http.StatusOK {
			t.Fatalf("request %d of 5: status %d, want 200: %s", i+1, a.status, a.body)
		}
		checkLimits("an admitted request", a, 4-i)
	}
	for _, token := range []string{"Authorization", "x-api-key"} {
		value := map[string]string{"Authorization": "Bearer " + accessToken, "x-api-key": accessToken}[token]
		a := p.send(t, http.MethodPost, "/v1/chat/completions", asks("Too much."), map[string]string{token: value})
		e := refusalOf(t, "the sixth request", a)
		if a.status != http.StatusTooManyRequests || e.Type != "rate_limit_error" || orNull(e.Code) != "rate_limit_exceeded" {
			t.Fatalf("the sixth request: status %d, type %s, code %s; want 429, rate_limit_error, rate_limit_exceeded", a.status, e.Type, orNull(e.Code))
		}
		if after, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || after < 1 || after > 60 {
			t.Errorf("Retry-After is %q, want a whole number from 1 to 60", a.header.Get("Retry-After"))
		}
		checkLimits("a refused request", a, 0)
	}
	for _, path := range []string{"/v1/models", "/healthz", "/readyz", "/"} {
		if a := p.get(t, httpClient(t), path); a.status != http.StatusOK {
			t.Errorf("GET %s with the limit used up: status %d, want 200", path, a.status)
		}
	}
	a := p.send(t, http.MethodPost, "/v1/chat/completions", asks("Unlimited."), map[string]string{"x-api-key": "sk-free"})
	if a.status != http.StatusOK || a.header.Get("X-Ratelimit-Limit-Requests") != "" {
		t.Errorf("a token without a limit: status %d, x-ratelimit-limit-requests %q; want 200 and none", a.status, a.header.Get("X-Ratelimit-Limit-Requests"))
	}
}

func TestThePageShowsNoFigureAndLetsInNoForeignScript(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-of-the-page"}}})
	p := start(t, platform, `[{"api_key":"key-of-the-page","name":"named-account"}]`)
	before := p.send(t, http.MethodGet, "/", "", nil)
	for range 3 {
		served(t, p, asks("Something to count."))
	}
	after := p.send(t, http.MethodGet, "/", "", nil)
	if before.status != http.StatusOK || !strings.HasPrefix(before.header.Get("Content-Type"), "text/html") {
		t.Fatalf("GET /: status %d, Content-Type %q; want an HTML page", before.status, before.header.Get("Content-Type"))
	}
	if before.body != after.body {
		t.Error("the page changed after requests were served, want a page without a single figure")
	}
	for _, secret := range []string{accessToken, "key-of-the-page", "named-account"} {
		if strings.Contains(after.body, secret) {
			t.Errorf("the page holds %q", secret)
		}
	}
	policy := after.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") && !strings.Contains(policy, "default-src 'self'") {
		t.Errorf("Content-Security-Policy is %q, want a default-src of 'none' or 'self'", policy)
	}
	for _, loose := range []string{"unsafe-inline", "unsafe-eval", "http:", "https:", "*"} {
		if strings.Contains(policy, loose) {
			t.Errorf("Content-Security-Policy holds %s: %s", loose, policy)
		}
	}
}

func TestHealthIsAliveAndReadinessFollowsTheAccounts(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "good"}}})
	p := start(t, platform, `[{"api_key":"good"}]`)
	for _, path := range []string{"/healthz", "/readyz"} {
		if a := p.send(t, http.MethodGet, path, "", nil); a.status != http.StatusOK {
			t.Errorf("GET %s: status %d, want 200: %s", path, a.status, a.body)
		}
	}
	platform.Script(sim.Fault{On: sim.Query, Do: sim.Status(http.StatusForbidden)})
	if a := p.post(t, httpClient(t), asks("x")); a.status != http.StatusServiceUnavailable || a.code() != "no_account_available" {
		t.Errorf("without a usable account: status %d, code %s; want 503, no_account_available", a.status, a.code())
	}
	if a := p.send(t, http.MethodGet, "/readyz", "", nil); a.status != http.StatusServiceUnavailable {
		t.Errorf("GET /readyz with the only account out: status %d, want 503: %s", a.status, a.body)
	}
	if a := p.send(t, http.MethodGet, "/healthz", "", nil); a.status != http.StatusOK {
		t.Errorf("GET /healthz with the only account out: status %d, want 200", a.status)
	}
}

func TestABodyThatEndsTooEarlyIs400AndNothingIsAsked(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: proxy\r\nAuthorization: Bearer %s\r\nContent-Length: 1000\r\n\r\n%s", accessToken, asks("Half of it."))
	if err != nil || conn.(*net.TCPConn).CloseWrite() != nil {
		t.Fatalf("the half request cannot be sent: %v", err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := read(response); a.status != http.StatusBadRequest || refusalOf(t, "half a body", a).Type != "invalid_request_error" {
		t.Errorf("half a body: status %d, want 400 and invalid_request_error: %s", a.status, a.body)
	}
	served(t, p, asks("And now a whole one."))
	if got := platform.Count(sim.Query, ""); got != 1 {
		t.Errorf("%d queries reached the platform, want that of the whole request alone", got)
	}
}
