package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also lets the tests' own program be the processes that a bench starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{roleUpstream, roleFloor}, os.Args[1]) {
		main()
		return
	}
	code := m.Run()
	_ = os.RemoveAll(built)
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// built is the directory of the real program, once a test has asked for it.
var built string

// realProxy builds the real program for all tests that need it.
var realProxy = sync.OnceValues(func() (string, error) {
	var err error
	if built, err = os.MkdirTemp("", "ondemand-bench-test"); err != nil {
		return "", err
	}
	return buildProxy(context.Background(), built, "")
})

// bench runs the bench with the real program, and returns its exit code and what it wrote.
func bench(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	if testing.Short() && os.Getenv("CI") != "true" {
		t.Skip("it builds and starts the real program, which takes some seconds")
	}
	proxy, err := realProxy()
	if err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	code = program(t.Context(), append([]string{"-proxy", proxy, "-rounds", "1", "-duration", "200ms", "-deltas", "10"}, args...), &out, &log)
	return code, out.String(), log.String()
}

func TestARunComparesTheProxyWithTheFloorAndChecksEveryAnswer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "all.json")
	code, stdout, stderr := bench(t, "-json", file, "-phases", "idle,whole-c64,stream-c64,open,first-delta", "-delay", "2ms", "-rate", "300", "-round-trip", "20ms")
	if code != exitFine {
		t.Fatalf("the exit code is %d\n%s%s", code, stdout, stderr)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got report
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Checked < 300 || got.Bad != 0 {
		t.Errorf("%d answers were checked and %d bad, want many and none", got.Checked, got.Bad)
	}
	for _, name := range []string{"whole-c64", "stream-c64"} {
		i := slices.IndexFunc(got.Phases, func(s summary) bool { return s.Phase == name })
		asked := got.Phases[i].Asked
		if share := float64(asked.Continued) / float64(asked.Queries); share < .8 || share > .97 {
			t.Errorf("%s: %d of %d queries went on in a session, want about nine of ten", name, asked.Continued, asked.Queries)
		}
		if asked.Sessions < asked.Queries-asked.Continued {
			t.Errorf("%s: %d sessions were opened for %d queries that begin one", name, asked.Sessions, asked.Queries-asked.Continued)
		}
	}
	for _, want := range []string{"| streaming, c=64 | CPU per stream, to the floor | ≤ 1.00 |", "| requests/s |", "| first delta of a new conversation, ms |", "0 wrong, cut, refused or dropped"} {
		if !strings.Contains(stdout, want) && (canMeasure || !strings.Contains(want, "CPU")) {
			t.Errorf("the tables lack %q\n%s", want, stdout)
		}
	}
}

func TestARunFailsWhenAnAnswerIsNotWhatItHasToBe(t *testing.T) {
	for _, spoil := range []string{spoilWrong, spoilCut} {
		for _, target := range []string{targetFloor, targetProxy} {
			t.Run(spoil+" on "+target, func(t *testing.T) {
				code, stdout, stderr := bench(t, "-phases", "stream-c64", "-targets", target, "-spoil", spoil)
				if code != exitError || !strings.Contains(stderr, errBadAnswers.Error()) {
					t.Errorf("the exit code is %d, want %d, and a word about the answers\n%s%s", code, exitError, stdout, stderr)
				}
				if !strings.Contains(stdout, "answers were bad") || strings.Contains(stdout, ", 0 wrong") {
					t.Errorf("the report does not say so\n%s", stdout)
				}
			})
		}
	}
}

func TestArgumentsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-rounds 0", "-rounds has to be above 0"},
		{"-phases stream-c65", `no phase "stream-c65"`},
		{"-targets nobody", `no target "nobody"`},
		{"-spoil twice", `not "twice"`},
		{"now", `unexpected argument "now"`},
		{"-duration soon", "invalid value"},
	} {
		var out, log bytes.Buffer
		code := program(context.Background(), strings.Fields(test.args), &out, &log)
		if code != exitUsage || !strings.Contains(log.String(), test.want) {
			t.Errorf("%s: the exit code is %d and it says %q, want %d and %q", test.args, code, log.String(), exitUsage, test.want)
		}
	}
}
