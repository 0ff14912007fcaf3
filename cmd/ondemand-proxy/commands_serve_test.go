package main_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestHealthcheckAsksTheProxyThatRuns(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	for _, host := range []string{"127.0.0.1", "0.0.0.0", "localhost", "::"} {
		p := start(t, platform, paramAccounts, "HOST="+host)
		_, port, _ := net.SplitHostPort(strings.TrimPrefix(p.url, "http://"))
		r := runToEnd(t, setup{args: []string{"healthcheck"}, environ: []string{"HOST=" + host, "PORT=" + port}})
		if r.code != 0 || r.stderr != "" {
			t.Errorf("HOST=%s: code %d, stderr %q; want 0 and nothing", host, r.code, r.stderr)
		}
		r = runToEnd(t, setup{args: []string{"healthcheck", "--port", port, "--host", host}, environ: []string{"HTTP_PROXY=http://127.0.0.1:1"}})
		if r.code != 0 {
			t.Errorf("--host %s --port %s: code %d, want 0\n%s", host, port, r.code, r.stderr)
		}
	}
	p := start(t, platform, paramAccounts)
	_, running, _ := net.SplitHostPort(strings.TrimPrefix(p.url, "http://"))
	broken := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(broken, []byte(`{"accounts":[{"api_key":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := runToEnd(t, setup{args: []string{"healthcheck"}, environ: []string{"CONFIG_FILE=" + broken, "PORT=" + running}}); r.code != 0 {
		t.Errorf("with a broken file: code %d, stderr %q; want 0", r.code, r.stderr)
	}
	port := freePort(t)
	checkComplaint(t, "a broken file and nobody there", runToEnd(t, setup{args: []string{"healthcheck"}, environ: []string{"CONFIG_FILE=" + broken, "PORT=" + port}}), 1, broken, "127.0.0.1:"+port)
	r := runToEnd(t, setup{args: []string{"healthcheck"}, environ: []string{"PORT=" + port}})
	checkComplaint(t, "nobody listens", r, 1, "127.0.0.1:"+port)

	other := http.NewServeMux() // anything else on that port is no proxy that is alive
	server := &http.Server{Handler: other, ReadHeaderTimeout: time.Second}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	checkComplaint(t, "another server", runToEnd(t, setup{args: []string{"healthcheck", "--port", port}}), 1, "404")
}

func TestATakenPortIsOneClearLineSoon(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(p.url, "http://"))
	r := runToEnd(t, setup{environ: upstreams(platform, "ONDEMAND_ACCOUNTS="+paramAccounts, "PORT="+port, "DEBUG_MODE=false")})
	checkComplaint(t, "a taken port", r, 1, "127.0.0.1:"+port, "--port")
	if r.took > 10*time.Second || r.stdout != "" {
		t.Errorf("it took %v and greeted with %q, want seconds and no greeting", r.took, r.stdout)
	}
	served(t, p, asks("Is the first one unharmed?"))
}

func TestWithoutAccountsItServesAllButAnswersAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	p := startWith(t, setup{})
	if out := p.out.String(); !strings.Contains(out, "Accounts   0") || !strings.Contains(out, "ONDEMAND_ACCOUNTS") {
		t.Errorf("the greeting does not tell that there are no accounts and how to set them:\n%s", out)
	}
	if listed := listedModels(t, p); len(listed) != len(staticNames) {
		t.Errorf("%d models are listed, want the %d static ones", len(listed), len(staticNames))
	}
	for way, stream := range bothWays {
		a := p.post(t, httpClient(t), asks("Anybody?", stream))
		e := refusalOf(t, way, a)
		if a.status != http.StatusServiceUnavailable || e.Type != "server_error" || orNull(e.Code) != "no_account_available" || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: status %d, type %s, code %s, Retry-After %q; want 503, server_error, no_account_available and a time", way, a.status, e.Type, orNull(e.Code), a.header.Get("Retry-After"))
		}
		if !strings.Contains(e.Message, "accounts") || !strings.Contains(e.Message, "ONDEMAND_ACCOUNTS") {
			t.Errorf("%s: the message does not say what to do: %s", way, e.Message)
		}
	}
	for path, status := range map[string]int{"/readyz": http.StatusServiceUnavailable, "/healthz": http.StatusOK, "/": http.StatusOK} {
		if a := p.get(t, httpClient(t), path); a.status != status {
			t.Errorf("GET %s: status %d, want %d", path, a.status, status)
		}
	}
}

func TestTheGreetingShowsWhereEverythingIsAndWarnsOfTheDefaultToken(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, `[{"api_key":"demo-key"},{"email":"demo@example.org","password":"demo-password"}]`)
	out := p.out.String()
	for _, text := range []string{p.url + "/v1", p.url + "/\n", "Accounts   2"} {
		if !strings.Contains(out, text) {
			t.Errorf("the greeting does not hold %q:\n%s", text, out)
		}
	}
	if strings.Contains(out, "WARNING") || strings.Contains(out, "DEMO") {
		t.Errorf("the greeting warns of what is in order:\n%s", out)
	}
	for host, word := range map[string]string{"127.0.0.1": "WARNING: The access token is the documented default", "0.0.0.0": "WARNING: DANGER"} {
		p := start(t, platform, paramAccounts, "HOST="+host, "API_ACCESS_TOKEN=")
		if out := p.out.String(); !strings.Contains(out, word) || !strings.Contains(out, "API_ACCESS_TOKEN") || !strings.Contains(out, "http://127.0.0.1:") {
			t.Errorf("with the default token on %s the greeting does not hold %q, what to set, and an address for a browser:\n%s", host, word, out)
		}
	}
}

func TestTheDemoAnswersWithoutAnyAccount(t *testing.T) {
	t.Parallel()
	p := startWith(t, setup{args: []string{"serve", "--demo"}, environ: []string{`ONDEMAND_ACCOUNTS=[{"api_key":"must-not-be-used"}]`, "UPSTREAM_API_URL=http://127.0.0.1:1", "UPSTREAM_GATEWAY_URL=http://127.0.0.1:1"}})
	out := p.out.String()
	for _, text := range []string{p.url + "/v1", p.url + "/\n", "Accounts   2", "DEMO"} {
		if !strings.Contains(out, text) {
			t.Errorf("the greeting does not hold %q:\n%s", text, out)
		}
	}
	if a := p.get(t, httpClient(t), "/v1/models/gpt-4o"); !strings.Contains(a.body, `"owned_by":"demo`) {
		t.Errorf("the model does not say that it is a demonstration: %s", a.body)
	}
	if a := p.get(t, httpClient(t), "/v1/models"); strings.Count(a.body, `"owned_by":"demo`) < len(staticNames) {
		t.Errorf("not every listed model says that it is a demonstration: %s", a.body)
	}
	messages := ""
	for i, question := range []string{"What is a lighthouse?", "灯塔有多高？", "And who keeps it?"} {
		messages += `{"role":"user","content":` + inJSON(question) + `}`
		got := served(t, p, chatBody("gpt-4o", messages, `"stream":true`))
		if !strings.Contains(got.text, question) || len(got.text) < 200 || got.finish != "stop" {
			t.Errorf("turn %d: finish reason %q; want stop and a readable answer that mentions %q:\n%s", i+1, got.finish, question, got.text)
		}
		if seen := []string{"seen 1 of", "收到您的 2 条", "seen 3 of"}[i]; !strings.Contains(got.text, seen) {
			t.Errorf("turn %d: the answer does not hold %q, so the conversation is not the upstream session's:\n%s", i+1, seen, got.text)
		}
		messages += `,{"role":"assistant","content":` + inJSON(got.text) + `},`
	}
}

func TestTheDataDirectoryIsCreatedAlsoNestedAndRelative(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	p := start(t, platform, paramAccounts, "DATA_DIR=var/lib/proxy data")
	served(t, p, asks("Where are the data?"))
	found, err := os.ReadDir(filepath.Join(p.command.Dir, "var/lib/proxy data"))
	if err != nil || len(found) == 0 {
		t.Errorf("the nested, relative data directory holds %d files, %v; want some", len(found), err)
	}
}

func TestADataDirectoryThatCannotBeUsedStopsNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	platform := sim.Start(t, sim.Options{})
	for _, directory := range []string{file, filepath.Join(file, "below")} {
		p := start(t, platform, paramAccounts, "DATA_DIR="+directory)
		served(t, p, asks("Served all the same?"))
		if log := p.log.String(); !strings.Contains(log, `"level":"warn"`) || !strings.Contains(log, directory) {
			t.Errorf("the log does not warn that %s cannot be used\n%s", directory, p.log.tail())
		}
	}
}
