package app

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestASecondInstanceOnADataDirectoryIsRefusedBeforeItDoesAnything(t *testing.T) {
	sim := platform(t)
	c := configFor(t, sim, account(t, "main", alice))
	first := start(t, Settings{Config: c})

	first.log.await(t, "model catalogue refreshed")
	calls := len(sim.Calls())
	log := newConsole()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := Run(ctx, Settings{Config: c, Out: log, Log: log, Version: "test"})
	if err == nil || !strings.Contains(err.Error(), c.DataDir) || !strings.Contains(err.Error(), "data_dir") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the second one ended with %v, want one line that names the directory and the key", err)
	}
	if text := log.String(); text != "" {
		t.Errorf("the second one wrote %q, want nothing but the error", text)
	}
	if n := len(sim.Calls()); n != calls {
		t.Errorf("the second one made %d calls to the platform", n-calls)
	}
	if status, answer := first.chat("Still there?"); status != http.StatusOK {
		t.Errorf("the first one answers %d %s", status, answer)
	}
	first.stop()
	start(t, Settings{Config: c}) // what the first one left behind is in nobody's way
}

func TestInstancesInMemoryDoNotMeet(t *testing.T) {
	sim := platform(t)
	c := configFor(t, sim, account(t, "main", alice))
	inTheWay := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.DataDir = filepath.Join(inTheWay, "below")
	for range 2 {
		s := start(t, Settings{Config: c})
		if status, answer := s.chat("Hello"); status != http.StatusOK {
			t.Errorf("chat got %d %s, want 200", status, answer)
		}
	}
}
