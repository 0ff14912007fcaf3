package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// targets are paths that lead out of the folder of the assets, or would in another server.
func targets() []string {
	ups := []string{"../", "..%2f", "%2e%2e/", "%2e%2e%2f", "%2E%2E%2F", `..\`, "..%5c", "%2e%2e%5c", "%252e%252e%252f", "..%c0%af", "%c0%ae%c0%ae/", "..%ef%bc%8f", "....//", "..;/", ".%00./", "..%00/", "/", "//"}
	var all []string
	for _, up := range ups {
		deep := strings.Repeat(up, 12)
		for _, file := range []string{"etc/passwd", "proc/self/environ", "config.json", "ondemand-proxy.db"} {
			all = append(all, "/assets/"+deep+file, "/assets/x/"+deep+file, "/"+deep+file, "/v1/models/"+deep+file, "/api/"+deep+file)
		}
	}
	return append(all,
		"/assets", "/assets/", "/assets/.", "/assets/..", "/assets/%00", "/assets/app.js%00.html", "/assets//etc/passwd", "//etc/passwd", "/./", "/.git/config", "/.env",
		"/assets/static/index.html", "/assets/index.html", "/static/index.html", `/assets/C:\Windows\win.ini`, "/assets/file:///etc/passwd", "/assets/%2fetc%2fpasswd",
		"/api/overview/", "/api//overview", "//api/overview", "/API/overview", "/api/overview%00", "/api/%6fverview%2f..", "/api/../api/overview", "/assets/../api/overview", "/healthz/../api/overview",
		"/debug/pprof/", "/debug/vars", "/actuator/env", "/server-status", "http://proxy/etc/passwd", "http://other.example/api/overview", "/?x=../../etc/passwd",
	)
}

// inFiles are texts that stand in the files that such paths lead to.
var inFiles = []string{"root:x:", "API_ACCESS_TOKEN", accessToken, "SQLite format", `"accounts"`, "PATH="}

func TestNoPathLeadsToAFileOrAroundTheLogin(t *testing.T) {
	t.Parallel()
	p := start(t, sim.Start(t, sim.Options{}), paramAccounts)
	for _, target := range targets() {
		answers := p.exchange(t, "GET "+target+" HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n", false)
		if len(answers) != 1 {
			t.Errorf("GET %q: %d answers, want one", target, len(answers))
			continue
		}
		a := answers[0]
		switch a.status {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed:
		case http.StatusOK: // the form to log in
			if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || !strings.HasPrefix(target, "/?") {
				t.Errorf("GET %q: status 200, %s: %.100s", target, a.header.Get("Content-Type"), a.body)
			}
		default:
			t.Errorf("GET %q: status %d to %q, want a refusal", target, a.status, a.header.Get("Location"))
		}
		for _, text := range inFiles {
			if strings.Contains(a.body, text) {
				t.Errorf("GET %q: the answer holds %q: %.200s", target, text, a.body)
			}
		}
	}
	checkLines(t, p)
}

// checkLines checks that each line of the log is one entry of JSON, without any character that
// steers a terminal or ends a line.
func checkLines(t *testing.T, p *proxy) (entries int) {
	t.Helper()
	for _, line := range strings.SplitAfter(p.log.String(), "\n") {
		text, whole := strings.CutSuffix(line, "\n")
		if !whole { // that is not written yet, or the end
			continue
		}
		entries++
		var entry struct{ Level, Time, Message string }
		if err := json.Unmarshal([]byte(text), &entry); err != nil || entry.Level == "" || entry.Time == "" || entry.Message == "" {
			t.Errorf("a line of the log is no entry: %q", text)
		}
		for _, r := range text {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\ufffd' {
				t.Errorf("a line of the log holds the character %U: %q", r, text)
				break
			}
		}
	}
	return entries
}
