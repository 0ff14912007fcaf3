package metrics

import (
	"net/http"
	"testing"

	"ondemand-api-proxy/domain"
)

func BenchmarkRequestEnded(b *testing.B) {
	plain := domain.Record{Outcome: domain.OutcomeCompleted}
	b.Run("streamed completion", func(b *testing.B) {
		b.ReportAllocs()
		m, record := newMetrics(), completion("gpt-4o")
		for b.Loop() {
			m.RequestBegan(chatRoute)
			m.RequestEnded(chatRoute, http.MethodPost, record)
		}
	})
	b.Run("streamed completion in parallel", func(b *testing.B) {
		b.ReportAllocs()
		m, record := newMetrics(), completion("gpt-4o")
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				m.RequestBegan(chatRoute)
				m.RequestEnded(chatRoute, http.MethodPost, record)
			}
		})
	})
	b.Run("other", func(b *testing.B) {
		b.ReportAllocs()
		m := newMetrics()
		for b.Loop() {
			m.RequestBegan("/healthz")
			m.RequestEnded("/healthz", http.MethodGet, plain)
		}
	})
}
