package ondemand

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// FuzzScan holds the scanner against encoding/json.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		"", " ", "{}", " { } ", "[]", "[1,2]", "[1,]", "{,}", `{"a":1,}`, `{"a":1 "b":2}`, `{"a" : -0.5e+10 , "b":[{"c":null}]}`, "01", "-", "1.", "1e", ".5",
		`"\u12g4"`, `"\x"`, "\"\n\"", "\"\x00\"", "\"\xff\"", `"\ud83d"`, `{"a":"\"}"}`, "tru", "true", "nul", "null x", `{"a":1}{`, `{"a":1}}`, `{"a":{"b":[1,{"c":"d"}]},"a":2}`,
		`{"` + strings.Repeat("k", 20) + `":"` + strings.Repeat("0123456789", 10) + `\\"}`, "\"" + strings.Repeat("\xf0\x9f\x98\x80", 4) + "\x1f\"",
		strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var keys, values [][]byte
		m := membersOf(data)
		for m.next() {
			keys, values = append(keys, bytes.Clone(m.key)), append(values, bytes.Clone(m.value))
		}
		if m.valid != json.Valid(data) {
			t.Fatalf("%q: valid is %t, and %t for encoding/json", data, m.valid, json.Valid(data))
		}
		if !m.valid {
			return
		}
		wantKeys, wantValues := slowMembers(t, data)
		if len(keys) != len(wantKeys) {
			t.Fatalf("%q: has the members %q, want %q", data, keys, wantKeys)
		}
		for i := range keys {
			var key string
			if err := json.Unmarshal([]byte(`"`+string(keys[i])+`"`), &key); err != nil || key != wantKeys[i] || !bytes.Equal(values[i], wantValues[i]) {
				t.Errorf("%q: member %d is %q: %q, want %q: %q", data, i, keys[i], values[i], wantKeys[i], wantValues[i])
			}
		}
	})
}

// slowMembers are the members of a valid object as encoding/json reads them.
func slowMembers(t *testing.T, data []byte) (keys []string, values [][]byte) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, nil
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
		keys, values = append(keys, key.(string)), append(values, value)
	}
	return keys, values
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
