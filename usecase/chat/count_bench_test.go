package chat

import (
	"crypto/sha256"
	"testing"
)

// BenchmarkTally is what gathering an answer of 50 deltas takes.
func BenchmarkTally(b *testing.B) {
	b.ReportAllocs()
	text := []byte("a delta of words ")
	for b.Loop() {
		var all hashed
		for range 50 {
			all.add(text)
		}
		all.digest()
	}
}

// BenchmarkTallyHashedAtOnce is the same with each delta hashed as it comes.
func BenchmarkTallyHashedAtOnce(b *testing.B) {
	b.ReportAllocs()
	text := []byte("a delta of words ")
	for b.Loop() {
		all := hashed{sum: sha256.New()}
		for range 50 {
			all.add(text)
		}
		all.digest()
	}
}
