package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// sweep is a proxy with an account for each fault there is, so that each account meets
// its own fault and none stands in the way of another.
type sweep struct {
	t        *testing.T
	platform *sim.Server
	proxy    *proxy
	client   *http.Client
	stream   string
	accounts []sim.Account

	mu      sync.Mutex
	answers []string // all that clients got
	refused int
}

// newSweep starts a proxy with so many accounts of one kind.
func newSweep(t *testing.T, byKey bool, accounts int, stream string) *sweep {
	t.Helper()
	s := &sweep{t: t, stream: stream, client: httpClient(t)}
	var configured []map[string]string
	for i := range accounts {
		a := sim.Account{Email: secretEmail(i), Password: secretPassword(i)}
		entry := map[string]string{"email": a.Email, "password": a.Password}
		if byKey {
			a = sim.Account{Key: secretKey(i)}
			entry = map[string]string{"api_key": a.Key}
		}
		s.accounts = append(s.accounts, a)
		configured = append(configured, entry)
	}
	list, err := json.Marshal(configured)
	if err != nil {
		t.Fatal(err)
	}
	s.platform = sim.Start(t, sim.Options{Accounts: s.accounts, Model: sim.Say("An answer of some words, for whoever asks.")})
	s.proxy = start(t, s.platform, string(list), secretEnviron("MAX_RETRIES=1", "RETRY_DELAY=0", "REQUEST_TIMEOUT=1.5", "STREAM_TIMEOUT=0.3")...)
	return s
}

// ask sends a request and notes what came back.
func (s *sweep) ask() {
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.proxy.url+"/v1/chat/completions", strings.NewReader(asks("Anything?", s.stream)))
	if err != nil {
		s.t.Error(err)
		return
	}
	request.Header.Set("x-api-key", secretToken)
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Errorf("POST: %v", err)
		return
	}
	a := read(response)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, fmt.Sprint(a.status, " ", a.header, " ", a.body))
	if a.status != http.StatusOK || strings.Contains(a.body, `data: {"error"`) {
		s.refused++
	}
}

// askUntil sends requests, some at a time, until done or there were far too many.
func (s *sweep) askUntil(what string, done func() bool) {
	s.t.Helper()
	var sent atomic.Int64
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			for !done() && int(sent.Add(1)) < 6*len(s.accounts)+50 {
				s.ask()
			}
		})
	}
	group.Wait()
	if !done() {
		s.t.Fatalf("after %d requests it is still not so that %s", sent.Load(), what)
	}
}

// letAllSignIn lets every account with a password sign in, and refresh its token once.
func (s *sweep) letAllSignIn() {
	s.t.Helper()
	if s.accounts[0].Key != "" {
		return
	}
	for _, op := range []sim.Operation{sim.SignIn, sim.Refresh} {
		s.askUntil("every account made the call "+string(op), func() bool {
			for _, a := range s.accounts {
				if s.platform.Count(op, a.Label()) == 0 {
					return false
				}
			}
			return true
		})
		if op == sim.SignIn {
			// Accounts sign in ahead of need as well: a token that is still on its way could not expire.
			awaitSim(s.t, s.platform, "no call is under way", func() bool { return s.platform.Running() == 0 })
			s.platform.ExpireTokens("")
		}
	}
}

// knowledge is what the platform knows of each account, its present tokens included.
func (s *sweep) knowledge() map[string]known {
	all := map[string]known{}
	for _, a := range s.accounts {
		all[a.Label()] = known{email: a.Email, password: a.Password, key: a.Key}
	}
	for _, call := range s.platform.Calls() {
		k := all[call.Account]
		if token, found := strings.CutPrefix(call.Header.Get("Authorization"), "Bearer "); found {
			k.access = token
		}
		if call.Op == sim.Refresh {
			k.refreshing = refreshTokenOf(call)
		}
		all[call.Account] = k
	}
	return all
}

func refreshTokenOf(call sim.Call) string {
	var body struct{ Data struct{ RefreshToken string } }
	_ = json.Unmarshal(call.Body, &body) // a body that is no JSON holds none
	return body.Data.RefreshToken
}

// issued are the tokens that the platform issued and the proxy showed, and their parts.
func (s *sweep) issued() []string {
	found := map[string]bool{}
	for _, call := range s.platform.Calls() {
		token := strings.TrimPrefix(call.Header.Get("Authorization"), "Bearer ")
		if token != "" && call.Op != sim.SignIn {
			parts := strings.Split(token, ".")
			found[token] = true
			found[parts[len(parts)-1]] = true
			found[parts[len(parts)/2]] = true
		}
		if token := refreshTokenOf(call); token != "" {
			found[token] = true
		}
	}
	var tokens []string
	for token := range found {
		tokens = append(tokens, token)
	}
	return tokens
}

