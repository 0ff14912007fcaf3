package app

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/licensecheck"
)

// accepted are the licences that what the project is built and tested with may have: they let the program be
// handed on under its own.
var accepted = []string{"MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MPL-2.0", "Unlicense", "CC0-1.0"}

// goModule is a module as the go command lists it.
type goModule struct {
	Path, Version, Dir string
	Main               bool
}

// modules are those whose packages the program, the simulator and their tests consist of.
func modules(t *testing.T) []goModule {
	t.Helper()
	command := exec.Command("go", "list", "-deps", "-test", "-json=Module", "./...")
	command.Dir, command.Stderr = root(t), os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []goModule
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var listed struct{ Module goModule }
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if listed.Module.Path != "" && !listed.Module.Main && !slices.Contains(found, listed.Module) {
			found = append(found, listed.Module)
		}
	}
	if len(found) < 30 {
		t.Fatalf("found %d modules only", len(found))
	}
	return found
}

// licenceFile is the name of a module's licence. Others, such as LICENSE-LOGO, are about parts of it that are not code,
// or code in the public domain.
var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying)(\.(md|txt))?$`)

// licencesIn returns the licences that the licence files of a folder consist of.
func licencesIn(t *testing.T, folder string) (all []string) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !licenceFile.MatchString(file.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		cover := licensecheck.Scan(text)
		if cover.Percent < 75 {
			t.Errorf("%s holds other text than a licence: %.0f %% of it is known", filepath.Join(filepath.Base(folder), file.Name()), cover.Percent)
		}
		for _, match := range cover.Match {
			all = append(all, match.ID)
		}
	}
	return all
}

func TestEveryDependencyMayBeHandedOn(t *testing.T) {
	count := map[string]int{}
	for _, module := range modules(t) {
		found := licencesIn(t, module.Dir)
		if len(found) == 0 {
			t.Errorf("%s has no licence that is known", module.Path)
		}
		for _, id := range found {
			count[id]++
			if !slices.Contains(accepted, id) {
				t.Errorf("%s is under %s, which is not one of %v", module.Path, id, accepted)
			}
		}
	}
	t.Log(count)
	if got := licencesIn(t, root(t)); !slices.Equal(got, []string{"MIT"}) {
		t.Errorf("the project's own licence is %v", got)
	}
}
