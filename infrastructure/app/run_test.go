package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"ondemand-api-proxy/adapter/ondemand/ondemandtest"
	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/infrastructure/logging"
)

func TestRunServesUntilItsContextEnds(t *testing.T) {
	sim := platform(t)
	s := start(t, Settings{Config: configFor(t, sim, account(t, "main", alice))})
	if status, answer := s.chat("Hello"); status != http.StatusOK || answer != "Echo: Hello" {
		t.Errorf("chat got %d %q, want 200 \"Echo: Hello\"", status, answer)
	}
	if status, body := s.get("/readyz"); status != http.StatusOK {
		t.Errorf("GET /readyz got %d %s, want 200", status, body)
	}
	if agent := sim.Calls()[0].Header.Get("User-Agent"); agent != "ondemand-api-proxy/v0-test" {
		t.Errorf("the platform sees the User-Agent %q", agent)
	}
	for _, want := range []string{"ondemand-api-proxy v0-test\n", "Dashboard  " + s.url + "/\n", "Accounts   1\n"} {
		if !strings.Contains(s.out.String(), want) {
			t.Errorf("%q is not in the greeting:\n%s", want, s.out)
		}
	}
	s.stop()
	var dialer net.Dialer
	if c, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://")); err == nil {
		_ = c.Close()
		t.Error("the port is still open after Run has returned")
	}
}

func TestRunSaysInOneSentenceWhyItCannotStart(t *testing.T) {
	var listen net.ListenConfig
	taken, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	sim := platform(t)
	blocked := configFor(t, sim)
	blocked.Port = taken.Addr().(*net.TCPAddr).Port
	unknown := configFor(t, sim)
	unknown.DefaultModel = "gpt-99"
	for want, settings := range map[string]Settings{
		fmt.Sprintf("cannot listen on %s: another program uses this port", taken.Addr()): {Config: blocked},
		`default_model from default: "gpt-99" is no known model: use a name of`:          {Config: unknown},
	} {
		settings.Out, settings.Log = newConsole(), newConsole()
		err := Run(t.Context(), settings)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line that begins with %q", err, want)
		}
	}
}

func TestAnEndDuringTheStartIsAProperEnd(t *testing.T) {
	sim := platform(t)
	c := configFor(t, sim, account(t, "main", alice))
	s := start(t, Settings{Config: c})
	_, first := s.chat("One")
	s.stop()
	ended, end := context.WithCancel(t.Context())
	end()
	if err := Run(ended, Settings{Config: c, Out: newConsole(), Log: newConsole()}); err != nil {
		t.Errorf("Run with a context that has ended: %v, want nil", err)
	}
	s = start(t, Settings{Config: c})
	s.chat("One", first, "Two")
	if n := sim.Count(ondemandtest.NewSession, ""); n != 1 {
		t.Errorf("%d upstream sessions were opened, want 1: the saved ones have to outlive a run that ended at once", n)
	}
}

func TestRunLeavesSignalsToTheProgram(t *testing.T) {
	mine := make(chan os.Signal, 1)
	signal.Notify(mine, syscall.SIGTERM) // without this the test would end here
	defer signal.Stop(mine)
	s := start(t, Settings{Config: configFor(t, platform(t))})
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-mine
	select {
	case err := <-s.ended:
		s.ended <- err
		t.Fatalf("a signal of the process ended Run with %v; only its context may: a second signal has to end the process", err)
	case <-time.After(100 * time.Millisecond):
	}
	if status, _ := s.get("/healthz"); status != http.StatusOK {
		t.Errorf("after a signal GET /healthz got %d, want 200", status)
	}
}

func TestAServerThatStopsByItselfEndsTheRun(t *testing.T) {
	ctx, fail := context.WithCancelCause(t.Context())
	log := newConsole()
	p := parts{Settings: Settings{fail: fail}, Log: logging.New(zap.NewAtomicLevel(), logging.JSON, zapcore.AddSync(log))}
	p.stoppedServing(errors.New("accept: too many open files"))
	if cause := context.Cause(ctx); !errors.Is(cause, errServing) {
		t.Errorf("the run's context ended with %v, want %v", cause, errServing)
	}
	if line := log.String(); !strings.Contains(line, `"level":"error"`) || !strings.Contains(line, "too many open files") {
		t.Errorf("logged %q, want an error with the cause", line)
	}
}

func TestWithoutAccountsEverythingButChatWorks(t *testing.T) {
	s := start(t, Settings{Config: configFor(t, platform(t))})
	for path, want := range map[string]int{"/": 200, "/healthz": 200, "/v1/models": 200, "/readyz": 503} {
		if status, body := s.get(path); status != want {
			t.Errorf("GET %s got %d %s, want %d", path, status, body, want)
		}
	}
	status, body := s.chat("Hello")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "no_account_available") || !strings.Contains(body, "ONDEMAND_ACCOUNTS") {
		t.Errorf("chat got %d %s, want 503 with a sentence that says what to do", status, body)
	}
	if !strings.Contains(s.out.String(), "WARNING: No accounts are configured") {
		t.Errorf("the greeting does not warn:\n%s", s.out)
	}
	s.log.await(t, `"level":"warn"`)
	if log := s.log.String(); !strings.Contains(log, "No accounts are configured") || !strings.Contains(log, "ONDEMAND_ACCOUNTS") {
		t.Errorf("the log does not warn:\n%s", log)
	}
}

