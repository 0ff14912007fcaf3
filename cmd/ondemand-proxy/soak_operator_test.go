package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// every does something again and again, after pauses of up to most, until it is time to stop.
func every(most time.Duration, stop <-chan struct{}, do func()) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(rand.N(most)):
			do()
		}
	}
}

// gets asks a route of the operator's, which has to answer well.
func (s *soak) gets(path, route string) string {
	request, err := http.NewRequest(http.MethodGet, s.proxy.url+path, nil)
	if err != nil {
		panic(err) // the addresses are the test's own
	}
	request.Header.Set("Authorization", "Bearer "+accessToken)
	response, err := s.operator.Do(request)
	if err != nil {
		s.books.disagree("GET %s: %v", path, err)
		return ""
	}
	got := read(response)
	if got.status != http.StatusOK || got.err != nil {
		s.books.disagree("GET %s: status %d, %v", path, got.status, got.err)
	}
	s.books.ended(soakEnding{call: soakCall{method: http.MethodGet, route: route}, status: got.status})
	return got.body
}

// scrape asks for the metrics.
func (s *soak) scrape() map[string]float64 { return samplesOf(s.gets("/metrics", "/metrics")) }

// sumUp asks for the overview of a day.
func (s *soak) sumUp() (overview soakOverview) {
	if err := json.Unmarshal([]byte(s.gets("/api/overview?range=24h", "/api/overview")), &overview); err != nil {
		s.t.Errorf("the overview cannot be read: %v", err)
	}
	return overview
}

// look opens the dashboard's parts.
func (s *soak) look(stop <-chan struct{}) {
	routes := []string{"/api/overview", "/api/series", "/api/models", "/api/accounts", "/api/requests", "/readyz", "/"}
	every(300*time.Millisecond, stop, func() {
		route := routes[rand.IntN(len(routes))]
		if route == "/readyz" { // not ready while every account is out
			s.sends(s.operator, soakCall{method: http.MethodGet, path: route, route: route})
			return
		}
		query := "?range=24h"
		if route == "/" {
			query = ""
		}
		s.gets(route+query, route)
	})
}

// watch is a Prometheus.
func (s *soak) watch(stop <-chan struct{}) {
	every(500*time.Millisecond, stop, func() { s.scrape() })
}

// listen opens the dashboard's stream of events and leaves it after a while.
func (s *soak) listen(stop <-chan struct{}) {
	transport := soakTransport()
	defer transport.CloseIdleConnections()
	every(200*time.Millisecond, stop, func() {
		s.sends(&http.Client{Transport: transport}, soakCall{
			method: http.MethodGet, path: "/api/events", route: "/api/events", token: soakMain,
			leave: soakLeave{is: true, after: rand.N(1500 * time.Millisecond)},
		})
	})
}

// halfBodies sends requests whose bodies end before their announced length.
func (s *soak) halfBodies(stop <-chan struct{}) {
	every(time.Second, stop, func() {
		if err := s.halfBody(); err != nil {
			s.books.disagree("half a body: %v", err)
		}
	})
}

func (s *soak) halfBody() error {
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.proxy.url, "http://"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	body := asks("never complete")
	_, err = fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: soak\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", accessToken, len(body)+10, body)
	if err != nil {
		return err
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(response.Body)
	ending := soakEnding{
		call: soakCall{method: http.MethodPost, route: "/v1/chat/completions", token: soakMain, number: s.books.number()}, id: response.Header.Get("X-Request-Id"),
		status: response.StatusCode, said: soakRead(response.StatusCode, "", string(said)),
	}
	ending.outcomes = ending.said.outcomes(ending.status)
	s.books.ended(ending)
	return err
}

// disturb takes sessions and tokens away from under the program.
func (s *soak) disturb(stop <-chan struct{}) {
	every(2*time.Second, stop, func() {
		accounts := soakAccounts()
		account := accounts[rand.IntN(len(accounts))].Label()
		switch rand.IntN(4) {
		case 0:
			s.platform.ForgetSessions()
		case 1:
			s.platform.RevokeTokens(account)
		default:
			s.platform.ExpireTokens(account)
		}
	})
}

// soakStates counts what became of accounts.
type soakStates struct {
	mu      sync.Mutex
	now     map[string]string
	entered map[string]int
	back    int // by hand
}

// putBack looks at the accounts, and puts those back that are out.
func (s *soak) putBack(stop <-chan struct{}) {
	every(500*time.Millisecond, stop, func() {
		var listed struct{ Accounts []struct{ ID, State string } }
		if err := json.Unmarshal([]byte(s.gets("/api/accounts", "/api/accounts")), &listed); err != nil {
			s.books.disagree("the accounts cannot be read: %v", err)
		}
		for _, account := range listed.Accounts {
			if s.states.saw(account.ID, account.State) != "out" || chance(0.5) {
				continue
			}
			ending := s.sends(s.operator, soakCall{
				method: http.MethodPost, path: "/api/accounts/put-back", route: "/api/accounts/put-back", token: soakMain, body: `{"account":"` + account.ID + `"}`,
			})
			if ending.status == http.StatusOK { // else the configuration lost it meanwhile
				s.states.mu.Lock()
				s.states.back++
				s.states.mu.Unlock()
			}
		}
	})
}

// saw notes the state of an account and returns it.
func (s *soakStates) saw(account, state string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		s.now, s.entered = map[string]string{}, map[string]int{}
	}
	if s.now[account] != state {
		s.now[account] = state
		if state == "" { // only the ledger knows it
			state = "removed"
		}
		s.entered[state]++
	}
	return state
}

// soakConfig is a configuration: the whole one, or one that lacks accounts and a token.
func soakConfig(whole bool) string {
	accounts := []string{`{"name":"d","api_key":"key-d"}`, `{"name":"a","email":"a@example.org","password":"secret"}`} // these stay
	for _, account := range []string{
		`{"name":"b","email":"b@example.org","password":"secret","max_concurrency":6}`, `{"name":"c","email":"c@example.org","password":"secret"}`,
		`{"name":"e","api_key":"key-e","requests_per_minute":600}`, `{"name":"f","api_key":"key-f"}`,
	} {
		if whole || chance(0.6) {
			accounts = append(accounts, account)
		}
	}
	tokens := `{"name":"team","token":"sk-of-the-team"},{"name":"limited","token":"sk-limited","rate_limit":20},` +
		`{"name":"poor","token":"sk-poor","tokens_per_day":500},{"name":"narrow","token":"sk-narrow","models":["gpt-4o-mini"]}`
	if whole || chance(0.5) {
		tokens += `,{"name":"guest","token":"sk-guest"}`
	}
	return fmt.Sprintf(`{"accounts":[%s],"access_tokens":[%s],"model_prices":{"gpt-4o":{"in":%d,"out":10}}}`, strings.Join(accounts, ","), tokens, 1+rand.IntN(1000))
}

// reconfigure changes the configuration again and again.
func (s *soak) reconfigure(stop <-chan struct{}) {
	every(3*time.Second, stop, func() { s.configure(false) })
}

// configure changes the configuration file and waits until the program has taken it over.
func (s *soak) configure(whole bool) {
	taken := func() float64 {
		a := soakAccountOf{metrics: s.scrape()}
		return a.sum("config_reloads_total", `result="ok"`)
	}
	before := taken()
	s.file.write(soakConfig(whole))
	for began := time.Now(); taken() == before; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			s.books.disagree("a changed configuration is not taken over after 20 s")
			return
		}
	}
	s.reloads++
}
