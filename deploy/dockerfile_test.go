package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// instructions are the lines of a Dockerfile without comments, continued lines joined.
func instructions(t *testing.T, name string) (lines [][]string) {
	t.Helper()
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(readFile(t, name), "")
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		if words := strings.Fields(line); len(words) > 0 {
			lines = append(lines, words)
		}
	}
	return lines
}

func TestTheImageIsBuiltFromWhatThereIs(t *testing.T) {
	ignored := strings.Split(readFile(t, "../.dockerignore"), "\n")
	copied := []string{"go.mod", "go.sum"}
	for _, words := range instructions(t, "Dockerfile") {
		if words[0] != "COPY" || strings.HasPrefix(words[1], "--from=") {
			continue
		}
		for _, source := range words[1 : len(words)-1] {
			if _, err := os.Stat(filepath.Join("..", source)); err != nil {
				t.Error(err)
			}
			if !slices.Contains(ignored, "!"+source) {
				t.Errorf(".dockerignore keeps %s from the build, which copies it", source)
			}
			copied = append(copied, source)
		}
	}
	for _, layer := range []string{"cmd", "domain", "usecase", "adapter", "infrastructure"} {
		if !slices.Contains(copied, layer) {
			t.Errorf("the layer %s is not copied into the build", layer)
		}
	}
	for _, line := range ignored {
		if name, allowed := strings.CutPrefix(line, "!"); allowed && !slices.Contains(copied, name) {
			t.Errorf(".dockerignore lets %s into the build, which does not copy it", name)
		}
	}
}

func TestTheImageIsBuiltWithTheGoOfTheModule(t *testing.T) {
	module := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readFile(t, "../go.mod"))
	for _, words := range instructions(t, "Dockerfile") {
		if version, is := strings.CutPrefix(words[1], "golang:"); words[0] == "FROM" && is && version != module[1]+"-alpine" {
			t.Errorf("the image is built with golang:%s, and go.mod asks for Go %s", version, module[1])
		}
	}
}

func TestWhatRunsInTheImageIsAUserWithAPortAndADataDirectory(t *testing.T) {
	lines := instructions(t, "Dockerfile")
	last := slices.IndexFunc(lines, func(words []string) bool { return words[0] == "FROM" && words[1] == "scratch" && len(words) == 2 })
	if last < 0 {
		t.Fatal("no last stage from scratch")
	}
	var names []string
	got := make(map[string]string)
	for _, words := range lines[last:] {
		got[words[0]] = strings.Join(words[1:], " ")
		if words[0] == "ENV" {
			for _, variable := range words[1:] {
				name, _, _ := strings.Cut(variable, "=")
				names = append(names, name)
			}
		}
	}
	checkVariables(t, "the Dockerfile", names)
	for instruction, want := range map[string]string{
		"ENV": "HOST=0.0.0.0 PORT=7860 DATA_DIR=/data", "USER": "1000:1000", "EXPOSE": "7860", "STOPSIGNAL": "SIGTERM", "WORKDIR": "/data",
		"ENTRYPOINT": `["/ondemand-proxy"]`,
	} {
		if got[instruction] != want {
			t.Errorf("%s %s, want %s", instruction, got[instruction], want)
		}
	}
	if !strings.HasSuffix(got["HEALTHCHECK"], `CMD ["/ondemand-proxy", "healthcheck"]`) {
		t.Errorf("HEALTHCHECK %s, want the program's own", got["HEALTHCHECK"])
	}
}
