package metrics

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/chat"
	"ondemand-api-proxy/usecase/models"
	"ondemand-api-proxy/usecase/usage"
)

// noLedger is a ledger that has nothing to do.
func noLedger() usage.Health { return usage.Health{} }

// noToken says that the access token is none that everybody knows.
func noToken() bool { return false }

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	_ chat.Observer     = (*Metrics)(nil)
	_ accounts.Observer = (*Metrics)(nil)
	_ models.Observer   = (*Metrics)(nil)
)

const (
	canaryEmail    = "canary.mail@example.org"
	canaryPassword = "canary-password-1"
	canaryKey      = "canary-key-2"
)

// newMetrics returns Metrics that know these accounts, all ready.
func newMetrics(pool ...domain.Account) *Metrics {
	return New(Options{
		Ledger: noLedger, DefaultToken: noToken,
		Version: "1.2.3",
		Statuses: func() []accounts.Status {
			var all []accounts.Status
			for _, a := range pool {
				all = append(all, accounts.Status{Account: a})
			}
			return all
		},
		Sessions: func() int { return 0 },
	})
}

// byKey returns an account that has a key.
func byKey(t testing.TB, name string) domain.Account {
	t.Helper()
	c, err := domain.NewKeyCredential(canaryKey)
	return account(t, name, c, err)
}

// byPassword returns an account that signs in.
func byPassword(t testing.TB, name string) domain.Account {
	t.Helper()
	c, err := domain.NewPasswordCredential(canaryEmail, canaryPassword)
	return account(t, name, c, err)
}

func account(t testing.TB, name string, credential domain.Credential, err error) domain.Account {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	a, err := domain.NewAccount(name, credential, domain.AccountLimits{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// ask returns the handler's answer to a scraper that accepts these media types.
func ask(t testing.TB, m *Metrics, accept string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", accept)
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		t.Fatalf("status %d, want 200: %s", answer.Code, answer.Body)
	}
	return answer
}

// figures are series of one name: what stands in braces, and the value.
type figures map[string]float64

// scrape returns the series of one of the program's own names, as the text format has them.
func scrape(t testing.TB, m *Metrics, name string) figures {
	t.Helper()
	found := figures{}
	for series, value := range scrapeAll(t, m) {
		if got, labels, _ := strings.Cut(series, "{"); got == namespace+"_"+name {
			found[strings.TrimSuffix(labels, "}")] = value
		}
	}
	return found
}

// scrapeAll returns all series of the program's own, without those of Go and the process.
func scrapeAll(t testing.TB, m *Metrics) figures {
	t.Helper()
	all := figures{}
	for line := range strings.Lines(ask(t, m, "text/plain").Body.String()) {
		if !strings.HasPrefix(line, namespace+"_") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
		if err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		if _, twice := all[line[:at]]; twice {
			t.Errorf("series %s stands there twice", line[:at])
		}
		all[line[:at]] = value
	}
	return all
}

// completion is the record of a streamed completion that went well.
func completion(model string) domain.Record {
	return domain.Record{
		RequestID: "req_1", Scope: "scope", Model: model, Endpoint: "predefined-x", Account: "0123456789",
		Outcome: domain.OutcomeCompleted, Status: http.StatusOK, Stream: true, Attempts: 1,
		FirstDelta: 500 * time.Millisecond, Duration: 2500 * time.Millisecond,
		Usage: domain.Usage{Prompt: 30, Completion: 101, Source: domain.UsageMeasured},
	}
}

// with returns the record with a change made.
func with(r domain.Record, change func(*domain.Record)) domain.Record {
	change(&r)
	return r
}

// everything makes something happen in every family.
func everything(m *Metrics, account domain.Account) {
	failed := domain.E(domain.UpstreamFault, "It failed.", nil)
	m.RequestBegan(chatRoute)
	m.RequestEnded(chatRoute, http.MethodPost, completion("gpt-4o"))
	m.RequestBegan(chatRoute)
	m.RequestEnded(chatRoute, http.MethodPost, domain.Record{Model: domain.OtherModel, Outcome: domain.OutcomeRateLimited})
	m.RequestBegan("unmatched")
	m.RequestEnded("unmatched", "other", domain.Record{Outcome: domain.OutcomeRejected})
	m.Attempted(domain.Attempt{Account: account, Session: domain.SessionFresh, Kept: true})
	m.Attempted(domain.Attempt{Account: account, Session: domain.SessionContinued, Err: failed})
	m.AccountChanged(account, domain.AccountResting, domain.UpstreamFault, time.Now().Add(time.Second))
	m.AccountRenewed(account, accounts.SignIn, failed)
	m.AccountRenewed(account, accounts.Refresh, nil)
	m.CatalogueRefreshed(7, nil)
	m.CatalogueRefreshed(0, failed)
	m.ConfigReloaded(true)
	m.ConfigReloaded(false)
}
