package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// shownAs is a request as the dashboard lists it.
type shownAs struct {
	RequestID   string `json:"request_id"`
	Model       string
	Outcome     string
	Status      int
	Completion  int `json:"completion_tokens"`
	Attempts    int
	Account     string
	AccountName string `json:"account_name"`
	Tries       []struct {
		AccountName string `json:"account_name"`
		Result      string
	}
}

// asking is for answers that are none of OpenAI's.
var asking = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// data asks the dashboard for something, with the access token.
func data[V any](t *testing.T, p *proxy, path string) V {
	t.Helper()
	got := p.get(t, asking, "/api/"+path)
	var value V
	if err := json.Unmarshal([]byte(got.body), &value); got.status != http.StatusOK || err != nil {
		t.Fatalf("GET /api/%s: status %d, %v\n%s", path, got.status, err, got.body)
	}
	return value
}

// listed are the newest requests, newest first.
func listed(t *testing.T, p *proxy, path string) []shownAs {
	t.Helper()
	return data[struct{ Requests []shownAs }](t, p, path).Requests
}

// shownInTime waits until the dashboard lists so many requests: at most a second and a half.
func shownInTime(t *testing.T, p *proxy, count int) []shownAs {
	t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		rows := listed(t, p, "requests")
		if len(rows) >= count {
			return rows
		}
		if time.Since(began) > 1500*time.Millisecond {
			t.Fatalf("the dashboard lists %d requests, want %d", len(rows), count)
		}
	}
}

func TestTheDashboardTellsHowEveryRequestReallyEnded(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}, {Key: "key-2"}}, Model: wordy})
	platform.Script(
		sim.Fault{On: sim.Query, Times: 1, Do: sim.AfterDeltas(2, sim.Cut())},
		sim.Fault{On: sim.Query, Times: 1, Do: sim.Status(503)},
		sim.Fault{On: sim.Query, Skip: 1, Times: 1, Do: sim.AfterDeltas(3, sim.Heartbeats(20*time.Millisecond))},
	)
	p := start(t, platform, `[{"api_key":"key-1","name":"one"},{"api_key":"key-2","name":"two"}]`, "RATE_LIMIT=4")
	client := httpClient(t)

	if cut := p.post(t, client, asks("hi", `"stream":true`)).tells(t); cut.failure == "" || cut.done {
		t.Fatalf("the first answer was to break off, got %+v", cut)
	}
	if hidden := p.post(t, client, asks("hi")).tells(t); hidden.finish != "stop" {
		t.Fatalf("the second answer was to succeed elsewhere, got %+v", hidden)
	}
	ctx, leave := context.WithCancel(t.Context())
	response, err := p.open(ctx, client, asks("hi", `"stream":true`))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(response.Body)
	for got := ""; !strings.Contains(got, "Reply"); {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		got += line
	}
	time.Sleep(100 * time.Millisecond) // the other deltas, which the client is charged for
	leave()
	_ = response.Body.Close()
	p.post(t, client, `{"model":`)
	if limited := p.post(t, client, asks("hi")); limited.code() != "rate_limit_exceeded" {
		t.Fatalf("the fifth request was to be refused, got %d %s", limited.status, limited.body)
	}

	rows := shownInTime(t, p, 5)
	var got []string
	for _, r := range rows {
		var tries []string
		for _, try := range r.Tries {
			tries = append(tries, try.Result)
		}
		got = append(got, fmt.Sprintf("%s %s %d %v", r.Model, r.Outcome, r.Status, tries))
	}
	want := []string{
		"other rate_limited 429 []", "other rejected 400 []", "gpt-4o client_gone 200 [client_gone]",
		"gpt-4o completed 200 [upstream_fault ok]", "gpt-4o upstream_cut 200 [upstream_cut]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the dashboard lists\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if gone := rows[2]; gone.Completion == 0 {
		t.Error("the client that left is charged nothing, though deltas had come for it")
	}
	if tried := rows[3].Tries; tried[0].AccountName == tried[1].AccountName || rows[3].AccountName != tried[1].AccountName {
		t.Errorf("the accounts of the second request are %+v", rows[3])
	}
	if only := listed(t, p, "requests?outcome=upstream_cut&range=1h"); len(only) != 1 || only[0].RequestID != rows[4].RequestID {
		t.Errorf("filtered by its outcome, the request that broke off is %+v", only)
	}

	p.stop(syscall.SIGTERM, 0)
	again := startWith(t, setup{dataDir: p.dataDir, environ: p.command.Env})
	if rows := shownInTime(t, again, 5); len(rows) != 5 || rows[0].Outcome != "rate_limited" {
		t.Errorf("after a restart the dashboard lists %+v", rows)
	}
}

