package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/accounts"
)

// states are all states of an account; each is a series.
var states = [...]domain.AccountState{domain.AccountReady, domain.AccountResting, domain.AccountCooling, domain.AccountOut}

// accountCollector reads the accounts when somebody asks for the figures. So an account
// that was removed has no series any more, and a rest that is over has no stale one.
type accountCollector struct {
	statuses func() []accounts.Status
	state    *prometheus.Desc
	inFlight *prometheus.Desc
}

func newAccountCollector(statuses func() []accounts.Status) *accountCollector {
	return &accountCollector{
		statuses: statuses,
		state: prometheus.NewDesc(prometheus.BuildFQName(namespace, "", accountStateName),
			"1 for the state that the account is in (ready, resting, cooling, out), 0 for the others.", []string{"account", "state"}, nil),
		inFlight: prometheus.NewDesc(prometheus.BuildFQName(namespace, "", accountInFlightName),
			"Attempts that the account is at work on.", []string{"account"}, nil),
	}
}

// Describe implements [prometheus.Collector].
func (c *accountCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.state
	to <- c.inFlight
}

// Collect implements [prometheus.Collector].
func (c *accountCollector) Collect(to chan<- prometheus.Metric) {
	for _, status := range c.statuses() {
		label := status.Account.Label()
		for _, state := range states {
			is := 0.0
			if state == status.State {
				is = 1
			}
			to <- prometheus.MustNewConstMetric(c.state, prometheus.GaugeValue, is, label, state.String())
		}
		to <- prometheus.MustNewConstMetric(c.inFlight, prometheus.GaugeValue, float64(status.InFlight), label)
	}
}
