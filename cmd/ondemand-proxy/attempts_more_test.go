package main_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestMaxRetriesBoundsTheQueriesOfARequest(t *testing.T) {
	t.Parallel()
	atOnce(t, []int{0, 1, 5}, func(n int) string { return fmt.Sprintf("MAX_RETRIES=%d", n) }, func(n int, t *testing.T) {
		s := setStage(t, staging{kind: byKey, accounts: 2, environ: []string{fmt.Sprintf("MAX_RETRIES=%d", n)}})
		s.platform.Script(sim.Fault{On: sim.Query, Do: sim.Status(500)})
		history := s.question()
		s.ends(history, s.ask(history), failed.left)
		if got := s.platform.Count(sim.Query, ""); got != n+1 {
			t.Errorf("%d queries, want %d", got, n+1)
		}
	})
}

func TestTheSoonestEndOfARestIsTold(t *testing.T) {
	t.Parallel()
	type scene struct {
		name          string
		first, second sim.Effect
		want          ending
	}
	limit := func(d time.Duration) sim.Effect { return sim.Status(429).With(sim.RetryAfter(d)) }
	exhausted := ending{status: http.StatusTooManyRequests, code: "accounts_exhausted", least: 10, most: 20}
	atOnce(t, []scene{
		{"the longer rest first", limit(50 * time.Second), limit(20 * time.Second), exhausted},
		{"the shorter rest first", limit(20 * time.Second), limit(50 * time.Second), exhausted},
		{"the other account is out", limit(20 * time.Second), sim.Status(402), exhausted},
		{"the first account is out", sim.Status(403), limit(20 * time.Second), exhausted},
		{"both are out", sim.Status(403), sim.Status(402), refused.left},
	}, func(c scene) string { return c.name }, func(c scene, t *testing.T) {
		s := setStage(t, staging{kind: byPassword, accounts: 2})
		s.platform.Script(
			sim.Fault{On: sim.Query, Account: s.labels[0], Do: c.first},
			sim.Fault{On: sim.Query, Account: s.labels[1], Do: c.second},
		)
		for range 2 { // as the request used the accounts up, and as the next one finds them
			history := s.question()
			s.ends(history, s.ask(history), c.want)
		}
		if n := s.platform.Count(sim.Query, ""); n != 2 {
			t.Errorf("%d queries, want one for each account", n)
		}
		if ready := s.get(t, s.client, "/readyz"); ready.status != http.StatusServiceUnavailable {
			t.Errorf("/readyz answers %d, want 503 while no account is usable", ready.status)
		}
	})
}

func TestARetryAfterOfNothingIsNoLongRest(t *testing.T) {
	t.Parallel()
	s := setStage(t, staging{kind: byKey, accounts: 1})
	s.platform.Script(sim.Fault{On: sim.Query, Times: 1, Do: sim.Status(429).With(sim.Header("Retry-After", "0"))})
	history := s.question()
	left := ending{status: http.StatusTooManyRequests, code: "accounts_exhausted", least: 1, most: 1}
	s.ends(history, s.ask(history), left)
	s.restsFor(time.Second, left)
}

func TestEveryFurtherFaultRestsAnAccountLonger(t *testing.T) {
	t.Parallel()
	s := setStage(t, staging{kind: byPassword, accounts: 2})
	history := s.warmUp(false)
	s.platform.Script(sim.Fault{On: sim.Query, Account: s.labels[0], Times: 2, Do: sim.Status(500)})
	s.ends(history, s.ask(history), wholeAnswer)
	s.restsFor(time.Second, wholeAnswer)
	s.restsFor(2*time.Second, wholeAnswer)
}

func TestARefusedConnectionIsAFaultLikeAnother(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, kind accountKind) {
		s := setStage(t, staging{kind: kind, accounts: 2})
		history := s.turns(1)
		if err := s.platform.Close(); err != nil {
			t.Fatal(err)
		}
		for range 2 { // accounts that rest are still tried
			s.ends(history, s.post(t, s.client, s.body(history, nil)), failed.left)
		}
	})
}

func TestAGatewayThatIsDownLeavesTheKeysAtWork(t *testing.T) {
	t.Parallel()
	gateway := httptest.NewServer(http.NotFoundHandler())
	gateway.Close()
	s := setStage(t, staging{kind: byKey, accounts: 1, environ: []string{
		"UPSTREAM_GATEWAY_URL=" + gateway.URL, `ONDEMAND_ACCOUNTS=[{"email":"a@example.org","password":"secret"},{"api_key":"key-a"}]`,
	}})
	for range 3 {
		s.chat(s.question())
	}
}

// configure writes a configuration file with one account.
func configure(t *testing.T, file, password string) {
	t.Helper()
	text := `{"accounts":[{"email":"a@example.org","password":"` + password + `"}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestARefusedAccountIsTriedAgainWhenItsConfigurationChanges(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Email: "a@example.org", Password: "secret"}}, Model: sim.Recall})
	file := filepath.Join(t.TempDir(), "config.json")
	configure(t, file, "wrong")
	s := &stage{t: t, platform: platform, client: httpClient(t), labels: []string{"a@example.org"}}
	s.proxy = startWith(t, setup{args: []string{"--config", file}, environ: slices.Concat(roomy, []string{
		"UPSTREAM_GATEWAY_URL=" + platform.URL, "UPSTREAM_API_URL=" + platform.URL,
	})})
	s.logged("account is out", 1)
	history := s.question()
	s.ends(history, s.ask(history), refused.left)

	configure(t, file, "secret")
	if err := s.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.logged("model catalogue refreshed", 1)
	s.chat(history)
	if n := platform.Count(sim.SignIn, ""); n != 2 {
		t.Errorf("%d sign-ins, want one with each password", n)
	}
}

func TestAConversationLeavesAnAccountThatCoolsDown(t *testing.T) {
	t.Parallel()
	bothKinds(t, func(t *testing.T, kind accountKind) {
		s := setStage(t, staging{kind: kind, accounts: 2})
		history := s.warmUp(true)
		s.platform.Script(sim.Fault{On: sim.Query, Account: s.labels[0], Do: sim.Status(429).With(sim.RetryAfter(time.Minute))})
		s.chat(s.question())
		if text, account := s.chat(history); account != s.labels[1] {
			t.Errorf("%q came from %s, which cools down", text, account)
		}
		s.inNewSession()
		s.nothingTwice()
	})
}

func TestTheNextAttemptGoesToAnotherAccountEvenIfThatIsBusier(t *testing.T) {
	t.Parallel()
	s := setStage(t, staging{kind: byKey, accounts: 2, stream: true})
	history := s.warmUp(false)
	s.platform.Script(
		sim.Fault{On: sim.Query, Account: s.labels[0], Times: 1, Do: sim.AfterDeltas(1, sim.Hang())},
		sim.Fault{On: sim.NewSession, Account: s.labels[1], Do: sim.NoRoute()},
	)
	busy, err := s.open(t.Context(), s.client, s.body(history, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Body.Close()
	before := s.tallies()
	next := s.question()
	s.whole(next, s.post(t, s.client, s.body(next, nil)))
	s.called("of a request that began at the idle account", before, answered, tally{Sessions: 4})
}
