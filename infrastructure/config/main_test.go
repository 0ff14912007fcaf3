package config

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inDir returns a Source whose working directory holds a file of this name.
func inDir(t testing.TB, name, content string, environ ...string) Source {
	t.Helper()
	dir := t.TempDir()
	if name != "" {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Source{WorkDir: dir, Environ: environ}
}

func mustLoad(t testing.TB, source Source) Config {
	t.Helper()
	cfg, err := Load(source)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return cfg
}

// refusal returns the one-line error that loading ends with.
func refusal(t testing.TB, source Source) string {
	t.Helper()
	_, err := Load(source)
	if err == nil {
		t.Fatal("Load accepted it, want an error")
	}
	return err.Error()
}
