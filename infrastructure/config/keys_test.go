package config

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zapcore"

	"ondemand-api-proxy/domain"
)

// sample says for one key what is read how, and what is refused.
type sample struct {
	file, env string // the same value, as JSON in a file and as text
	want      any
	badFile   []string // JSON values
	badEnv    []string
}

func samples() map[string]sample {
	all := structuredSamples()
	maps.Copy(all, scalarSamples())
	return all
}

func scalarSamples() map[string]sample {
	ranged := func(good string, want int, below, above string) sample {
		return sample{
			file: good, env: good, want: want,
			badFile: []string{`"` + good + `"`, good + ".5", below, above, "true", "[1]", "{}", "1e300"},
			badEnv:  []string{"x", good + ".0", below, above, "1e3", "0x10", "1 2", `"5"`},
		}
	}
	seconds := func(want time.Duration, bad ...string) sample {
		return sample{
			file: "2.5", env: "2.5", want: want,
			badFile: append([]string{`"30"`, "true", "-1", "1e300", "[]"}, bad...),
			badEnv:  append([]string{"x", "-0.5", "inf", "NaN", "0x1p4", "1_0", "1e99", "30s"}, bad...),
		}
	}
	words := func(value string, bad ...string) sample {
		s := sample{file: `"` + value + `"`, env: value, want: value, badFile: []string{"1", "true", `[]`, `{}`}, badEnv: bad}
		for _, b := range bad {
			s.badFile = append(s.badFile, `"`+b+`"`)
		}
		return s
	}
	urls := words("http://127.0.0.1:8080", "ftp://a.example", "a.example", "https://a.example/v1", "https://a.example?x", "https://a.example?",
		"https://a.example#x", "https://user:pw@a.example", "https://", "https://a.example:99999", "https://a.example:", "https://a b")
	flag := sample{file: "true", env: "Yes", want: true, badFile: []string{`"true"`, "1", "0", "[]"}, badEnv: []string{"maybe", "2", "tru"}}
	return map[string]sample{
		"api_access_token": {
			file: `"my-token"`, env: "my-token", want: domain.NewSecret("my-token"),
			badFile: []string{`""`, `"a b"`, `"ä"`, `"a\n"`, "1", "[]"}, badEnv: []string{"a b", "ä", "token\r"},
		},
		"dashboard_password": {
			file: `"pass wörd"`, env: "pass wörd", want: domain.NewSecret("pass wörd"),
			badFile: []string{`""`, `" a"`, `"a\n"`, "1", "[]"}, badEnv: []string{" a", "a\r"},
		},
		"host":       words("::1", "127.0.0.1:80", "http://x", "a b", "[::1"),
		"port":       ranged("8080", 8080, "-1", "65536"),
		"data_dir":   words("some/dir", " x", "x "),
		"rate_limit": ranged("7", 7, "-1", "1000001"), "max_retries": ranged("7", 7, "-1", "21"),
		"max_body_mib": ranged("7", 7, "0", "1025"), "max_in_flight": ranged("7", 7, "0", "1000001"), "max_queue": ranged("7", 7, "-1", "1000001"),
		"warm_sessions": ranged("7", 7, "-1", "101"), "usage_retention_days": ranged("7", 7, "0", "36501"),
		"shutdown_grace": seconds(2500 * time.Millisecond), "retry_delay": seconds(2500 * time.Millisecond),
		"request_timeout": seconds(2500*time.Millisecond, "0", "1e-12"), "stream_timeout": seconds(2500*time.Millisecond, "0"),
		"session_timeout_minutes":  seconds(150*time.Second, "0"),
		"account_cooldown_seconds": seconds(2500*time.Millisecond, "0.9"),
		"upstream_gateway_url":     urls, "upstream_api_url": urls,
		"default_model": words("gpt-4.1", " x"),
		"log_level":     {file: `"warn"`, env: "WARN", want: zapcore.WarnLevel, badFile: []string{`"loud"`, "1", `""`}, badEnv: []string{"loud", "fatal"}},
		"debug_mode":    flag, "metrics_public": flag,
	}
}

