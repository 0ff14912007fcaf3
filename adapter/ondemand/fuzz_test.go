package ondemand

import (
	"bytes"
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzFrames(f *testing.F) {
	for _, table := range []map[string]streamCase{shapeCases(), meaningCases(), endCases()} {
		for _, test := range table {
			f.Add([]byte(test.body), uint8(7))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, size uint8) {
		sizes := make([]int, 64)
		for i := range sizes {
			sizes[i] = 1 + int(size)
		}
		whole := readAll(t, streamOver(t.Context(), keyAccount(t), bytes.NewReader(body), time.Minute))
		pieces := readAll(t, streamOver(t.Context(), keyAccount(t), &chunkReader{rest: body, sizes: sizes}, time.Minute))
		if whole.Answer != pieces.Answer || whole.Reasoning != pieces.Reasoning || whole.Usage != pieces.Usage {
			t.Errorf("the pieces it came in changed the answer: %+v, %+v", whole, pieces)
		}
		// Every broken byte may become a replacement of three.
		if len(whole.Answer)+len(whole.Reasoning) > 3*len(body) {
			t.Errorf("%d bytes of stream became %d bytes of text", len(body), len(whole.Answer)+len(whole.Reasoning))
		}
	})
}

func FuzzQuoted(f *testing.F) {
	f.Add("a\"\\\n\r\t\x00\x1f<>&é😀\xff\u2028")
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := decodeString(t, appendQuoted(nil, text)), validText(text); got != want {
			t.Errorf("%q was quoted as %q", want, got)
		}
	})
}

func validText(text string) string {
	var out []byte
	for _, r := range text { // one replacement for each invalid byte
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}
