package deploy_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/knadh/koanf/parsers/yaml"

	"ondemand-api-proxy/infrastructure/config"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// decodeYAML reads one document, in which every key has to have a field.
func decodeYAML[T any](t *testing.T, text string) T {
	t.Helper()
	var into T
	decodeYAMLAs(t, text, &into, true)
	return into
}

func decodeYAMLAs(t *testing.T, text string, into any, strict bool) {
	t.Helper()
	values, err := yaml.Parser().Unmarshal([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	if strict {
		decoder.DisallowUnknownFields()
	}
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}

// readEnvironment reads a file of lines NAME=value; single quotes go. With commented, so do
// the lines that are there to be uncommented.
func readEnvironment(t *testing.T, name string, commented bool) map[string]string {
	t.Helper()
	line := regexp.MustCompile(`(?m)^(#?)([A-Z][A-Z0-9_]*)=(.*)$`)
	values := make(map[string]string)
	for _, found := range line.FindAllStringSubmatch(readFile(t, name), -1) {
		if found[1] == "" || commented {
			values[found[2]] = strings.Trim(found[3], "'")
		}
	}
	return values
}

// checkVariables checks that the program knows the variables, but for those of others.
func checkVariables(t *testing.T, where string, names []string, others ...string) {
	t.Helper()
	if len(names) == 0 {
		t.Errorf("%s sets no variable: was it read at all?", where)
	}
	known := append([]string{"CONFIG_FILE", "GOMEMLIMIT"}, others...)
	for _, key := range config.Keys() {
		known = append(known, key.Env)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			t.Errorf("%s sets %s, which nothing looks at", where, name)
		}
	}
}

// loads returns the configuration that the variables make.
func loads(t *testing.T, variables map[string]string) config.Config {
	t.Helper()
	var environ []string
	for name, value := range variables {
		environ = append(environ, name+"="+value)
	}
	cfg, err := config.Load(config.Source{Environ: environ, WorkDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// stopSeconds is what every way to run the gateway gives it to stop: what running answers
// get by default, and a margin.
const stopSeconds = 40

func TestTheTimeToStopIsEnoughForRunningAnswers(t *testing.T) {
	if grace := config.Default().ShutdownGrace.Seconds(); grace+10 > stopSeconds {
		t.Errorf("running answers get %g s by default, which leaves no margin below %d s", grace, stopSeconds)
	}
}
