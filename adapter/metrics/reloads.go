package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// reloads are the families about changes of the configuration while the program runs.
type reloads struct {
	total *prometheus.CounterVec // by result
	last  prometheus.Gauge
}

func newReloads(factory promauto.Factory) reloads {
	r := reloads{
		total: factory.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "config_reloads_total",
			Help: "Times that the configuration was read again, by result (ok: it was taken over; failed: the running one stayed).",
		}, []string{"result"}),
		last: factory.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "config_last_reload_successful",
			Help: "1 unless the configuration could not be used when it was read last, then 0.",
		}),
	}
	r.total.WithLabelValues(resultOK)
	r.total.WithLabelValues(resultFailed)
	r.last.Set(1)
	return r
}

// ConfigReloaded tells whether the configuration that was read again was taken over.
func (m *Metrics) ConfigReloaded(ok bool) {
	if ok {
		m.reloads.total.WithLabelValues(resultOK).Inc()
		m.reloads.last.Set(1)
		return
	}
	m.reloads.total.WithLabelValues(resultFailed).Inc()
	m.reloads.last.Set(0)
}
