package metrics

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"ondemand-api-proxy/usecase/accounts"
)

const (
	openMetrics = "application/openmetrics-text; version=1.0.0"
	protobuf    = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)

func TestTheHandlerAnswersInTheFormatAskedFor(t *testing.T) {
	m := newMetrics()
	for accept, want := range map[string]string{
		"": "text/plain; version=0.0.4", "text/plain": "text/plain; version=0.0.4", "text/html": "text/plain; version=0.0.4",
		openMetrics: openMetrics, protobuf: protobuf,
	} {
		answer := ask(t, m, accept)
		if got := answer.Header().Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("Accept %q gets %q, want %q", accept, got, want)
		}
		if got := answer.Header().Values("Vary"); !strings.Contains(strings.Join(got, ","), "Accept") {
			t.Errorf("Accept %q gets Vary %q, want Accept in it", accept, got)
		}
	}
	if text := ask(t, m, openMetrics).Body.String(); !strings.HasSuffix(text, "\n# EOF\n") {
		t.Errorf("OpenMetrics ends with %q, want # EOF", text[max(0, len(text)-40):])
	}
}

func TestTheProgramTellsItsVersionAndWhetherItsTokenIsKnown(t *testing.T) {
	for inUse, want := range map[bool]float64{false: 0, true: 1} {
		m := New(Options{
			Ledger:  noLedger,
			Version: "1.2.3", DefaultToken: func() bool { return inUse },
			Statuses: func() []accounts.Status { return nil }, Sessions: func() int { return 0 },
		})
		wants(t, m, "build_info", figures{`goversion="` + runtime.Version() + `",version="1.2.3"`: 1})
		wants(t, m, "default_token_in_use", figures{"": want})
		text := ask(t, m, "").Body.String()
		expected := []string{"go_goroutines ", "go_gc_duration_seconds_count "}
		if runtime.GOOS == "linux" || runtime.GOOS == "windows" {
			expected = append(expected, "process_start_time_seconds ", "process_resident_memory_bytes ")
		}
		for _, name := range expected {
			if !strings.Contains(text, "\n"+name) {
				t.Errorf("%s is missing", name)
			}
		}
	}
}

func TestAFigureThatCannotBeHadIsLeftOutAndNobodyIsToldWhy(t *testing.T) {
	m := New(Options{
		Ledger: noLedger, DefaultToken: noToken,
		Statuses: func() []accounts.Status { panic("canary: the pool is broken") },
		Sessions: func() int { return 5 },
	})
	for _, accept := range []string{"text/plain", openMetrics} {
		text := ask(t, m, accept).Body.String()
		if strings.Contains(text, "canary") || strings.Contains(text, "account_state") {
			t.Errorf("the failure shows: %s", text)
		}
		if !strings.Contains(text, "ondemand_proxy_sessions_live 5") {
			t.Errorf("the other figures are missing: %s", text)
		}
	}
	const want = `promhttp_metric_handler_errors_total{cause="gathering"} 2`
	if text := ask(t, m, "text/plain").Body.String(); !strings.Contains(text, want) {
		t.Errorf("the failures are not counted, want %s", want)
	}
}

func TestNothingIsCalledBeforeSomebodyAsks(t *testing.T) {
	m := New(Options{
		Ledger: noLedger, DefaultToken: noToken,
		Statuses: func() []accounts.Status { t.Error("accounts were asked for"); return nil },
		Sessions: func() int { t.Error("sessions were asked for"); return 0 },
	})
	everything(m, byKey(t, "main"))
	m.Handler()
}

func TestEveryFamilyIsThere(t *testing.T) {
	a := byKey(t, "main")
	m := newMetrics(a)
	everything(m, a)
	text := ask(t, m, "text/plain").Body.String()
	for _, family := range strings.Fields(`requests_total:counter requests_in_flight:gauge request_duration_seconds:histogram
		first_token_seconds:histogram token_interval_seconds:histogram tokens_total:counter rate_limited_requests_total:counter
		upstream_attempts_total:counter account_state:gauge account_requests_in_flight:gauge account_renewals_total:counter
		sessions_live:gauge session_uses_total:counter sessions_dropped_total:counter catalogue_refreshes_total:counter
		catalogue_models:gauge build_info:gauge default_token_in_use:gauge
		ledger_queued_rows:gauge ledger_dropped_rows_total:counter ledger_faults_total:counter ledger_in_memory:gauge config_reloads_total:counter config_last_reload_successful:gauge`) {
		name, kind, _ := strings.Cut(family, ":")
		if want := fmt.Sprintf("\n# TYPE %s_%s %s\n", namespace, name, kind); !strings.Contains(text, want) {
			t.Errorf("%s is missing or no %s", name, kind)
		}
	}
	if got := strings.Count(text, "# TYPE "+namespace); got != 24 {
		t.Errorf("%d families, want 24: list the new one here", got)
	}
}

func TestNamesAndHelpAreAsPrometheusLikesThem(t *testing.T) {
	a := byKey(t, "main")
	m := newMetrics(a)
	everything(m, a)
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestPromtoolLikesTheOutput(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		const missing = "promtool is not installed; it comes with Debian's package prometheus"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	a := byKey(t, "main")
	m := newMetrics(a)
	everything(m, a)
	check := exec.CommandContext(t.Context(), tool, "check", "metrics")
	check.Stdin = ask(t, m, "text/plain").Body
	if output, err := check.CombinedOutput(); err != nil || len(output) != 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, output)
	}
}
