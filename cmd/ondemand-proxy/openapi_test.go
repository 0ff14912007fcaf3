package main_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// thoughtful answers everything, after having thought.
func thoughtful(sim.Seen) sim.Answer {
	return sim.Answer{Reasoning: "Let me think about it.", Text: "Here is an answer of some words."}
}

var (
	withToken = []string{"Authorization", "Bearer " + accessToken}
	wrongly   = []string{"Authorization", "Bearer wrong"}
)

func TestEveryAnswerIsWhatTheDocumentSaysAndTheReverse(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}, {Key: "key-2"}}, Model: thoughtful})
	file := newConfigFile(t, `[{"api_key":"key-2"}]`)
	p := startFrom(t, platform, file, "MAX_BODY_MIB=1", `ACCESS_TOKENS=[{"name":"slow","token":"sk-slow","rate_limit":1},`+
		`{"name":"poor","token":"sk-poor","tokens_per_day":1},{"name":"narrow","token":"sk-narrow","models":["gpt-4o-mini"]}]`)
	b := newAPIBook(t)
	b.openAI(p, platform)
	b.watching(p)
	file.write(`{"accounts":[{"api_key":"key-1","name":"one"}]}`) // the ledger still knows the other one
	awaitLogged(t, p, reloaded, 1)
	b.dashboard(p)
	b.parameters(p)
	b.follow(p)
	cookie := b.login(p)
	b.page(p, cookie)
	b.refusals(p, cookie)
	b.storm(p)

	troubled := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}})
	b.trouble(start(t, troubled, `[{"api_key":"key-1"}]`, "MAX_RETRIES=0", "REQUEST_TIMEOUT=3"), troubled)

	if unseen := b.unseen(); len(unseen) > 0 {
		t.Errorf("docs/openapi.yaml tells of what no answer had:\n%s", strings.Join(unseen, "\n"))
	}
}

// is asks, and wants this status and code, if any.
func (b *apiBook) is(status int, code string, p *proxy, method, target, body string, headers ...string) answer {
	b.t.Helper()
	got := b.ask(p, method, target, body, headers...)
	if got.status != status || got.code() != code {
		b.t.Errorf("%s %s: %d %q, want %d %q\n%.300s", method, target, got.status, got.code(), status, code, got.body)
	}
	return got
}

func (b *apiBook) openAI(p *proxy, platform *sim.Server) {
	b.t.Helper()
	const chat = "/v1/chat/completions"
	streamed := asks("Hello", `"stream":true,"stream_options":{"include_usage":true}`)
	b.is(200, "", p, "POST", chat, asks("Hello"), withToken...)
	b.is(200, "", p, "POST", chat, asks("Hello", `"max_tokens":3`), withToken...) // estimated
	b.is(200, "", p, "POST", "/chat/completions", streamed, withToken...)
	b.is(400, "", p, "POST", chat, `{"model":`, withToken...)
	b.is(400, "unsupported_parameter", p, "POST", chat, asks("Hello", `"logprobs":true`), withToken...)
	b.is(401, "invalid_api_key", p, "POST", chat, asks("Hello"))
	b.is(403, "permission_denied", p, "POST", chat, asks("Hello"), "x-api-key", "sk-narrow")
	b.is(404, "model_not_found", p, "POST", chat, chatBody("nobody-knows-this", `{"role":"user","content":"hi"}`), withToken...)
	b.is(413, "request_too_large", p, "POST", chat, asks(strings.Repeat("long ", 1<<18)), withToken...)
	b.is(200, "", p, "POST", chat, asks("Hello"), "x-api-key", "sk-slow")
	b.is(429, "rate_limit_exceeded", p, "POST", chat, asks("Hello"), "x-api-key", "sk-slow")
	b.is(200, "", p, "POST", chat, asks("Hello"), "x-api-key", "sk-poor")
	b.is(429, "insufficient_quota", p, "POST", chat, asks("Hello"), "x-api-key", "sk-poor")
	platform.Script(sim.Fault{On: sim.Query, Times: 1, Do: sim.AfterDeltas(2, sim.Cut())})
	if cut := b.is(200, "", p, "POST", chat, streamed, withToken...); !strings.Contains(cut.body, `{"error"`) {
		b.t.Errorf("the stream was to break off: %s", cut.body)
	}
	for _, prefix := range []string{"/v1", ""} {
		b.is(200, "", p, "GET", prefix+"/models", "", withToken...)
		b.is(401, "invalid_api_key", p, "GET", prefix+"/models", "")
		b.is(200, "", p, "GET", prefix+"/models/gpt-4o", "", withToken...)
		b.is(401, "invalid_api_key", p, "GET", prefix+"/models/gpt-4o", "")
		b.is(404, "model_not_found", p, "GET", prefix+"/models/no/body", "", withToken...)
	}
}

