package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestNothingConfiguredIsTheDefault(t *testing.T) {
	got := mustLoad(t, Source{WorkDir: t.TempDir()})
	want := Default()
	for _, row := range table() {
		if diff := cmp.Diff(row.get(&want), row.get(&got), compare()); diff != "" {
			t.Errorf("%s (-default +got):\n%s", row.Name, diff)
		}
	}
	if file := got.File(); file.Exists() || filepath.Base(file.Path()) != "config.json" {
		t.Errorf("File is %q, exists %t; want where config.json may come", file.Path(), file.Exists())
	}
}

func TestDefaultsAreTheDocumentedOnes(t *testing.T) {
	want := map[string]string{
		"api_access_token": DefaultAccessToken, "accounts": "none", "session_timeout_minutes": "30", "max_retries": "3",
		"retry_delay": "1", "request_timeout": "30", "stream_timeout": "120", "rate_limit": "60", "debug_mode": "false",
		"host": "127.0.0.1", "port": "5000", "data_dir": "data", "upstream_gateway_url": "https://gateway.on-demand.io",
		"upstream_api_url": "https://api.on-demand.io", "account_cooldown_seconds": "300", "default_model": "none",
		"models": "none", "dashboard_password": "the access token", "log_level": "info", "shutdown_grace": "30",
		"max_body_mib": "20", "max_in_flight": "4096", "max_queue": "1024", "access_tokens": "none", "cors_origins": "none",
		"usage_retention_days": "30", "model_prices": "16 models", "warm_sessions": "2", "metrics_public": "false", "trusted_proxies": "none",
		"allowed_networks": "none",
	}
	got := map[string]string{}
	for _, k := range Keys() {
		got[k.Name] = k.Default
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}

func TestALaterSourceWins(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		source, want, origin := Source{WorkDir: dir}, 5000, ""
		content := "{}"
		if rapid.Bool().Draw(t, "file") {
			want, origin = rapid.IntRange(0, 65535).Draw(t, "port in file"), "config.json"
			content = fmt.Sprintf(`{"port": %d}`, want)
		}
		if rapid.Bool().Draw(t, "environment") {
			want, origin = rapid.IntRange(0, 65535).Draw(t, "port in environment"), "environment variable PORT"
			source.Environ = []string{fmt.Sprintf("PORT=%d", want), "HOST="}
		}
		if rapid.Bool().Draw(t, "flag") {
			want, origin = rapid.IntRange(0, 65535).Draw(t, "port as flag"), "flag --port"
			source.Flags = map[string]string{"port": fmt.Sprint(want)}
		}
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(source)
		if err != nil || cfg.Port != want || cfg.origins["port"] != origin || cfg.Host != "127.0.0.1" {
			t.Fatalf("Load = port %d from %q, host %q, error %v; want %d from %q", cfg.Port, cfg.origins["port"], cfg.Host, err, want, origin)
		}
	})
}

func TestALaterSourceReplacesObjectsAsAWhole(t *testing.T) {
	cfg := mustLoad(t, inDir(t, "config.json", `{"models":{"a":"predefined-a","b.c":"predefined-b"}}`, `MODELS={"d":"predefined-d"}`))
	if len(cfg.Models) != 1 || cfg.Models[0].Name != "d" {
		t.Errorf("models are %+v, want only the one of the environment", cfg.Models)
	}
}

func TestEmptyVariablesAndNullsCountAsNotSet(t *testing.T) {
	var environ, nulls []string
	for _, k := range Keys() {
		environ = append(environ, k.Env+"=")
		nulls = append(nulls, fmt.Sprintf("%q:null", k.Name))
	}
	source := inDir(t, "config.json", "{"+strings.Join(nulls, ",")+"}", append(environ, "CONFIG_FILE=")...)
	cfg := mustLoad(t, source)
	if len(cfg.origins) != 1 { // the dashboard password, which follows the token
		t.Errorf("values come from %v, want defaults only", cfg.origins)
	}
}

