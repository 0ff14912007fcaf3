package main_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// binary is the real program, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(testAll(m))
}

func testAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ondemand-proxy")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "ondemand-proxy")
	build := exec.Command("go", "build", "-o", binary)
	if raceDetector {
		build = exec.Command("go", "build", "-race", "-o", binary)
	}
	if text, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "cannot build the program: %v\n%s", err, text)
		return 1
	}
	code := m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// accessToken is what the tests' clients send.
const accessToken = "sk-of-the-tests"

// proxy is a running program.
type proxy struct {
	t       testing.TB
	command *exec.Cmd
	out     *output
	log     *output
	url     string // http://127.0.0.1:port
	dataDir string
	exited  chan struct{} // closed once the program is gone
	failed  error         // what Wait said; valid once exited is closed
	ended   bool          // the test ended it itself
}

// setup says how a program is started.
type setup struct {
	args    []string
	environ []string // over the usual one
	dataDir string   // empty: a new one
	// directory is where it is started; empty: a new one.
	directory string
}

// start runs the program against a simulator until the test ends, and waits until it serves.
func start(t testing.TB, platform *sim.Server, accounts string, environ ...string) *proxy {
	t.Helper()
	return startWith(t, setup{environ: append([]string{
		"UPSTREAM_GATEWAY_URL=" + platform.URL, "UPSTREAM_API_URL=" + platform.URL, "ONDEMAND_ACCOUNTS=" + accounts,
	}, environ...)})
}

func startWith(t testing.TB, s setup) *proxy {
	t.Helper()
	p := launch(t, s)
	t.Cleanup(func() {
		if !p.ended {
			p.stop(syscall.SIGTERM, 0)
		}
	})
	address := regexp.MustCompile(`API +(http://\S+)/v1`)
	deadline := time.After(2 * time.Minute) // a program built to find races, among many others that begin
	for {
		changed := p.out.next()
		if found := address.FindStringSubmatch(p.out.String()); found != nil {
			p.url = found[1]
			return p
		}
		select {
		case <-changed:
		case <-p.exited:
			t.Fatalf("the program ended before it served: %v\n%s%s", p.failed, p.out, p.log)
		case <-deadline:
			t.Fatalf("the program does not serve after two minutes\n%s%s", p.out, p.log)
		}
	}
}

// launch starts the program and does not wait for anything.
func launch(t testing.TB, s setup) *proxy {
	t.Helper()
	if s.dataDir == "" {
		s.dataDir = t.TempDir()
	}
	p := &proxy{t: t, out: &output{}, log: &output{}, dataDir: s.dataDir, exited: make(chan struct{})}
	p.command = exec.Command(binary, s.args...)
	if p.command.Dir = s.directory; s.directory == "" {
		p.command.Dir = t.TempDir()
	}
	p.command.Env = append([]string{
		"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"),
		"API_ACCESS_TOKEN=" + accessToken, "PORT=0", "DATA_DIR=" + s.dataDir, "RATE_LIMIT=0",
		"RETRY_DELAY=0.01", "DEBUG_MODE=true", "WARM_SESSIONS=0", "GORACE=atexit_sleep_ms=10", // the race detector waits a second by default
	}, s.environ...)
	p.command.Stdout, p.command.Stderr = p.out, p.log
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.failed = p.command.Wait()
		close(p.exited)
	}()
	return p
}

// stop sends the signal, waits for the end, and checks the exit code and that nothing
// went wrong inside; a killed program has no code to check.
func (p *proxy) stop(signal syscall.Signal, want int) {
	p.t.Helper()
	p.ended = true
	_ = p.command.Process.Signal(signal)
	select {
	case <-p.exited:
	case <-time.After(60 * time.Second):
		_ = p.command.Process.Kill()
		<-p.exited
		p.t.Errorf("the program did not end within a minute of %v\n%s", signal, p.log)
	}
	if code := p.code(); signal != syscall.SIGKILL && code != want {
		p.t.Errorf("the program ended with code %d, want %d\n%s", code, want, p.log)
	}
	for _, bad := range []string{"DATA RACE", "panic", `"level":"error"`} {
		if strings.Contains(p.log.String(), bad) {
			p.t.Errorf("the log holds %q\n%s", bad, p.log.tail())
		}
	}
}

// code is the exit code of a program that is gone.
func (p *proxy) code() int {
	<-p.exited
	var exit *exec.ExitError
	if errors.As(p.failed, &exit) {
		return exit.ExitCode()
	}
	return 0
}

// output is what the program writes, readable while it does.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

// Write implements io.Writer.
func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
	return o.text.Write(text)
}

// String is what was written so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// next is closed at the next write.
func (o *output) next() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.changed
}

// tail is the end of what was written, enough to see what went wrong.
func (o *output) tail() string {
	const most = 4000
	text := o.String()
	return text[max(0, len(text)-most):]
}

// lacks skips a test for want of something that not everybody has; where everything has to be tried it fails.
func lacks(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("this is not tried, what is missing: %s", what)
	}
	t.Skipf("this is not tried, what is missing: %s", what)
}
