//go:build !windows

// Windows has no such permissions.

package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestNobodyElseCanReadTheStore(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "data")
	store := mustOpen(t, directory)
	if err := store.SaveSessions(context.Background(), sessions()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", entry.Name(), info.Mode().Perm())
		}
	}
	info, err := os.Stat(directory)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %o, want 700 (%v)", info.Mode().Perm(), err)
	}
}
