package app

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestAConversationGoesOnInItsSessionAfterACleanRestart(t *testing.T) {
	sim := platform(t)
	c := configFor(t, sim, account(t, "main", alice), account(t, "spare", bob))
	s := start(t, Settings{Config: c})
	_, first := s.chat("One")
	s.stop()

	s = start(t, Settings{Config: c})
	status, second := s.chat("One", first, "Two")
	if status != http.StatusOK || second != "Echo: Two" {
		t.Errorf("after the restart got %d %q, want 200 \"Echo: Two\"", status, second)
	}
	if n := sim.Count(ondemandtest.NewSession, ""); n != 1 {
		t.Fatalf("%d upstream sessions were opened, want 1", n)
	}
	want := []ondemandtest.Turn{
		{Query: "One", Answer: "Echo: One", Endpoint: "predefined-openai-gpt4o", Complete: true},
		{Query: "Two", Answer: "Echo: Two", Endpoint: "predefined-openai-gpt4o", Complete: true},
	}
	if diff := cmp.Diff(want, sim.Transcript(sim.Sessions("")[0])); diff != "" {
		t.Errorf("what the session has seen (-want +got):\n%s", diff)
	}
	s.stop()

	s = start(t, Settings{Config: c})
	if status, third := s.chat("One", first, "Two", second, "Three"); status != http.StatusOK || third != "Echo: Three" {
		t.Errorf("after the second restart got %d %q, want 200 \"Echo: Three\"", status, third)
	}
	if n := sim.Count(ondemandtest.NewSession, ""); n != 1 {
		t.Errorf("%d upstream sessions were opened after two restarts, want 1", n)
	}
}

func TestADataDirectoryThatCannotBeUsedIsOnlyWarnedAbout(t *testing.T) {
	sim := platform(t)
	c := configFor(t, sim, account(t, "main", alice))
	inTheWay := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(inTheWay, []byte("I was here first"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, directory := range []string{inTheWay, filepath.Join(inTheWay, "nested")} {
		c.DataDir = directory
		s := start(t, Settings{Config: c})
		if status, answer := s.chat("Hello"); status != http.StatusOK {
			t.Errorf("%s: chat got %d %s, want 200", directory, status, answer)
		}
		if line := s.log.await(t, "the data directory cannot be used"); !strings.Contains(line, `"level":"warn"`) {
			t.Errorf("%s: logged %s, want a warning", directory, line)
		}
		s.stop()
	}
}

func TestADamagedDatabaseIsMovedAsideWithAWarning(t *testing.T) {
	sim := platform(t)
	c := configFor(t, sim, account(t, "main", alice))
	path := filepath.Join(c.DataDir, "ondemand-proxy.db")
	damaged := strings.Repeat("this is no database ", 500)
	if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, Settings{Config: c})
	line := s.log.await(t, "the database was damaged")
	if !strings.Contains(line, `"level":"warn"`) || !strings.Contains(line, path+".damaged-") {
		t.Errorf("logged %s, want a warning with the file's new name", line)
	}
	_, first := s.chat("One")
	s.stop()
	aside, err := filepath.Glob(path + ".damaged-*")
	if err != nil || len(aside) != 1 {
		t.Fatalf("moved aside: %q, %v, want one file", aside, err)
	}
	if kept, err := os.ReadFile(aside[0]); err != nil || string(kept) != damaged {
		t.Errorf("the file that was moved aside has %d bytes, %v, want what was damaged", len(kept), err)
	}

	s = start(t, Settings{Config: c}) // the new database works
	s.chat("One", first, "Two")
	if n := sim.Count(ondemandtest.NewSession, ""); n != 1 {
		t.Errorf("%d upstream sessions were opened, want 1", n)
	}
}

func TestTheDataDirectoryIsMadeWithItsParents(t *testing.T) {
	c := configFor(t, platform(t))
	c.DataDir = filepath.Join(c.DataDir, "a", "b")
	s := start(t, Settings{Config: c})
	s.stop()
	if _, err := os.Stat(filepath.Join(c.DataDir, "ondemand-proxy.db")); err != nil {
		t.Errorf("the database: %v", err)
	}
}