// browser is a client that keeps cookies and is on the dashboard's own page.
func (p *proxy) browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := httpClient(t)
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// sends makes a request without a token.
func (p *proxy) sends(t *testing.T, client *http.Client, method, path, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, p.log.tail())
	}
	return read(response)
}

func TestAnAccountThatIsOutIsTestedAndPutBackFromTheDashboard(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Email: "alice@example.org", Password: "secret"}}})
	platform.Script(sim.Fault{On: sim.SignIn, Times: 2, Do: sim.Status(401)})
	p := start(t, platform, `[{"email":"alice@example.org","password":"secret"}]`)
	client := httpClient(t)
	if got := p.post(t, client, asks("hi")); got.code() != "no_account_available" {
		t.Fatalf("with a refused sign-in: %d %s", got.status, got.body)
	}
	type account struct{ ID, Name, State, Why string }
	accounts := func() account {
		return data[struct{ Accounts []account }](t, p, "accounts").Accounts[0]
	}
	before := accounts()
	if before.Name != "al***@example.org" || before.State != "out" || before.Why != "credential_refused" {
		t.Fatalf("the account is %+v", before)
	}
	do := func(action string) string {
		return p.sends(t, client, "POST", "/api/accounts/"+action, `{"account":"`+before.ID+`"}`, "Authorization", "Bearer "+accessToken).body
	}
	if got := do("test"); !strings.Contains(got, `"ok":false,"kind":"credential_refused","message":"the e-mail address or the password is wrong`) {
		t.Errorf("the test of a refused account says %s", got)
	}
	if got := do("test"); !strings.Contains(got, `"ok":true`) {
		t.Errorf("the test of an account that works again says %s", got)
	}
	if got := accounts().State; got != "out" {
		t.Errorf("after the test the account is %s, want it out until it is put back", got)
	}
	if got := do("put-back"); !strings.Contains(got, `"state":"ready"`) {
		t.Errorf("putting back says %s", got)
	}
	if got := p.post(t, client, asks("hi")); got.status != http.StatusOK {
		t.Errorf("after that a request is answered %d %s", got.status, got.body)
	}
	if got := accounts(); got.State != "ready" || got.Why != "" {
		t.Errorf("the account is %+v", got)
	}
}

func TestEventsTellWhatHappensAndEndAtOnceAtShutdown(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}})
	p := start(t, platform, `[{"api_key":"key-1"}]`)
	client := httpClient(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+accessToken)
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	await := func(what string) string {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), what) {
				return lines.Text()
			}
		}
		t.Fatalf("the stream ended before %q: %v", what, lines.Err())
		return ""
	}
	await("event: moment")
	began := time.Now()
	p.post(t, client, asks("hi"))
	await("event: batch")
	if got := await("data: "); !strings.Contains(got, `"requests":1`) || !strings.Contains(got, `"outcome":"completed"`) {
		t.Errorf("the batch is %s", got)
	}
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("the request showed after %s", took)
	}
	signalled(t, p, syscall.SIGTERM)
	stopped := time.Now()
	for lines.Scan() { // to its end
	}
	if err := lines.Err(); err != nil {
		t.Errorf("the stream broke off: %v", err)
	}
	if took := time.Since(stopped); took > 3*time.Second {
		t.Errorf("the stream ended %s after the signal", took)
	}
	awaitExit(t, p, 5*time.Second)
}

