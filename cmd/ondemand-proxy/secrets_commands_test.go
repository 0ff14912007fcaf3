package main_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// secretAccounts are one account of each kind as the simulator and as the environment has them.
func secretAccounts() ([]sim.Account, string) {
	return []sim.Account{{Email: secretEmail(1), Password: secretPassword(1)}, {Key: secretKey(2)}},
		"ONDEMAND_ACCOUNTS=" + `[{"email":` + inJSON(secretEmail(1)) + `,"password":` + inJSON(secretPassword(1)) + `},{"api_key":` + inJSON(secretKey(2)) + `}]`
}

func TestTheCommandsShowNoSecret(t *testing.T) {
	t.Parallel()
	accounts, configured := secretAccounts()
	platform := sim.Start(t, sim.Options{Accounts: accounts})
	wrong := strings.ReplaceAll(configured, "-1\"", "-9\"") // the same account, with another password
	refusing := sim.Start(t, sim.Options{Accounts: accounts})
	for i, a := range accounts {
		k := known{email: a.Email, password: a.Password, key: a.Key}
		refusing.Script(sim.Fault{On: []sim.Operation{sim.SignIn, sim.NewSession}[i], Account: a.Label(), Do: sim.Refusal(403, strings.Join(k.echoes(), " "), "")})
	}
	secrets := huntFor(append(cores(), coreEmail)...)
	for name, c := range map[string]struct {
		args    []string
		environ []string
		code    int
	}{
		"config":                       {[]string{"config"}, upstreams(platform, configured), 0},
		"accounts":                     {[]string{"accounts"}, upstreams(platform, configured), 0},
		"accounts, a wrong password":   {[]string{"accounts"}, upstreams(platform, wrong), 1},
		"accounts, refused with echo":  {[]string{"accounts"}, upstreams(refusing, configured), 1},
		"accounts, nobody there":       {[]string{"accounts"}, []string{"UPSTREAM_GATEWAY_URL=http://127.0.0.1:1", "UPSTREAM_API_URL=http://127.0.0.1:1", configured}, 1},
		"healthcheck, nobody there":    {[]string{"healthcheck"}, upstreams(platform, configured, "PORT="+freePort(t)), 1},
		"version":                      {[]string{"version"}, upstreams(platform, configured), 0},
		"a secret in place of a word":  {[]string{"config", "--port", secretPassword(3) + "@host"}, nil, 1},
		"a URL with a password":        {[]string{"serve"}, []string{"UPSTREAM_API_URL=https://user:" + corePassword + "@host"}, 1},
		"a token with a space":         {[]string{"serve"}, []string{"API_ACCESS_TOKEN=" + coreToken + " x"}, 1},
		"a dashboard password, spaced": {[]string{"serve"}, []string{"DASHBOARD_PASSWORD=" + coreDashboard + "\t"}, 1},
	} {
		r := runToEnd(t, setup{args: c.args, environ: secretEnviron(c.environ...)})
		if r.code != c.code {
			t.Errorf("%s: exit code %d, want %d\n%s%s", name, r.code, c.code, r.stdout, r.stderr)
		}
		secrets.search(t, name, r.stdout+r.stderr)
	}
	for _, a := range accounts {
		if platform.Count("", a.Label()) == 0 || refusing.Count("", a.Label()) == 0 {
			t.Errorf("%s never called the platform, so that nothing could have leaked", a.Label())
		}
	}
}