// structuredSamples are those of the keys that hold lists and objects.
func structuredSamples() map[string]sample {
	return map[string]sample{
		"accounts": {
			file: `[{"api_key":"k"}]`, env: `{"accounts":[{"api_key":"k"}]}`, want: []domain.Account{keyAccount("k")},
			badFile: []string{`"x"`, "1", "[1]", `{"account":[]}`, `[{}]`}, badEnv: []string{"x", "[", "[] []", `[{"api_key":"a","api_key":"b"}]`, `"x"`},
		},
		"access_tokens": {
			file:    `[{"name":"n","token":"t","models":["m"],"expires":"2030-01-31"}]`,
			env:     `[{"name":"n","token":"t","models":["m"],"expires":"2030-01-31T00:00:00Z"}]`,
			want:    []AccessToken{{Name: "n", Token: domain.NewSecret("t"), Models: []string{"m"}, Expires: time.Date(2030, 1, 31, 0, 0, 0, 0, time.UTC)}},
			badFile: []string{`{}`, `"x"`, `[{"name":"n"}]`, `[{"token":"t"}]`, `[{"name":"n","token":"a b"}]`, `[{"name":"n","token":"t","rate_limit":-1}]`, `[{"name":"n","token":"t","models":[]}]`, `[{"name":"n","token":"t","expires":"soon"}]`, `[{"name":"n","token":"t"},{"name":"n","token":"u"}]`, `[{"name":"n","token":"t"},{"name":"m","token":"t"}]`, `[{"name":"n","token":"sk-2api-ondemand-access-token-2025"}]`, `[{"name":"n","token":1}]`},
			badEnv:  []string{"x", "{}"},
		},
		"models": {
			file:    `{"gpt-9.1":{"endpoint":"predefined-x","owned_by":"me","reasoning_efforts":["low"]}}`,
			env:     `[{"id":"gpt-9.1","endpoint":"predefined-x","owned_by":"me","reasoning_efforts":["low"]}]`,
			want:    []domain.ModelMapping{{Name: "gpt-9.1", Endpoint: "predefined-x", OwnedBy: "me", Efforts: []domain.Effort{"low"}, Known: true}},
			badFile: []string{`"x"`, `{"m":""}`, `{"m":1}`, `{"":"e"}`, `{"m":{}}`, `{"m":{"endpoint":"e","x":1}}`, `{"m":{"endpoint":"e","reasoning_efforts":["high"]}}`, `[{"name":"m"}]`, `[{"endpoint":"e"}]`, `[{"name":"m","id":"m","endpoint":"e"}]`, `[{"name":"m","endpoint":"e"},{"id":"m","endpoint":"f"}]`, `[1]`},
			badEnv:  []string{"x", "1"},
		},
		"model_prices": {
			file: `{"m.1":{"in":1,"out":2.5}}`, env: `{"m.1":{"in":1,"out":2.5}}`, want: pricesWith("m.1", Price{In: 1, Out: 2.5}),
			badFile: []string{`[]`, `{"m":1}`, `{"m":{"in":1}}`, `{"m":{"in":-1,"out":1}}`, `{"m":{"in":"1","out":1}}`, `{"m":{"in":1,"out":1,"x":1}}`, `{"":{"in":1,"out":1}}`},
			badEnv:  []string{"x", "[]"},
		},
		"cors_origins": {
			file:    `["https://A.example:8443","https://b.example:443","http://c.example:80","app://Obsidian.md","*"]`,
			env:     "https://a.example:8443/, https://b.example, http://c.example/, app://obsidian.md, *",
			want:    []string{"https://a.example:8443", "https://b.example", "http://c.example", "app://obsidian.md", "*"},
			badFile: []string{`[1]`, `["a.example"]`, `["null"]`, `{}`, "1"}, badEnv: []string{"a.example", "[", `["x"]`, "https://a.example/path", "app://a/path", "app://u:p@a", "javascript:x"},
		},
		"allowed_networks": {
			file: `["192.168.0.0/16"]`, env: "192.168.0.0/16", want: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")},
			badFile: []string{`["x"]`, "1"}, badEnv: []string{"localhost"},
		},
		"trusted_proxies": {
			file: `["::ffff:10.1.2.3/104","::1"]`, env: "10.1.2.3/8,::1", want: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")},
			badFile: []string{`[1]`, `["x"]`, `{}`, "1", `["10.0.0.0/33"]`, `["fe80::1%eth0"]`}, badEnv: []string{"localhost", "10.0.0.0/99"},
		},
	}
}

func keyAccount(key string) domain.Account {
	credential, err := domain.NewKeyCredential(key)
	if err != nil {
		panic(err)
	}
	account, err := domain.NewAccount("", credential, domain.AccountLimits{})
	if err != nil {
		panic(err)
	}
	return account
}

func pricesWith(name string, price Price) map[string]Price {
	table := builtinPrices()
	table[name] = price
	return table
}

// compare looks into secrets, which would otherwise all look alike.
func compare() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b domain.Secret) bool { return a.Equal(b) }),
		cmp.Comparer(func(a, b domain.Account) bool {
			return a.SameCredential(b) && a.Name() == b.Name() && a.Limits() == b.Limits()
		}),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	}
}

func rowNamed(t *testing.T, name string) row {
	t.Helper()
	rows := table()
	i := slices.IndexFunc(rows, func(r row) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("there is no key %q", name)
	}
	return rows[i]
}

