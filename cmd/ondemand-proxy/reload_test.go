package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

const (
	reloaded    = "configuration reloaded"
	notReloaded = "the changed configuration cannot be used"
)

// configFile is a configuration file that a test changes.
type configFile struct {
	t    *testing.T
	path string
}

// newConfigFile writes a file with these accounts.
func newConfigFile(t *testing.T, accounts string) *configFile {
	t.Helper()
	f := &configFile{t, filepath.Join(t.TempDir(), "config.json")}
	f.write(`{"accounts":` + accounts + `}`)
	return f
}

// write replaces the file in one step.
func (f *configFile) write(text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path+".new", []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(f.path+".new", f.path); err != nil {
		f.t.Fatal(err)
	}
}

// startFrom runs the program with the accounts of a file.
func startFrom(t *testing.T, platform *sim.Server, f *configFile, environ ...string) *proxy {
	t.Helper()
	return startWith(t, setup{environ: append([]string{
		"UPSTREAM_GATEWAY_URL=" + platform.URL, "UPSTREAM_API_URL=" + platform.URL, "CONFIG_FILE=" + f.path,
	}, environ...)})
}

// whoServes sends a request and returns the account that answered it.
func whoServes(t *testing.T, p *proxy, platform *sim.Server, question string) string {
	t.Helper()
	served(t, p, asks(question))
	return queryEnding(t, platform, question).Account
}

func TestAccountsComeAndGoWithTheFileWhileAStreamGoesOn(t *testing.T) {
	t.Parallel()
	const text = "This stream outlives its account, and all that is done to the file meanwhile, without losing a word of what it has to say."
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Email: "first@example.org", Password: "one"}, {Key: "second"}}, Model: sim.Say(text)})
	platform.Script(sim.Fault{On: sim.Query, If: func(c sim.Call) bool { return c.Query.Query == "Go on." }, Do: sim.Paced(sim.Pace{Between: 50 * time.Millisecond})})
	const first, second = `{"email":"first@example.org","password":"one"}`, `{"api_key":"second"}`
	file := newConfigFile(t, `[`+first+`]`)
	p := startFrom(t, platform, file)
	if got := whoServes(t, p, platform, "At first?"); got != "first@example.org" {
		t.Errorf("%s answered at first, want first@example.org", got)
	}
	response, err := p.open(t.Context(), httpClient(t), asks("Go on.", `"stream":true`))
	if err != nil {
		t.Fatal(err)
	}
	awaitSim(t, platform, "the stream is under way", func() bool { return queryEnding(t, platform, "Go on.").Deltas > 1 })

	file.write(`{"accounts":[` + second + `]}`)
	awaitLogged(t, p, reloaded, 1)
	if got := whoServes(t, p, platform, "After the change?"); got != "second" {
		t.Errorf("%s answered after the file had changed, want second", got)
	}
	if platform.OpenStreams() != 1 {
		t.Error("the stream had ended when its account went, so that it proves nothing")
	}
	if got := read(response).tells(t); !got.done || got.text != text {
		t.Errorf("the stream that was in flight ended with %q, [DONE] %v, error %q; want the whole answer", got.text, got.done, got.failure)
	}

	file.write(`{"accounts":[` + first + `,` + second + `]}`)
	awaitLogged(t, p, reloaded, 2)
	both := []string{whoServes(t, p, platform, "Both, one?"), whoServes(t, p, platform, "Both, two?")}
	if slices.Sort(both); both[0] != "first@example.org" || both[1] != "second" {
		t.Errorf("with both accounts %q answered, want each of them once", both)
	}

	file.write(`{"accounts":[]}`)
	awaitLogged(t, p, reloaded, 3)
	if a := p.post(t, httpClient(t), asks("Nobody left?")); a.status != http.StatusServiceUnavailable || a.code() != "no_account_available" {
		t.Errorf("without accounts: status %d, code %s; want 503, no_account_available", a.status, a.code())
	}
}

