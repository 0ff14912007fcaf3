package main_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// actions are what a page of another site would like to do with somebody's login.
var actions = []struct{ path, body string }{
	{"/api/login", `{"password":"` + accessToken + `"}`},
	{"/api/logout", ""},
	{"/api/accounts/test", `{"account":"x"}`},
	{"/api/accounts/put-back", `{"account":"x"}`},
}

// elsewhere are the headers with which browsers tell that a request comes from another page.
var elsewhere = map[string][]string{
	"another site":            {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
	"another host of ours":    {"Sec-Fetch-Site", "same-site", "Origin", "http://other.127.0.0.1.example"},
	"an old browser":          {"Origin", "https://evil.example"},
	"a frame without origin":  {"Origin", "null"},
	"another port":            {"Origin", "http://127.0.0.1:1"},
	"a form of another site":  {"Sec-Fetch-Site", "cross-site", "Content-Type", "application/x-www-form-urlencoded"},
	"what calls itself ours":  {"Sec-Fetch-Site", "cross-site", "Origin", "OWN"},
	"an origin like a prefix": {"Origin", "OWN.evil.example"},
	"an unknown word":         {"Sec-Fetch-Site", "same-origin, cross-site", "Origin", "https://evil.example"},
}

func TestNoPageOfAnotherSiteCanUseALogin(t *testing.T) {
	t.Parallel()
	p := start(t, sim.Start(t, sim.Options{}), paramAccounts)
	client := p.browser(t)
	logIn := func() {
		t.Helper()
		if a := p.sends(t, client, http.MethodPost, "/api/login", actions[0].body); a.status != http.StatusNoContent {
			t.Fatalf("logging in got %d: %s", a.status, a.body)
		}
	}
	logIn()
	for name, headers := range elsewhere {
		own := make([]string, len(headers))
		for i, h := range headers {
			own[i] = strings.ReplaceAll(h, "OWN", p.url)
		}
		for _, action := range actions {
			a := p.sends(t, client, http.MethodPost, action.path, action.body, own...)
			if a.status != http.StatusForbidden || a.code() != "cross_origin" || len(a.header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s: POST %s got %d %s, cookies %v; want 403 cross_origin and none", name, action.path, a.status, a.body, a.header.Values("Set-Cookie"))
			}
		}
		for _, path := range []string{"overview", "requests", "export?format=csv", "events", "accounts"} {
			a := p.sends(t, client, http.MethodGet, "/api/"+path, "", own...)
			if a.status != http.StatusForbidden {
				t.Errorf("%s: GET /api/%s got %d, want 403", name, path, a.status)
			}
			if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("%s: GET /api/%s may be read by %s", name, path, got)
			}
		}
	}
	if a := p.sends(t, client, http.MethodGet, "/api/overview", ""); a.status != http.StatusOK {
		t.Errorf("after all that the login is over: %d %s", a.status, a.body)
	}
	for _, action := range actions[1:] { // what works from the page itself
		a := p.sends(t, client, http.MethodPost, action.path, action.body, "Sec-Fetch-Site", "same-origin", "Origin", p.url)
		if a.status == http.StatusForbidden {
			t.Errorf("from the page itself: POST %s got %d %s", action.path, a.status, a.body)
		}
		logIn()
	}
	for _, action := range actions { // a link or an image
		if a := p.sends(t, client, http.MethodGet, action.path, ""); a.status != http.StatusMethodNotAllowed {
			t.Errorf("GET %s got %d, want 405", action.path, a.status)
		}
	}
}

func TestNoOtherSiteMayFrameThePageOrReadIt(t *testing.T) {
	t.Parallel()
	p := start(t, sim.Start(t, sim.Options{}), paramAccounts)
	client := p.browser(t)
	for _, in := range []bool{false, true} {
		if in {
			p.sends(t, client, http.MethodPost, "/api/login", actions[0].body)
		}
		a := p.sends(t, client, http.MethodGet, "/", "", "Origin", "https://evil.example")
		policy := a.header.Get("Content-Security-Policy")
		for name, want := range map[string]string{
			"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Access-Control-Allow-Origin": "",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("logged in %t: %s is %q, want %q", in, name, got, want)
			}
		}
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("logged in %t: the policy lacks %s: %s", in, want, policy)
			}
		}
	}
	a := p.sends(t, client, http.MethodGet, "/api/overview", "")
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the figures come with Cache-Control %q, X-Content-Type-Options %q", a.header.Get("Cache-Control"), a.header.Get("X-Content-Type-Options"))
	}
}

