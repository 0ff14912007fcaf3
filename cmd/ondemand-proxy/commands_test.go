package main_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// ran is a program that has ended by itself.
type ran struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

// runToEnd runs a command until it ends by itself.
func runToEnd(t *testing.T, s setup) ran {
	t.Helper()
	began := time.Now()
	p := launch(t, s)
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		_ = p.command.Process.Kill()
		<-p.exited
		t.Fatalf("%q has not ended after 30 s\n%s%s", s.args, p.out, p.log)
	}
	return ran{p.code(), p.out.String(), p.log.String(), time.Since(began)}
}

// checkComplaint checks that a run ended with this code and one clear line that holds all of these texts.
func checkComplaint(t *testing.T, what string, r ran, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("%s: exit code %d, want %d\n%s", what, r.code, code, r.stderr)
	}
	line, ended := strings.CutSuffix(r.stderr, "\n")
	if !ended || strings.Contains(line, "\n") || !strings.HasPrefix(line, "ondemand-proxy: ") {
		t.Errorf("%s: stderr is %q, want one line that begins with the program's name", what, r.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(line, text) {
			t.Errorf("%s: stderr does not hold %q: %s", what, text, line)
		}
	}
}

// upstreams point the program at a simulator.
func upstreams(platform *sim.Server, more ...string) []string {
	return append([]string{"UPSTREAM_GATEWAY_URL=" + platform.URL, "UPSTREAM_API_URL=" + platform.URL}, more...)
}

func TestVersionAndHelpAnswerAtOnce(t *testing.T) {
	t.Parallel()
	// Neither needs a configuration that is in order.
	broken := []string{"PORT=none"}
	r := runToEnd(t, setup{args: []string{"version"}, environ: broken})
	if !regexp.MustCompile(`^ondemand-proxy \S+ \(go\S+, \w+/\w+\)\n$`).MatchString(r.stdout) || r.code != 0 || r.stderr != "" {
		t.Errorf("version: code %d, stdout %q, stderr %q; want 0 and one line with name, version and platform", r.code, r.stdout, r.stderr)
	}
	for _, args := range [][]string{{"help"}, {"--help"}, {"-h"}, {"serve", "--help"}, {"config", "-help"}} {
		r := runToEnd(t, setup{args: args, environ: broken})
		if r.code != 0 || r.stderr != "" {
			t.Errorf("%q: code %d, stderr %q; want 0 and nothing", args, r.code, r.stderr)
		}
		for _, word := range []string{"Usage: ondemand-proxy", "serve", "config", "accounts", "healthcheck", "version", "-port", "-host", "-demo"} {
			if !strings.Contains(r.stdout, word) {
				t.Errorf("%q: the help does not hold %q:\n%s", args, word, r.stdout)
			}
		}
	}
}

func TestAWrongCommandLineIsOneLineAndCode2(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		text string
	}{
		{[]string{"srve"}, `"srve"`},
		{[]string{"srve", "--port", "1"}, "serve, config, accounts, healthcheck, version"},
		{[]string{"--prt", "1"}, "prt"},
		{[]string{"serve", "--prt=1"}, "prt"},
		{[]string{"serve", "extra"}, `"extra"`},
		{[]string{"config", "--demo"}, "--demo"},
		{[]string{"--port"}, "port"},
		{[]string{"--demo=perhaps"}, "demo"},
	} {
		r := runToEnd(t, setup{args: c.args})
		checkComplaint(t, strings.Join(c.args, " "), r, 2, c.text)
		if r.stdout != "" {
			t.Errorf("%q: stdout is %q, want nothing", c.args, r.stdout)
		}
	}
}

