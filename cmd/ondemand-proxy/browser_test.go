package main_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// TestTheDashboardInABrowser plays the scripts of the folder browser, each in a Chromium
// of its own, against real programs.
func TestTheDashboardInABrowser(t *testing.T) {
	t.Parallel()
	b := findBrowser(t)
	used := wellUsed(t)
	unused := start(t, sim.Start(t, sim.Options{}), `[{"api_key":"demo-key","name":"one"}]`)
	reading := func(script string, environ ...string) func(*testing.T) { // changes nothing in the program
		return func(t *testing.T) { b.play(t, script, used, nil, environ...) }
	}
	for name, scenario := range map[string]func(*testing.T){
		"nothing but the form is served without login":       b.login,
		"figures move while requests run":                    b.live,
		"an account that is out is tested and put back":      b.accounts,
		"names full of markup stay text":                     b.hostile,
		"a lost connection is said, and the view is kept":    b.lost,
		"notices stand above the figures":                    b.notices,
		"in the frame of a Space the login works":            b.frame,
		"language, theme and range are switched and kept":    reading("looks"),
		"requests are filtered, paged and shown in detail":   reading("filters"),
		"the exports hold what the filters choose":           reading("export"),
		"axe-core finds nothing serious, and keys do it all": reading("accessible", "UNUSED_URL="+unused.url),
		"nothing is wider than a phone":                      reading("phone"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario(t)
		})
	}
}

func (b browser) login(t *testing.T) {
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}})
	b.play(t, "login", start(t, platform, `[{"api_key":"key-1"}]`), nil)
}

func (b browser) live(t *testing.T) {
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}, Model: wordy})
	platform.Script(sim.Fault{On: sim.Query, Times: 1, Do: sim.Paced(sim.Pace{BeforeFirst: time.Second, Between: 250 * time.Millisecond})})
	b.play(t, "live", start(t, platform, `[{"api_key":"key-1","name":"one"}]`), nil)
}

func (b browser) accounts(t *testing.T) {
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Email: "alice@example.org", Password: "secret"}, {Key: "key-2"}}})
	platform.Script(sim.Fault{On: sim.SignIn, Times: 2, Do: sim.Status(401)})
	p := start(t, platform, `[{"email":"alice@example.org","password":"secret"},{"api_key":"key-2","name":"bob"}]`)
	client := httpClient(t)
	for tries := 0; platform.FaultsLeft() == 2; tries++ {
		if got := p.post(t, client, asks("hi")); got.status != 200 || tries > 50 {
			t.Fatalf("request %d, before alice is out: %d %s", tries, got.status, got.body)
		}
	}
	b.play(t, "accounts", p, nil)
}

// hostile gives everything that has a name one that is markup. Clients cannot choose the
// ids of accounts or requests so, but the page does not know that.
func (b browser) hostile(t *testing.T) {
	names := map[string]string{
		"model":       `<img src=x onerror=alert(1)>"'`,
		"account":     `</option><marquee onclick=alert(2)>&amp;`,
		"accessToken": `<script>alert(3)</script>{n}`,
		"requestID":   `"><img src=x onerror=alert(4)><script>alert(5)</script><!--`,
		"unknown":     `javascript:alert(6)'"><marquee>`,
	}
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}, Endpoints: []string{"predefined-hostile"}})
	p := start(t, platform, `[{"api_key":"key-1","name":`+inJSON(names["account"])+`}]`,
		`MODELS={`+inJSON(names["model"])+`:"predefined-hostile"}`, `ACCESS_TOKENS=[{"name":`+inJSON(names["accessToken"])+`,"token":"`+otherToken+`"}]`)
	client := httpClient(t)
	p.post(t, client, asks("hi"))
	for range 2 {
		got := p.sends(t, client, "POST", "/v1/chat/completions", chatBody(names["model"], `{"role":"user","content":"hi"}`), "Authorization", "Bearer "+otherToken)
		if got.status != 200 {
			t.Fatalf("a request to the model: %d %s", got.status, got.body)
		}
	}
	p.stop(syscall.SIGTERM, 0)
	text, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := sql.Open("sqlite", filepath.Join(p.dataDir, "ondemand-proxy.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = ledger.Exec("UPDATE requests SET request_id = ?, account_id = ? WHERE id = (SELECT max(id) FROM requests)", names["requestID"], names["unknown"])
	if err = errors.Join(err, ledger.Close()); err != nil {
		t.Fatal(err)
	}
	b.play(t, "hostile", startWith(t, setup{dataDir: p.dataDir, environ: p.command.Env}), nil, "NAMES="+string(text))
}

func (b browser) lost(t *testing.T) {
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}})
	p := start(t, platform, `[{"api_key":"key-1"}]`, "PORT="+lastingPort())
	b.play(t, "lost", p, map[string]func(){
		"stop":  func() { p.stop(syscall.SIGTERM, 0) },
		"start": func() { startWith(t, setup{dataDir: p.dataDir, environ: p.command.Env}) },
	})
}

