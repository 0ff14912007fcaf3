package openai_test

import (
	"fmt"
	"strings"
	"testing"

	"ondemand-api-proxy/adapter/openai"
)

// BenchmarkFromChatRequest reads the request of a tenth turn, and one of a mebibyte.
func BenchmarkFromChatRequest(b *testing.B) {
	for name, size := range map[string]int{"ten turns": 500, "1 MiB": 1 << 20 / 20} {
		b.Run(name, func(b *testing.B) {
			body := []byte(`{"model":"gpt-4o","stream":true,"messages":[{"role":"system","content":"Be brief."}`)
			for range 10 {
				text := strings.Repeat(`Some words, and a line break.\n`, size/32)
				body = fmt.Appendf(body, `,{"role":"assistant","content":"%s"},{"role":"user","content":"%s"}`, text, text)
			}
			body = append(body, "]}"...)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := openai.FromChatRequest(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
