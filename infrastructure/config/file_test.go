package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheFlagNamesTheFileBeforeTheEnvironmentDoes(t *testing.T) {
	source := inDir(t, "config.json", `{"port":1}`)
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(source.WorkDir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("b.yaml", "# mine\nport: 2\n")
	write("c.YML", "port: 3\n")
	check := func(want int, file string) {
		t.Helper()
		cfg := mustLoad(t, source)
		if cfg.Port != want || cfg.File().Path() != filepath.Join(source.WorkDir, file) {
			t.Errorf("port is %d from %s, want %d from %s", cfg.Port, cfg.File().Path(), want, file)
		}
	}
	check(1, "config.json")
	source.Environ = []string{"CONFIG_FILE=nowhere.json", "CONFIG_FILE=b.yaml"}
	check(2, "b.yaml")
	source.Flags = map[string]string{"config": filepath.Join(source.WorkDir, "c.YML")}
	check(3, "c.YML")
}

func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	directory := Source{WorkDir: t.TempDir()}
	if err := os.Mkdir(filepath.Join(directory.WorkDir, "config.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		source Source
		want   string
	}{
		{"flag", Source{WorkDir: t.TempDir(), Flags: map[string]string{"config": "x.json"}}, `the configuration file "x.json" (flag --config) cannot be read: it does not exist`},
		{"environment", Source{WorkDir: t.TempDir(), Environ: []string{"CONFIG_FILE=x.json"}}, `the configuration file "x.json" (environment variable CONFIG_FILE) cannot be read: it does not exist`},
		{"file to check", Source{WorkDir: t.TempDir(), Flags: map[string]string{"check": "x.json", "config": "y.json"}}, `the configuration file "x.json" (flag --check) cannot be read: it does not exist`},
		{"no name", Source{WorkDir: t.TempDir(), Flags: map[string]string{"config": ""}}, `no configuration file is named (flag --config)`},
		{"directory", directory, `the configuration file "config.json" is a directory, but has to be a file`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := refusal(t, c.source); got != c.want {
				t.Errorf("error is %q, want %q", got, c.want)
			}
		})
	}
}

func TestABrokenFileIsToldWithItsPlaceAndWithoutItsContent(t *testing.T) {
	for _, c := range []struct{ name, file, content, want string }{
		{"syntax", "config.json", "{\n  \"port\": 1,\n  \"api_access_token\": hunter2\n}", `holds broken JSON at line 3, column 23`},
		{"cut off", "config.json", "{\n \"port\": 1,\n", `holds JSON that ends too early at line 3, column 1`},
		{"more after it", "config.json", "{}\n hunter2", `holds text after its JSON at line 2, column 2`},
		{"twice", "config.json", `{"port":1,"port":2}`, `names the same key twice in one object of its JSON at line 1, column`},
		{"list", "config.json", `["hunter2"]`, `has to hold one JSON object such as {"port": 5000}`},
		{"null", "config.json", `null`, `has to hold one JSON object`},
		{"columns count characters", "config.json", `{"ä": x}`, `holds broken JSON at line 1, column 7`},
		{"YAML syntax", "c.yaml", "port: 1\naccounts: [hunter2\n", `holds broken YAML at line `},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := inDir(t, c.file, c.content)
			source.Flags = map[string]string{"config": c.file}
			got := refusal(t, source)
			if !strings.Contains(got, `"`+c.file+`" `+c.want) && !strings.HasSuffix(got, c.want) || strings.Contains(got, "hunter2") || strings.Contains(got, "\n") {
				t.Errorf("error is %q, want one line with %q and nothing of the content", got, c.want)
			}
		})
	}
}

func TestAnUnknownKeyIsRefusedWithTheNearestOne(t *testing.T) {
	for _, c := range []struct{ content, want string }{
		{`{"prot": 1}`, `holds the unknown key "prot"; did you mean "port"?`},
		{`{"api_acces_token": "x"}`, `holds the unknown key "api_acces_token"; did you mean "api_access_token"?`},
		{`{"Max_Retries": 1}`, `holds the unknown key "Max_Retries"; did you mean "max_retries"?`},
		{`{"max_body_mb": 1}`, `holds the unknown key "max_body_mb"; did you mean "max_body_mib"?`},
		{`{"a@b.example": "x"}`, `holds a key that is not known; it may hold `},
		{`{"accounts": [{"api_key":"k"},{"emial": "x"}]}`, `accounts from config.json: account 2 (accounts[1]) has the unknown field "emial"; did you mean "email"?`},
		{`{"accounts": [{"hunter2": "x"}]}`, `account 1 (accounts[0]) has a field that is not known; it may have "email", "password", "api_key", "name", "max_concurrency" or "requests_per_minute"`},
		{`{"access_tokens": [{"tokn": "x"}]}`, `access token 1 (access_tokens[0]) has the unknown field "tokn"; did you mean "token"?`},
		{`{"models": {"m": {"endpont": "x"}}}`, `model "m" has the unknown field "endpont"; did you mean "endpoint"?`},
		{`{"models": [{"nam": "x"}]}`, `model 1 (models[0]) has the unknown field "nam"; did you mean "name"?`},
		{`{"model_prices": {"m": {"inn": 1}}}`, `model "m" has the unknown field "inn"; did you mean "in"?`},
	} {
		if got := refusal(t, inDir(t, "config.json", c.content)); !strings.Contains(got, c.want) {
			t.Errorf("%s: error is %q, want %q in it", c.content, got, c.want)
		}
	}
}

func TestAByteOrderMarkIsNoPartOfTheFile(t *testing.T) {
	if cfg := mustLoad(t, inDir(t, "config.json", "\ufeff{\"port\": 7}")); cfg.Port != 7 {
		t.Errorf("port is %d, want 7", cfg.Port)
	}
}

func TestYAMLMayHoldNothingButComments(t *testing.T) {
	source := inDir(t, "c.yaml", "# port: 1\naccounts:\n#  - api_key: x\n")
	source.Flags = map[string]string{"config": "c.yaml"}
	if cfg := mustLoad(t, source); len(cfg.Accounts) != 0 {
		t.Errorf("%d accounts, want none", len(cfg.Accounts))
	}
}

// YAML has types of its own that must not slip through as something else.
func TestYAMLValuesAreStrictlyTyped(t *testing.T) {
	for _, content := range []string{
		"api_access_token: 123456", "default_model: 2020-01-01", "models: {1: predefined-x}", "rate_limit: .nan", "retry_delay: .inf",
		"retry_delay: .nan", "debug_mode: 'yes'", "models: 2020-01-01", "port: !!str 80", "accounts: [{email: a@b.example, password: 123}]",
	} {
		source := inDir(t, "c.yaml", content)
		source.Flags = map[string]string{"config": "c.yaml"}
		if got := refusal(t, source); strings.Contains(got, "\n") || strings.Contains(got, "123456") {
			t.Errorf("%s: error is %q, want one line without the value", content, got)
		}
	}
	source := inDir(t, "c.yaml", "access_tokens:\n- {name: n, token: t, expires: 2030-01-31}\n")
	source.Flags = map[string]string{"config": "c.yaml"}
	if got := mustLoad(t, source).AccessTokens[0].Expires.Format("2006-01-02T15:04Z07:00"); got != "2030-01-31T00:00Z" {
		t.Errorf("a date in YAML is read as %s, want 2030-01-31T00:00Z", got)
	}
}