func TestAnAccountWithAWrongPasswordMakesTheServiceUnready(t *testing.T) {
	wrong := account(t, "main", ondemandtest.Account{Email: alice.Email, Password: "canary-wrong"})
	s := start(t, Settings{Config: configFor(t, platform(t), wrong)})
	s.log.await(t, "account is out") // the refresh of the catalogue has found out
	if status, body := s.get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "reason") {
		t.Errorf("GET /readyz got %d %s, want 503 with the reason", status, body)
	}
	if status, body := s.chat("Hello"); status != http.StatusServiceUnavailable || !strings.Contains(body, "no_account_available") {
		t.Errorf("chat got %d %s, want 503 no_account_available", status, body)
	}
}

func TestNeitherLogNorDataNorGreetingHoldsASecret(t *testing.T) {
	sim := platform(t)
	sim.Script(
		ondemandtest.Fault{On: ondemandtest.Query, Account: alice.Email, Times: 1, Do: ondemandtest.Refusal(500, alice.Email+" "+alice.Password, "server_error")},
		ondemandtest.Fault{On: ondemandtest.Query, Account: bob.Key, Times: 1, Do: ondemandtest.Refusal(500, bob.Key, "server_error")},
		ondemandtest.Fault{On: ondemandtest.NewSession, Skip: 2, Times: 1, Do: ondemandtest.Status(401)},
	)
	c := configFor(t, sim, account(t, "main", alice), account(t, "", bob))
	s := start(t, Settings{Config: c})
	for range 4 {
		s.chat("canary-content")
	}
	s.stop()
	texts := map[string]string{"the greeting": s.out.String(), "the log": s.log.String()}
	entries, err := os.ReadDir(c.DataDir)
	if err != nil || len(entries) == 0 {
		t.Fatalf("the data directory: %v, %v, want a database in it", entries, err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(c.DataDir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts[entry.Name()] = string(data)
	}
	for name, text := range texts {
		for line := range strings.Lines(text) {
			if strings.Contains(strings.ToLower(line), "canary") {
				t.Errorf("%s holds a secret or content: %q", name, line)
			}
		}
	}
}

// saying answers with so many words, one by one.
func saying(words int) ondemandtest.Effect {
	return ondemandtest.Answering(ondemandtest.Answer{Deltas: slices.Repeat([]string{"word "}, words)}).
		With(ondemandtest.Paced(ondemandtest.Pace{Between: 5 * time.Millisecond}))
}

// endless is more words than any test has time for.
const endless = 50_000

// stream opens a stream and reads its first words.
func (s *service) stream(ctx context.Context) *bufio.Scanner {
	s.t.Helper()
	response := s.ask(ctx, http.MethodPost, "/v1/chat/completions", request(true, "Go on and on"))
	s.t.Cleanup(func() { _ = response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	s.words(lines, 2)
	return lines
}

// words reads so many more chunks with a word.
func (s *service) words(lines *bufio.Scanner, n int) {
	s.t.Helper()
	for n > 0 && lines.Scan() {
		if strings.Contains(lines.Text(), `"content":"word`) {
			n--
		}
	}
	if n > 0 {
		s.t.Fatalf("the stream ended early: %q, %v", lines.Text(), lines.Err())
	}
}

func TestAStreamThatOutlastsTheGraceIsToldWhyItEnds(t *testing.T) {
	sim := platform(t)
	sim.Script(ondemandtest.Fault{On: ondemandtest.Query, Do: saying(endless)})
	c := configFor(t, sim, account(t, "main", alice))
	c.ShutdownGrace = 50 * time.Millisecond
	s := start(t, Settings{Config: c})
	lines := s.stream(t.Context())
	s.end()
	last := ""
	for lines.Scan() {
		if lines.Text() != "" {
			last = lines.Text()
		}
	}
	if lines.Err() != nil || !strings.HasPrefix(last, `data: {"error":`) || !strings.Contains(last, `"unavailable"`) {
		t.Errorf("the stream ended with %q, %v, want an error event that says that the proxy shuts down", last, lines.Err())
	}
	s.stop()
	if line := s.log.await(t, `"completion"`); !strings.Contains(line, `"outcome":"`+string(domain.OutcomeShutdown)+`"`) {
		t.Errorf("its end was recorded as %s, want the outcome %s", line, domain.OutcomeShutdown)
	}
}

func TestAStreamMayEndWithinTheGrace(t *testing.T) {
	sim := platform(t)
	sim.Script(ondemandtest.Fault{On: ondemandtest.Query, Do: saying(40)})
	s := start(t, Settings{Config: configFor(t, sim, account(t, "main", alice))})
	lines := s.stream(t.Context())
	s.end()
	last := ""
	for lines.Scan() {
		if lines.Text() != "" {
			last = lines.Text()
		}
	}
	if last != "data: [DONE]" {
		t.Errorf("the stream ended with %q, want [DONE]", last)
	}
	s.stop()
}
