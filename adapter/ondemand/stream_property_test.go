package ondemand

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// chunkReader gives its bytes in the pieces it is told.
type chunkReader struct {
	rest  []byte
	sizes []int
}

func (r *chunkReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	size := len(r.rest)
	if len(r.sizes) > 0 {
		size, r.sizes = r.sizes[0], r.sizes[1:]
	}
	n := copy(p, r.rest[:min(size, len(r.rest))])
	r.rest = r.rest[n:]
	return n, nil
}

// encodeText writes text as the inside of a JSON string, every character in a way
// drawn for it, and says where it may be cut in two: anywhere but in an escape.
func encodeText(t *rapid.T, text string) (inside []byte, cuts []int) {
	for _, r := range text {
		raw, err := json.Marshal(string(r))
		if err != nil {
			t.Fatal(err)
		}
		raw = raw[1 : len(raw)-1]
		switch {
		case rapid.Bool().Draw(t, "escape") && r > 0xffff:
			high, low := utf16.EncodeRune(r)
			inside = fmt.Appendf(inside, `\u%04x`, high)
			cuts = append(cuts, len(inside))
			inside = fmt.Appendf(inside, `\u%04X`, low)
		case rapid.Bool().Draw(t, "escape") && r <= 0xffff:
			inside = fmt.Appendf(inside, `\u%04x`, r)
		case r >= utf8.RuneSelf && raw[0] != '\\':
			for _, b := range []byte(string(r)) {
				inside = append(inside, b)
				cuts = append(cuts, len(inside))
			}
		default:
			inside = append(inside, raw...)
		}
		cuts = append(cuts, len(inside))
	}
	return inside, cuts
}

// split cuts inside at some of the cuts.
func split(t *rapid.T, inside []byte, cuts []int) [][]byte {
	var pieces [][]byte
	begin := 0
	for _, cut := range cuts {
		if rapid.IntRange(0, 2).Draw(t, "cut") == 0 {
			pieces = append(pieces, inside[begin:cut])
			begin = cut
		}
	}
	return append(pieces, inside[begin:])
}

// writeFrame formats a frame in one of the ways that are allowed.
func writeFrame(t *rapid.T, out *bytes.Buffer, object string) {
	newline := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(t, "line end")
	space := rapid.SampledFrom([]string{"", " "}).Draw(t, "space")
	if rapid.Bool().Draw(t, "comment") {
		out.WriteString(": comment" + newline)
	}
	if rapid.Bool().Draw(t, "event line") {
		out.WriteString("event:" + space + rapid.SampledFrom([]string{"message", "thinking", "x"}).Draw(t, "event") + newline)
	}
	for _, line := range strings.Split(object, "\n") {
		out.WriteString("data:" + space + line + newline)
	}
	out.WriteString(newline)
}

func TestAnyTextInAnyFormAndChunkingArrivesUnchanged(t *testing.T) {
	account := keyAccount(t)
	rapid.Check(t, func(rt *rapid.T) {
		answer := rapid.StringN(0, 40, -1).Draw(rt, "answer")
		reasoning := rapid.StringN(0, 20, -1).Draw(rt, "reasoning")
		var body bytes.Buffer
		for _, part := range []struct{ text, format string }{
			{reasoning, `{%[1]s"thinking":%[1]s{"delta":"%[2]s"}%[1]s,"eventType":%[1]s"fulfillment_thinking"}`},
			{answer, `{"eventType":"fulfillment",%[1]s"answer":%[1]s"%[2]s"%[1]s}`},
		} {
			inside, cuts := encodeText(rt, part.text)
			for _, piece := range split(rt, inside, cuts) {
				gap := rapid.SampledFrom([]string{"", " ", "\n", " \t"}).Draw(rt, "gap")
				writeFrame(rt, &body, fmt.Sprintf(part.format, gap, piece))
				if rapid.IntRange(0, 4).Draw(rt, "extra") == 0 {
					writeFrame(rt, &body, `{"sessionId":"s","time":"t"}`)
				}
			}
		}
		writeFrame(rt, &body, "[DONE]")

		reader := &chunkReader{rest: body.Bytes(), sizes: rapid.SliceOf(rapid.IntRange(1, 50)).Draw(rt, "chunks")}
		g := readAll(t, streamOver(t.Context(), account, reader, time.Minute))
		if g.End != io.EOF || g.Answer != answer || g.Reasoning != reasoning { //nolint:errorlint // the contract is io.EOF itself
			rt.Fatalf("got answer %q, reasoning %q, end %v;\nwant %q, %q, EOF;\nbody %q", g.Answer, g.Reasoning, g.End, answer, reasoning, body.String())
		}
	})
}

func TestSplitAndOrphanedHalvesNeverLoseOtherText(t *testing.T) {
	account := keyAccount(t)
	rapid.Check(t, func(rt *rapid.T) {
		// Insides that no encoder would write: halves and stray bytes anywhere.
		pieces := rapid.SliceOf(rapid.SampledFrom([]string{
			`x`, `\ud83d`, `\ude00`, "\xf0\x9f", "\x98\x80", `\n`, `é`, "\xff", `\\`, `\u0041`,
		})).Draw(rt, "pieces")
		var body bytes.Buffer
		letters := 0
		for _, piece := range pieces {
			letters += strings.Count(piece, "x")
			format := `{"answer":"%s","eventType":"fulfillment"}`
			if rapid.IntRange(0, 3).Draw(rt, "kind") == 0 {
				format = `{"thinking":{"delta":"%s"},"eventType":"step_thinking"}`
			}
			writeFrame(rt, &body, fmt.Sprintf(format, piece))
		}
		writeFrame(rt, &body, "[DONE]")
		g := readAll(t, streamOver(t.Context(), account, &body, time.Minute))
		if seen := strings.Count(g.Answer+g.Reasoning, "x"); seen != letters || g.End != io.EOF { //nolint:errorlint // the contract is io.EOF itself
			rt.Fatalf("got %d letters and %v, want %d", seen, g.End, letters)
		}
	})
}