func (b *apiBook) watching(p *proxy) {
	b.t.Helper()
	for _, method := range []string{"GET", "HEAD"} {
		b.is(200, "", p, method, "/healthz", "")
		b.is(200, "", p, method, "/readyz", "")
	}
	for _, accept := range []string{"text/plain", "application/openmetrics-text; version=1.0.0", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"} {
		b.is(200, "", p, "GET", "/metrics", "", append([]string{"Accept", accept}, withToken...)...)
	}
	b.is(401, "invalid_api_key", p, "GET", "/metrics", "")
	b.is(403, "permission_denied", p, "GET", "/metrics", "", "x-api-key", "sk-slow")
}

func (b *apiBook) dashboard(p *proxy) {
	b.t.Helper()
	shownInTime(b.t, p, 12)
	for _, target := range []string{
		"/api/overview", "/api/series?range=1h", "/api/models", "/api/accounts", "/api/requests", "/api/requests?limit=1", "/api/export?format=csv", "/api/export?format=json",
	} {
		b.is(200, "", p, "GET", target, "", withToken...)
	}
	id := data[struct{ Accounts []struct{ ID string } }](b.t, p, "accounts").Accounts[0].ID
	for _, action := range []string{"/api/accounts/test", "/api/accounts/put-back"} {
		b.is(200, "", p, "POST", action, `{"account":"`+id+`"}`, withToken...)
		b.is(400, "", p, "POST", action, `{}`, withToken...)
		b.is(404, "not_found", p, "POST", action, `{"account":"nobody"}`, withToken...)
		b.is(413, "request_too_large", p, "POST", action, strings.Repeat(" ", 9<<10), withToken...)
	}
}

// parameters sees that every documented parameter of the dashboard has an effect: a value that is not
// allowed is refused by name, and where any text is allowed, one that fits nothing finds nothing.
func (b *apiBook) parameters(p *proxy) {
	b.t.Helper()
	count := 0
	for _, path := range b.doc.At("paths").Keys() {
		operation := b.doc.At("paths", path, "get")
		for i := range operation.List("parameters") {
			parameter := operation.At("parameters", string(rune('0'+i)))
			name, query := parameter.Text("name"), url.Values{}
			if name != "format" && strings.HasSuffix(path, "/export") {
				query.Set("format", "json")
			}
			query.Set(name, "fits nothing")
			count++
			if parameter.At("schema").Schema(false).Validate("fits nothing") == nil {
				if got := b.is(200, "", p, "GET", path+"?"+query.Encode(), "", withToken...); strings.Contains(got.body, "request_id") {
					b.t.Errorf("GET %s does not heed the parameter %s", path, name)
				}
				continue
			}
			got := b.is(400, "", p, "GET", path+"?"+query.Encode(), "", withToken...)
			if named := refusalOf(b.t, name, got).Param; orNull(named) != name {
				b.t.Errorf("GET %s with a bad %s names %s", path, name, orNull(named))
			}
		}
	}
	if count < 15 {
		b.t.Errorf("only %d parameters were tried", count)
	}
}

