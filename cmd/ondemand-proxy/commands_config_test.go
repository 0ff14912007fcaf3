package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

func TestAFileToBeginWithIsWrittenOnceAndCanBeUsed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mine.yaml")
	written := runToEnd(t, setup{args: []string{"config", "--init", "--config", path}})
	if written.code != 0 || !strings.Contains(written.stdout, "\n  "+binary+" --config "+path+"\n") {
		t.Fatalf("code %d: %s%s", written.code, written.stdout, written.stderr)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, want it for its owner alone", info.Mode())
	}
	token := regexp.MustCompile(`(?m)^api_access_token: "(sk-[A-Z2-7]{26})"$`).FindSubmatch(text)
	if token == nil || strings.Contains(written.stdout, string(token[1])) {
		t.Errorf("the file has no token of its own, or it was printed:\n%s%s", text, written.stdout)
	}
	again := runToEnd(t, setup{args: []string{"config", "--init", "--config", path}})
	checkComplaint(t, "a second time", again, 1, "is there already")
	checkComplaint(t, "as JSON", runToEnd(t, setup{args: []string{"config", "--init", "--config", "x.json"}}), 1, ".yaml")

	checked := runToEnd(t, setup{args: []string{"config", "--check", path}, environ: []string{"API_ACCESS_TOKEN="}})
	if checked.code != 0 || !strings.Contains(checked.stdout, "can be used") || !strings.Contains(checked.stdout, "No accounts are configured") {
		t.Errorf("code %d: %s%s", checked.code, checked.stdout, checked.stderr)
	}
}

func TestAFileToBeginWithThatNobodyNamesIsToldByEveryCommand(t *testing.T) {
	t.Parallel()
	const told = "config.yaml is here but is not read: add --config config.yaml"
	directory := t.TempDir()
	in := func(args ...string) setup {
		return setup{args: args, directory: directory, environ: []string{"PORT=" + freePort(t)}}
	}
	if r := runToEnd(t, in("config", "--init")); r.code != 0 {
		t.Fatalf("code %d: %s", r.code, r.stderr)
	}
	checkComplaint(t, "accounts", runToEnd(t, in("accounts")), 1, "no accounts are configured. "+told+". ", "ONDEMAND_ACCOUNTS")
	checkComplaint(t, "healthcheck", runToEnd(t, in("healthcheck")), 1, "no proxy answers", told)
	checkComplaint(t, "config", runToEnd(t, in("config")), 0, told)
	if p := startWith(t, in()); !strings.Contains(p.out.String(), "WARNING: "+told) {
		t.Errorf("the greeting does not tell of it:\n%s", p.out)
	}
	if p := startWith(t, in("--config", "config.yaml")); strings.Contains(p.out.String(), told) {
		t.Errorf("the greeting tells of it though it is read:\n%s", p.out)
	}
}

func TestTheStartTellsWhichKeysOfTheFileHaveNoEffect(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(path, []byte(`{"rate_limit": 7, "max_retries": 1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startWith(t, setup{environ: []string{"CONFIG_FILE=" + path, "RATE_LIMIT=8"}})
	p.stop(syscall.SIGTERM, 0)
	for line := range strings.Lines(p.log.String()) {
		if strings.Contains(line, `"level":"warn"`) && strings.Contains(line, "rate_limit of the configuration file has no effect: the environment variable RATE_LIMIT overrides it") {
			return
		}
	}
	t.Errorf("the log does not warn of rate_limit:\n%s", p.log)
}

func TestAFileIsCheckedWithoutStartingAnything(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, test := range map[string]struct{ text, complaint string }{
		"a broken file":     {`{"port": `, "ends too early"},
		"an unknown key":    {`{"prot": 1}`, `"port"`},
		"a bad value":       {`{"max_retries": "x"}`, "max_retries from"},
		"an unknown model":  {`{"default_model": "nobody"}`, "default_model"},
		"a file in silence": {"", ""},
	} {
		path := filepath.Join(directory, "nothing.json")
		if test.text != "" {
			path = write("config.json", test.text)
		}
		checkComplaint(t, name, runToEnd(t, setup{args: []string{"config", "--check", path}}), 1, test.complaint)
	}
	hidden := runToEnd(t, setup{args: []string{"config", "--check", write("config.json", `{"port": 1234}`)}})
	if hidden.code != 0 || !strings.Contains(hidden.stdout, "port of the configuration file has no effect: the environment variable PORT overrides it") {
		t.Errorf("code %d: %s%s", hidden.code, hidden.stdout, hidden.stderr)
	}
	checkComplaint(t, "with serve", runToEnd(t, setup{args: []string{"serve", "--check", "x"}}), 2, "belong to config")
	checkComplaint(t, "both", runToEnd(t, setup{args: []string{"config", "--check", "x", "--init"}}), 2, "do not go together")
}
