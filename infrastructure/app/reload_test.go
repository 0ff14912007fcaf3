package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/infrastructure/config"
)

// configured is a service that runs with a configuration file.
type configured struct {
	path  string
	fixed map[string]any // what its file holds beside the accounts
}

func newConfigured(t *testing.T, sim *ondemandtest.Server) *configured {
	t.Helper()
	directory := t.TempDir()
	return &configured{filepath.Join(directory, "config.json"), map[string]any{
		"api_access_token": accessToken, "port": 0, "data_dir": filepath.Join(directory, "data"), "rate_limit": 0, "retry_delay": 0,
		"upstream_gateway_url": sim.URL, "upstream_api_url": sim.URL,
	}}
}

// write puts these accounts, and further keys, into the file.
func (c *configured) write(t *testing.T, further map[string]any, accounts ...ondemandtest.Account) {
	t.Helper()
	all := map[string]any{}
	for _, keys := range []map[string]any{c.fixed, further} {
		for key, value := range keys {
			all[key] = value
		}
	}
	list := []map[string]string{}
	for _, a := range accounts {
		if a.Key != "" {
			list = append(list, map[string]string{"api_key": a.Key})
			continue
		}
		list = append(list, map[string]string{"email": a.Email, "password": a.Password})
	}
	all["accounts"] = list
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	file(t, c.path, string(text))
}

func (c *configured) load() (config.Config, error) {
	return config.Load(config.Source{WorkDir: filepath.Dir(c.path)})
}

// start runs the service with the file as it is.
func (c *configured) start(t *testing.T, hangup <-chan os.Signal) *service {
	t.Helper()
	first, err := c.load()
	if err != nil {
		t.Fatal(err)
	}
	return start(t, Settings{Config: first, Reload: c.load, Hangup: hangup})
}

func TestAChangedFileChangesTheAccountsAndDropsNoStream(t *testing.T) {
	sim := platform(t)
	sim.Script(ondemandtest.Fault{On: ondemandtest.Query, Times: 1, Do: saying(endless)})
	c := newConfigured(t, sim)
	c.write(t, nil, alice)
	s := c.start(t, nil)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	lines := s.stream(ctx)

	c.write(t, nil, bob)
	s.log.await(t, `"configuration reloaded","accounts":1`)
	for range 3 {
		if status, answer := s.chat("Hello"); status != http.StatusOK {
			t.Errorf("chat got %d %s, want 200 from the new account", status, answer)
		}
	}
	if a, b := sim.Count(ondemandtest.Query, alice.Label()), sim.Count(ondemandtest.Query, bob.Label()); a != 1 || b != 3 {
		t.Errorf("the removed account got %d queries and the added one %d, want 1 and 3", a, b)
	}
	s.words(lines, 10) // the stream goes on over the account that is no longer configured
	if n := sim.OpenStreams(); n != 1 {
		t.Errorf("%d streams are open, want 1", n)
	}
	leave()
	s.stop()
}

func TestAccessTokensAndLimitsChangeWhileTheServiceRuns(t *testing.T) {
	c := newConfigured(t, platform(t))
	c.write(t, map[string]any{"rate_limit": 2}, alice)
	s := c.start(t, nil)
	asks := func(token string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/chat/completions", strings.NewReader(`{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	if got := asks("sk-of-the-team"); got != http.StatusUnauthorized {
		t.Errorf("a token that is not there gets %d", got)
	}
	c.write(t, map[string]any{"rate_limit": 2, "access_tokens": []any{map[string]any{"name": "team", "token": "sk-of-the-team", "tokens_per_day": 1}}}, alice)
	s.log.await(t, `"access_tokens":2`)
	if got := asks("sk-of-the-team"); got != http.StatusOK {
		t.Errorf("a token that has come gets %d", got)
	}
	if got := asks("sk-of-the-team"); got != http.StatusTooManyRequests {
		t.Errorf("a token that has used up its day gets %d", got)
	}
	c.write(t, map[string]any{"rate_limit": 2, "access_tokens": []any{map[string]any{"name": "next", "token": "sk-of-the-next"}}}, alice)
	s.log.await(t, `"access_tokens":2`)
	for began := time.Now(); asks("sk-of-the-team") != http.StatusUnauthorized; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("a token that is gone still lets in")
		}
	}
	for _, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		if got := asks("sk-of-the-next"); got != want {
			t.Errorf("with the limit of 2 a request gets %d, want %d", got, want)
		}
	}
}

