package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestNoErrorHoldsASecret puts canaries where secrets belong, breaks the
// configuration somewhere, and looks for them in the error.
func TestNoErrorHoldsASecret(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.json")
	rapid.Check(t, func(t *rapid.T) {
		encoded, err := json.Marshal(secretive(t))
		if err != nil {
			t.Fatal(err)
		}
		text := string(encoded)
		if rapid.Bool().Draw(t, "cut") {
			text = text[:rapid.IntRange(0, len(text)).Draw(t, "length")]
		}
		source := Source{WorkDir: dir}
		if rapid.Bool().Draw(t, "as YAML") {
			source.Flags = map[string]string{"config": "config.yaml"}
			path = filepath.Join(dir, "config.yaml")
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(source)
		if said := fmt.Sprint(err, cfg.Warnings(), cfg); strings.Contains(said, "canary") || strings.Contains(said, "c4n4ry") {
			t.Fatalf("a secret is shown for %s:\n%s", text, said)
		}
	})
}

// secretive is a configuration full of secrets, some of them in odd places.
func secretive(t *rapid.T) map[string]any {
	odd := rapid.SampledFrom([]any{nil, 1, true, "canary", "c4n4ry@example.org", []any{"canary"}, map[string]any{"canary1": "canary"}, "canary with space", "", "canary\n", "ca:canary"})
	entry := func() any {
		if rapid.IntRange(0, 5).Draw(t, "odd entry") == 0 {
			return odd.Draw(t, "entry")
		}
		fields := map[string]any{}
		for _, name := range []string{"email", "password", "api_key", "name", "token", "c4n4ry", "c4n4ry@example.org"} {
			if rapid.Bool().Draw(t, "with "+name) {
				fields[name] = odd.Draw(t, name)
			}
		}
		delete(fields, "name") // a name is chosen to be shown
		return fields
	}
	values := map[string]any{}
	for _, name := range []string{"accounts", "access_tokens"} {
		if rapid.Bool().Draw(t, "with "+name) {
			values[name] = []any{entry(), entry()}
		}
	}
	for _, name := range []string{"api_access_token", "dashboard_password", "accounts", "c4n4ry", "c4n4ry@example.org"} {
		if rapid.Bool().Draw(t, "odd "+name) {
			values[name] = odd.Draw(t, name)
		}
	}
	if rapid.Bool().Draw(t, "user name in a URL") {
		values["upstream_api_url"] = "https://user:canary@example.org"
		values["cors_origins"] = []any{"https://user:canary@example.org"}
	}
	return values
}

func FuzzLoadFile(f *testing.F) {
	for name, s := range samples() {
		f.Add("config.json", `{"`+name+`":`+s.file+`}`)
		f.Add("config.yaml", name+": "+s.file)
	}
	for _, text := range []string{"", "{", "[]", "null", "{} {}", "a: &a [*a]", "a: &a {b: *a}", "1: 2", "? [a]\n: b", "models: {a: {<<: {endpoint: e}}}", "\ufeff{}", "port: 0o17", "{\"port\":1e999}"} {
		f.Add("config.json", text)
		f.Add("config.yaml", text)
	}
	f.Fuzz(func(t *testing.T, name, content string) {
		if name != "config.json" && name != "config.yaml" {
			t.Skip()
		}
		source := inDir(t, name, content)
		source.Flags = map[string]string{"config": name}
		cfg, err := Load(source)
		if err != nil {
			if text := err.Error(); text == "" || strings.ContainsAny(text, "\r\n") {
				t.Errorf("the error is %q, want one line", text)
			}
			return
		}
		again, err := Load(source)
		if err != nil || cfg.NeedRestart(again) != nil {
			t.Errorf("loading it twice differs: %v, %v", err, cfg.NeedRestart(again))
		}
		lines := strings.Count(fmt.Sprint(cfg), "\n")
		if want := len(Keys()) + 1; lines != want {
			t.Errorf("the table has %d lines, want %d", lines, want)
		}
	})
}
