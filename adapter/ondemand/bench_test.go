package ondemand

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// BenchmarkStream reads an answer of a thousand deltas as the sample writes them.
func BenchmarkStream(b *testing.B) {
	for name, text := range map[string]string{"plain": " token", "escaped": ` tok\n\"en\"`} {
		b.Run(name, func(b *testing.B) {
			var body strings.Builder
			for i := range 1000 {
				fmt.Fprintf(&body, "event:message\ndata:{\"sessionId\": \"6a5a\", \"messageId\": \"6a5b\", \"answer\": \"%s\", "+
					"\"status\": \"processing\", \"eventIndex\":%d, \"eventType\": \"fulfillment\"}\n\n", text, i)
			}
			body.WriteString(done)
			account, pool := keyAccount(b), &bufferPool{}
			source, frames := bytes.NewReader(nil), []byte(body.String())
			b.SetBytes(int64(len(frames)))
			b.ReportAllocs()
			for b.Loop() {
				source.Reset(frames)
				s := pooledStream(b.Context(), account, source, time.Minute, pool)
				for {
					if _, err := s.Next(); err != nil {
						if err != io.EOF { //nolint:errorlint // the contract is io.EOF itself
							b.Fatal(err)
						}
						break
					}
				}
				s.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/delta")
		})
	}
}

// BenchmarkFrames cuts the same answer into frames, and does nothing with them.
func BenchmarkFrames(b *testing.B) {
	var body strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&body, "event:message\ndata:{\"sessionId\": \"6a5a\", \"messageId\": \"6a5b\", \"answer\": \" token\", "+
			"\"status\": \"processing\", \"eventIndex\":%d, \"eventType\": \"fulfillment\"}\n\n", i)
	}
	source, frames, buffer := bytes.NewReader(nil), []byte(body.String()), make([]byte, firstBuffer)
	b.SetBytes(int64(len(frames)))
	b.ReportAllocs()
	for b.Loop() {
		source.Reset(frames)
		r, found := frameReader{source: source, buffer: buffer}, 0
		for r.fill() == nil {
			for _, ok := r.next(); ok; _, ok = r.next() {
				found++
			}
		}
		if found != 1000 {
			b.Fatalf("found %d frames, want 1000", found)
		}
	}
}

func BenchmarkQueryBody(b *testing.B) {
	query := fullQuery()
	query.Text = strings.Repeat("A line of some ordinary prompt, with a \"quote\".\n", 1<<16)
	b.SetBytes(int64(len(query.Text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := queryBody(&query); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPayload looks into a frame, as the program does and with encoding/json.
func BenchmarkPayload(b *testing.B) {
	frame := []byte(`{"sessionId": "6a5a1f0e8b3c4d2e9f7a6b5c", "messageId": "6a5b1f0e8b3c4d2e9f7a6b5c", "answer": " of the tokens", ` +
		`"status": "processing", "eventIndex":17, "eventType": "fulfillment"}`)
	b.Run("scan", func(b *testing.B) {
		b.SetBytes(int64(len(frame)))
		b.ReportAllocs()
		for b.Loop() {
			if p, err := scanPayload(frame); err != nil || p.kind != payloadAnswer {
				b.Fatal(p, err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.SetBytes(int64(len(frame)))
		b.ReportAllocs()
		for b.Loop() {
			var p struct{ Answer, EventType string }
			if err := json.Unmarshal(frame, &p); err != nil || p.EventType != "fulfillment" {
				b.Fatal(p, err)
			}
		}
	})
}
