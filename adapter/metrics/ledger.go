package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"ondemand-api-proxy/usecase/usage"
)

// aboutLedger registers how the ledger does, read when somebody asks for the figures.
func aboutLedger(factory promauto.Factory, health func() usage.Health) {
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "ledger_queued_rows",
		Help: "Rows of the ledger that are not written yet.",
	}, func() float64 { return float64(health().Queued) })
	factory.NewCounterFunc(prometheus.CounterOpts{
		Namespace: namespace, Name: "ledger_dropped_rows_total",
		Help: "Rows of the ledger that were dropped since too many waited; their sums are kept.",
	}, func() float64 { return float64(health().Dropped) })
	factory.NewCounterFunc(prometheus.CounterOpts{
		Namespace: namespace, Name: "ledger_faults_total",
		Help: "Times that the ledger could not be written.",
	}, func() float64 { return float64(health().Faults) })
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "ledger_in_memory",
		Help: "1 while the data directory cannot be used and the ledger is lost at a restart, else 0.",
	}, func() float64 {
		if health().InMemory {
			return 1
		}
		return 0
	})
}