func TestNothingDependsOnTheHostThatAClientNames(t *testing.T) {
	t.Parallel()
	p := start(t, sim.Start(t, sim.Options{}), paramAccounts)
	for _, lines := range [][]string{
		{"Host: evil.example"},
		{"Host: evil.example:80"},
		{"Host: [::1]"},
		{"Host: localhost"},
		{"Host: "},
		{"Host: evil.example", "X-Forwarded-Host: worse.example"},
		{"Host: a", "X-Forwarded-Proto: https", "X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1;host=evil.example"},
		{"Host: a", "X-Original-URL: /api/overview", "X-Rewrite-URL: /api/overview"},
		{"Host: a", "X-HTTP-Method-Override: GET"},
	} {
		for path, want := range map[string]int{"/": 200, "/api/overview": 401, "/v1/models": 401, "/metrics": 401} {
			answers := p.exchange(t, "GET "+path+" HTTP/1.1\r\n"+strings.Join(lines, "\r\n")+"\r\nConnection: close\r\n\r\n", false)
			if len(answers) != 1 || answers[0].status != want {
				t.Errorf("GET %s with %q: %v, want one answer of %d", path, lines, answers, want)
				continue
			}
			if text := fmt.Sprint(answers[0].header, answers[0].body); strings.Contains(text, "evil.example") || strings.Contains(text, "worse.example") {
				t.Errorf("GET %s with %q: the answer repeats the host: %.300s", path, lines, text)
			}
		}
	}
	// Where a form leads does not depend on it either.
	form := "password=" + accessToken
	answers := p.exchange(t, "POST /api/login HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"+length(form, 0)+"\r\n\r\n"+form, false)
	if len(answers) != 1 || answers[0].status != http.StatusSeeOther || answers[0].header.Get("Location") != "/" {
		t.Errorf("logging in by the form: %v, want 303 to /", answers)
	}
	// A cookie is worth nothing to a page that says it is of this host and names another.
	client := p.browser(t)
	p.sends(t, client, http.MethodPost, "/api/login", actions[0].body)
	if a := p.sends(t, client, http.MethodPost, "/api/logout", "", "Origin", "http://evil.example", "X-Forwarded-Host", "evil.example"); a.status != http.StatusForbidden {
		t.Errorf("with X-Forwarded-Host a page of another site logs out: %d %s", a.status, a.body)
	}
}

// trap listens, and counts who comes.
func trap(t *testing.T) (address string, came *atomic.Int64) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	came = &atomic.Int64{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			came.Add(1)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return listener.Addr().String(), came
}

func TestNoClientMakesTheProgramConnectAnywhere(t *testing.T) {
	t.Parallel()
	address, came := trap(t)
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	url := "http://" + address + "/"
	good := asks("Who answers?")
	for _, name := range []string{
		"X-Forwarded-Host", "X-Forwarded-Server", "X-Forwarded-For", "X-Real-Ip", "Forwarded", "X-Host", "X-Original-Url", "X-Rewrite-Url", "Proxy", "Http-Proxy", "Https-Proxy", "Proxy-Connection", "Via",
		"Origin", "Referer", "Location", "Content-Location", "Destination", "Upgrade", "X-Upstream", "X-Api-Base", "Openai-Base-Url", "Openai-Organization", "X-Wap-Profile", "Client-Ip", "Base-Url", "Endpoint",
	} {
		for _, value := range []string{address, url, "for=" + address + ";host=" + address} {
			if a := p.send(t, http.MethodPost, "/v1/chat/completions", good, map[string]string{"Authorization": "Bearer " + accessToken, name: value}); a.status != http.StatusOK {
				t.Errorf("%s: %s gets %d: %s", name, value, a.status, a.body)
			}
		}
	}
	for _, text := range []string{
		posted(good, length(good, 0)), strings.Replace(posted(good, length(good, 0)), "Host: proxy", "Host: "+address, 1),
		strings.Replace(posted(good, length(good, 0)), "/v1/chat", url+"v1/chat", 1), strings.Replace(posted(good, length(good, 0)), "/v1/chat", "http://user@"+address+"/v1/chat", 1),
		"CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n\r\n", "GET " + url + " HTTP/1.1\r\nHost: " + address + "\r\n\r\n", "GET @" + address + "/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /" + url + " HTTP/1.1\r\nHost: a\r\n\r\n", "GET //" + address + "/ HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		p.exchange(t, text, false)
	}
	for _, body := range []string{
		asks(url), asks("![x](" + url + ")"), chatBody(url, `{"role":"user","content":"x"}`), chatBody("predefined-"+url, `{"role":"user","content":"x"}`), chatBody("../../"+address, `{"role":"user","content":"x"}`),
		chatBody("gpt-4o", `{"role":"user","content":[{"type":"image_url","image_url":{"url":`+inJSON(url)+`}}]}`), chatBody("gpt-4o", `{"role":"user","content":[{"type":"file","file":{"file_id":`+inJSON(url)+`}}]}`),
		asks("x", `"base_url":`+inJSON(url)), asks("x", `"user":`+inJSON(url)), asks("x", `"metadata":{"callback_url":`+inJSON(url)+`}`), asks("x", `"web_search_options":{"url":`+inJSON(url)+`}`),
		asks("x", `"tools":[{"type":"mcp","server_url":`+inJSON(url)+`}]`), asks("x", `"webhook":`+inJSON(url), `"proxy":`+inJSON(url)),
	} {
		p.send(t, http.MethodPost, "/v1/chat/completions", body, bearer)
	}
	for _, path := range []string{"/v1/models/" + url, "/v1/models?url=" + url, "/?next=" + url, "/assets/" + url, "/api/requests?account=" + url} {
		p.send(t, http.MethodGet, path, "", bearer)
	}
	for _, action := range actions {
		p.sends(t, asking, http.MethodPost, action.path, `{"account":`+inJSON(url)+`,"password":`+inJSON(accessToken)+`}`, "Authorization", "Bearer "+accessToken)
	}
	served(t, p, asks("And a usual one."))
	if n := came.Load(); n != 0 {
		t.Errorf("%d connections were made to an address that only clients named", n)
	}
	if conn, err := net.Dial("tcp", address); err != nil {
		t.Errorf("nobody could have come: %v", err)
	} else {
		_ = conn.Close()
	}
}
