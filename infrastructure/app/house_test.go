package app

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAFileIsAtMost400LinesLong(t *testing.T) {
	directory := root(t)
	for _, name := range sources(t) {
		text, err := os.ReadFile(filepath.Join(directory, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		if lines := bytes.Count(text, []byte("\n")); lines > 400 {
			t.Errorf("%s has %d lines, want at most 400: it holds more than one idea", name, lines)
		}
	}
}

func TestTheTopOfTheProjectHoldsItsLayersAndNothingElse(t *testing.T) {
	folders := []string{"cmd", "domain", "usecase", "adapter", "infrastructure", "deploy", "docs"}
	files := []string{"go.mod", "go.sum", "Taskfile.yml", "README.md", "LICENSE"}
	entries, err := os.ReadDir(root(t))
	if err != nil {
		t.Fatal(err)
	}
	ignored := ignoredAtTheTop(t)
	for _, entry := range entries {
		allowed := files
		if entry.IsDir() {
			allowed = folders
		}
		if !slices.Contains(allowed, entry.Name()) && !strings.HasPrefix(entry.Name(), ".") && !ignored(entry.Name()) {
			t.Errorf("%s stands at the top of the project, where only %q, %q and dot-files belong", entry.Name(), folders, files)
		}
	}
}

// ignoredAtTheTop tells which names git does not look at; they are what runs of the
// program and of tools leave behind.
func ignoredAtTheTop(t *testing.T) func(name string) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), ".gitignore"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var patterns []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			patterns = append(patterns, strings.Trim(line, "/"))
		}
	}
	return func(name string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool {
			matches, err := path.Match(pattern, name)
			return err == nil && matches
		})
	}
}
