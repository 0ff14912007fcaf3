package app

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "ondemand-api-proxy"

// root is the project's directory.
func root(t *testing.T) string {
	t.Helper()
	directory, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(directory, "go.mod")); missing == nil {
			return directory
		}
		if parent := filepath.Dir(directory); parent != directory {
			directory = parent
			continue
		}
		break
	}
	t.Fatal("there is no go.mod above this test")
	return ""
}

// sources returns the Go files below the project's root that are no tests, with slashes.
func sources(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(root(t)), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			files = append(files, name)
		}
		return nil
	})
	if err != nil || len(files) < 50 {
		t.Fatalf("found %d source files: %v", len(files), err)
	}
	return files
}

func TestEveryLayerImportsOnlyWhatItMayKnow(t *testing.T) {
	directory := root(t)
	for _, name := range sources(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(directory, filepath.FromSlash(name)), nil, parser.ImportsOnly)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if why := forbidden(path.Dir(name), imported); why != "" {
				t.Errorf("%s imports %s: %s", name, imported, why)
			}
		}
	}
}

// forbidden tells why a package, by its folder, may not import another; empty: it may.
func forbidden(folder, imported string) string {
	own, inside := strings.CutPrefix(imported, module+"/")
	standard := !inside && !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".")
	layer, rest, _ := strings.Cut(folder, "/")
	switch {
	case strings.HasPrefix(imported, "go.uber.org/fx") && folder != "infrastructure/app":
		return "fx belongs to infrastructure/app"
	case layer == "domain" && !standard:
		return "the domain knows the standard library only"
	case layer == "usecase" && !standard && own != "domain":
		return "a use case knows the domain only; declare a port"
	case layer == "usecase" && (imported == "net/http" || strings.HasPrefix(imported, "net/http/")):
		return "a use case knows no transport"
	case !inside:
		return ""
	case layer == "adapter":
		return forbiddenToAdapter(rest, own)
	case folder == "infrastructure/app":
		return onlyBelow(own, "domain", "usecase", "adapter", "infrastructure")
	case layer == "infrastructure":
		return onlyBelow(own, "domain")
	case folder == "cmd/ondemand-sim":
		return onlyBelow(own, "infrastructure", "adapter/ondemand/ondemandtest")
	case layer == "cmd":
		return onlyBelow(own, "infrastructure")
	}
	return ""
}

// forbiddenToAdapter knows that adapters stay apart; only web gathers the inbound ones. jsonscan adapts nothing: it only reads.
func forbiddenToAdapter(adapter, own string) string {
	adapter, _, _ = strings.Cut(adapter, "/")
	may := []string{"domain", "usecase", "adapter/jsonscan", "adapter/" + adapter}
	if adapter == "web" {
		may = append(may, "adapter/openai", "adapter/dashboard")
	}
	return onlyBelow(own, may...)
}

func onlyBelow(own string, folders ...string) string {
	if slices.ContainsFunc(folders, func(f string) bool { return own == f || strings.HasPrefix(own, f+"/") }) {
		return ""
	}
	return "of this project it may import only " + strings.Join(folders, ", ")
}

func TestTheRulesOfImportsForbidWhatTheyShould(t *testing.T) {
	for _, test := range []struct {
		folder, imported string
		allowed          bool
	}{
		{"domain", "time", true},
		{"domain", "go.uber.org/zap", false},
		{"domain", module + "/usecase/chat", false},
		{"usecase/chat", module + "/domain", true},
		{"usecase/chat", module + "/usecase/accounts", false},
		{"usecase/chat", module + "/adapter/web", false},
		{"usecase/chat", "go.uber.org/zap", false},
		{"adapter/openai", module + "/adapter/jsonscan", true},
		{"usecase/chat", "net/http", false},
		{"adapter/web", module + "/adapter/openai", true},
		{"adapter/web", module + "/adapter/sqlite", false},
		{"adapter/openai", module + "/adapter/web", false},
		{"adapter/openai", module + "/usecase/chat", true},
		{"adapter/ondemand/ondemandtest", module + "/adapter/ondemand", true},
		{"adapter/ondemand", module + "/adapter/openai", false},
		{"adapter/web", module + "/infrastructure/config", false},
		{"adapter/web", "go.uber.org/fx", false},
		{"infrastructure/config", module + "/domain", true},
		{"infrastructure/config", module + "/infrastructure/logging", false},
		{"infrastructure/config", "go.uber.org/fx/fxevent", false},
		{"infrastructure/app", "go.uber.org/fx", true},
		{"infrastructure/app", module + "/adapter/web", true},
		{"infrastructure/app", module + "/cmd/ondemand-proxy", false},
		{"cmd/ondemand-proxy", module + "/infrastructure/app", true},
		{"cmd/ondemand-proxy", module + "/adapter/ondemand/ondemandtest", false},
		{"cmd/ondemand-sim", module + "/adapter/ondemand/ondemandtest", true},
		{"cmd/ondemand-sim", module + "/adapter/ondemand", false},
	} {
		if got := forbidden(test.folder, test.imported); (got == "") != test.allowed {
			t.Errorf("%s importing %s: got %q, want it allowed: %v", test.folder, test.imported, got, test.allowed)
		}
	}
}
