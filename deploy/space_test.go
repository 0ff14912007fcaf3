package deploy_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// layOut lays a Space out into a folder, and returns what the command says.
func layOut(t *testing.T, folder string) (said string, err error) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("laying a Space out takes a Unix shell")
	}
	out, err := exec.Command("huggingface/lay-out.sh", folder).CombinedOutput()
	return string(out), err
}

func TestASpaceHoldsWhatItsImageIsBuiltFromAndNothingElse(t *testing.T) {
	space := filepath.Join(t.TempDir(), "space")
	if said, err := layOut(t, space); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	files := listFiles(t, space)
	for _, file := range []string{
		".dockerignore", "Dockerfile", "LICENSE", "README.md", "go.mod", "go.sum", "cmd/ondemand-proxy/main.go", "cmd/ondemand-sim/main.go",
		"domain/account.go", "usecase/chat", "adapter/sqlite/migrations", "adapter/dashboard/static/index.html", "infrastructure/app/run.go",
	} {
		if !slices.ContainsFunc(files, func(name string) bool { return name == file || strings.HasPrefix(name, file+"/") }) {
			t.Errorf("the Space lacks %s", file)
		}
	}
	tops := []string{".dockerignore", "Dockerfile", "LICENSE", "README.md", "go.mod", "go.sum", "cmd", "domain", "usecase", "adapter", "infrastructure"}
	for _, name := range files {
		top, _, _ := strings.Cut(name, "/")
		if !slices.Contains(tops, top) || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata/") || strings.Contains(name, "node_modules/") {
			t.Errorf("the Space holds %s, which its image is not built from", name)
		}
		text, err := os.ReadFile(filepath.Join(space, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(text, 0) >= 0 || len(text) > 1<<20 {
			t.Errorf("%s is no text, or has %d bytes: a Space takes such files only through Git LFS", name, len(text))
		}
	}
}

func TestASpaceLacksNoSource(t *testing.T) {
	space := filepath.Join(t.TempDir(), "space")
	if said, err := layOut(t, space); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	list := exec.Command("go", "list", "-deps", "./cmd/...") // it fails where a package or an embedded file is missing
	list.Dir = space
	if said, err := list.CombinedOutput(); err != nil {
		t.Errorf("go list: %v\n%s", err, said)
	}
}

func TestLayingASpaceOutAgainReplacesItAndKeepsItsHistory(t *testing.T) {
	space := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(space, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("README.md", "---\nsdk: docker\n---\n")
	write(".git/HEAD", "ref: refs/heads/main\n")
	write("domain/gone.go", "package domain\n")
	if said, err := layOut(t, space); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	files := listFiles(t, space)
	if !slices.Contains(files, ".git/HEAD") || slices.Contains(files, "domain/gone.go") {
		t.Error("the history is gone, or what no longer belongs there is not")
	}
}

func TestAFolderThatIsNoSpaceIsLeftAlone(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "thesis.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := layOut(t, folder); err == nil || !strings.Contains(said, "something else") {
		t.Errorf("laying out ended with %v and says %q, want a refusal", err, said)
	}
	if said, err := layOut(t, "huggingface"); err == nil {
		t.Errorf("laying out over its own recipe succeeds: %s", said)
	}
	if files := listFiles(t, folder); !slices.Equal(files, []string{"thesis.txt"}) {
		t.Errorf("the folder holds %q now, want what it held", files)
	}
}

func listFiles(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		files = append(files, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestTheSpaceIsDescribedAsHuggingFaceWantsIt(t *testing.T) {
	head, _, found := strings.Cut(strings.TrimPrefix(readFile(t, "huggingface/README.md"), "---\n"), "\n---\n")
	if !found {
		t.Fatal("README.md does not begin with a block of YAML")
	}
	got := decodeYAML[struct {
		Title, Emoji, ColorFrom, ColorTo, SDK, License string
		AppPort                                        int    `json:"app_port"`
		Description                                    string `json:"short_description"`
		Pinned                                         bool
	}](t, head)
	colours := []string{"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
	if got.Title == "" || got.Emoji == "" || got.SDK != "docker" || got.AppPort != 7860 || got.License != "mit" || got.Pinned ||
		!slices.Contains(colours, got.ColorFrom) || !slices.Contains(colours, got.ColorTo) || len(got.Description) > 60 {
		t.Errorf("the head is %+v", got)
	}
	// A checkout on Windows may hold the name of the file instead of a link to it.
	if runtime.GOOS != "windows" && readFile(t, "huggingface/Dockerfile") != readFile(t, "Dockerfile") {
		t.Error("the Space's Dockerfile is not the image's own")
	}
}