func TestTheDashboardAndTheMetricsAgree(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}, {Key: "key-2"}}, Model: wordy})
	platform.Script(
		sim.Fault{On: sim.Query, Skip: 1, Times: 1, Do: sim.AfterDeltas(2, sim.Cut())}, // of a stream
		sim.Fault{On: sim.Query, Skip: 2, Times: 2, Do: sim.Status(500)},
		sim.Fault{On: sim.Query, Skip: 4, Times: 1, Do: sim.Status(429).With(sim.RetryAfter(time.Minute))},
	)
	p := start(t, platform, `[{"api_key":"key-1","name":"one"},{"api_key":"key-2","name":"two"}]`)
	client := httpClient(t)
	const requests = 14
	for i := range requests {
		switch i % 5 {
		case 0:
			p.post(t, client, asks("hi"))
		case 1:
			p.post(t, client, asks("hi", `"stream":true`))
		case 2:
			p.post(t, client, asks("hi", `"max_tokens":2`))
		case 3:
			p.post(t, client, chatBody("gpt-4o-mini", `{"role":"user","content":"hi"}`))
		case 4:
			p.post(t, client, chatBody("nobody-knows-this", `{"role":"user","content":"hi"}`))
		}
	}
	shownInTime(t, p, requests)

	overview := data[struct {
		Totals struct {
			Requests   float64
			Outcomes   map[string]float64
			Prompt     float64 `json:"prompt_tokens"`
			Completion float64 `json:"completion_tokens"`
			Attempts   float64
		}
		Moment struct {
			InFlight      float64 `json:"in_flight"`
			Sessions      float64
			AccountStates []struct {
				ID       string
				State    string
				InFlight float64 `json:"in_flight"`
			} `json:"account_states"`
		}
	}](t, p, "overview?range=1h")
	models := data[struct {
		Models []struct {
			Name     string
			Requests float64
		}
	}](t, p, "models?range=1h").Models
	accounts := data[struct {
		Accounts []struct {
			Name     string
			State    string
			Requests float64
		}
	}](t, p, "accounts?range=1h").Accounts

	scraped := figures(t, p)
	sum := func(name string, labels ...string) (total float64) {
		for series, value := range scraped {
			if strings.HasPrefix(series, "ondemand_proxy_"+name+"{") || series == "ondemand_proxy_"+name {
				if !slices.ContainsFunc(labels, func(l string) bool { return !strings.Contains(series, l) }) {
					total += value
				}
			}
		}
		return total
	}
	const route = `route="/v1/chat/completions"`
	same := func(what string, dashboard, metrics float64) {
		t.Helper()
		if dashboard != metrics {
			t.Errorf("%s: the dashboard says %v, the metrics say %v", what, dashboard, metrics)
		}
	}
	same("requests", overview.Totals.Requests, requests)
	same("requests", overview.Totals.Requests, sum("requests_total", route))
	for outcome, count := range overview.Totals.Outcomes {
		same(outcome, count, sum("requests_total", route, `outcome="`+outcome+`"`))
	}
	if len(overview.Totals.Outcomes) < 4 {
		t.Errorf("the outcomes are only %v", overview.Totals.Outcomes)
	}
	same("prompt tokens", overview.Totals.Prompt, sum("tokens_total", `kind="prompt"`))
	same("completion tokens", overview.Totals.Completion, sum("tokens_total", `kind="completion"`))
	same("attempts", overview.Totals.Attempts, sum("upstream_attempts_total"))
	same("in flight", overview.Moment.InFlight, sum("requests_in_flight", route))
	same("sessions", overview.Moment.Sessions, sum("sessions_live"))
	for _, m := range models {
		same(m.Name, m.Requests, sum("requests_total", `model="`+m.Name+`"`))
	}
	for i, a := range accounts {
		same(a.Name+" "+a.State, 1, sum("account_state", `account="`+a.Name+`"`, `state="`+a.State+`"`))
		if got := overview.Moment.AccountStates[i]; got.State != a.State || got.InFlight != sum("account_requests_in_flight", `account="`+a.Name+`"`) {
			t.Errorf("account %s is %+v in the overview, and %s among the accounts", a.Name, got, a.State)
		}
	}
}
