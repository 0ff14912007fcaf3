package main_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// connectPage is what the panel "Connect" of the dashboard shows for one address.
type connectPage struct {
	Clients []connectClient              `json:"clients"`
	Space   string                       `json:"space"` // a call through a private Space
	Words   map[string]map[string]string `json:"words"` // by language and key
}

type connectClient struct {
	ID, Name string
	Parts    []struct {
		Step   string
		Fields [][2]string
		Code   string
	}
}

// code is the last piece of code of a client: what stands before it installs a library.
func (c connectClient) code() string {
	code := ""
	for _, part := range c.Parts {
		if part.Code != "" {
			code = part.Code
		}
	}
	return code
}

// readConnectPage asks the script of the page itself, with Node.js.
func readConnectPage(t *testing.T, root string) connectPage {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		lacks(t, "Node.js (Debian: apt-get install nodejs)")
	}
	var script bytes.Buffer
	for _, name := range []string{"words-en.js", "words-zh.js", "snippets.js"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "adapter", "dashboard", "static", "assets", name))
		if err != nil {
			t.Fatal(err)
		}
		script.Write(text)
	}
	address, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	script.WriteString("\nconst root = " + string(address) + ", base = root + '/v1';\n" +
		"const plain = (words) => Object.fromEntries(Object.entries(words).filter(([, text]) => typeof text === 'string'));\n" +
		"console.log(JSON.stringify({ clients: clients(base, root), space: privateSpace(base), words: { en: plain(en), zh: plain(zh) } }));\n")
	command := exec.CommandContext(t.Context(), node, "--input-type=module")
	command.Stdin = &script
	said, err := command.Output()
	var page connectPage
	if err == nil {
		err = json.Unmarshal(said, &page)
	}
	if err != nil || len(page.Clients) < 5 || len(page.Words["zh"]) < 100 {
		t.Fatalf("the page for clients has %d clients: %v\n%.300s", len(page.Clients), err, said)
	}
	return page
}

// sectionOf returns the part of a document under the heading of this name.
func sectionOf(t *testing.T, document, name string) string {
	t.Helper()
	_, text, found := strings.Cut(document, "\n## "+name+"\n")
	if !found {
		t.Fatalf("there is no heading %q", name)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// indents are the spaces before a line of a list in a document.
var indents = regexp.MustCompile(`(?m)^ {3}`)

func TestTheDocumentsOfClientsAgreeWithTheConnectPage(t *testing.T) {
	page := readConnectPage(t, "http://127.0.0.1:5000")
	for language, name := range map[string]string{"en": "clients.md", "zh": "clients.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		document := strings.ReplaceAll(string(text), "\r\n", "\n")
		if !strings.Contains(document, "```sh\n"+page.Space+"\n```") {
			t.Errorf("%s lacks the call through a private Space:\n%s", name, page.Space)
		}
		for _, client := range page.Clients {
			section := sectionOf(t, document, client.Name)
			section += indents.ReplaceAllString(section, "") // code in a list is indented
			for _, part := range client.Parts {
				for _, field := range part.Fields {
					if !strings.Contains(section, "`"+field[1]+"`") {
						t.Errorf("%s, %s: the page says %s: %s, the document does not", name, client.Name, page.Words["en"][field[0]], field[1])
					}
				}
				if block := strings.Contains(section, "\n"+part.Code+"\n```"); part.Code != "" && !block && !strings.Contains(section, "`"+part.Code+"`") {
					t.Errorf("%s, %s lacks what the page has:\n%s", name, client.Name, part.Code)
				}
				for place := range strings.SplitSeq(menus(page.Words[language][part.Step]), " → ") {
					if !strings.Contains(section, place) {
						t.Errorf("%s, %s: the page leads through %q, the document does not", name, client.Name, place)
					}
				}
			}
		}
	}
}

// menus is the part of a step that leads through menus; empty: none does.
func menus(step string) string {
	path := ""
	for clause := range strings.FieldsFuncSeq(step, func(r rune) bool { return strings.ContainsRune(",:，：;；", r) }) {
		if strings.Contains(clause, " → ") {
			path = strings.TrimSpace(clause)
		}
	}
	return path
}

func TestWhatTheConnectPageSaysWorks(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}, Model: sim.Say("It works as it stands there.")})
	p := start(t, platform, `[{"api_key":"key-1"}]`)
	page := readConnectPage(t, p.url)
	for _, client := range page.Clients {
		t.Run(client.Name, func(t *testing.T) {
			checkAddresses(t, p, client)
			switch client.ID {
			case "curl":
				said := runCode(t, p, exec.CommandContext(t.Context(), found(t, "bash", "curl"), "-c", client.code()))
				if !strings.Contains(said, "data: [DONE]") {
					t.Errorf("the stream did not end: %s", said)
				}
			case "go":
				command := exec.CommandContext(t.Context(), "go", "run", written(t, "main.go", client.code()))
				command.Dir = filepath.Join("..", "..") // whose modules are at hand
				checkSaid(t, runCode(t, p, command))
			case "javascript":
				checkSaid(t, runCode(t, p, exec.CommandContext(t.Context(), found(t, "node"), beside(t, "openai", client.code()))))
			case "python":
				python := found(t, "python3")
				if err := exec.CommandContext(t.Context(), python, "-c", "import openai").Run(); err != nil {
					// Debian has no such package: that the code is Python can be told without it.
					runCode(t, p, exec.CommandContext(t.Context(), python, "-c", "import ast, sys; ast.parse(sys.argv[1])", client.code()))
					return
				}
				checkSaid(t, runCode(t, p, exec.CommandContext(t.Context(), python, "-c", client.code())))
			}
		})
	}
	said := runCode(t, p, exec.CommandContext(t.Context(), found(t, "bash", "curl"), "-c", page.Space))
	if !strings.Contains(said, `"gpt-4o"`) {
		t.Errorf("through a private Space: %s", said)
	}
}

