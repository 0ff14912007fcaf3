package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// noted are answers of the dashboard, to be searched.
type noted struct {
	t       *testing.T
	p       *proxy
	client  *http.Client
	answers []string
}

func (n *noted) ask(want int, method, path, body string, headers ...string) answer {
	n.t.Helper()
	a := n.p.sends(n.t, n.client, method, path, body, headers...)
	if a.status != want {
		n.t.Errorf("%s %s got %d, want %d: %.300s", method, path, a.status, want, a.body)
	}
	cookies := a.header.Values("Set-Cookie") // each is for whoever just showed the password
	a.header.Del("Set-Cookie")
	n.answers = append(n.answers, fmt.Sprint(method, " ", path, " ", a.status, a.header, a.body))
	a.header["Set-Cookie"] = cookies
	return a
}

// everything asks the dashboard for all there is.
func (n *noted) everything(want int, headers ...string) {
	n.t.Helper()
	for _, path := range []string{
		"/api/overview", "/api/overview?range=30d", "/api/series?range=24h", "/api/models?range=7d", "/api/accounts?range=1h", "/api/requests?limit=200", "/api/requests?outcome=rejected",
		"/api/export?format=csv", "/api/export?format=json",
	} {
		n.ask(want, http.MethodGet, path, "", headers...)
	}
}

// listen takes events for a while.
func (n *noted) listen(within time.Duration) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, n.p.url+"/api/events", nil)
	if err != nil {
		n.t.Fatal(err)
	}
	response, err := n.client.Do(request)
	if err != nil {
		n.t.Fatal(err)
	}
	a := read(response) // up to where it was given up
	if a.status != http.StatusOK || !strings.Contains(a.body, "event: ") {
		n.t.Errorf("the events are %d %.300s", a.status, a.body)
	}
	n.answers = append(n.answers, fmt.Sprint("events ", a.header, a.body))
}

func TestTheDashboardAndADumpOfTheProgramShowNoSecret(t *testing.T) {
	t.Parallel()
	accounts, configured := secretAccounts()
	platform := sim.Start(t, sim.Options{Accounts: accounts, Model: sim.Say("Some words.")})
	p := startWith(t, setup{environ: secretEnviron(upstreams(platform, configured)...)})
	n := &noted{t: t, p: p, client: p.browser(t)}
	chat := func(token, body string) {
		n.ask(http.StatusOK, http.MethodPost, "/v1/chat/completions", body, "X-Api-Key", token)
	}
	for range 4 {
		chat(secretToken, asks("One.", `"stream":true`))
		chat(secretSecond, asks("Two."))
	}
	platform.ExpireTokens("")
	chat(secretToken, asks("Three."))

	const wrongCore, plain = "Wr8YkCanary", "application/json"
	for _, wrong := range []string{wrongCore, secretPassword(1), secretKey(2), secretToken} { // what a person may mistake for it
		n.ask(http.StatusUnauthorized, http.MethodPost, "/api/login", `{"password":`+inJSON(wrong)+`}`, "Content-Type", plain)
	}
	n.ask(http.StatusBadRequest, http.MethodPost, "/api/login", `{"password":[`+inJSON(secretDashboard)+`]}`)
	n.ask(http.StatusForbidden, http.MethodPost, "/api/login", `{"password":`+inJSON(secretDashboard)+`}`, "Origin", "https://"+wrongCore+".example")
	n.everything(http.StatusUnauthorized)
	n.ask(http.StatusUnauthorized, http.MethodGet, "/api/overview", "", "Authorization", "Bearer "+wrongCore)

	login := n.ask(http.StatusNoContent, http.MethodPost, "/api/login", `{"password":`+inJSON(secretDashboard)+`}`, "Content-Type", plain)
	cookie := strings.TrimPrefix(strings.Split(login.header.Get("Set-Cookie"), ";")[0], "ondemand_dashboard=")
	if len(cookie) < 26 {
		t.Fatalf("logging in set the cookie %q", cookie)
	}
	go chatLater(t, p)
	n.listen(2500 * time.Millisecond)
	n.everything(http.StatusOK)
	n.ask(http.StatusOK, http.MethodGet, "/", "")
	var known struct{ Accounts []struct{ ID string } }
	if err := json.Unmarshal([]byte(n.ask(http.StatusOK, http.MethodGet, "/api/accounts", "").body), &known); err != nil || len(known.Accounts) != 2 {
		t.Fatalf("the accounts are %+v, %v, want two", known, err)
	}
	for _, account := range known.Accounts {
		n.ask(http.StatusOK, http.MethodPost, "/api/accounts/test", `{"account":"`+account.ID+`"}`)
		n.ask(http.StatusOK, http.MethodPost, "/api/accounts/put-back", `{"account":"`+account.ID+`"}`)
	}
	for _, secret := range []string{secretEmail(1), secretKey(2), wrongCore} {
		n.ask(http.StatusNotFound, http.MethodPost, "/api/accounts/put-back", `{"account":`+inJSON(secret)+`}`)
	}
	n.ask(http.StatusOK, http.MethodGet, "/metrics", "", "X-Api-Key", secretToken)
	n.ask(http.StatusNoContent, http.MethodPost, "/api/logout", "")

	issued := (&sweep{platform: platform}).issued()
	if len(issued) < 3 {
		t.Fatalf("the platform issued %d tokens, so that none could have leaked", len(issued))
	}
	secrets := huntFor(append(cores(), wrongCore, cookie)...).alsoFor(issued)
	huntFor(append(cores(), coreEmail, cookie)...).alsoFor(issued).search(t, "the answers", strings.Join(n.answers, "\n"))
	log := p.log.String()
	huntFor(coreEmail).search(t, "the log at its default level", fromInfoOn(t, log))
	secrets.searchFiles(t, p.dataDir)
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.command.Process.Pid)); err == nil {
		huntFor(append(cores(), coreEmail)...).search(t, "the command line", string(line))
	}

	// What the program says of itself when it dies in the midst of its work.
	platform.Script(sim.Fault{On: sim.Query, Times: 1, Do: sim.AfterDeltas(1, sim.Hang())})
	response, err := p.openWith(t.Context(), secretToken, asks("For ever.", `"stream":true`))
	if err != nil {
		t.Fatal(err)
	}
	signalled(t, p, syscall.SIGQUIT)
	<-p.exited
	_ = response.Body.Close()
	log = p.log.String()
	if !strings.Contains(log, "SIGQUIT") || !strings.Contains(log, "goroutine ") {
		t.Fatalf("the program left no dump: %s", p.log.tail())
	}
	secrets.search(t, "the log and the dump", log)
	secrets.search(t, "stdout", p.out.String())
	secrets.searchFiles(t, p.dataDir)
}

// chatLater asks something when somebody listens to events.
func chatLater(t *testing.T, p *proxy) {
	time.Sleep(500 * time.Millisecond)
	response, err := p.openWith(context.Background(), secretToken, asks("Heard?"))
	if err != nil {
		t.Errorf("while somebody listens: %v", err)
		return
	}
	read(response)
}

// openWith is open with another token.
func (p *proxy) openWith(ctx context.Context, token, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Api-Key", token)
	return asking.Do(request)
}
