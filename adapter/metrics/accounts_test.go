package metrics

import (
	"strings"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
)

func TestAnAccountIsInOneStateAndDisappearsWhenItIsRemoved(t *testing.T) {
	pool := []accounts.Status{
		{Account: byKey(t, "main"), State: domain.AccountCooling, Why: domain.UpstreamRateLimited, Until: time.Now().Add(time.Hour)},
		{Account: byPassword(t, "spare"), InFlight: 4},
	}
	m := New(Options{Ledger: noLedger, DefaultToken: noToken, Statuses: func() []accounts.Status { return pool }, Sessions: func() int { return 0 }})
	main := figures{
		`account="main",state="ready"`: 0, `account="main",state="resting"`: 0, `account="main",state="cooling"`: 1, `account="main",state="out"`: 0,
	}
	both := figures{
		`account="spare",state="ready"`: 1, `account="spare",state="resting"`: 0, `account="spare",state="cooling"`: 0, `account="spare",state="out"`: 0,
	}
	for series, value := range main {
		both[series] = value
	}
	wants(t, m, "account_state", both)
	wants(t, m, "account_requests_in_flight", figures{`account="main"`: 0, `account="spare"`: 4})

	pool = pool[:1]
	wants(t, m, "account_state", main)
	wants(t, m, "account_requests_in_flight", figures{`account="main"`: 0})

	pool = nil
	wants(t, m, "account_state", figures{})
}

func TestEveryStateHasASeries(t *testing.T) {
	for state := range domain.AccountState(255) {
		known := state.String() != "unknown"
		if listed := int(state) < len(states) && states[state] == state; listed != known {
			t.Errorf("state %d (%s) is listed: %t, want %t", state, state, listed, known)
		}
	}
}

func TestANameThatMayBeAnAddressIsReplacedByTheID(t *testing.T) {
	for name, shown := range map[string]bool{"main": true, "": true, canaryEmail: false, "ann@work": false, "@": false} {
		a := byPassword(t, name)
		want := string(a.ID())
		if shown {
			want = a.Name()
		}
		m := newMetrics(a)
		everything(m, a)
		for _, family := range []string{"account_state", "account_requests_in_flight", "account_renewals_total", "upstream_attempts_total"} {
			got := scrape(t, m, family)
			if len(got) == 0 {
				t.Errorf("%s has no series", family)
			}
			for series := range got {
				if !strings.HasPrefix(series, `account="`+want+`"`) {
					t.Errorf("an account named %q stands in %s as %s, want %s", name, family, series, want)
				}
			}
		}
	}
}

func TestNoFigureHoldsAnAddressAPasswordOrAKey(t *testing.T) {
	pool := []domain.Account{byPassword(t, canaryEmail), byKey(t, "")}
	m := newMetrics(pool...)
	for _, a := range pool {
		everything(m, a)
	}
	for _, accept := range []string{"text/plain", openMetrics, protobuf} {
		text := ask(t, m, accept).Body.String()
		for _, canary := range []string{canaryEmail, "canary", canaryPassword, canaryKey} {
			if strings.Contains(text, canary) {
				t.Errorf("%q shows in what %s gets", canary, accept)
			}
		}
		for _, a := range pool {
			if !strings.Contains(text, string(a.ID())) {
				t.Errorf("account %s is not in what %s gets", a.ID(), accept)
			}
		}
	}
}