func TestEveryKeyIsReadFromEverySource(t *testing.T) {
	for name, s := range samples() {
		row := rowNamed(t, name)
		sources := map[string]Source{
			"config.json":                     inDir(t, "config.json", `{"`+name+`":`+s.file+`}`),
			"environment variable " + row.Env: inDir(t, "", "", row.Env+"="+s.env),
		}
		yaml := inDir(t, "c.yml", name+": "+s.file+"\n")
		yaml.Flags = map[string]string{"config": "c.yml"}
		sources["c.yml"] = yaml
		if row.Flag != "" {
			sources["flag --"+row.Flag] = Source{WorkDir: t.TempDir(), Flags: map[string]string{row.Flag: s.env}}
		}
		for where, source := range sources {
			cfg := mustLoad(t, source)
			if diff := cmp.Diff(s.want, row.get(&cfg), compare()); diff != "" {
				t.Errorf("%s from %s (-want +got):\n%s", name, where, diff)
			}
			if got := cfg.origins[name]; got != where {
				t.Errorf("%s: source is %q, want %q", name, got, where)
			}
		}
	}
}

func TestEveryKeyHasASampleAndADescription(t *testing.T) {
	live := []string{
		"api_access_token", "accounts", "access_tokens", "dashboard_password", "rate_limit", "default_model", "models", "model_prices", "log_level", "debug_mode",
	}
	all := samples()
	seen := map[string]bool{}
	for _, k := range Keys() {
		if _, ok := all[k.Name]; !ok {
			t.Errorf("%s has no sample in this test", k.Name)
		}
		if k.Doc == "" || strings.Contains(k.Doc, "\n") || k.Allowed == "" || k.Default == "" || k.Env == "" {
			t.Errorf("%s is described incompletely: %+v", k.Name, k)
		}
		if seen[k.Name] || seen[k.Env] {
			t.Errorf("%s or %s is used twice", k.Name, k.Env)
		}
		seen[k.Name], seen[k.Env] = true, true
		if want := slices.Contains(live, k.Name); k.Live != want {
			t.Errorf("%s: Live is %t, want %t", k.Name, k.Live, want)
		}
	}
}

func TestWhatCannotBeUsedIsRefusedInOneLineThatNamesKeySourceAndRule(t *testing.T) {
	for name, s := range samples() {
		row := rowNamed(t, name)
		check := func(where, value, got string) {
			t.Helper()
			if !strings.Contains(got, where) || strings.Contains(got, "\n") {
				t.Errorf("%s = %s: the error is %q, want one line that names %s", name, value, got, where)
			}
		}
		for _, bad := range s.badFile {
			_, err := Load(inDir(t, "config.json", `{"`+name+`":`+bad+`}`))
			if err == nil {
				t.Errorf("config.json: %s = %s was accepted", name, bad)
				continue
			}
			check("config.json", bad, err.Error())
		}
		for _, bad := range s.badEnv {
			_, err := Load(inDir(t, "", "", row.Env+"="+bad))
			if err == nil {
				t.Errorf("environment: %s=%q was accepted", row.Env, bad)
				continue
			}
			check(name+" from environment variable "+row.Env, bad, err.Error())
		}
	}
}

func TestErrorsReadAsSentences(t *testing.T) {
	for _, c := range []struct {
		name string
		src  Source
		want string
	}{
		{"number in quotes", inDir(t, "config.json", `{"rate_limit":"60"}`), `rate_limit from config.json is "60", but has to be a whole number from 0 to 1000000, without quotes`},
		{"no number", inDir(t, "", "", "PORT=abc"), `port from environment variable PORT is "abc", but has to be a whole number from 0 to 65535`},
		{"flag", Source{WorkDir: t.TempDir(), Flags: map[string]string{"port": "70000"}}, `port from flag --port is "70000", but has to be a whole number from 0 to 65535`},
		{"negative time", inDir(t, "", "", "STREAM_TIMEOUT=-5"), `stream_timeout from environment variable STREAM_TIMEOUT is "-5", but has to be a number of seconds above 0 and up to 31536000`},
		{"secret", inDir(t, "", "", "API_ACCESS_TOKEN=a secret"), `api_access_token from environment variable API_ACCESS_TOKEN is ***, but has to be text of printable ASCII characters without spaces`},
		{"broken accounts", inDir(t, "", "", `ONDEMAND_ACCOUNTS=[{"email":"a@b.example","password":"hunter2"`), `accounts from environment variable ONDEMAND_ACCOUNTS holds JSON that ends too early at line 1, column 45, but has to be a list of {"email","password"} or {"api_key"}`},
		{"first in key order", inDir(t, "", "", "LOG_LEVEL=x", "PORT=x"), `port from environment variable PORT is "x", but has to be a whole number from 0 to 65535`},
		{"list entry", inDir(t, "", "", "TRUSTED_PROXIES=10.0.0.0/8, nonsense"), `trusted_proxies from environment variable TRUSTED_PROXIES: entry 2 is "nonsense", but has to be an IP address or a network such as 10.0.0.0/8`},
		{"unknown flag", Source{WorkDir: t.TempDir(), Flags: map[string]string{"prot": "1"}}, `the flag --prot sets nothing in the configuration`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, refusal(t, c.src)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
