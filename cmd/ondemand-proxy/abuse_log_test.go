package main_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// forged is what a log entry of the program looks like, so that a line that begins with it would
// pass for one.
const forged = `{"level":"info","time":"2026-11-24T12:00:00.000Z","message":"FORGED"}`

// steering are texts that end a line or steer a terminal.
var steering = []string{
	"\n" + forged + "\n", "\r\n" + forged + "\r\n", "\r" + forged, "\v" + forged, "\f" + forged, "\u0085" + forged, "\u2028" + forged, "\u2029" + forged,
	"\x1b[2J\x1b[31mFORGED\x1b[0m", "\x1b]0;FORGED\x07", "\x9b31mFORGED", "\b\b\bFORGED", "\x00FORGED", "\u202eFORGED\u2066", "\xff\xfeFORGED", `"}` + "\n" + forged, "FORGED\x7f", "%0a" + forged, `\n` + forged,
}

func TestNoTextOfAClientForgesALineOfTheLog(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	requests := 0
	var logins sync.WaitGroup
	for _, text := range steering {
		escaped := url.PathEscape(text)
		for _, path := range []string{"/" + escaped, "/v1/models/" + escaped, "/assets/" + escaped, "/v1/models?x=" + url.QueryEscape(text), "/api/requests?model=" + url.QueryEscape(text) + "&outcome=" + url.QueryEscape(text)} {
			p.send(t, http.MethodGet, path, "", bearer)
			requests++
		}
		for _, body := range []string{
			chatBody(text, `{"role":"user","content":"x"}`), chatBody("predefined-"+text, `{"role":"user","content":"x"}`), asks(text), asks(text, `"stream":true`),
			chatBody("gpt-4o", `{"role":`+inJSON(text)+`,"content":"x"}`), asks("x", inJSON(text)+":1", inJSON(text)+":1"), asks("x", `"reasoning_effort":`+inJSON(text)),
			chatBody("gpt-4o", `{"role":"user","name":`+inJSON(text)+`,"content":[{"type":`+inJSON(text)+`}]}`), asks("x", `"user":`+inJSON(text)), text, asks("x") + text,
		} {
			p.send(t, http.MethodPost, "/v1/chat/completions", body, bearer)
			requests++
		}
		logins.Go(func() { p.send(t, http.MethodPost, "/api/login", `{"password":`+inJSON(text)+`}`, nil) }) // is delayed
		requests++
		// What no client of net/http sends goes over the wire as it is.
		for _, line := range []string{
			"X-Request-Id: " + text, "User-Agent: " + text, "Referer: " + text, "X-Forwarded-For: " + text, "Origin: " + text, "Cookie: ondemand_dashboard=" + text, "Authorization: Bearer " + text,
			"Content-Type: " + text, "X-" + text + ": x", "Host: " + text,
		} {
			p.exchange(t, "GET /v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"+line+"\r\n\r\n", false)
			requests++
		}
		for _, head := range []string{"GET /" + text + " HTTP/1.1", text + " / HTTP/1.1", "GET / " + text, "GET http://" + text + "/ HTTP/1.1"} {
			p.exchange(t, head+"\r\nHost: a\r\nConnection: close\r\n\r\n", true)
			requests++
		}
		platform.Script(sim.Fault{On: sim.Query, Times: 1, Do: sim.Refusal(400, text, text)}, sim.Fault{On: sim.Query, Times: 1, Do: sim.ErrorFrame(text, text)})
		for range 2 {
			p.send(t, http.MethodPost, "/v1/chat/completions", asks("What does the platform say?"), bearer)
			requests++
		}
		platform.ClearScript()
		p.sends(t, asking, http.MethodPost, "/api/accounts/put-back", `{"account":`+inJSON(text)+`}`, "Authorization", "Bearer "+accessToken)
	}
	logins.Wait()
	p.stop(syscall.SIGTERM, 0)
	if entries := checkLines(t, p); entries < requests/2 {
		t.Errorf("the log has %d entries of %d requests, so that little was tried", entries, requests)
	}
	for line := range strings.Lines(p.log.String()) {
		if strings.Contains(line, `"message":"FORGED"`) {
			t.Errorf("a client wrote a line of the log: %q", line)
		}
	}
	if out := p.out.String(); strings.Contains(out, "FORGED") {
		t.Errorf("stdout holds what a client said: %s", out)
	}
}

func TestAClientThatNamesARequestGetsAnotherName(t *testing.T) {
	t.Parallel()
	p := start(t, sim.Start(t, sim.Options{}), paramAccounts)
	for i, own := range []string{"req_AAAAAAAAAAAAAAAAAAAAAAAAAA", strings.Repeat("x", 10_000), "a\tb", "é"} {
		a := p.send(t, http.MethodPost, "/v1/chat/completions", asks("Who am I?"), map[string]string{"Authorization": "Bearer " + accessToken, "X-Request-Id": own})
		if got := a.header.Get("X-Request-Id"); a.status != http.StatusOK || got == own || !strings.HasPrefix(got, "req_") || len(got) > 40 {
			t.Errorf("%d: the answer has the id %q", i, got)
		}
		if strings.Contains(p.log.String(), fmt.Sprintf(`:%s`, inJSON(own))) {
			t.Errorf("the log holds the client's own id %.40q", own)
		}
	}
}
