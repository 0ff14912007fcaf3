package openai_test

import (
	"testing"
	"time"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
)

// kinds of deltas as they pass by the thousand.
var passing = []struct {
	name  string
	delta *domain.Delta
}{
	{"escaped", escaped(" \"word\"", ` \"word\"`)},
	{"plain", answer(" \"word\" ß😀\n")},
	{"reasoning", reasoning(" thought")},
}

func TestADeltaCostsNoAllocation(t *testing.T) {
	for _, kind := range passing {
		s := openai.NewStream(&countingWriter{}, head(true), time.Hour)
		allocations := testing.AllocsPerRun(200, func() {
			if err := s.Deliver(0, kind.delta, false); err != nil {
				t.Fatal(err)
			}
		})
		if s.Close(); allocations != 0 {
			t.Errorf("%s: %v allocations for a delta, want none", kind.name, allocations)
		}
	}
}

func TestAHugeDeltaIsSentWhole(t *testing.T) {
	w := &countingWriter{}
	s := openai.NewStream(w, head(false), 0)
	defer s.Close()
	huge := answer(string(make([]byte, 1<<20))) // every byte becomes \u0000
	for range 2 {
		if err := s.Deliver(0, huge, true); err != nil {
			t.Fatal(err)
		}
	}
	if want := int64(2 * 6 << 20); w.bytes < want {
		t.Errorf("%d bytes were written, want at least %d", w.bytes, want)
	}
}

func BenchmarkDelta(b *testing.B) {
	for _, kind := range passing {
		b.Run(kind.name, func(b *testing.B) {
			s := openai.NewStream(&countingWriter{}, head(false), time.Hour)
			defer s.Close()
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Deliver(0, kind.delta, true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