func TestABrokenFileLeavesTheRunningConfiguration(t *testing.T) {
	c := newConfigured(t, platform(t))
	c.write(t, nil, alice)
	s := c.start(t, nil)
	for why, broken := range map[string]string{
		"JSON":                  `{"accounts":[{"email":"canary.new@example.org","password":"canary-new"`,
		`\"password\" is empty`: `{"accounts":[{"email":"canary.new@example.org","password":""}]}`,
	} {
		file(t, c.path, broken)
		s.log.await(t, why)
		if status, answer := s.chat("Hello"); status != http.StatusOK {
			t.Errorf("with the broken file %s chat got %d %s, want 200", broken, status, answer)
		}
	}
	line := s.log.await(t, "the changed configuration cannot be used; the running one stays")
	if !strings.Contains(line, `"level":"error"`) || !strings.Contains(line, "config.json") {
		t.Errorf("logged %s, want an error that names the file", line)
	}
	if strings.Contains(s.log.String(), "canary") {
		t.Errorf("a secret of the broken file is in the log:\n%s", s.log)
	}

	c.write(t, nil, alice, bob)
	s.log.await(t, `"configuration reloaded","accounts":2`)
}

func TestKeysThatNeedARestartAreNamed(t *testing.T) {
	c := newConfigured(t, platform(t))
	c.write(t, nil, alice)
	s := c.start(t, nil)
	c.write(t, map[string]any{"retry_delay": 7, "max_retries": 1}, alice, bob)
	line := s.log.await(t, "only after a restart")
	if !strings.Contains(line, `"level":"warn"`) || !strings.Contains(line, `"keys":["max_retries","retry_delay"]`) {
		t.Errorf("logged %s, want a warning with the two keys and no other", line)
	}
	s.log.await(t, `"configuration reloaded","accounts":2`)
}

func TestAFileThatComesLaterIsTakenOverAndOneThatVanishesChangesNothing(t *testing.T) {
	sim := platform(t)
	directory := t.TempDir()
	load := func() (config.Config, error) {
		return config.Load(config.Source{WorkDir: directory, Environ: []string{
			"API_ACCESS_TOKEN=" + accessToken, "PORT=0", "DATA_DIR=" + filepath.Join(directory, "data"),
			"UPSTREAM_GATEWAY_URL=" + sim.URL, "UPSTREAM_API_URL=" + sim.URL,
		}})
	}
	first, err := load()
	if err != nil {
		t.Fatal(err)
	}
	hangup := make(chan os.Signal, 1)
	s := start(t, Settings{Config: first, Reload: load, Hangup: hangup})
	if status, _ := s.get("/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("without an account /readyz says %d, want 503", status)
	}
	path := filepath.Join(directory, "config.json")
	file(t, path, `{"accounts":[{"api_key":"`+bob.Key+`"}]}`)
	s.log.await(t, `"configuration reloaded","accounts":1`)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	hangup <- syscall.SIGHUP
	s.log.await(t, "the configuration file is gone")
	if status, body := s.get("/readyz"); status != http.StatusOK {
		t.Errorf("without its file the service got unready: %d %s", status, body)
	}
}

func TestAHangupBringsTheFirstAccountAndItsModels(t *testing.T) {
	sim := platform(t)
	c := newConfigured(t, sim)
	c.write(t, nil)
	hangup := make(chan os.Signal, 1)
	first, err := c.load()
	if err != nil {
		t.Fatal(err)
	}
	next := first
	next.Accounts = []domain.Account{account(t, "main", bob)}
	s := start(t, Settings{Config: first, Hangup: hangup, Reload: func() (config.Config, error) { return next, nil }})
	if status, _ := s.get("/v1/models/grok-4"); status != http.StatusNotFound {
		t.Errorf("before there is an account grok-4 got %d, want 404", status)
	}
	hangup <- syscall.SIGHUP
	s.log.await(t, "model catalogue refreshed")
	for path, want := range map[string]int{"/readyz": 200, "/v1/models/grok-4": 200, "/v1/models/meta-llama/Llama-3.3-70B-Instruct": 200, "/v1/models/gpt-4": 404} {
		if status, body := s.get(path); status != want {
			t.Errorf("GET %s got %d %s, want %d", path, status, body, want)
		}
	}
	if status, answer := s.chat("Hello"); status != http.StatusOK {
		t.Errorf("chat got %d %s, want 200", status, answer)
	}
}