// lastingPort is one on which nothing listens, and that no connection to elsewhere is given
// while a program is away from it.
func lastingPort() string {
	for {
		port := strconv.Itoa(20_000 + rand.IntN(10_000))
		if listener, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			_ = listener.Close()
			return port
		}
	}
}

func (b browser) notices(t *testing.T) {
	const everybodys = "sk-2api-ondemand-access-token-2025"
	account := sim.Account{Email: "alice@example.org", Password: "secret"}
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{account}})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const named = `[{"email":"alice@example.org","password":"secret","name":"private-name"}]`
	type program struct {
		URL     string   `json:"url"`
		Secret  string   `json:"secret"`
		Notices []string `json:"notices"`
	}
	everything := start(t, platform, named)
	text, err := json.Marshal([]program{
		{everything.url, accessToken, []string{}},
		{start(t, platform, "", "API_ACCESS_TOKEN=").url, everybodys, []string{"default_token", "no_accounts"}},
		{start(t, platform, named, "DATA_DIR="+file).url, accessToken, []string{"memory_only"}},
		{startWith(t, setup{args: []string{"serve", "--demo"}}).url, accessToken, []string{"demo"}},
		{start(t, platform, named, "API_ACCESS_TOKEN=", "HOST=0.0.0.0").url, everybodys, []string{"default_token", "restricted"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.play(t, "notices", everything, nil, "PROGRAMS="+string(text))
}

// frame puts TLS in front of a program, as Hugging Face does in front of a Space.
func (b browser) frame(t *testing.T) {
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}})
	p := start(t, platform, `[{"api_key":"key-1"}]`, "SPACE_ID=user/space")
	target, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewTLSServer(&httputil.ReverseProxy{
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0), // a page that is left breaks off what it waits for
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
	})
	t.Cleanup(front.Close)
	b.play(t, "frame", p, nil, "SPACE_ADDRESS="+front.Listener.Addr().String())
}

// wellUsed starts a program that has had requests of every common end, more than a page of
// them.
func wellUsed(t *testing.T) *proxy {
	t.Helper()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}, {Key: "key-2"}}, Model: wordy})
	platform.Script(
		sim.Fault{On: sim.Query, Times: 1, Do: sim.AfterDeltas(2, sim.Cut())},
		sim.Fault{On: sim.Query, Times: 1, Do: sim.Status(503)},
		sim.Fault{On: sim.Query, Skip: 1, Times: 1, Do: sim.AfterDeltas(3, sim.Heartbeats(20*time.Millisecond))},
		sim.Fault{On: sim.Query, Account: "key-1", Skip: 10, Times: 5, Do: sim.Status(503)}, // which lets the other one work
	)
	p := start(t, platform, `[{"api_key":"key-1","name":"one"},{"api_key":"key-2","name":"two"}]`, "RATE_LIMIT=70")
	client := httpClient(t)
	p.post(t, client, asks("hi", `"stream":true`)) // is cut
	p.post(t, client, asks("hi"))                  // succeeds with the second account
	p.leave(t)
	p.post(t, client, `{"model":`)
	for limited, tries := 0, 0; limited < 2; tries++ {
		got := p.post(t, client, chatBody([]string{"gpt-4o", "gpt-4o-mini"}[tries%2], `{"role":"user","content":"hi"}`, `"stream":true`))
		if got.code() == "rate_limit_exceeded" {
			limited++
		} else if got.status != 200 || tries > 100 {
			t.Fatalf("request %d: %d %s", tries, got.status, got.body)
		}
	}
	return p
}