// follow listens to events, and then with all the listeners there may be.
func (b *apiBook) follow(p *proxy) {
	b.t.Helper()
	ctx, leave := context.WithCancel(b.t.Context())
	defer leave()
	listen := func() (*http.Response, *bufio.Reader) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/api/events", nil)
		if err != nil {
			b.t.Fatal(err)
		}
		request.Header.Set(withToken[0], withToken[1])
		response, err := askingOnce.Do(request)
		if err != nil {
			b.t.Fatal(err)
		}
		return response, bufio.NewReader(response.Body)
	}
	response, lines := listen()
	defer func() { _ = response.Body.Close() }()
	p.sends(b.t, askingOnce, "POST", "/v1/chat/completions", asks("Hello"), withToken...)
	var stream strings.Builder
	for found := false; !found || !strings.HasSuffix(stream.String(), "\n\n"); found = found || strings.Contains(stream.String(), "event: batch") {
		line, err := lines.ReadString('\n')
		if err != nil {
			b.t.Fatalf("the events ended early: %v\n%s", err, stream.String())
		}
		stream.WriteString(line)
	}
	b.check("GET", "/api/events", answer{response.StatusCode, response.Header, stream.String(), nil})
	for range 63 {
		further, _ := listen()
		defer func() { _ = further.Body.Close() }()
	}
	b.is(503, "unavailable", p, "GET", "/api/events", "", withToken...)
}