func TestConfigPrintsEveryValueItsSourceAndNoSecret(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "my.json")
	if err := os.WriteFile(file, []byte(`{"port":1111,"max_retries":5,"rate_limit":7,"retry_delay":0.5,"dashboard_password":"hidden-password","accounts":[{"api_key":"hidden-key"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{"CONFIG_FILE=" + file, "PORT=2222", "MAX_RETRIES=6", "RATE_LIMIT=", "RETRY_DELAY=", "API_ACCESS_TOKEN=hidden-token"}
	r := runToEnd(t, setup{args: []string{"config", "--port", "3333"}, environ: environ})
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("code %d, stderr %q; want 0 and nothing", r.code, r.stderr)
	}
	for _, row := range []string{
		`key +value +source`,
		`port +3333 +flag --port`,
		`max_retries +6 +environment variable MAX_RETRIES`,
		`rate_limit +7 +` + regexp.QuoteMeta(file),
		`retry_delay +0\.5 +` + regexp.QuoteMeta(file),
		`stream_timeout +120 +default`,
		`host +127\.0\.0\.1 +default`,
		`api_access_token +\*\*\* +environment variable API_ACCESS_TOKEN`,
		`dashboard_password +\*\*\* +` + regexp.QuoteMeta(file),
		`accounts +1 account \(1 key\) +` + regexp.QuoteMeta(file),
		`debug_mode +true +environment variable DEBUG_MODE`,
	} {
		if !regexp.MustCompile(`(?m)^` + row + `$`).MatchString(r.stdout) {
			t.Errorf("the table has no row %s:\n%s", row, r.stdout)
		}
	}
	if strings.Contains(r.stdout, "hidden-") {
		t.Errorf("the table holds a secret:\n%s", r.stdout)
	}
	// The flag that names the file beats the variable that does.
	other := filepath.Join(t.TempDir(), "other.yaml")
	if err := os.WriteFile(other, []byte("rate_limit: 8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = runToEnd(t, setup{args: []string{"config", "--config", other}, environ: environ})
	if !regexp.MustCompile(`(?m)^rate_limit +8 +` + regexp.QuoteMeta(other) + `$`).MatchString(r.stdout) {
		t.Errorf("--config %s was not read:\n%s%s", other, r.stdout, r.stderr)
	}
}

func TestAConfigurationThatCannotBeUsedIsOneClearLineAndCode1(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, []byte("{\n\"rate_limt\": 5}"), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(cut, []byte("{\n\"rate_limit\": 5,"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		setup setup
		texts []string
	}{
		{"broken JSON", setup{environ: []string{`ONDEMAND_ACCOUNTS=[{"email":`}}, []string{"accounts", "ONDEMAND_ACCOUNTS", "column 11"}},
		{"an account of no kind", setup{environ: []string{`ONDEMAND_ACCOUNTS=[{"email":"a@example.org"}]`}}, []string{"account 1", `lacks "password"`}},
		{"a port that is no number", setup{environ: []string{"PORT=http"}}, []string{"port", "PORT", `"http"`, "0 to 65535"}},
		{"a port flag that is no number", setup{args: []string{"--port", "70000"}}, []string{"flag --port", "70000", "0 to 65535"}},
		{"a negative time", setup{environ: []string{"RETRY_DELAY=-1"}}, []string{"retry_delay", "RETRY_DELAY", "-1"}},
		{"no time at all", setup{environ: []string{"REQUEST_TIMEOUT=0"}}, []string{"request_timeout", "above 0"}},
		{"a URL with a path", setup{environ: []string{"UPSTREAM_API_URL=http://localhost/v1"}}, []string{"upstream_api_url", "without path"}},
		{"an unknown default model", setup{environ: []string{"DEFAULT_MODEL=gpt-99"}}, []string{"default_model", `"gpt-99"`}},
		{"an unknown key", setup{environ: []string{"CONFIG_FILE=" + file}}, []string{`"rate_limt"`, `did you mean "rate_limit"?`}},
		{"a cut file", setup{environ: []string{"CONFIG_FILE=" + cut}}, []string{cut, "line 2"}},
		{"no such file", setup{args: []string{"--config", "nowhere.json"}}, []string{`"nowhere.json"`, "--config", "does not exist"}},
		{"no such file in the environment", setup{environ: []string{"CONFIG_FILE=nowhere.json"}}, []string{`"nowhere.json"`, "CONFIG_FILE", "does not exist"}},
	} {
		r := runToEnd(t, c.setup)
		checkComplaint(t, c.name, r, 1, c.texts...)
		if r.stdout != "" || strings.Contains(r.stderr, "a@example.org") {
			t.Errorf("%s: stdout %q, stderr %q; want no greeting and no e-mail address", c.name, r.stdout, r.stderr)
		}
	}
	for _, command := range []string{"config", "accounts", "healthcheck"} {
		checkComplaint(t, command, runToEnd(t, setup{args: []string{command}, environ: []string{"PORT=http"}}), 1, "PORT", `"http"`)
	}
}

func TestAccountsTellsWhichOfThemCanBeUsed(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{
		{Email: "good.person@example.org", Password: "right"},
		{Email: "wrong.person@example.org", Password: "right"},
		{Email: "unpaid.person@example.org", Password: "right"},
		{Key: "good-key"},
	}})
	platform.Script(sim.Fault{On: sim.NewSession, Account: "unpaid.person@example.org", Do: sim.Status(http.StatusForbidden)})
	const good = `{"email":"good.person@example.org","password":"right","name":"good"},{"api_key":"good-key","name":"key"}`
	r := runToEnd(t, setup{args: []string{"accounts"}, environ: upstreams(platform, `ONDEMAND_ACCOUNTS=[`+good+`,`+
		`{"email":"wrong.person@example.org","password":"wrong","name":"wrong"},{"api_key":"bad-key","name":"bad"},`+
		`{"email":"unpaid.person@example.org","password":"right","name":"unpaid"}]`)})
	checkComplaint(t, "three bad accounts of five", r, 1, "3 of 5 accounts")
	for _, row := range []string{
		`good +[0-9a-f]{10} +go\*\*\*@example\.org +ok`,
		`key +[0-9a-f]{10} +key \*\*\* +ok`,
		`wrong +[0-9a-f]{10} +wr\*\*\*@example\.org +.*password is wrong.*`,
		`bad +[0-9a-f]{10} +key \*\*\* +the API key is refused.*`,
		`unpaid +[0-9a-f]{10} +un\*\*\*@example\.org +its plan .*`,
	} {
		if !regexp.MustCompile(`(?m)^` + row + `$`).MatchString(r.stdout) {
			t.Errorf("the table has no row %s:\n%s", row, r.stdout)
		}
	}
	if both := r.stdout + r.stderr; strings.Contains(both, ".person@") || strings.Contains(both, "-key ") {
		t.Errorf("an address or a key stands there in clear:\n%s", both)
	}

	r = runToEnd(t, setup{args: []string{"accounts"}, environ: upstreams(platform, `ONDEMAND_ACCOUNTS=[`+good+`]`)})
	if r.code != 0 || r.stderr != "" || strings.Count(r.stdout, " ok\n") != 2 {
		t.Errorf("two good accounts: code %d, stderr %q, want 0 and nothing\n%s", r.code, r.stderr, r.stdout)
	}
	checkComplaint(t, "no accounts", runToEnd(t, setup{args: []string{"accounts"}, environ: upstreams(platform)}), 1, "no accounts are configured", "ONDEMAND_ACCOUNTS")

	nowhere := "http://127.0.0.1:" + freePort(t)
	r = runToEnd(t, setup{args: []string{"accounts"}, environ: []string{"UPSTREAM_GATEWAY_URL=" + nowhere, "UPSTREAM_API_URL=" + nowhere, `ONDEMAND_ACCOUNTS=[` + good + `]`}})
	checkComplaint(t, "an unreachable platform", r, 1, "2 of 2 accounts")
	if strings.Count(r.stdout, "no connection comes about") != 2 {
		t.Errorf("the table does not say that the platform could not be reached:\n%s", r.stdout)
	}
}

// freePort is a port on which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}