// leave asks for a streamed answer and goes away in the middle of it.
func (p *proxy) leave(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	response, err := p.open(ctx, httpClient(t), asks("hi", `"stream":true`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewReader(response.Body)
	for got := ""; !strings.Contains(got, "Reply"); {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		got += line
	}
}

// browser is what a script needs to run.
type browser struct{ node, chromium string }

// findBrowser looks for what browser tests need; without it they are skipped, but not in CI.
func findBrowser(t *testing.T) browser {
	t.Helper()
	b := browser{chromium: os.Getenv("CHROMIUM")}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); b.chromium == "" && err == nil {
			b.chromium = path
		}
	}
	var missing []string
	if b.chromium == "" {
		missing = append(missing, "Chromium (Debian: apt-get install chromium; CHROMIUM names another)")
	}
	var err error
	if b.node, err = exec.LookPath("node"); err != nil {
		missing = append(missing, "Node.js with npm (Debian: apt-get install nodejs npm)")
	}
	if _, err := os.Stat(filepath.Join("browser", "node_modules", "playwright-core")); err != nil {
		missing = append(missing, "the packages of the scripts (npm ci in cmd/ondemand-proxy/browser)")
	}
	if missing != nil {
		lacks(t, strings.Join(missing, ", "))
	}
	return b
}

// longestScenario bounds a script, on a machine that is busy with other things.
const longestScenario = 3 * time.Minute

// play runs a script against the program. A script may ask for what only the test can do:
// it writes "::what" in a line of its own and waits for the answer.
func (b browser) play(t *testing.T, script string, p *proxy, asked map[string]func(), environ ...string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "browser") //nolint:usetesting // t.TempDir minds files that a browser leaves a moment too late
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), longestScenario)
	command := exec.CommandContext(ctx, b.node, filepath.Join("browser", script+".mjs"))
	command.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "CHROMIUM=" + b.chromium, "FAILURE_SHOTS=" + os.Getenv("FAILURE_SHOTS"),
		"BASE_URL=" + p.url, "PASSWORD=" + accessToken, "ACCESS_TOKEN=" + accessToken,
	}, environ...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) } // the script's browser ends with it
	command.WaitDelay = 10 * time.Second
	said := &output{}
	command.Stderr = said
	answers, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = command.Wait() // again, unless what was asked for has ended the test
		_ = os.RemoveAll(dir)
	})
	serveScript(t, lines, answers, asked)
	if err := command.Wait(); err != nil {
		t.Errorf("%s.mjs: %v (it may take %s)\n%s\nthe program's log ends with\n%s", script, err, longestScenario, said, p.log.tail())
	}
}

// serveScript does what a script asks for, until its end.
func serveScript(t *testing.T, lines io.Reader, answers io.Writer, asked map[string]func()) {
	t.Helper()
	for scanner := bufio.NewScanner(lines); scanner.Scan(); {
		what, asks := strings.CutPrefix(scanner.Text(), "::")
		if !asks {
			t.Log(what)
			continue
		}
		do := asked[what]
		if do == nil {
			t.Errorf("a script asked for %q, which nobody can do", what)
			return
		}
		do()
		_, _ = fmt.Fprintln(answers, "done")
	}
}