// login logs in, in every way, and returns the cookie.
func (b *apiBook) login(p *proxy) string {
	b.t.Helper()
	const path, foreign = "/api/login", "cross-site"
	right := `{"password":"` + accessToken + `"}`
	b.is(303, "", p, "POST", path, url.Values{"password": {accessToken}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	b.is(400, "", p, "POST", path, `{}`)
	b.is(401, "wrong_password", p, "POST", path, `{"password":"wrong"}`)
	b.is(403, "cross_origin", p, "POST", path, right, "Sec-Fetch-Site", foreign)
	b.is(413, "request_too_large", p, "POST", path, strings.Repeat(" ", 9<<10))
	b.is(403, "cross_origin", p, "POST", "/api/logout", "", "Sec-Fetch-Site", foreign)
	b.is(204, "", p, "POST", "/api/logout", "")
	cookie, _, _ := strings.Cut(b.is(204, "", p, "POST", path, right).header.Get("Set-Cookie"), ";")
	return cookie
}

func (b *apiBook) page(p *proxy, cookie string) {
	b.t.Helper()
	b.is(200, "", p, "HEAD", "/", "")
	page := b.is(200, "", p, "GET", "/", "", "Cookie", cookie)
	for _, found := range regexp.MustCompile(`"(assets/[\w.-]+)"`).FindAllStringSubmatch(page.body, -1) {
		b.is(200, "", p, "GET", "/"+found[1], "", "Cookie", cookie)
	}
	licence, err := os.ReadFile("../../adapter/dashboard/static/assets/uplot.LICENSE.txt")
	if err != nil {
		b.t.Fatal(err)
	}
	digest := sha256.Sum256(licence)
	name := "/assets/uplot.LICENSE." + hex.EncodeToString(digest[:5]) + ".txt" // which the page does not refer to
	for _, method := range []string{"GET", "HEAD"} {
		code := map[string]string{"GET": "not_logged_in"}
		b.is(200, "", p, method, name, "", "Cookie", cookie)
		b.is(401, code[method], p, method, name, "")
		code["GET"] = "not_found"
		b.is(404, code[method], p, method, "/assets/nothing.js", "")
	}
}

// guarded are the operations that take a login or the password, as "METHOD path".
func (b *apiBook) guarded() []string {
	var found []string
	for _, route := range b.doc.Routes() {
		if _, path, _ := strings.Cut(route, " "); strings.HasPrefix(path, "/api/") && path != "/api/login" && path != "/api/logout" {
			found = append(found, route)
		}
	}
	if len(found) < 9 {
		b.t.Fatalf("only %d guarded routes: %v", len(found), found)
	}
	return found
}

func (b *apiBook) refusals(p *proxy, cookie string) {
	b.t.Helper()
	for _, route := range b.guarded() {
		method, path, _ := strings.Cut(route, " ")
		b.is(401, "not_logged_in", p, method, path, "")
		b.is(403, "cross_origin", p, method, path, "", "Cookie", cookie, "Sec-Fetch-Site", "cross-site")
	}
}

// storm tries wrong passwords until those that come on top are sent away, and then once more at
// every route that takes the password.
func (b *apiBook) storm(p *proxy) {
	b.t.Helper()
	ctx, end := context.WithCancel(b.t.Context())
	var tries sync.WaitGroup
	defer tries.Wait()
	defer end()
	full, once := make(chan struct{}), sync.Once{}
	for range 80 {
		tries.Go(func() {
			for ctx.Err() == nil {
				request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/api/login", strings.NewReader(`{"password":"wrong"}`))
				if err != nil {
					return
				}
				if response, err := askingOnce.Do(request); err == nil && read(response).status == http.StatusTooManyRequests {
					once.Do(func() { close(full) })
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	select {
	case <-full:
	case <-time.After(20 * time.Second):
		b.t.Fatal("80 wrong passwords at once are all heard")
	}
	for _, route := range append(b.guarded(), "POST /api/login") {
		method, path, _ := strings.Cut(route, " ")
		got := b.ask(p, method, path, `{"password":"wrong"}`, wrongly...)
		for again := 0; got.status == http.StatusUnauthorized && again < 5; again++ { // it was heard, since another one was just done
			got = b.ask(p, method, path, `{"password":"wrong"}`, wrongly...)
		}
		if got.status != http.StatusTooManyRequests || got.code() != "rate_limit_exceeded" {
			b.t.Errorf("%s with a wrong password among many: %d %s", route, got.status, got.body)
		}
	}
}

// trouble meets a platform that fails in every way, with a program that does not try again.
func (b *apiBook) trouble(p *proxy, platform *sim.Server) {
	b.t.Helper()
	const chat = "/v1/chat/completions"
	id := data[struct{ Accounts []struct{ ID string } }](b.t, p, "accounts").Accounts[0].ID
	for _, c := range []struct {
		status int
		code   string
		do     sim.Effect
	}{
		{502, "upstream_error", sim.Status(500)},
		{504, "upstream_timeout", sim.Hang()},
		{400, "upstream_rejected", sim.Status(400)},
		{429, "accounts_exhausted", sim.Status(429).With(sim.RetryAfter(time.Hour))},
		{503, "no_account_available", sim.Status(403)},
	} {
		platform.Script(sim.Fault{On: sim.Query, Times: 1, Do: c.do})
		b.is(c.status, c.code, p, "POST", chat, asks("Hello"), withToken...)
		b.is(200, "", p, "GET", "/api/accounts", "", withToken...)
		b.is(200, "", p, "GET", "/api/overview", "", withToken...)
		if c.status == 503 {
			b.is(503, "", p, "GET", "/readyz", "")
			b.is(503, "", p, "HEAD", "/readyz", "")
			platform.Script(sim.Fault{On: sim.NewSession, Times: 1, Do: sim.Status(403)})
			var said struct{ OK bool }
			if got := b.ask(p, "POST", "/api/accounts/test", `{"account":"`+id+`"}`, withToken...); json.Unmarshal([]byte(got.body), &said) != nil || said.OK {
				b.t.Errorf("the test of a refused account says %s", got.body)
			}
		}
		b.is(200, "", p, "POST", "/api/accounts/put-back", `{"account":"`+id+`"}`, withToken...)
	}
}

func TestTheDocumentIsHeldAgainstAnswersInEarnest(t *testing.T) {
	b := newAPIBook(t)
	for what, got := range map[string]string{
		"a field too many": `{"id":"m","object":"model","created":1,"owned_by":"x","more":1}`,
		"a field too few":  `{"id":"m","object":"model","created":1}`,
		"another type":     `{"id":"m","object":"model","created":"1","owned_by":"x"}`,
	} {
		if b.doc.At("components", "schemas", "Model").Schema(true).Validate(decoded(t, got)) == nil {
			t.Errorf("%s passes for a model: %s", what, got)
		}
	}
	before := b.unseen()
	b.holds("a model", b.doc.At("components", "schemas", "Model"), `{"id":"m","object":"model","created":1,"owned_by":"x"}`)
	if after := b.unseen(); len(after) != len(before)-4 || slices.Contains(after, "/components/schemas/Model id string") {
		t.Errorf("of %d things that were wanted, %d still are after a model with four fields", len(before), len(after))
	}
}

func decoded(t *testing.T, document string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(document), &value); err != nil {
		t.Fatal(err)
	}
	return value
}
