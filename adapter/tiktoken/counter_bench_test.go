package tiktoken

import (
	"strings"
	"testing"
)

func BenchmarkCount(b *testing.B) {
	counter := New()
	for name, text := range map[string]string{
		"prose":   strings.Repeat("The answer is, as so often, a matter of what was asked. ", 2),
		"code":    strings.Repeat("if err := p.Run(ctx); err != nil {\n\treturn nil, err\n}\n", 2),
		"Chinese": strings.Repeat("答案往往取决于问题本身。", 3),
	} {
		b.Run(name, func(b *testing.B) {
			piece := []byte(text)
			counter.Count(piece) // loads the vocabulary
			b.SetBytes(int64(len(piece)))
			b.ReportAllocs()
			for b.Loop() {
				counter.Count(piece)
			}
		})
	}
}
