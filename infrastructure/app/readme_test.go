package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shellBlock is a block of commands in a document, with what indents it in a list.
var shellBlock = regexp.MustCompile("(?ms)^( *)```sh\n(.*?)^ *```$")

// shellCommands returns the commands of a document's shell blocks, with continued lines joined.
func shellCommands(document string) []string {
	var commands []string
	for _, block := range shellBlock.FindAllStringSubmatch(document, -1) {
		text := strings.ReplaceAll(block[2], "\\\n", " ")
		for line := range strings.Lines(text) {
			if words := strings.Fields(line); len(words) > 0 {
				commands = append(commands, strings.Join(words, " "))
			}
		}
	}
	return commands
}

// said is what a person says to the model in an example, in the language of the document.
var said = regexp.MustCompile(`"content": "[^"]*"`)

func TestCIRunsEveryCommandOfTheReadme(t *testing.T) {
	texts := documents(t)
	want := shellCommands(texts["README.md"])
	if len(want) < 10 {
		t.Fatalf("README.md has only the commands %q", want)
	}
	chinese := shellCommands(texts["docs/README.zh-CN.md"])
	for _, commands := range [][]string{want, chinese} {
		for i := range commands {
			commands[i] = said.ReplaceAllString(commands[i], `"content": "…"`)
		}
	}
	if diff := cmp.Diff(want, chinese); diff != "" {
		t.Errorf("the commands of docs/README.zh-CN.md differ from those of README.md (-want +got):\n%s", diff)
	}
	pipeline, err := os.ReadFile(filepath.Join(root(t), ".ci", "run"))
	if err != nil || !strings.Contains(string(pipeline), "\nenv -u CI .ci/readme") {
		t.Errorf(".ci/run does not run .ci/readme: %v", err)
	}
	bash, err := exec.LookPath("bash")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal("what .ci/readme runs is not compared, what is missing: bash")
	} else if err != nil {
		t.Skip("what .ci/readme runs is not compared, what is missing: bash")
	}
	listed, err := exec.CommandContext(t.Context(), bash, filepath.Join(root(t), ".ci", "readme"), "--list").Output()
	if err != nil {
		t.Fatal(err)
	}
	runs := strings.Split(strings.TrimSpace(said.ReplaceAllString(string(listed), `"content": "…"`)), "\n")
	if diff := cmp.Diff(want, runs); diff != "" {
		t.Errorf(".ci/readme runs other commands than README.md has (-want +got):\n%s", diff)
	}
}

// elsewhere are commands that the READMEs name in passing, and why CI need not run them as they stand.
var elsewhere = map[string]string{
	"bin/ondemand-proxy config --init": "its test runs it in a folder of its own (cmd/ondemand-proxy)",
	"ondemand-proxy accounts":          "bin/ondemand-proxy accounts",
	"ondemand-proxy config":            "its test runs it (cmd/ondemand-proxy)",
	"task run -- --demo":               "go run ./cmd/ondemand-proxy serve --demo",
	"task build":                       "go build -o bin/ondemand-proxy ./cmd/ondemand-proxy",
	"task test":                        "go test ./...",
	"task race":                        "go test -race in .ci/run",
	"task lint":                        ".ci/lint in .ci/run",
	"task fmt":                         ".ci/lint in .ci/run",
	"task fuzz":                        ".ci/fuzz in .ci/run",
	"task bench":                       "takes minutes and a quiet machine; the tests of cmd/ondemand-bench run its parts",
	"task bench -- -quick":             "the same",
	"task profile":                     "for people to look at",
	"task microbench":                  "go test -bench in .ci/run, for a shorter time",
	"task browser":                     "npm ci in .ci/run",
	"task shots":                       "pictures for people; the pages are tried in .ci/run",
	"task image":                       "needs Docker and its registry; .ci/image builds the same file without",
	"task space":                       "deploy/huggingface/lay-out.sh in .ci/image",
	"task release":                     "takes a tag and minutes; run by hand",
	"task check":                       "is .ci/run itself",

	`go build -o bin\ondemand-proxy.exe ./cmd/ondemand-proxy`: "the same under the name that Windows wants",
}

// inline is code within a line of text.
var inline = regexp.MustCompile("`([^`\n]+)`")

func TestCommandsInPassingAreRunSomewhere(t *testing.T) {
	texts := documents(t)
	tasks, err := os.ReadFile(filepath.Join(root(t), "Taskfile.yml"))
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, name := range []string{"README.md", "docs/README.zh-CN.md"} {
		known := shellCommands(texts[name])
		for _, found := range inline.FindAllStringSubmatch(texts[name], -1) {
			command := found[1]
			program, _, isCommand := strings.Cut(command, " ")
			if !isCommand || !slices.Contains([]string{"task", "go", "curl", "docker", "npm", "pip", "git", "ondemand-proxy", "bin/ondemand-proxy"}, program) {
				continue
			}
			named++
			if elsewhere[command] == "" && !slices.Contains(known, command) {
				t.Errorf("%s names %q, which CI does not run", name, command)
			}
			if task, is := strings.CutPrefix(command, "task "); is && !strings.Contains(string(tasks), "\n  "+strings.Fields(task)[0]+":\n") {
				t.Errorf("%s names %q, which Taskfile.yml does not have", name, command)
			}
		}
	}
	if named < 20 {
		t.Errorf("only %d commands were found", named)
	}
}