// checkAddresses asks for models and an answer under the addresses that the client makes of its settings.
func checkAddresses(t *testing.T, p *proxy, client connectClient) {
	t.Helper()
	for _, part := range client.Parts {
		for _, field := range part.Fields {
			base := field[1]
			switch {
			case !strings.HasPrefix(base, "http"):
				continue
			case field[0] == "connect.api_host": // the client appends it
				base += "/v1"
			}
			bearer := map[string]string{"Authorization": "Bearer " + accessToken}
			for _, a := range []answer{
				p.send(t, http.MethodGet, strings.TrimPrefix(base, p.url)+"/models", "", bearer),
				p.send(t, http.MethodPost, strings.TrimPrefix(base, p.url)+"/chat/completions", asks("hi", `"stream":true`), bearer),
			} {
				if a.status != http.StatusOK {
					t.Errorf("with %s: %d %s", base, a.status, a.body)
				}
			}
		}
	}
}

// beside writes a script where Node.js finds a package of the browser tests.
func beside(t *testing.T, name, script string) string {
	t.Helper()
	modules, err := filepath.Abs(filepath.Join("browser", "node_modules"))
	if err == nil {
		_, err = os.Stat(filepath.Join(modules, name))
	}
	if err != nil {
		lacks(t, "npm ci in cmd/ondemand-proxy/browser")
	}
	path := written(t, "chat.mjs", script)
	if err := os.Symlink(modules, filepath.Join(filepath.Dir(path), "node_modules")); err != nil {
		lacks(t, "the right to make symbolic links, which not everybody has on Windows: "+err.Error())
	}
	return path
}

// found returns the path of the first program; without all of them the test is skipped.
func found(t *testing.T, programs ...string) string {
	t.Helper()
	first := ""
	for _, program := range programs {
		path, err := exec.LookPath(program)
		if err != nil {
			lacks(t, program)
		}
		if first == "" {
			first = path
		}
	}
	return first
}

func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runCode runs a piece of code as a person does, with the token in the environment.
func runCode(t *testing.T, p *proxy, command *exec.Cmd) string {
	t.Helper()
	command.Env = append(os.Environ(), "API_ACCESS_TOKEN="+accessToken, "HF_TOKEN=hf_token")
	var faults bytes.Buffer
	command.Stderr = &faults
	said, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s\n%s", err, said, faults.String(), p.log)
	}
	return string(said)
}

func checkSaid(t *testing.T, said string) {
	t.Helper()
	if strings.TrimSuffix(said, "\n") != "It works as it stands there." {
		t.Errorf("it printed %q", said)
	}
}
