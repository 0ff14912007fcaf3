package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestTheDashboardIsForItsPasswordAlone(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}})
	p := start(t, platform, `[{"api_key":"key-1"}]`, "DASHBOARD_PASSWORD=only-for-the-dashboard", "ACCESS_TOKENS=[{\"name\":\"team\",\"token\":\"sk-of-the-team\"}]")
	client := p.browser(t)
	for _, token := range []string{accessToken, "sk-of-the-team", "wrong"} {
		if got := p.sends(t, httpClient(t), "GET", "/api/overview", "", "Authorization", "Bearer "+token); got.code() != "wrong_password" || got.status != http.StatusUnauthorized {
			t.Errorf("with another secret: %d %s", got.status, got.body)
		}
	}
	page := p.sends(t, client, "GET", "/", "")
	if !strings.Contains(page.body, `type="password"`) || strings.Contains(page.body, accessToken) || strings.Contains(page.body, "only-for-the-dashboard") {
		t.Errorf("without login the page is\n%s", page.body)
	}
	if got := p.sends(t, client, "POST", "/api/login", `{"password":"only-for-the-dashboard"}`); got.status != http.StatusNoContent {
		t.Fatalf("logging in: %d %s", got.status, got.body)
	}
	if got := p.sends(t, client, "GET", "/api/overview", ""); got.status != http.StatusOK {
		t.Errorf("with the cookie: %d %s", got.status, got.body)
	}
	if app := p.sends(t, client, "GET", "/", ""); app.body == page.body || app.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("with the cookie the page is the form still, or is cached: %v", app.header)
	}
	if got := p.sends(t, client, "POST", "/api/logout", ""); got.status != http.StatusNoContent {
		t.Errorf("logging out: %d %s", got.status, got.body)
	}
	if got := p.sends(t, client, "GET", "/api/overview", ""); got.code() != "not_logged_in" {
		t.Errorf("after the logout: %d %s", got.status, got.body)
	}
}

func TestInASpaceTheCookieWorksInsideTheFrame(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, `[{"api_key":"key-1"}]`, "SPACE_ID=user/space")
	client := httpClient(t)
	got := p.sends(t, client, "POST", "/api/login", `{"password":"`+accessToken+`"}`, "X-Forwarded-Proto", "https", "Origin", p.url)
	cookie := got.header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "Secure", "SameSite=None", "Partitioned"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie lacks %s: %s", part, cookie)
		}
	}
	if policy := p.sends(t, client, "GET", "/", "").header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "frame-ancestors https://huggingface.co") {
		t.Errorf("the policy is %s", policy)
	}
	cookie, _, _ = strings.Cut(cookie, ";")
	if got := p.sends(t, client, "GET", "/api/overview", "", "Cookie", cookie, "Origin", "https://evil.example"); got.code() != "cross_origin" {
		t.Errorf("from another site: %d %s", got.status, got.body)
	}
}

func TestWithTheDefaultTokenBeyondLoopbackNamesAndActionsAreOff(t *testing.T) {
	t.Parallel()
	const everybodys = "sk-2api-ondemand-access-token-2025"
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Email: "alice@example.org", Password: "secret"}}})
	for host, restricted := range map[string]bool{"127.0.0.1": false, "0.0.0.0": true} {
		p := start(t, platform, `[{"email":"alice@example.org","password":"secret","name":"private-name"}]`, "API_ACCESS_TOKEN="+everybodys, "HOST="+host)
		client, bearer := httpClient(t), []string{"Authorization", "Bearer " + everybodys}
		p.sends(t, client, "POST", "/v1/chat/completions", asks("hi"), bearer...)
		for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
			rows := p.sends(t, client, "GET", "/api/requests", "", bearer...)
			if strings.Contains(rows.body, "completed") {
				break
			}
			if time.Since(began) > 5*time.Second {
				t.Fatalf("on %s the request does not show: %s", host, rows.body)
			}
		}
		for _, path := range []string{"/api/requests", "/api/accounts"} {
			if got := p.sends(t, client, "GET", path, "", bearer...); strings.Contains(got.body, "private-name") == restricted {
				t.Errorf("on %s, GET %s tells\n%s", host, path, got.body)
			}
		}
		overview := p.sends(t, client, "GET", "/api/overview", "", bearer...)
		if !strings.Contains(overview.body, fmt.Sprintf(`"restricted":%t`, restricted)) || !strings.Contains(overview.body, `"requests":1`) || !strings.Contains(overview.body, "default_token") {
			t.Errorf("on %s the overview is\n%s", host, overview.body)
		}
		for _, action := range [][2]string{{"GET", "/api/export?format=csv"}, {"POST", "/api/accounts/test"}, {"POST", "/api/accounts/put-back"}} {
			if got := p.sends(t, client, action[0], action[1], `{"account":"x"}`, bearer...); (got.code() == "restricted") != restricted {
				t.Errorf("on %s, %s answers %d %s", host, action[1], got.status, got.body)
			}
		}
	}
}
