package main_test

import (
	"bufio"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// figures are the samples of /metrics, by series as it is written there.
func figures(t *testing.T, p *proxy) map[string]float64 {
	t.Helper()
	page := p.get(t, httpClient(t), "/metrics")
	if page.status != http.StatusOK {
		t.Fatalf("GET /metrics: status %d, %s", page.status, page.body)
	}
	all := map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(page.body)); lines.Scan(); {
		series, value, found := cutLast(lines.Text(), " ")
		if strings.HasPrefix(lines.Text(), "#") || !found {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("a sample that is none: %q", lines.Text())
		}
		all[series] = n
	}
	return all
}

func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}

func TestMetricsTellWhatHappened(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}, Model: sim.Say("four words of answer")})
	platform.Script(sim.Fault{On: sim.Query, Skip: 2, Times: 1, Do: sim.AfterDeltas(1, sim.Reset())})
	p := start(t, platform, `[{"api_key":"key-1","name":"main"}]`, "RATE_LIMIT=1000")
	client := httpClient(t)
	var prompt, completion int
	for range 2 {
		usage := p.post(t, client, asks("hi", `"stream":true`, `"stream_options":{"include_usage":true}`)).tells(t).usage
		prompt, completion = prompt+usage.Prompt, completion+usage.Completion
	}
	if cut := p.post(t, client, asks("hi", `"stream":true`)).tells(t); cut.failure == "" {
		t.Errorf("the third answer was to break off, got %+v", cut)
	}

	got := figures(t, p)
	const route = `model="gpt-4o",outcome="%s",route="/v1/chat/completions"}`
	for series, want := range map[string]float64{
		`ondemand_proxy_requests_total{method="POST",` + fmt.Sprintf(route, "completed"):    2,
		`ondemand_proxy_requests_total{method="POST",` + fmt.Sprintf(route, "upstream_cut"): 1,
		`ondemand_proxy_tokens_total{kind="prompt",model="gpt-4o",source="measured"}`:       float64(prompt),
		`ondemand_proxy_tokens_total{kind="completion",model="gpt-4o",source="measured"}`:   float64(completion),
		`ondemand_proxy_upstream_attempts_total{account="main",result="ok"}`:                2,
		`ondemand_proxy_upstream_attempts_total{account="main",result="upstream_cut"}`:      1,
		`ondemand_proxy_account_state{account="main",state="resting"}`:                      1,
		`ondemand_proxy_session_uses_total{use="fresh"}`:                                    3,
		`ondemand_proxy_sessions_dropped_total`:                                             1,
		`ondemand_proxy_first_token_seconds_count{model="gpt-4o"}`:                          3,
		`ondemand_proxy_request_duration_seconds_count{model="gpt-4o",stream="true"}`:       3,
		`ondemand_proxy_default_token_in_use`:                                               0,
		`ondemand_proxy_requests_in_flight{route="/metrics"}`:                               1, // the scrape itself
	} {
		if got[series] != want {
			t.Errorf("%s is %v, want %v", series, got[series], want)
		}
	}
}

func TestStrangersAddNoSeries(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Email: "canary@example.org", Password: "secret"}}})
	p := start(t, platform, `[{"email":"canary@example.org","password":"secret"}]`)
	client := httpClient(t)
	strange := func(i int) {
		p.post(t, client, chatBody(fmt.Sprintf("stranger-model-%d", i), `{"role":"user","content":"hi"}`))
		p.post(t, client, chatBody(fmt.Sprintf("byoi-stranger-%d", i), `{"role":"user","content":"hi"}`))
		p.get(t, client, fmt.Sprintf("/stranger/path-%d", i))
		p.get(t, client, fmt.Sprintf("/v1/models/stranger-%d", i))
	}
	strange(0)
	figures(t, p) // a scrape is a request too
	before := figures(t, p)
	for i := range 250 {
		strange(i + 1)
	}
	after := figures(t, p)
	fresh := regexp.MustCompile(`^(ondemand_proxy_|promhttp_)`)
	for series := range after {
		if _, known := before[series]; !known && fresh.MatchString(series) {
			t.Errorf("a stranger added the series %s", series)
		}
		if strings.Contains(series, "stranger") || strings.Contains(series, "canary") {
			t.Errorf("somebody's words became the series %s", series)
		}
	}
}