func TestAHangupThatCannotBeServedIsLogged(t *testing.T) {
	hangup := make(chan os.Signal, 1)
	hangup <- syscall.SIGHUP // at once, while the file's watch begins
	c := newConfigured(t, platform(t))
	c.write(t, nil, alice)
	first, err := c.load()
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	s := start(t, Settings{Config: first, Hangup: hangup, Reload: func() (config.Config, error) {
		if calls++; calls == 1 {
			return first, nil
		}
		return config.Config{}, errors.New("the file is gone")
	}})
	s.log.await(t, "configuration reloaded")
	hangup <- syscall.SIGHUP
	if line := s.log.await(t, "the file is gone"); !strings.Contains(line, `"level":"error"`) {
		t.Errorf("logged %s, want an error", line)
	}
}

func TestWithoutAWayToReloadAHangupDoesNothing(t *testing.T) {
	hangup := make(chan os.Signal)
	s := start(t, Settings{Config: configFor(t, platform(t), account(t, "main", alice)), Hangup: hangup})
	for range 2 { // the second one is taken when the first has been served
		hangup <- syscall.SIGHUP
	}
	if status, answer := s.chat("Hello"); status != http.StatusOK || strings.Contains(s.log.String(), "reload") {
		t.Errorf("chat got %d %s, and the log is\n%s\nwant 200 and no word of a reload", status, answer, s.log)
	}
}

func TestModelsPricesLevelAndTokensChangeWhileTheServiceRuns(t *testing.T) {
	c := newConfigured(t, platform(t))
	c.write(t, map[string]any{"log_level": "info"}, alice)
	s := c.start(t, nil)
	c.write(t, map[string]any{
		"log_level": "debug", "models": map[string]any{"fast": "predefined-openai-gpt4o-mini"}, "default_model": "fast",
		"model_prices": map[string]any{"fast": map[string]any{"in": 1000000, "out": 1000000}}, "api_access_token": "sk-canary-of-my-own",
	}, alice)
	line := s.log.await(t, "configuration reloaded")
	for _, key := range []string{"api_access_token: *** -> ***", "log_level: info -> debug", "default_model: none -> fast", "models: ", "model_prices: "} {
		if !strings.Contains(line, key) {
			t.Errorf("logged %s, want %q in it", line, key)
		}
	}
	ask := func(method, path, body, token string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	const own = "sk-canary-of-my-own"
	const chat = `{"model":"nobody-knows-this","messages":[{"role":"user","content":"Hello"}]}`
	if status, _ := ask("POST", "/v1/chat/completions", chat, config.DefaultAccessToken); status != http.StatusUnauthorized {
		t.Errorf("the old access token gets %d", status)
	}
	if status, answer := ask("POST", "/v1/chat/completions", chat, own); status != http.StatusOK {
		t.Errorf("the new default model answers %d %s", status, answer)
	}
	if _, models := ask("GET", "/v1/models", "", own); !strings.Contains(models, `"fast"`) {
		t.Errorf("the models are %s", models)
	}
	s.log.await(t, `"level":"debug"`)
	if strings.Contains(s.log.String(), "canary") {
		t.Errorf("a secret is in the log:\n%s", s.log)
	}
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		_, overview := ask("GET", "/api/overview", "", own) // the dashboard's password follows the token
		if strings.Contains(overview, `"cost_usd":5,`) && strings.Contains(overview, `"notices":[]`) {
			break
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("the overview is %s, want a cost of 5 dollars and no notices", overview)
		}
	}
	file(t, c.path, "{")
	s.log.await(t, "cannot be used")
	if _, overview := ask("GET", "/api/overview", "", own); !strings.Contains(overview, "config_broken") || !strings.Contains(overview, "config.json") {
		t.Errorf("with a broken file the overview is %s", overview)
	}
	if _, figures := ask("GET", "/metrics", "", own); !strings.Contains(figures, "ondemand_proxy_config_last_reload_successful 0") {
		t.Error("the metrics do not tell that the file is broken")
	}
}
