package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// catalogue are the families about the platform's catalogue of models.
type catalogue struct {
	models    prometheus.Gauge
	refreshes *prometheus.CounterVec // by result
}

func newCatalogue(factory promauto.Factory) catalogue {
	c := catalogue{
		models: factory.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "catalogue_models",
			Help: "Models that the platform's catalogue offered when it was last refreshed; 0 before the first time.",
		}),
		refreshes: factory.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "catalogue_refreshes_total",
			Help: "Refreshes of the platform's catalogue, by result (ok, failed).",
		}, []string{"result"}),
	}
	c.refreshes.WithLabelValues(resultOK)
	c.refreshes.WithLabelValues(resultFailed)
	return c
}

// CatalogueRefreshed implements models.Observer. A failed refresh leaves the number of
// models as it was.
func (m *Metrics) CatalogueRefreshed(models int, err error) {
	if err != nil {
		m.catalogue.refreshes.WithLabelValues(resultFailed).Inc()
		return
	}
	m.catalogue.refreshes.WithLabelValues(resultOK).Inc()
	m.catalogue.models.Set(float64(models))
}