func TestAHangupReadsTheConfigurationAnew(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Email: "late@example.org", Password: "secret"}}})
	p := startWith(t, setup{environ: []string{"UPSTREAM_GATEWAY_URL=" + platform.URL, "UPSTREAM_API_URL=" + platform.URL}})
	if a := p.post(t, httpClient(t), asks("Anybody?")); a.status != http.StatusServiceUnavailable {
		t.Fatalf("without accounts: status %d, want 503", a.status)
	}
	// There was no file at the start, so nobody watches it: only the signal can tell.
	file := &configFile{t, filepath.Join(p.command.Dir, "config.json")}
	file.write(`{"accounts":[{"email":"late@example.org","password":"secret"}]}`)
	if err := p.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	awaitLogged(t, p, reloaded, 1)
	if got := whoServes(t, p, platform, "Now?"); got != "late@example.org" {
		t.Errorf("%q answered after the signal, want late@example.org", got)
	}
	awaitLogged(t, p, "model catalogue refreshed", 1)
	if listed := listedModels(t, p); !slices.Contains(listed, "gpt-5") {
		t.Errorf("the catalogue is not listed after the first usable account came: %q", listed)
	}
	if a := p.get(t, httpClient(t), "/readyz"); a.status != http.StatusOK {
		t.Errorf("GET /readyz with a usable account: status %d, want 200", a.status)
	}
	if err := p.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	awaitLogged(t, p, reloaded, 2)
	if got := whoServes(t, p, platform, "And without any change?"); got != "late@example.org" {
		t.Errorf("%q answered after a signal that changed nothing, want late@example.org", got)
	}
	if got := platform.Count(sim.SignIn, ""); got != 1 {
		t.Errorf("%d sign-ins, want 1: an account that stays keeps its token", got)
	}
}

func TestABrokenFileLeavesTheRunningConfigurationAndSaysSo(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "steady"}, {Key: "new"}}})
	file := newConfigFile(t, `[{"api_key":"steady"}]`)
	p := startFrom(t, platform, file)
	for i, broken := range []string{
		`{"accounts":[{"api_key":"new"}`, `{"accounts":[{"api_key":"new"}],"rate_limt":5}`, `{"accounts":[{"api_key":7}]}`,
	} {
		file.write(broken)
		awaitLogged(t, p, notReloaded, i+1)
		if got := whoServes(t, p, platform, "Still served? "+broken); got != "steady" {
			t.Errorf("%s answered with the file %s, want steady", got, broken)
		}
	}
	if err := os.Remove(file.path); err != nil {
		t.Fatal(err)
	}
	awaitLogged(t, p, "it does not exist", 1)
	for line := range strings.Lines(p.log.String()) {
		if strings.Contains(line, notReloaded) && !strings.Contains(line, `"level":"error"`) {
			t.Errorf("a broken file is not told at error level: %s", line)
		}
	}
	if strings.Contains(p.log.String(), reloaded) {
		t.Error("a broken file was taken over")
	}
	file.write(`{"accounts":[{"api_key":"new"}]}`)
	awaitLogged(t, p, reloaded, 1)
	if got := whoServes(t, p, platform, "Mended?"); got != "new" {
		t.Errorf("%s answered after the file was mended, want new", got)
	}

	// The harness takes error lines for a failure; here they are wanted.
	signalled(t, p, syscall.SIGTERM)
	<-p.exited
	if code, log := p.code(), p.log.String(); code != 0 || strings.Contains(log, "DATA RACE") || strings.Contains(log, "panic") {
		t.Errorf("the program ended with code %d, want 0 and no panic\n%s", code, p.log.tail())
	}
}

func TestACorrectedPasswordBringsTheAccountBackAtOnce(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Email: "a@example.org", Password: "right"}}})
	file := newConfigFile(t, `[{"email":"a@example.org","password":"wrong"}]`)
	p := startFrom(t, platform, file)
	if a := p.post(t, httpClient(t), asks("With the wrong password?")); a.status != http.StatusServiceUnavailable || a.code() != "no_account_available" || a.header.Get("Retry-After") == "" {
		t.Errorf("with a wrong password: status %d, code %s, Retry-After %q; want 503, no_account_available and a time", a.status, a.code(), a.header.Get("Retry-After"))
	}
	if got := platform.Count(sim.SignIn, ""); got != 1 {
		t.Errorf("%d sign-ins with a password that was refused, want 1", got)
	}
	file.write(`{"accounts":[{"email":"a@example.org","password":"right"}]}`)
	awaitLogged(t, p, reloaded, 1)
	if got := whoServes(t, p, platform, "With the right one?"); got != "a@example.org" {
		t.Errorf("%q answered after the password was corrected, want a@example.org", got)
	}
}

func TestASettingThatNeedsARestartIsNamed(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{})
	file := newConfigFile(t, paramAccounts)
	p := startFrom(t, platform, file)
	file.write(`{"accounts":` + paramAccounts + `,"max_retries":7}`)
	awaitLogged(t, p, reloaded, 1)
	if log := p.log.String(); !strings.Contains(log, "only after a restart") || !strings.Contains(log, "max_retries") {
		t.Errorf("the log does not say that max_retries takes effect only after a restart\n%s", p.log.tail())
	}
}
