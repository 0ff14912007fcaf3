package config

import (
	"strings"
	"testing"
)

// TestARefusalSaysWhatToMend holds the whole sentence against what somebody has written who is about
// to mend it: the key, the value unless it is secret, where it comes from, and what is allowed.
func TestARefusalSaysWhatToMend(t *testing.T) {
	const (
		number   = `a whole number from 0 to 65535`
		list     = `a list of {"email","password"} or {"api_key"}`
		letters  = "text of printable ASCII characters without spaces"
		of       = `the configuration file "config.json" holds broken JSON at line `
		accounts = `accounts from environment variable ONDEMAND_ACCOUNTS holds broken JSON at line 1, column `
	)
	for _, c := range []struct {
		name, content, environ, want string
	}{
		{"a number in quotes", `{"port":"5000"}`, "", `port from config.json is "5000", but has to be ` + number + `, without quotes`},
		{"text for a number", `{"port":"http"}`, "", `port from config.json is "http", but has to be ` + number},
		{"text for a number in the environment", "", "PORT=http", `port from environment variable PORT is "http", but has to be ` + number},
		{"a switch in quotes", `{"debug_mode":"yes"}`, "", `debug_mode from config.json is "yes", but has to be true or false, without quotes`},
		{"a number for text", `{"data_dir":5}`, "", `data_dir from config.json is 5, but has to be the path of a directory, in quotes`},
		{"a number for a token", `{"api_access_token":47114711}`, "", `api_access_token from config.json is ***, but has to be ` + letters + `, in quotes`},
		{"an empty token", `{"api_access_token":""}`, "", `api_access_token from config.json is "", but has to be ` + letters},
		{"a token with a space", "", "API_ACCESS_TOKEN=hunter 2", `api_access_token from environment variable API_ACCESS_TOKEN is ***, but has to be ` + letters},

		{"a comma too many", "{\n  \"port\": 5000,\n}", "", of + `3, column 1 (the comma before the bracket is one too many)`},
		{"a comma too few", "{\n \"port\": 1\n \"host\": \"x\"}", "", of + `3, column 2 (a comma or a colon is missing before it)`},
		{"a comment", "{\n // mine\n \"port\": 1}", "", of + `2, column 2 (JSON has no comments; YAML has, in a file whose name ends in .yaml)`},
		{"single quotes", `{'port': 1}`, "", of + `1, column 2 (names and texts stand in straight double quotes: ")`},
		{"curly quotes", `{“port”: 1}`, "", of + `1, column 2 (names and texts stand in straight double quotes: ")`},
		{"a full-width comma", `{"port":1，"host":"x"}`, "", of + `1, column 10 (full-width signs: JSON takes the ASCII ones , : { } [ ])`},
		{"a full-width colon", `{"port"：1}`, "", of + `1, column 8 (full-width signs: JSON takes the ASCII ones , : { } [ ])`},
		{"no quotes", `{"host": hunter2}`, "", of + `1, column 10 (names and texts stand in double quotes)`},
		{"a path of Windows", `{"data_dir":"C:\data"}`, "", of + `1, column 16 (a backslash in a text is written twice: \\)`},
		{"a text over two lines", "{\"host\":\"a\nb\"}", "", of + `1, column 11 (a text ends in the line in which it begins)`},
		{"UTF-16", "\xff\xfe{\x00", "", of + `1, column 1 (what stands there is not UTF-8, in which the file has to be saved)`},
		{"Latin-1", "{\"host\":\"h\xe9\"}", "", of + `1, column 11 (what stands there is not UTF-8, in which the file has to be saved)`},
		{"YAML in a file of JSON", "port: 5000\n", "", of + `1, column 1 (JSON begins with { or [; YAML is read from files whose names end in .yaml or .yml)`},
		{"an empty file", " \n", "", `the configuration file "config.json" is empty, but has to hold JSON, if only {}`},

		{"an account without brackets", `{"accounts":{"api_key":"hunter2"}}`, "", `accounts from config.json: an account stands in a list, even where there is one only: put it in brackets, as [{"api_key": "..."}]`},
		{"an account without brackets in the environment", "", `ONDEMAND_ACCOUNTS={"api_key":"hunter2"}`, `accounts from environment variable ONDEMAND_ACCOUNTS: an account stands in a list, even where there is one only: put it in brackets, as [{"api_key": "..."}]`},
		{"quotes that the shell took", "", `ONDEMAND_ACCOUNTS=[{email:a@b.example,password:hunter2}]`, accounts + `3 (names and texts stand in double quotes), but has to be ` + list},
		{"quotes that came along", "", `ONDEMAND_ACCOUNTS='[{"api_key":"hunter2"}]'`, accounts + `1 (the quotes around the whole are one too many), but has to be ` + list},
		{"a comma too many in the environment", "", `ONDEMAND_ACCOUNTS=[{"api_key":"hunter2"},]`, accounts + `24 (the comma before the bracket is one too many), but has to be ` + list},
		{"a limit out of range", `{"accounts":[{"api_key":"k","max_concurrency":-1}]}`, "", `accounts from config.json: account 1 (accounts[0]) needs a whole number from 0 to 1000000 as "max_concurrency", not -1`},
		{"a limit in quotes", `{"accounts":[{"api_key":"k","max_concurrency":"hunter2"}]}`, "", `accounts from config.json: account 1 (accounts[0]) needs a whole number from 0 to 1000000 as "max_concurrency", not text`},
		{"a price below zero", `{"model_prices":{"m":{"in":-1,"out":2}}}`, "", `model_prices from config.json: model "m" needs a number from 0 to 1000000 as "in", not -1`},
		{"half a price", `{"model_prices":{"m":{"in":1}}}`, "", `model_prices from config.json: model "m" lacks "out", which has to be a number from 0 to 1000000`},

		{"an account at the top", `{"api_key":"hunter2"}`, "", `the configuration file "config.json" holds "api_key" at its top, but it belongs into "accounts": ` + list},
		{"the name of a variable", `{"ONDEMAND_ACCOUNTS":[]}`, "", `the configuration file "config.json" holds the unknown key "ONDEMAND_ACCOUNTS", the name of an environment variable; in a file it is "accounts"`},
		{"a key that resembles none", `{"colour":1}`, "", `the configuration file "config.json" holds the unknown key "colour"; it may hold those that the command "config" lists`},
		{"a key that may be a secret", `{"hunter2!":1}`, "", `the configuration file "config.json" holds a key that is not known; it may hold those that the command "config" lists`},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := "config.json"
			if c.content == "" {
				name = ""
			}
			got := refusal(t, inDir(t, name, c.content, c.environ))
			if got != c.want {
				t.Errorf("the refusal is\n%s\nwant\n%s", got, c.want)
			}
			if strings.Contains(got, "hunter2") || strings.Contains(got, "47114711") {
				t.Errorf("the refusal %q holds a secret", got)
			}
		})
	}
}

