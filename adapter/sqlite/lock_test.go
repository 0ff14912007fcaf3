package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestADirectoryHasOneOpenStoreAtATime(t *testing.T) {
	directory := t.TempDir()
	first := mustOpen(t, directory)
	for range 2 {
		second := New(directory)
		aside, err := second.Open(context.Background())
		if !errors.Is(err, ErrInUse) || aside != "" {
			t.Fatalf("a second store opened with the error %v and moved %q aside, want ErrInUse", err, aside)
		}
		if err := second.Close(); err != nil { // which leaves the lock to whoever has it
			t.Errorf("closing what was never open: %v", err)
		}
	}
	add(t, first, entry(1, noon))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	agree(t, mustOpen(t, directory)) // though the file of the lock is still there
	if _, err := os.Stat(filepath.Join(directory, lockName)); err != nil {
		t.Errorf("the lock stands nowhere: %v", err)
	}
}

func TestAStoreThatCannotBeOpenedLeavesItsDirectoryToOthers(t *testing.T) {
	directory := t.TempDir()
	inTheWay := filepath.Join(directory, fileName, "x")
	if err := os.MkdirAll(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	failed := New(directory)
	if _, err := failed.Open(context.Background()); err == nil || errors.Is(err, ErrInUse) {
		t.Fatalf("the error is %v, want that a directory is no file", err)
	}
	if err := failed.OpenMemory(context.Background()); err != nil { // as the service does
		t.Fatal(err)
	}
	defer failed.Close()
	if err := os.RemoveAll(filepath.Join(directory, fileName)); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, directory)
}

func TestALockThatCannotBeMadeIsAnErrorLikeAnyOther(t *testing.T) {
	directory := t.TempDir()
	if err := os.Mkdir(filepath.Join(directory, lockName), 0o700); err != nil {
		t.Fatal(err)
	}
	store := New(directory)
	if _, err := store.Open(context.Background()); err == nil || errors.Is(err, ErrInUse) {
		t.Errorf("the error is %v, want that the lock cannot be made", err)
	}
	if err := store.OpenMemory(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}
