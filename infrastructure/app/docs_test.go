package app

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// links are those of Markdown, pictures included.
var links = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// documents returns the Markdown files of the project, with slashes, and their texts.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	err := fs.WalkDir(os.DirFS(root(t)), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name != "." && strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules" || entry.Name() == "bin"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".md"):
			text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
			texts[name] = string(text)
			return err
		}
		return nil
	})
	if err != nil || len(texts) < 5 {
		t.Fatalf("found %d documents: %v", len(texts), err)
	}
	return texts
}

// anchors are what a link into a document may name after "#".
func anchors(text string) map[string]bool {
	found := make(map[string]bool)
	drop := regexp.MustCompile(`[^\p{L}\p{N}_\- ]`)
	for line := range strings.Lines(text) {
		if heading, is := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); is && strings.HasPrefix(line, "#") {
			heading = drop.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			found[strings.ReplaceAll(heading, " ", "-")] = true
		}
	}
	return found
}

func TestEveryRelativeLinkOfTheDocumentsLeadsSomewhere(t *testing.T) {
	texts := documents(t)
	checked := 0
	for name, text := range texts {
		for _, found := range links.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, ":") {
				continue // of another host
			}
			checked++
			file := name
			if target != "" {
				file = path.Join(path.Dir(name), target)
				if _, err := os.Stat(filepath.Join(root(t), filepath.FromSlash(file))); err != nil {
					t.Errorf("%s links to %s, which is not there", name, found[1])
					continue
				}
			}
			if anchor != "" && !anchors(texts[file])[anchor] {
				t.Errorf("%s links to %s, where there is no such heading", name, found[1])
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d links were found", checked)
	}
}
