package chat

import "testing"

// BenchmarkTally is what gathering an answer of 50 deltas takes.
func BenchmarkTally(b *testing.B) {
	b.ReportAllocs()
	text := []byte("a delta of words ")
	for b.Loop() {
		var all tally
		for range 50 {
			all.add(text)
		}
	}
}
