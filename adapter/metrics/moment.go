package metrics

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"ondemand-api-proxy/usecase/usage"
)

// Names of the gauges that Moment reads.
const (
	inFlightName        = "requests_in_flight"
	sessionsName        = "sessions_live"
	accountStateName    = "account_state"
	accountInFlightName = "account_requests_in_flight"
)

// Moment reads the gauges that a scrape would show, for who wants to see them without
// Prometheus: from the very same collectors, so that both always agree.
func (m *Metrics) Moment() usage.Moment {
	moment := usage.Moment{Accounts: make(map[string]usage.AccountMoment)}
	families, _ := m.moment.Gather() // what cannot be had is left out, as in a scrape
	for _, family := range families {
		name := strings.TrimPrefix(family.GetName(), namespace+"_")
		for _, metric := range family.GetMetric() {
			read(&moment, name, labelsOf(metric), metric.GetGauge().GetValue())
		}
	}
	return moment
}

// read adds one gauge to the moment.
func read(moment *usage.Moment, name string, labels map[string]string, value float64) {
	label := labels["account"]
	account := moment.Accounts[label]
	switch name {
	case inFlightName:
		if labels["route"] == chatRoute || labels["route"] == bareChatRoute {
			moment.InFlight += int(value)
		}
	case sessionsName:
		moment.Sessions = int(value)
	case accountStateName:
		if value > 0 {
			account.State = labels["state"]
			moment.Accounts[label] = account
		}
	case accountInFlightName:
		account.InFlight = int(value)
		moment.Accounts[label] = account
	}
}

func labelsOf(metric *dto.Metric) map[string]string {
	labels := make(map[string]string, len(metric.GetLabel()))
	for _, pair := range metric.GetLabel() {
		labels[pair.GetName()] = pair.GetValue()
	}
	return labels
}

// registerers registers with all of them.
type registerers []prometheus.Registerer

// Register implements [prometheus.Registerer].
func (all registerers) Register(c prometheus.Collector) error {
	for _, r := range all {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// MustRegister implements [prometheus.Registerer].
func (all registerers) MustRegister(collectors ...prometheus.Collector) {
	for _, r := range all {
		r.MustRegister(collectors...)
	}
}

// Unregister implements [prometheus.Registerer].
func (all registerers) Unregister(c prometheus.Collector) (found bool) {
	for _, r := range all {
		found = r.Unregister(c) || found
	}
	return found
}