func TestAWrongConfigurationIsRefusedWithoutShowingWhatIsSecretInIt(t *testing.T) {
	t.Parallel()
	email, password, key := inJSON(secretEmail(1)), inJSON(secretPassword(1)), inJSON(secretKey(2))
	broken := []string{
		`[{"email":` + email + `,"password":` + password, `[{"email":` + email + `,"password":` + password + `}] x`,
		`[{"email":` + email + ` "password":` + password + `}]`, `[{"email":` + email + `,"password":'` + corePassword + `'}]`,
		`[{"email":` + email + `,"password":[` + password + `]}]`, `[{"email":` + email + `,"password":{"is":` + password + `}}]`,
		`[{"email":` + email + `,"passwort":` + password + `}]`, `[{"email":` + email + `,` + password + `:1}]`,
		`[{"email":` + email + `,"password":` + password + `,"password":` + password + `}]`,
		`[{"email":` + email + `,"password":` + password + `,"api_key":` + key + `}]`, `[{"api_key":[` + key + `]}]`,
		`[{"api_key":"` + coreKey + ` with a space"}]`, `[{"api_key":"` + coreKey + `\n"}]`, `[{"api_key":` + key + `},{"api_key":` + key + `}]`,
		`[{"email":"` + coreEmail + `:x@y.example","password":` + password + `}]`, `[{"password":` + password + `}]`, `[{"email":` + email + `}]`,
		`[{"api_key":` + key + `,"max_concurrency":"` + coreKey + `"}]`, `[` + key + `]`, password, `{"accounts":` + password + `}`, `{` + password + `:[]}`, secretPassword(1),
	}
	secrets := huntFor(append(cores(), coreEmail)...)
	check := func(what string, s setup) {
		t.Helper()
		r := runToEnd(t, s)
		checkComplaint(t, what, r, 1)
		secrets.search(t, what, r.stdout+r.stderr)
	}
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return "CONFIG_FILE=" + path
	}
	for _, text := range broken {
		check("ONDEMAND_ACCOUNTS="+text, setup{args: []string{"config"}, environ: secretEnviron("ONDEMAND_ACCOUNTS=" + text)})
		check("a file with "+text, setup{environ: secretEnviron(file("config.json", `{"accounts":`+text+`}`))})
	}
	for _, text := range []string{
		`{"api_access_token":["` + coreToken + `"]}`, `{"api_access_token":"` + coreToken + ` "}`, `{"dashboard_password":{"a":"` + coreDashboard + `"}}`,
		`{"access_tokens":[{"name":"a","token":["` + coreSecond + `"]}]}`, `{"access_tokens":[{"name":"` + coreSecond + `\n","token":"x"}]}`,
		`{"access_tokens":["` + coreSecond + `"]}`, `{"access_tokens":"` + coreSecond + `"}`, `{` + password + `:1}`, `{"` + coreKey + `":1}`,
		`{"api_access_token":"` + coreToken, password, `{"accounts":[],"api_access_token":7,"x":` + password + `}`,
	} {
		check("a file with "+text, setup{environ: []string{file("config.json", text), "API_ACCESS_TOKEN=", "DASHBOARD_PASSWORD="}})
	}
	for _, text := range []string{
		"accounts:\n  - email: " + email + "\n    password: " + password + "\n   bad: [", "api_access_token: [" + coreToken + "]\n", "\"" + corePassword + "\n", "accounts:\n  " + coreKey + "\n  x: 1\n",
	} {
		check("YAML "+text, setup{environ: []string{file("config.yaml", text), "API_ACCESS_TOKEN="}})
	}
}

