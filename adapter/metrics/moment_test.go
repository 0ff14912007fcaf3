package metrics

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/usage"
)

func TestTheMomentIsWhatAScrapeShows(t *testing.T) {
	main, spare := byKey(t, "main"), byKey(t, "spare")
	m := New(Options{
		Sessions: func() int { return 7 },
		Ledger:   noLedger, DefaultToken: noToken,
		Statuses: func() []accounts.Status {
			return []accounts.Status{
				{Account: main, InFlight: 3},
				{Account: spare, State: domain.AccountCooling, Why: domain.UpstreamRateLimited, Until: time.Now().Add(time.Minute)},
			}
		},
	})
	for _, route := range []string{chatRoute, chatRoute, bareChatRoute, "/api/events", "/metrics"} {
		m.RequestBegan(route)
	}
	m.RequestEnded(chatRoute, http.MethodPost, domain.Record{})
	want := usage.Moment{InFlight: 2, Sessions: 7, Accounts: map[string]usage.AccountMoment{
		"main": {State: "ready", InFlight: 3}, "spare": {State: "cooling"},
	}}
	if diff := cmp.Diff(want, m.Moment()); diff != "" {
		t.Errorf("the moment is another one (-want +got):\n%s", diff)
	}
	wants(t, m, "sessions_live", figures{"": 7})
	wants(t, m, "account_requests_in_flight", figures{`account="main"`: 3, `account="spare"`: 0})
}