func TestARefusalOfYAMLSaysWhatToMend(t *testing.T) {
	const keys = `has to hold keys, each with a colon and a space behind it, as in "port: 5000", in ASCII signs; line 1 does not`
	for _, c := range []struct{ name, content, want string }{
		{"a tab", "port: 1\nmodels:\n\tfast: hunter2\n", `holds broken YAML at line 3 (lines are indented with spaces, never with tabs)`},
		{"a key twice", "port: 1\nport: 2\n", `names the same key twice in its YAML at line 2`},
		{"a list", "- hunter2\n", keys},
		{"text", "hunter2\n", keys},
		{"no space behind the colon", "port:5000\n", keys},
		{"a full-width colon", "port：5000\n", keys},
		{"a line in the wrong column", "port: 1\n  host: hunter2\n", `holds broken YAML at line 2 (keys of one level begin in the same column, and text that holds a colon and a space stands in quotes)`},
		{"an at sign", "api_access_token: @hunter2\n", "holds broken YAML at line 1 (text that begins with @, % or ` stands in quotes)"},
		{"a per cent sign", "port: 1\napi_access_token: %hunter2\n", "holds broken YAML at line 2 (text that begins with @, % or ` stands in quotes)"},
		{"an asterisk", "api_access_token: *hunter2\n", `holds broken YAML (text that begins with * or & stands in quotes)`},
		{"an open quote", "port: 1\napi_access_token: \"hunter2\n", `holds broken YAML at line 2 (a quote or bracket is left open, a colon is missing, or a line begins in the wrong column)`},
		{"two documents", "# one\n---\nport: 1\n---\nport: 2\n", `holds a second document of YAML at line 4, and one is all that is read`},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := inDir(t, "c.yaml", c.content)
			source.Flags = map[string]string{"config": "c.yaml"}
			if got, want := refusal(t, source), `the configuration file "c.yaml" `+c.want; got != want {
				t.Errorf("the refusal is\n%s\nwant\n%s", got, want)
			}
		})
	}
	source := inDir(t, "c.yaml", "# one\n%YAML 1.1\n---\nport: 7\n")
	source.Flags = map[string]string{"config": "c.yaml"}
	if cfg := mustLoad(t, source); cfg.Port != 7 {
		t.Errorf("port is %d, want 7: what stands before the first document is none", cfg.Port)
	}
}

func TestNoAccountsIsToldWithWhatToDo(t *testing.T) {
	const list = `[{"email":"you@example.org","password":"..."}] or [{"api_key":"..."}]`
	source := inDir(t, "", "")
	space := source
	space.Environ = []string{"SPACE_ID=a/b"}
	for _, c := range []struct {
		name string
		cfg  Config
		want []string
	}{
		{"no file yet", mustLoad(t, source), []string{`Put {"accounts": [`, "into " + source.WorkDir, "config.json", "takes it over by itself", "ONDEMAND_ACCOUNTS"}},
		{"a file", mustLoad(t, inDir(t, "config.json", "{}")), []string{`Put "accounts" with a list such as ` + list, "config.json", "ONDEMAND_ACCOUNTS"}},
		{"a Space", mustLoad(t, space), []string{`"Variables and secrets"`, "the secret ONDEMAND_ACCOUNTS", list}},
		{"no file to watch", Default(), []string{"Set the environment variable ONDEMAND_ACCOUNTS", list}},
	} {
		for _, want := range c.want {
			if got := c.cfg.HowToAddAccounts(); !strings.Contains(got, want) {
				t.Errorf("%s: %q lacks %q", c.name, got, want)
			}
		}
	}
}
