package openai

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// FuzzUnquoted holds appendUnquoted against jsontext's.
func FuzzUnquoted(f *testing.F) {
	for _, text := range []string{``, `plain`, `a\nb\\\"\/\b\f\r\t`, `\u00e9\ud83d\ude00\ud83d`, "\xff\\n", "é\\n\\u0041", `\n`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, inside string) {
		quoted := jsontext.Value(`"` + inside + `"`)
		if quoted.Kind() != jsontext.KindString || !quoted.IsValid(jsontext.AllowInvalidUTF8(true)) {
			return // the reader has refused it before
		}
		want, _ := jsontext.AppendUnquote([]byte("before"), quoted)
		if got := appendUnquoted([]byte("before"), quoted); string(got) != string(want) {
			t.Errorf("%s means %q, not %q", quoted, want, got)
		}
	})
}

func BenchmarkUnquoted(b *testing.B) {
	quoted := jsontext.Value(`"` + strings.Repeat(`Some words, and a line break.\n`, 16) + `"`)
	for name, unquote := range map[string]func(to []byte, quoted jsontext.Value) []byte{
		"appendUnquoted": appendUnquoted,
		"jsontext": func(to []byte, quoted jsontext.Value) []byte {
			to, _ = jsontext.AppendUnquote(to, quoted)
			return to
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(quoted)))
			b.ReportAllocs()
			var to []byte
			for b.Loop() {
				to = unquote(to[:0], quoted)
			}
		})
	}
}
