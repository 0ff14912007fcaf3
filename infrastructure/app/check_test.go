package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/domain"
)

// problemOf checks one account and returns what is wrong with it.
func problemOf(t *testing.T, ctx context.Context, sim *ondemandtest.Server, a ondemandtest.Account) string {
	t.Helper()
	c := configFor(t, sim, account(t, "main", a))
	c.RequestTimeout = patience
	return CheckAccounts(ctx, c, "v0-test")[0].Problem
}

func TestCheckingAnAccountSaysWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		account ondemandtest.Account
		fault   ondemandtest.Fault
		want    string // the beginning of the problem
	}{
		"fine, with a password": {account: alice},
		"fine, with a key":      {account: bob},
		"a wrong password":      {ondemandtest.Account{Email: alice.Email, Password: "canary-wrong"}, ondemandtest.Fault{}, "the e-mail address or the password is wrong"},
		"an unknown address":    {ondemandtest.Account{Email: "canary@example.org", Password: "canary"}, ondemandtest.Fault{}, "the e-mail address or the password is wrong"},
		"a wrong key":           {ondemandtest.Account{Key: "canary-wrong"}, ondemandtest.Fault{}, "the API key is refused"},
		"a blocked account":     {alice, ondemandtest.Fault{On: ondemandtest.NewSession, Do: ondemandtest.Status(403)}, "its plan does not include the API"},
		"no credit":             {bob, ondemandtest.Fault{On: ondemandtest.NewSession, Do: ondemandtest.Status(402)}, "its plan does not include the API"},
		"blocked at sign-in":    {alice, ondemandtest.Fault{On: ondemandtest.SignIn, Do: ondemandtest.Status(403)}, "its plan does not include the API"},
		"a refused new token":   {alice, ondemandtest.Fault{On: ondemandtest.NewSession, Do: ondemandtest.Status(401)}, "on-demand.io refuses the token it has just issued"},
		"too many calls":        {alice, ondemandtest.Fault{On: ondemandtest.NewSession, Do: ondemandtest.Status(429)}, "it has reached the rate limit"},
		"a page of the CDN":     {bob, ondemandtest.Fault{On: ondemandtest.NewSession, Do: ondemandtest.CDNPage(502)}, "on-demand.io has trouble of its own (status 502): try again later"},
		"a reset connection":    {alice, ondemandtest.Fault{On: ondemandtest.SignIn, Do: ondemandtest.Reset()}, "the connection to on-demand.io broke off"},
		"no JSON":               {bob, ondemandtest.Fault{On: ondemandtest.NewSession, Do: ondemandtest.BrokenJSON()}, "what answers does not sound like on-demand.io: check upstream_gateway_url"},
		"a wrong address":       {bob, ondemandtest.Fault{On: ondemandtest.NewSession, Do: ondemandtest.Status(404)}, "what answers does not sound like on-demand.io (status 404): check upstream_gateway_url"},
		"a redirect":            {alice, ondemandtest.Fault{On: ondemandtest.SignIn, Do: ondemandtest.Status(301)}, "what answers does not sound like on-demand.io (status 301): check upstream_gateway_url"},
	} {
		t.Run(name, func(t *testing.T) {
			sim := platform(t)
			if test.fault.Do != nil {
				sim.Script(test.fault)
			}
			got := problemOf(t, t.Context(), sim, test.account)
			if got != test.want && (test.want == "" || !strings.HasPrefix(got, test.want)) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if strings.Contains(got, "canary") {
				t.Errorf("the problem %q holds a secret", got)
			}
			if queries := sim.Count(ondemandtest.Query, ""); queries != 0 {
				t.Errorf("%d queries were made, want none: a check costs nothing", queries)
			}
		})
	}
}

func TestCheckingAnAccountThatCannotBeReached(t *testing.T) {
	gone, err := ondemandtest.Listen(t.Context(), "127.0.0.1:0", ondemandtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	for _, a := range []ondemandtest.Account{alice, bob} {
		if got, want := problemOf(t, t.Context(), gone, a), "on-demand.io cannot be reached, no connection comes about"; !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", a.Label(), got, want)
		}
	}
}

func TestCheckingAnAccountThatGetsNoAnswer(t *testing.T) {
	sim := platform(t)
	sim.Script(ondemandtest.Fault{Do: ondemandtest.Hang()})
	c := configFor(t, sim, account(t, "main", alice))
	c.RequestTimeout = 50 * time.Millisecond
	if got, want := CheckAccounts(t.Context(), c, "v0-test")[0].Problem, "on-demand.io did not answer in time"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, want := problemOf(t, ctx, sim, alice), "the check was interrupted"; got != want {
		t.Errorf("interrupted: got %q, want %q", got, want)
	}
}

func TestChecksComeInTheOrderOfTheConfiguration(t *testing.T) {
	var customers []ondemandtest.Account
	for i := range 3 * checksAtOnce {
		customers = append(customers, ondemandtest.Account{Key: "canary-key-" + strings.Repeat("k", i+1)})
	}
	sim := platform(t, func(o *ondemandtest.Options) { o.Accounts = customers[1:] })
	var accounts []domain.Account
	for _, a := range customers {
		accounts = append(accounts, account(t, "", a))
	}
	checks := CheckAccounts(t.Context(), configFor(t, sim, accounts...), "v0-test")
	if len(checks) != len(accounts) {
		t.Fatalf("%d checks for %d accounts", len(checks), len(accounts))
	}
	for i, check := range checks {
		if check.Account.ID() != accounts[i].ID() || (check.Problem == "") != (i > 0) {
			t.Errorf("check %d is of %s with problem %q, want %s, and a problem only with the first", i, check.Account.ID(), check.Problem, accounts[i].ID())
		}
	}
	if checks := CheckAccounts(t.Context(), configFor(t, sim), "v0-test"); len(checks) != 0 {
		t.Errorf("without accounts there are %d checks", len(checks))
	}
}
