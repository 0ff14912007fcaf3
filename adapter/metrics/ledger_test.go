package metrics

import (
	"testing"

	"ondemand-api-proxy/usecase/accounts"
	"ondemand-api-proxy/usecase/usage"
)

func TestTheLedgerTellsHowItDoes(t *testing.T) {
	m := New(Options{
		Statuses: func() []accounts.Status { return nil }, Sessions: func() int { return 0 }, DefaultToken: noToken,
		Ledger: func() usage.Health { return usage.Health{Queued: 3, Dropped: 5, Faults: 7, InMemory: true} },
	})
	for family, want := range map[string]float64{
		"ledger_queued_rows": 3, "ledger_dropped_rows_total": 5, "ledger_faults_total": 7, "ledger_in_memory": 1,
	} {
		if got := scrape(t, m, family)[""]; got != want {
			t.Errorf("%s is %v, want %v", family, got, want)
		}
	}
}
