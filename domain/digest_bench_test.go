package domain

import (
	"strings"
	"testing"
)

// BenchmarkDigest hashes the history of a tenth turn, and one of a mebibyte.
func BenchmarkDigest(b *testing.B) {
	for name, size := range map[string]int{"ten turns": 500, "1 MiB": 1 << 20 / 20} {
		b.Run(name, func(b *testing.B) {
			var history Conversation
			for range 10 {
				history = append(history, Message{Role: RoleUser, Text: strings.Repeat("q", size)}, Message{Role: RoleAssistant, Text: strings.Repeat("a", size)})
			}
			b.SetBytes(int64(20 * size))
			b.ReportAllocs()
			for b.Loop() {
				h := NewHasher("0a1b2c3d4e5f")
				h.Add(history...)
				h.Digest()
			}
		})
	}
}