func TestBooleansAsText(t *testing.T) {
	for text, want := range map[string]bool{"true": true, "TRUE": true, "1": true, "yes": true, "On": true, " on ": true, "false": false, "0": false, "NO": false, "off": false} {
		cfg := mustLoad(t, inDir(t, "config.json", fmt.Sprintf(`{"debug_mode": %t}`, !want), "DEBUG_MODE="+text))
		if cfg.DebugMode != want {
			t.Errorf("DEBUG_MODE=%q is read as %t, want %t", text, cfg.DebugMode, want)
		}
	}
}

func TestZeroesThatMeanSomethingAreTaken(t *testing.T) {
	cfg := mustLoad(t, inDir(t, "config.json", `{"port":0,"rate_limit":0,"retry_delay":0,"shutdown_grace":0,"max_retries":0,"warm_sessions":0,"max_queue":0}`))
	if cfg.Port != 0 || cfg.RateLimit != 0 || cfg.RetryDelay != 0 || cfg.ShutdownGrace != 0 || cfg.MaxRetries != 0 || cfg.WarmSessions != 0 || cfg.MaxQueue != 0 {
		t.Errorf("a zero was not taken:\n%v", cfg)
	}
	cfg = mustLoad(t, inDir(t, "", "", "RETRY_DELAY=0", "REQUEST_TIMEOUT=.5", "SESSION_TIMEOUT_MINUTES=0.05"))
	if cfg.RetryDelay != 0 || cfg.RequestTimeout != 500*time.Millisecond || cfg.SessionTimeout != 3*time.Second {
		t.Errorf("times are %v, %v and %v, want 0s, 500ms and 3s", cfg.RetryDelay, cfg.RequestTimeout, cfg.SessionTimeout)
	}
}

func TestDashboardPasswordFollowsTheAccessToken(t *testing.T) {
	cfg := mustLoad(t, inDir(t, "", "", "API_ACCESS_TOKEN=mine"))
	if cfg.DashboardPassword.Reveal() != "mine" {
		t.Error("the dashboard password is not the access token, want it by default")
	}
	cfg = mustLoad(t, inDir(t, "", "", "API_ACCESS_TOKEN=mine", "DASHBOARD_PASSWORD=other"))
	if cfg.DashboardPassword.Reveal() != "other" {
		t.Error("the dashboard password is not the configured one")
	}
}

func TestOwnPricesStandBesideTheBuiltInOnes(t *testing.T) {
	cfg := mustLoad(t, inDir(t, "config.json", `{"model_prices":{"gpt-4o":{"in":9,"out":9}}}`))
	if got := cfg.ModelPrices["gpt-4o"]; got != (Price{In: 9, Out: 9}) {
		t.Errorf("the price of gpt-4o is %v, want the configured one", got)
	}
	if got := cfg.ModelPrices["gpt-4.1"]; got != (Price{In: 2, Out: 8}) {
		t.Errorf("the price of gpt-4.1 is %v, want the built-in one", got)
	}
	if builtinPrices()["gpt-4o"] == cfg.ModelPrices["gpt-4o"] {
		t.Error("loading changed the built-in table")
	}
}

func TestNeedRestartNamesWhatCannotChangeWhileRunning(t *testing.T) {
	before := mustLoad(t, inDir(t, "config.json", `{"trusted_proxies":["::1"]}`))
	after := mustLoad(t, inDir(t, "config.json", `{"trusted_proxies":["::1"],"port":1,"max_retries":1,"rate_limit":1,"access_tokens":[{"name":"n","token":"t"}],"accounts":[{"api_key":"k"}]}`))
	if diff := cmp.Diff([]string{"port", "max_retries"}, before.NeedRestart(after)); diff != "" {
		t.Errorf("NeedRestart (-want +got):\n%s", diff)
	}
	if got := before.NeedRestart(before); got != nil {
		t.Errorf("NeedRestart of the same configuration is %v, want none", got)
	}
}
