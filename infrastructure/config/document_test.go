package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

// document is docs/configuration.md: every key of the table, in its order.
func document() string {
	var text strings.Builder
	text.WriteString(`# Configuration

Every key, as the program itself knows them. This file is generated:
` + "`go test ./infrastructure/config -run TheDocument -update`" + `.

Defaults are overridden by the configuration file (` + "`config.json`" + ` in the working directory, or what ` + "`--config` or `CONFIG_FILE`" + ` names; YAML
by its extension), the file by the environment, and the environment by flags. ` + "`ondemand-proxy config`" + ` prints what is in force and where it
comes from, ` + "`ondemand-proxy config --check FILE`" + ` says whether a file can be used, and ` + "`ondemand-proxy config --init`" + ` writes one to begin
with. A change of what is marked *live* takes effect while the proxy runs; the rest needs a restart.
`)
	for _, k := range Keys() {
		fmt.Fprintf(&text, "\n## `%s`\n\n%s\n\n", k.Name, k.Doc)
		fmt.Fprintf(&text, "- environment: `%s`\n", k.Env)
		if k.Flag != "" {
			fmt.Fprintf(&text, "- flag: `--%s`\n", k.Flag)
		}
		fmt.Fprintf(&text, "- default: %s\n- allowed: %s\n", shownDefault(k), k.Allowed)
		if k.Secret {
			text.WriteString("- secret: never printed, logged or shown\n")
		}
		if k.Live {
			text.WriteString("- live\n")
		}
	}
	return text.String()
}

func shownDefault(k Key) string {
	if k.Default == none || strings.Contains(k.Default, " ") {
		return k.Default
	}
	return "`" + k.Default + "`"
}

func TestTheDocumentOfTheConfigurationIsCurrent(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "configuration.md")
	if *update {
		if err := os.WriteFile(path, []byte(document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || strings.ReplaceAll(string(got), "\r\n", "\n") != document() {
		t.Errorf("docs/configuration.md is out of date (%v): go test ./infrastructure/config -run TheDocument -update", err)
	}
}

func TestTheReadmesNameEveryKey(t *testing.T) {
	for _, name := range []string{"README.md", "docs/README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range Keys() {
			row := fmt.Sprintf("| `%s` | `%s` | ", k.Name, k.Env)
			found := false
			for line := range strings.Lines(string(text)) {
				if rest, is := strings.CutPrefix(line, row); is {
					found = true
					if name == "README.md" && !strings.HasPrefix(rest, shownDefault(k)+" |") {
						t.Errorf("%s says of %s: %s, want its default %s", name, k.Name, rest, shownDefault(k))
					}
				}
			}
			if !found {
				t.Errorf("%s lacks the row %s", name, row)
			}
		}
	}
}

// exampleToken is a token in an example: of JSON, of YAML, or of a shell or its like.
var exampleToken = regexp.MustCompile(`(?:"api_access_token": "|api_access_token: |"token": "|API_ACCESS_TOKEN='?)([a-z0-9-]+)`)

func TestATokenThatIsCopiedFromADocumentIsWarnedAbout(t *testing.T) {
	for name, want := range map[string]int{
		"README.md": 3, "docs/README.zh-CN.md": 3, "docs/deploy.md": 2, "docs/deploy.zh-CN.md": 2, "docs/clients.md": 1, "docs/clients.zh-CN.md": 1, "deploy/kubernetes/secret.example.yaml": 1,
	} {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		tokens := exampleToken.FindAllStringSubmatch(string(text), -1)
		if len(tokens) < want {
			t.Errorf("%s has %d tokens in examples, want at least %d", name, len(tokens), want)
		}
		for _, token := range tokens {
			if c := mustLoad(t, inDir(t, "", "", "API_ACCESS_TOKEN="+token[1])); !c.UsesDefaultToken() {
				t.Errorf("nobody is warned who copies the token %s of %s", token[1], name)
			}
		}
	}
}

// furtherTokens is the example of access_tokens in a README.
var furtherTokens = regexp.MustCompile("(?s)```json\n(\"access_tokens\": .*?)```")

func TestTheExampleOfFurtherTokensCanBeUsed(t *testing.T) {
	for _, name := range []string{"README.md", "docs/README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		example := furtherTokens.FindStringSubmatch(strings.ReplaceAll(string(text), "\r\n", "\n"))
		if example == nil {
			t.Fatalf("%s has no example of access_tokens", name)
		}
		c := mustLoad(t, inDir(t, "config.json", "{"+example[1]+"}"))
		if len(c.AccessTokens) != 1 || c.AccessTokens[0].Name != "phone" || c.AccessTokens[0].RateLimit == nil || c.AccessTokens[0].Expires.IsZero() {
			t.Errorf("%s: it is read as %+v", name, c.AccessTokens)
		}
	}
}
