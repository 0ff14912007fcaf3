package dashboard

import (
	"net/http"
	"strings"
	"testing"
)

// dataRoutes are the routes that need a login.
func dataRoutes(w *world) (routes []Route) {
	for _, r := range w.Routes() {
		if strings.HasPrefix(r.Path, "/api/") && r.Path != "/api/login" && r.Path != "/api/logout" {
			routes = append(routes, r)
		}
	}
	return routes
}

func TestDataIsForWhoIsLoggedInOrShowsThePassword(t *testing.T) {
	w := newWorld(t, nil)
	w.Close() // the stream of events is refused then, and not without end
	cookie := w.logIn().String()
	cookie, _, _ = strings.Cut(cookie, ";")
	routes := dataRoutes(w)
	if len(routes) < 9 {
		t.Fatalf("only %d routes have data", len(routes))
	}
	for _, r := range routes {
		w.refuses(r.Path+" without login", w.ask(r.Method, r.Path, ""), "unauthenticated not_logged_in")
		w.refuses(r.Path+" with a cookie that never was", w.ask(r.Method, r.Path, "", "Cookie", cookieName+"=ABCDEF"), "unauthenticated not_logged_in")
		for name, headers := range map[string][]string{
			"cookie": {"Cookie", cookie}, "Bearer": {"Authorization", "Bearer " + password}, "x-api-key": {"X-Api-Key", password},
			"cookie beside the Bearer of a Space":   {"Cookie", cookie, "Authorization", "Bearer hf_something"},
			"password beside the Bearer of a Space": {"X-Api-Key", password, "Authorization", "Bearer hf_something"},
		} {
			answer := w.ask(r.Method, r.Path, "", headers...)
			if strings.Contains(answer.Body.String(), "unauthenticated") {
				t.Errorf("%s %s with %s is refused: %q", r.Method, r.Path, name, answer.Body)
			}
			if got := answer.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("%s %s may be cached: %q", r.Method, r.Path, got)
			}
		}
	}
}

func TestACookieCountsOnlyForThePageOfThisServer(t *testing.T) {
	w := newWorld(t, nil)
	cookie := cookieName + "=" + w.logIn().Value
	for _, test := range []struct {
		name    string
		headers []string
		own     bool
	}{
		{"no browser", nil, true},
		{"the page", []string{"Sec-Fetch-Site", "same-origin", "Origin", "https://else.example"}, true},
		{"the address bar", []string{"Sec-Fetch-Site", "none"}, true},
		{"another site", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"another host of the site", []string{"Sec-Fetch-Site", "same-site"}, false},
		{"an old browser on the page", []string{"Origin", "http://example.com"}, true},
		{"the page behind a proxy with TLS", []string{"Origin", "https://example.com"}, true},
		{"an old browser elsewhere", []string{"Origin", "https://evil.example"}, false},
		{"another port", []string{"Origin", "http://example.com:8080"}, false},
		{"a frame without an origin", []string{"Origin", "null"}, false},
	} {
		for _, route := range []struct{ method, path string }{{"GET", "/api/overview"}, {"POST", "/api/accounts/put-back"}, {"POST", "/api/login"}} {
			answer := w.ask(route.method, route.path, `{}`, append([]string{"Cookie", cookie}, test.headers...)...)
			if refused := strings.Contains(answer.Body.String(), "cross_origin"); refused == test.own {
				t.Errorf("%s: %s %s answered %q", test.name, route.method, route.path, answer.Body)
			}
		}
		headers := append([]string{"Authorization", "Bearer " + password}, test.headers...)
		if answer := w.ask("GET", "/api/overview", "", headers...); answer.Code != http.StatusOK {
			t.Errorf("%s: with the password as token it is refused: %q", test.name, answer.Body)
		}
	}
	w.refuses("logging out from elsewhere", w.ask("POST", "/api/logout", "", "Cookie", cookie, "Sec-Fetch-Site", "cross-site"), "not_allowed cross_origin")
	if answer := w.ask("GET", "/api/overview", "", "Cookie", cookie); answer.Code != http.StatusOK {
		t.Errorf("after a logout from elsewhere the login is over: %q", answer.Body)
	}
}
