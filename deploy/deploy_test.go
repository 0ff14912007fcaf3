// Package deploy_test checks what stands in this folder against the program.
package deploy_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ondemand-api-proxy/adapter/metrics"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/usage"
)

// families are the metrics that a gateway exposes once it has worked.
func families(t *testing.T) map[string]bool {
	t.Helper()
	credential, err := domain.NewKeyCredential("key")
	if err != nil {
		t.Fatal(err)
	}
	account, err := domain.NewAccount("main", credential, domain.AccountLimits{})
	if err != nil {
		t.Fatal(err)
	}
	figures := metrics.New(metrics.Options{
		Version: "v1", Sessions: func() int { return 1 }, Ledger: func() usage.Health { return usage.Health{} }, DefaultToken: func() bool { return false },
		Statuses: func() []accounts.Status { return []accounts.Status{{Account: account}} },
	})
	figures.RequestBegan("/v1/chat/completions")
	figures.RequestEnded("/v1/chat/completions", http.MethodPost, domain.Record{
		Model: "gpt-4o", Outcome: domain.OutcomeCompleted, Attempts: 1, Stream: true, FirstDelta: 1, Duration: 2,
		Usage: domain.Usage{Prompt: 2, Completion: 2, Source: domain.UsageMeasured},
	})
	figures.Attempted(domain.Attempt{Account: account, Session: domain.SessionFresh})
	figures.AccountRenewed(account, accounts.SignIn, nil)
	page := httptest.NewRecorder()
	figures.Handler().ServeHTTP(page, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	known := map[string]bool{"up": true}
	for line := range strings.Lines(page.Body.String()) {
		if words := strings.Fields(line); len(words) == 4 && words[1] == "TYPE" {
			known[words[2]] = true
			if words[3] == "histogram" {
				for _, suffix := range []string{"_bucket", "_sum", "_count"} {
					known[words[2]+suffix] = true
				}
			}
		}
	}
	return known
}

var metricName = regexp.MustCompile(`\b(?:ondemand_proxy|process|go)_[a-z0-9_]+`)

// checkNames checks that a query names only what there is.
func checkNames(t *testing.T, known map[string]bool, where, query string) {
	t.Helper()
	names := metricName.FindAllString(query, -1)
	if len(names) == 0 {
		t.Errorf("%s names no metric of ours: %s", where, query)
	}
	for _, name := range names {
		if !known[name] {
			t.Errorf("%s names %s, which the program does not expose", where, name)
		}
	}
}

// dashboard is the part of a Grafana dashboard that queries.
type dashboard struct {
	Panels []struct {
		Title, Description string
		Targets            []struct{ Expr string }
	}
	Templating struct {
		List []struct {
			Name  string
			Query any
		}
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile("grafana/dashboards/ondemand-api-proxy.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatalf("the dashboard is no JSON: %v", err)
	}
	return d
}

func TestEveryQueryOfTheDashboardNamesMetricsThatExist(t *testing.T) {
	known := families(t)
	d := readDashboard(t)
	if len(d.Panels) < 15 {
		t.Fatalf("the dashboard has %d panels: was it read at all?", len(d.Panels))
	}
	for _, panel := range d.Panels {
		if panel.Title == "" || panel.Description == "" || len(panel.Targets) == 0 {
			t.Errorf("the panel %q lacks a title, a description or a query", panel.Title)
		}
		for _, target := range panel.Targets {
			checkNames(t, known, "the panel "+panel.Title, target.Expr)
		}
	}
	for _, variable := range d.Templating.List {
		if variable.Name != "datasource" {
			checkNames(t, known, "the variable "+variable.Name, fmt.Sprint(variable.Query))
		}
	}
}

func TestEveryRuleNamesMetricsThatExist(t *testing.T) {
	text, err := os.ReadFile("prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	checkNames(t, families(t), "rules.yml", string(text))
}

// promtool runs it; without it the test skips, and fails where CI=true.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	program, err := exec.LookPath("promtool")
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal("promtool is not installed")
	default:
		t.Skip("promtool is not installed: the files for Prometheus are not checked")
	}
	if said, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, said)
	}
}

func TestPrometheusTakesItsConfiguration(t *testing.T) {
	promtool(t, "check", "config", "--syntax-only", "prometheus/prometheus.yml")
}

func TestTheRulesDoWhatTheySay(t *testing.T) {
	promtool(t, "check", "rules", "prometheus/rules.yml")
	promtool(t, "test", "rules", "prometheus/rules_test.yml")
}

func TestPrometheusUnderstandsTheQueriesOfTheDashboard(t *testing.T) {
	var rules strings.Builder
	rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	for _, panel := range readDashboard(t).Panels {
		for _, target := range panel.Targets {
			query := strings.NewReplacer("$__rate_interval", "5m", "$job", "job", "$instance", "instance").Replace(target.Expr)
			quoted, err := json.Marshal(query)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&rules, "  - record: r\n    expr: %s\n    labels: {n: %q}\n", quoted, fmt.Sprint(rules.Len()))
		}
	}
	file := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", file)
}
