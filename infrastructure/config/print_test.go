package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zapcore"
)

const everything = `{
 "api_access_token": "canary-token", "dashboard_password": "canary-dashboard",
 "accounts": [{"email":"canary@example.org","password":"canary-password"},{"api_key":"canary-key","name":"mine"}],
 "access_tokens": [{"name":"family","token":"canary-extra","rate_limit":0}], "cors_origins": ["*"], "data_dir": "a\tb"
}`

func TestThePrintedTableShowsEveryKeyItsValueAndItsSource(t *testing.T) {
	source := inDir(t, "config.json", everything, "PORT=8080", "TRUSTED_PROXIES=10.0.0.1")
	source.Flags = map[string]string{"host": "::1"}
	if _, err := Load(source); err == nil {
		t.Fatal("a control character in data_dir was accepted")
	}
	source = inDir(t, "config.json", strings.Replace(everything, `\t`, " ", 1), source.Environ...)
	source.Flags = map[string]string{"host": "::1"}
	var out strings.Builder
	if err := mustLoad(t, source).Print(&out); err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for line := range strings.Lines(out.String()) {
		var cells []string
		for cell := range strings.SplitSeq(line, "  ") {
			if cell = strings.TrimSpace(cell); cell != "" {
				cells = append(cells, cell)
			}
		}
		got = append(got, cells)
	}
	want := [][]string{
		{"key", "value", "source"},
		{"api_access_token", "***", "config.json"},
		{"accounts", "2 accounts (1 password, 1 key)", "config.json"},
		{"access_tokens", "1 token", "config.json"},
		{"dashboard_password", "***", "config.json"},
		{"host", "::1", "flag --host"},
		{"port", "8080", "environment variable PORT"},
		{"data_dir", "a b", "config.json"},
		{"shutdown_grace", "30", "default"},
		{"max_body_mib", "20", "default"},
		{"max_in_flight", "4096", "default"},
		{"max_queue", "1024", "default"},
		{"cors_origins", "*", "config.json"},
		{"trusted_proxies", "10.0.0.1/32", "environment variable TRUSTED_PROXIES"},
		{"allowed_networks", "none", "default"},
		{"rate_limit", "60", "default"},
		{"max_retries", "3", "default"},
		{"retry_delay", "1", "default"},
		{"request_timeout", "30", "default"},
		{"stream_timeout", "120", "default"},
		{"session_timeout_minutes", "30", "default"},
		{"upstream_gateway_url", "https://gateway.on-demand.io", "default"},
		{"upstream_api_url", "https://api.on-demand.io", "default"},
		{"account_cooldown_seconds", "300", "default"},
		{"warm_sessions", "2", "default"},
		{"default_model", "none", "default"},
		{"models", "none", "default"},
		{"model_prices", "16 models", "default"},
		{"log_level", "info", "default"},
		{"debug_mode", "false", "default"},
		{"metrics_public", "false", "default"},
		{"usage_retention_days", "30", "default"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestNoWayOfPrintingAConfigShowsASecret(t *testing.T) {
	cfg := mustLoad(t, inDir(t, "config.json", strings.Replace(everything, `\t`, " ", 1)))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, value := range []any{cfg, &cfg, cfg.AccessTokens} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, "canary") {
				t.Errorf("%s of %T shows a secret:\n%s", verb, value, text)
			}
		}
	}
	if text := strings.Join(cfg.Warnings(), " "); strings.Contains(text, "canary") {
		t.Errorf("a warning shows a secret: %s", text)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestPrintReturnsTheErrorOfItsWriter(t *testing.T) {
	if err := Default().Print(fullDisk{}); err == nil {
		t.Error("Print returned nil, want the writer's error")
	}
}

func TestWarningsNameWhatShouldChange(t *testing.T) {
	for _, c := range []struct {
		name    string
		environ []string
		want    []string // beginnings
	}{
		{"nothing configured", nil, []string{"The access token is the documented default", "No accounts are configured"}},
		{"reachable", []string{"HOST=0.0.0.0"}, []string{"DANGER: the access token is the documented default", "No accounts are configured"}},
		{"well configured", []string{"HOST=0.0.0.0", "API_ACCESS_TOKEN=0123456789abcdef", `ONDEMAND_ACCOUNTS=[{"api_key":"k"}]`}, nil},
		{"copied", []string{"API_ACCESS_TOKEN=choose-a-long-secret-of-your-own", `ONDEMAND_ACCOUNTS=[{"api_key":"k"}]`}, []string{"The access token is copied from the documentation"}},
		{"copied and reachable", []string{"HOST=0.0.0.0", "API_ACCESS_TOKEN=choose-a-long-secret-of-your-own", `ONDEMAND_ACCOUNTS=[{"api_key":"k"}]`}, []string{"DANGER: the access token is copied from the documentation"}},
		{
			"copied beside it", []string{
				"API_ACCESS_TOKEN=0123456789abcdef", "DASHBOARD_PASSWORD=choose-a-long-secret-of-your-own", `ONDEMAND_ACCOUNTS=[{"api_key":"k"}]`,
				`ACCESS_TOKENS=[{"name":"a","token":"another-long-secret"},{"name":"b","token":"` + DefaultAccessToken + `"}]`,
			}, []string{"dashboard_password is copied", "Access token 1 (access_tokens[0]) is copied", "Access token 2 (access_tokens[1]) is copied"},
		},
		{"guessable at home", []string{"API_ACCESS_TOKEN=x", `ONDEMAND_ACCOUNTS=[{"api_key":"k"}]`}, nil},
		{
			"guessable", []string{
				"HOST=0.0.0.0", "API_ACCESS_TOKEN=0123456789abcde", "DASHBOARD_PASSWORD=y", `ONDEMAND_ACCOUNTS=[{"api_key":"k"}]`,
				`ACCESS_TOKENS=[{"name":"a","token":"0123456789abcdef"},{"name":"b","token":"bb"}]`,
			}, []string{"api_access_token has fewer than 16 characters", "dashboard_password has fewer than 16", "Access token 2 (access_tokens[1]) has fewer than 16"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := mustLoad(t, inDir(t, "", "", c.environ...)).Warnings()
			ok := len(got) == len(c.want)
			for i := range min(len(got), len(c.want)) {
				ok = ok && strings.HasPrefix(got[i], c.want[i]) && strings.HasSuffix(got[i], ".")
			}
			if !ok {
				t.Errorf("warnings are %q, want sentences that begin with %q", got, c.want)
			}
		})
	}
}

func TestOnlyLoopbackAddressesAreNotBeyondIt(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": false, "127.9.9.9": false, "::1": false, "[::1]": false, "::ffff:127.0.0.1": false, "LocalHost": false, "localhost.": false,
		"0.0.0.0": true, "::": true, "192.168.1.2": true, "my-server": true, "localhost.example.org": true,
	} {
		if got := mustLoad(t, inDir(t, "", "", "HOST="+host)).BeyondLoopback(); got != want {
			t.Errorf("BeyondLoopback with host %s is %t, want %t", host, got, want)
		}
	}
}

func TestDebugModeMeansDebugLevel(t *testing.T) {
	if got := mustLoad(t, inDir(t, "", "", "LOG_LEVEL=error")).Level(); got != zapcore.ErrorLevel {
		t.Errorf("level is %v, want error", got)
	}
	if got := mustLoad(t, inDir(t, "", "", "LOG_LEVEL=error", "DEBUG_MODE=true")).Level(); got != zapcore.DebugLevel {
		t.Errorf("level in debug mode is %v, want debug", got)
	}
}

func TestAFileToBeginWithThatNobodyNamesIsTold(t *testing.T) {
	const told = "config.yaml is here but is not read: add --config config.yaml."
	source := inDir(t, "config.yaml", "port: 7")
	if got := mustLoad(t, source); got.Unread() != told || !slices.Contains(got.Warnings(), told) || got.Port != 5000 {
		t.Errorf("it says %q and warns %q, want %q in both", got.Unread(), got.Warnings(), told)
	}
	named := source
	named.Flags = map[string]string{"config": "config.yaml"}
	if got := mustLoad(t, named); got.Unread() != "" || got.Port != 7 {
		t.Errorf("once it is named, it says %q, want nothing", got.Unread())
	}
	if err := os.WriteFile(filepath.Join(source.WorkDir, "config.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := mustLoad(t, source); got.Unread() != "" {
		t.Errorf("beside a config.json it says %q, want nothing", got.Unread())
	}
}
