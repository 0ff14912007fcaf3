package sqlite

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
)

func mustOpen(t testing.TB, directory string) *Store {
	t.Helper()
	store := New(directory)
	aside, err := store.Open(context.Background())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if aside != "" {
		t.Fatalf("Open moved %s aside, want a sound file", aside)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func sessions() []domain.Session {
	at := time.UnixMilli(1_800_000_000_000)
	return []domain.Session{
		{ID: "6a5a", Account: "0011223344", Tip: domain.Digest{1}, LastUsed: at},
		{ID: "6a5b", Account: "5566778899", Tip: domain.Digest{2}, LastUsed: at.Add(time.Second)},
	}
}

func take(t *testing.T, store *Store) []domain.Session {
	t.Helper()
	got, err := store.TakeSessions(context.Background())
	if err != nil {
		t.Fatalf("TakeSessions: %v", err)
	}
	return got
}

func TestSessionsSurviveACleanStopOnce(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "nested", "data")
	store := mustOpen(t, directory)
	if got := take(t, store); len(got) != 0 {
		t.Fatalf("a new store holds %d sessions, want none", len(got))
	}
	if err := store.SaveSessions(context.Background(), sessions()); err != nil {
		t.Fatalf("SaveSessions: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}

	store = mustOpen(t, directory)
	if diff := cmp.Diff(sessions(), take(t, store)); diff != "" {
		t.Errorf("after a clean stop (-want +got):\n%s", diff)
	}
	if err := store.Close(); err != nil { // as after a crash: nothing was saved
		t.Fatalf("Close: %v", err)
	}
	if got := take(t, mustOpen(t, directory)); len(got) != 0 {
		t.Errorf("after a crash %d sessions came back, want none", len(got))
	}
}

func TestADamagedFileIsMovedAside(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, fileName)
	garbage := bytes.Repeat([]byte("this is no database. "), 1000)
	if err := os.WriteFile(path, garbage, 0o600); err != nil {
		t.Fatal(err)
	}
	store := New(directory)
	aside, err := store.Open(context.Background())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer store.Close()
	kept, err := os.ReadFile(aside)
	if err != nil || !bytes.Equal(kept, garbage) {
		t.Errorf("the damaged file should stand unchanged at %q: %v", aside, err)
	}
	if err := store.SaveSessions(context.Background(), sessions()); err != nil {
		t.Errorf("the new file cannot be written: %v", err)
	}
}

func TestADirectoryThatCannotBeMadeIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(filepath.Join(file, "data")).Open(context.Background()); err == nil {
		t.Fatal("Open below a file succeeded, want an error")
	}
}
