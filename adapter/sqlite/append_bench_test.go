package sqlite

import (
	"fmt"
	"testing"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/usage"
)

// busyEntry is request i of a gateway that serves a thousand a second.
func busyEntry(i int, began time.Time) usage.Entry {
	e := yearEntry(i, 1_000_000)
	e.Began = began.Add(time.Duration(i) * time.Millisecond)
	e.RequestID = fmt.Sprintf("req_%022d", i)
	e.Scope, e.Endpoint = "0a1b2c3d4e5f6071", "predefined-openai-gpt4o"
	e.Account = domain.AccountID(fmt.Sprintf("ab12cd34e%d", i%5))
	e.Tries = []domain.Try{{Account: e.Account, Session: domain.SessionFresh, Result: domain.ResultOK, Began: time.Millisecond, Took: e.Duration}}
	return e
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1000, 100, 1} {
		for name, store := range map[string]*Store{"file": mustOpen(b, b.TempDir()), "memory": inMemory(b)} {
			b.Run(fmt.Sprintf("%d rows to %s", size, name), func(b *testing.B) {
				rows, next, began := make([]usage.Entry, size), 0, time.Now()
				before := cpuTime()
				b.ReportAllocs()
				for b.Loop() {
					for i := range rows {
						rows[i] = busyEntry(next, began)
						next++
					}
					add(b, store, rows...)
				}
				b.ReportMetric(float64(cpuTime()-before)/float64(next), "cpu-ns/row")
			})
			if err := store.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkAppendToAMillion writes batches of a hundred to a ledger of so many rows.
func BenchmarkAppendToAMillion(b *testing.B) {
	for _, rows := range []int{0, 1_000_000} {
		b.Run(fmt.Sprint(rows, " rows"), func(b *testing.B) {
			store := year(b, max(rows, 1))
			batch, next, began := make([]usage.Entry, 100), 0, time.Now()
			before := cpuTime()
			b.ReportAllocs()
			for b.Loop() {
				for i := range batch {
					batch[i] = busyEntry(next, began)
					next++
				}
				add(b, store, batch...)
			}
			b.ReportMetric(float64(cpuTime()-before)/float64(next), "cpu-ns/row")
		})
	}
}
