package jsonscan

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
		m := MembersOf(data)
		for m.Next() {
			keys, values = append(keys, bytes.Clone(m.Key)), append(values, bytes.Clone(m.Value))
		}
		if m.Valid != json.Valid(data) {
			t.Fatalf("%q: valid is %t, and %t for encoding/json", data, m.Valid, json.Valid(data))
		}
		if !m.Valid {
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
