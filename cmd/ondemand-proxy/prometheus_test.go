package main_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// TestPrometheusScrapesTheProxy lets the real Prometheus scrape the real program with the
// access token, under the rules of deploy/, and asks it what it saw.
func TestPrometheusScrapesTheProxy(t *testing.T) {
	t.Parallel()
	prometheus, err := exec.LookPath("prometheus")
	if err != nil {
		lacks(t, "Prometheus (Debian: apt-get install prometheus)")
	}
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}})
	p := start(t, platform, `[{"api_key":"key-1","name":"main"}]`)
	client := httpClient(t)
	if said := p.post(t, client, asks("hi", `"stream":true`)).tells(t); !said.done {
		t.Fatalf("the completion to be counted failed: %+v", said)
	}

	base := runPrometheus(t, prometheus, p.url)
	for query, want := range map[string]string{
		`up{job="ondemand-proxy"}`: "1",
		`sum(ondemand_proxy_requests_total{model="gpt-4o", outcome="completed"})`: "1",
		`ondemand_proxy_account_state{account="main", state="ready"}`:             "1",
		`count(ondemand_proxy_first_token_seconds_bucket) > bool 1`:               "1",
		`count(ALERTS{alertname="OnDemandNoAccountUsable"}) or vector(0)`:         "0",
	} {
		deadline := time.Now().Add(30 * time.Second)
		got := ask(client, base, query)
		for got != want && time.Now().Before(deadline) {
			time.Sleep(200 * time.Millisecond) // Prometheus tells nobody when it has scraped
			got = ask(client, base, query)
		}
		if got != want {
			t.Errorf("Prometheus answers %s with %q, want %q", query, got, want)
		}
	}
}

// runPrometheus runs a Prometheus that scrapes the target until the test ends.
func runPrometheus(t *testing.T, program, target string) (base string) {
	t.Helper()
	dir := t.TempDir()
	rules, err := filepath.Abs("../../deploy/prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	where, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	configuration := fmt.Sprintf(`
global: {scrape_interval: 500ms, scrape_timeout: 400ms, evaluation_interval: 500ms}
rule_files: [%q]
scrape_configs:
  - job_name: ondemand-proxy
    authorization: {type: Bearer, credentials: %q}
    static_configs: [{targets: [%q]}]
`, rules, accessToken, where.Host)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	said := &output{}
	command := exec.Command(program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	command.Stdout, command.Stderr = said, said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		if t.Failed() {
			t.Logf("Prometheus: %s", said.tail())
		}
	})
	return "http://" + address
}

// freeAddress is one on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// ask returns the only value that a query has now; empty: none, or Prometheus is not up yet.
func ask(client *http.Client, base, query string) string {
	response, err := client.Get(base + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if json.NewDecoder(response.Body).Decode(&answer) != nil || len(answer.Data.Result) != 1 {
		return ""
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1])
}