// checkArrived checks that the secrets were really with the platform.
func (s *sweep) checkArrived() {
	s.t.Helper()
	arrived := map[string]bool{}
	for _, call := range s.platform.Calls() {
		request := http.Request{Header: call.Header}
		if email, password, ok := request.BasicAuth(); ok {
			arrived[email+":"+password] = true
		}
		arrived[call.Header.Get("apikey")] = true
	}
	for i, a := range s.accounts {
		if a.Key != "" && !arrived[secretKey(i)] || a.Key == "" && !arrived[secretEmail(i)+":"+secretPassword(i)] {
			s.t.Fatalf("the credential of account %d never reached the platform, so that nothing could have leaked", i)
		}
	}
}

// finish stops the proxy and searches all that it left behind.
func (s *sweep) finish() {
	s.t.Helper()
	s.checkArrived()
	secrets := huntFor(cores()...).alsoFor(s.issued())
	secrets.searchFiles(s.t, s.proxy.dataDir)
	s.proxy.stop(syscall.SIGTERM, 0)
	secrets.searchFiles(s.t, s.proxy.dataDir)
	log := s.proxy.log.String()
	secrets.search(s.t, "the log", log)
	secrets.search(s.t, "stdout", s.proxy.out.String())
	answers := strings.Join(s.answers, "\n")
	secrets.search(s.t, "the answers", answers)
	emails := huntFor(coreEmail)
	emails.search(s.t, "the log at its default level", fromInfoOn(s.t, log))
	emails.search(s.t, "stdout", s.proxy.out.String())
	emails.search(s.t, "the answers", answers)
	emails.searchFiles(s.t, s.proxy.dataDir)
	if !strings.Contains(log, "***") {
		s.t.Error("nothing was ever struck out of the log, so that no echo came that far")
	}
}

func TestNoFaultOfThePlatformShowsASecretAnywhere(t *testing.T) {
	t.Parallel()
	for _, kind := range []struct {
		name       string
		byKey      bool
		operations []sim.Operation // what does not depend on how the answer is wanted is done once
	}{
		{"password, streamed", false, []sim.Operation{sim.SignIn, sim.Query}},
		{"password, whole", false, []sim.Operation{sim.Refresh, sim.NewSession, sim.Query}},
		{"key, streamed", true, []sim.Operation{sim.Query}},
		{"key, whole", true, []sim.Operation{sim.NewSession, sim.Query}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			_, way, _ := strings.Cut(kind.name, ", ")
			stream := bothWays[way]
			cases := faultCases(kind.operations...)
			s := newSweep(t, kind.byKey, len(cases), stream)
			s.letAllSignIn()
			knowledge := s.knowledge()
			met := make([]atomic.Bool, len(cases))
			for i, c := range cases {
				label := s.accounts[i].Label()
				k := knowledge[label]
				if c.on == sim.SignIn { // which is told no token
					k.access, k.refreshing = "", ""
				}
				s.platform.Script(sim.Fault{
					On: c.on, Account: label, Do: c.effect(k),
					If: func(sim.Call) bool { met[i].Store(true); return true },
				})
				switch c.on {
				case sim.SignIn:
					s.platform.RevokeTokens(label)
				case sim.Refresh:
					s.platform.ExpireTokens(label)
				case sim.NewSession, sim.Query, sim.Catalogue, sim.Unrouted:
				}
			}
			s.askUntil("every fault was met", func() bool {
				for i := range met {
					if !met[i].Load() {
						return false
					}
				}
				return true
			})
			if s.refused == 0 {
				t.Error("no client ever saw an error, so that the answers prove nothing")
			}
			s.finish()
		})
	}
}

func TestNoFaultOfTheCatalogueShowsASecretAnywhere(t *testing.T) {
	t.Parallel()
	for name, byKey := range map[string]bool{"password": false, "key": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSweep(t, byKey, 1, bothWays["whole"])
			s.letAllSignIn()
			for _, c := range faultCases(sim.Catalogue) {
				s.platform.Script(sim.Fault{On: c.on, Times: 1, Do: c.effect(s.knowledge()[s.accounts[0].Label()])})
				if err := s.proxy.command.Process.Signal(syscall.SIGHUP); err != nil { // which asks for the catalogue anew
					t.Fatal(err)
				}
				awaitSim(t, s.platform, c.name+" is met and over", func() bool {
					return s.platform.FaultsLeft() == 0 && s.platform.Running() == 0
				})
			}
			awaitSimilar(t, s.proxy, "the model catalogue could not be refreshed")
			s.finish()
		})
	}
}

// awaitSimilar waits until the log has held such a line and has then been quiet for a moment.
func awaitSimilar(t *testing.T, p *proxy, text string) {
	t.Helper()
	awaitLogged(t, p, text, 1)
	for {
		select {
		case <-p.log.next():
		case <-time.After(100 * time.Millisecond):
			return
		}
	}
}