func TestABrokenRequestLeavesNoneOfItsTextBehind(t *testing.T) {
	t.Parallel()
	accounts, configured := secretAccounts()
	platform := sim.Start(t, sim.Options{Accounts: accounts})
	p := startWith(t, setup{environ: secretEnviron(upstreams(platform, configured)...)})
	pasted := inJSON(secretPassword(1)) // into every field that it does not belong to
	bodies := []string{
		pasted, secretPassword(1), `{` + pasted + `:1,` + pasted + `:2}`, `{"model":` + pasted + `,"messages":[{"role":"user","content":"x"}]}`,
		chatBody(corePassword, `{"role":"user","content":"x"}`), chatBody("predefined-"+corePassword, `{"role":"user","content":"x"}`),
		chatBody("gpt-4o", `{"role":`+pasted+`,"content":"x"}`), chatBody("gpt-4o", `{"role":"user","content":[{"type":`+pasted+`}]}`),
		chatBody("gpt-4o", `{"role":"user","content":`+pasted+`,`+pasted+`:1,`+pasted+`:2}`), chatBody("gpt-4o", `{"role":"assistant","tool_calls":[{"type":`+pasted+`}]}`),
		asks("x", `"reasoning_effort":`+pasted), asks("x", `"temperature":`+pasted), asks("x", `"stream":`+pasted), asks("x", `"modalities":[`+pasted+`]`),
		asks("x", `"response_format":{"type":`+pasted+`}`), asks("x", pasted+`:1`, pasted+`:2`), asks("x") + pasted, asks(secretPassword(1), `"stop":""`),
		strings.TrimSuffix(asks(secretPassword(1)), "}"),
	}
	foreign := huntFor(coreKey, coreToken, coreSecond, coreDashboard, coreEmail) // a client may be told what it sent itself
	headers := map[string]string{"Authorization": "Bearer " + secretToken, "User-Agent": corePassword, "X-Request-Id": corePassword, "Origin": "https://" + corePassword}
	seen := 0
	for _, body := range bodies {
		for _, path := range []string{"/v1/chat/completions", "/" + corePassword, "/v1/models/" + corePassword, "/v1/models?key=" + corePassword} {
			method := http.MethodPost
			if strings.Contains(path, "models") {
				method = http.MethodGet
			}
			a := p.send(t, method, path, body, headers)
			foreign.search(t, method+" "+path, fmt.Sprint(a.header, a.body))
			if a.status >= http.StatusBadRequest {
				seen++
			}
		}
	}
	for _, wrong := range []string{secretPassword(1), secretKey(2), corePassword} {
		a := p.send(t, http.MethodGet, "/v1/models", "", map[string]string{"X-Api-Key": wrong, "Authorization": "Basic " + wrong})
		huntFor(append(cores(), coreEmail)...).search(t, "the answer to a wrong token", fmt.Sprint(a.header, a.body))
	}
	for _, path := range []string{"/", "/healthz", "/readyz", "/v1/models", "/metrics", "/api/overview", "/api/accounts", "/api/requests"} {
		a := p.send(t, http.MethodGet, path, "", map[string]string{"Authorization": "Bearer " + secretToken})
		huntFor(append(cores(), coreEmail)...).search(t, "GET "+path, fmt.Sprint(a.header, a.body))
	}
	if seen < 3*len(bodies) {
		t.Errorf("%d of the requests were refused, want most of them, so that there was something to log", seen)
	}
	p.stop(syscall.SIGTERM, 0)
	for where, text := range map[string]string{"the log": p.log.String(), "stdout": p.out.String()} {
		huntFor(append(cores(), coreEmail)...).search(t, where, text)
	}
	huntFor(append(cores(), coreEmail)...).searchFiles(t, p.dataDir)
}

func TestAReloadThatFailsLogsNoSecret(t *testing.T) {
	t.Parallel()
	accounts, _ := secretAccounts()
	platform := sim.Start(t, sim.Options{Accounts: accounts})
	file := newConfigFile(t, `[{"api_key":`+inJSON(secretKey(2))+`}]`)
	p := startFrom(t, platform, file, secretEnviron()...)
	for i, text := range []string{
		`{"accounts":[{"api_key":` + inJSON(secretKey(2)), `{"accounts":[{"email":` + inJSON(secretEmail(1)) + `,"passwort":` + inJSON(secretPassword(1)) + `}]}`,
		`{"accounts":[{"api_key":[` + inJSON(secretKey(2)) + `]}]}`,
	} {
		file.write(text)
		awaitLogged(t, p, notReloaded, i+1)
	}
	signalled(t, p, syscall.SIGTERM) // the harness would take the error lines that are wanted here for a failure
	<-p.exited
	huntFor(append(cores(), coreEmail)...).search(t, "the log", p.log.String())
	huntFor(append(cores(), coreEmail)...).searchFiles(t, p.dataDir)
}
