package metrics

import (
	"errors"
	"fmt"
	"testing"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
)

func TestAttemptsAreCountedByAccountAndHowTheyEnded(t *testing.T) {
	m, a := newMetrics(), byKey(t, "main")
	end := func(err error) { m.Attempted(domain.Attempt{RequestID: "req_1", Account: a, Err: err}) }
	end(nil)
	end(nil)
	end(fmt.Errorf("wrapped: %w", domain.E(domain.UpstreamRateLimited, "Too much.", nil)))
	end(domain.E(domain.ClientGone, "Gone.", nil))
	end(errors.New("no error of ours"))
	wants(t, m, "upstream_attempts_total", figures{
		`account="main",result="ok"`: 2, `account="main",result="upstream_rate_limited"`: 1,
		`account="main",result="client_gone"`: 1, `account="main",result="internal"`: 1,
	})
}

func TestSessionsAreCountedByUseFromZeroOn(t *testing.T) {
	m, a := newMetrics(), byKey(t, "main")
	wants(t, m, "session_uses_total", figures{`use="fresh"`: 0, `use="continued"`: 0, `use="replayed"`: 0})
	wants(t, m, "sessions_dropped_total", figures{"": 0})
	failed := domain.E(domain.UpstreamFault, "It failed.", nil)
	for _, attempt := range []domain.Attempt{
		{Session: domain.SessionNone, Err: failed}, // it never had one, so none was dropped
		{Session: domain.SessionFresh, Kept: true},
		{Session: domain.SessionContinued, Kept: true},
		{Session: domain.SessionContinued, Err: failed},
		{Session: domain.SessionReplayed, Kept: true},
		{Session: domain.SessionReplayed}, // went well, and cannot go on
	} {
		attempt.Account = a
		m.Attempted(attempt)
	}
	wants(t, m, "session_uses_total", figures{`use="fresh"`: 1, `use="continued"`: 2, `use="replayed"`: 2})
	wants(t, m, "sessions_dropped_total", figures{"": 2})
}

func TestLiveSessionsAreReadWhenSomebodyAsks(t *testing.T) {
	live := 3
	m := New(Options{Ledger: noLedger, DefaultToken: noToken, Statuses: func() []accounts.Status { return nil }, Sessions: func() int { return live }})
	wants(t, m, "sessions_live", figures{"": 3})
	live = 0
	wants(t, m, "sessions_live", figures{"": 0})
}

func TestRenewalsAreCountedBothWaysFromTheFirstOn(t *testing.T) {
	m, a := newMetrics(), byPassword(t, "")
	id := string(a.ID())
	m.AccountRenewed(a, accounts.SignIn, nil)
	wants(t, m, "account_renewals_total", figures{
		`account="` + id + `",how="sign_in",result="ok"`: 1, `account="` + id + `",how="sign_in",result="failed"`: 0,
	})
	m.AccountRenewed(a, accounts.Refresh, domain.E(domain.CredentialRefused, "No.", nil))
	wants(t, m, "account_renewals_total", figures{
		`account="` + id + `",how="sign_in",result="ok"`: 1, `account="` + id + `",how="sign_in",result="failed"`: 0,
		`account="` + id + `",how="refresh",result="ok"`: 0, `account="` + id + `",how="refresh",result="failed"`: 1,
	})
}

func TestAFailedRefreshLeavesTheCatalogue(t *testing.T) {
	m := newMetrics()
	wants(t, m, "catalogue_models", figures{"": 0})
	wants(t, m, "catalogue_refreshes_total", figures{`result="ok"`: 0, `result="failed"`: 0})
	m.CatalogueRefreshed(42, nil)
	m.CatalogueRefreshed(0, errors.New("no catalogue"))
	wants(t, m, "catalogue_models", figures{"": 42})
	wants(t, m, "catalogue_refreshes_total", figures{`result="ok"`: 1, `result="failed"`: 1})
}
