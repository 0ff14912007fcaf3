package main_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// endingSignals are those that end the program gently.
var endingSignals = map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT}

// signalled sends the program a signal that ends it, once: a second one would end it at once.
func signalled(t *testing.T, p *proxy, signal syscall.Signal) {
	t.Helper()
	p.ended = true
	t.Cleanup(func() { _ = p.command.Process.Kill(); <-p.exited }) // if the test fails on its way
	if err := p.command.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// awaitExit waits for the program's end, which has to be a good one.
func awaitExit(t *testing.T, p *proxy, within time.Duration) {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(within):
		t.Fatalf("the program has not ended after %v\n%s", within, p.log.tail())
	}
	if code := p.code(); code != 0 {
		t.Errorf("the program ended with code %d, want 0\n%s", code, p.log.tail())
	}
	for _, bad := range []string{"DATA RACE", "panic", `"level":"error"`} {
		if strings.Contains(p.log.String(), bad) {
			t.Errorf("the log holds %q\n%s", bad, p.log.tail())
		}
	}
}

// awaitRefusal waits until the program takes no new connection.
func awaitRefusal(t *testing.T, p *proxy) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			return
		}
		_ = conn.Close()
		if time.Since(began) > 20*time.Second {
			t.Fatal("the program still takes new connections 20 s after the signal")
		}
	}
}

// keptAlive is a client with one open connection, on which nothing is under way.
func keptAlive(t *testing.T, p *proxy) *http.Client {
	t.Helper()
	client := httpClient(t)
	if a := p.get(t, client, "/healthz"); a.status != http.StatusOK {
		t.Fatalf("GET /healthz: status %d", a.status)
	}
	return client
}

func TestAnIdleProgramEndsWithinSecondsOfASignal(t *testing.T) {
	t.Parallel()
	for name, signal := range endingSignals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, sim.Start(t, sim.Options{}), paramAccounts)
			served(t, p, asks("Before the end."))
			keptAlive(t, p)
			silent, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = silent.Close() }()
			signalled(t, p, signal)
			awaitExit(t, p, 5*time.Second)
		})
	}
}

func TestAStreamThatFinishesInTimeIsNotHurtWhileNewRequestsAreRefused(t *testing.T) {
	t.Parallel()
	for name, signal := range endingSignals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const text = "This answer takes its time and is not to be cut, whatever happens around it; so it says a little more than it has to."
			platform := sim.Start(t, sim.Options{Model: sim.Say(text), Pace: sim.Pace{Between: 60 * time.Millisecond}})
			p := start(t, platform, paramAccounts)
			forChat, forReadiness := keptAlive(t, p), keptAlive(t, p)
			response, err := p.open(t.Context(), httpClient(t), asks("Take your time.", `"stream":true`))
			if err != nil {
				t.Fatal(err)
			}
			awaitSim(t, platform, "the answer is under way", func() bool { return platform.CallsOf(sim.Query, "")[0].Deltas > 2 })

			signalled(t, p, signal)
			awaitRefusal(t, p)
			for what, ask := range map[string]func() (*http.Response, error){
				"a chat request": func() (*http.Response, error) { return p.open(t.Context(), forChat, asks("Too late.")) },
				"GET /readyz":    func() (*http.Response, error) { return forReadiness.Get(p.url + "/readyz") },
			} {
				response, err := ask()
				if err != nil {
					t.Fatalf("%s on an open connection: %v", what, err)
				}
				a := read(response)
				if a.status != http.StatusServiceUnavailable || !response.Close { // where the client keeps "Connection: close"
					t.Errorf("%s on an open connection: status %d, Connection: close %v; want 503 and it: %s", what, a.status, response.Close, a.body)
				}
				if e := refusalOf(t, what, a); e.Type != "server_error" || a.header.Get("X-Request-Id") == "" {
					t.Errorf("%s on an open connection: type %s, x-request-id %q; want server_error and an id", what, e.Type, a.header.Get("X-Request-Id"))
				}
			}
			if platform.OpenStreams() != 1 {
				t.Error("the answer was already complete when the refusals came, so they prove nothing")
			}
			if got := read(response).tells(t); !got.done || got.finish != "stop" || got.text != text {
				t.Errorf("the stream ended with %q, finish reason %q, [DONE] %v, error %q; want the whole answer", got.text, got.finish, got.done, got.failure)
			}
			awaitExit(t, p, 10*time.Second)
			if got := platform.Count(sim.Query, ""); got != 1 {
				t.Errorf("%d queries reached the platform, want that of the stream alone", got)
			}
		})
	}
}

func TestWhatOutlastsTheGraceIsEndedWithAnError(t *testing.T) {
	t.Parallel()
	for name, signal := range endingSignals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			platform := sim.Start(t, sim.Options{Model: sim.Say(plainEnglish), Pace: sim.Pace{Between: 20 * time.Millisecond}})
			p := start(t, platform, paramAccounts, "SHUTDOWN_GRACE=1")
			answers := map[string]chan answer{}
			for way, stream := range bothWays {
				answers[way] = make(chan answer, 1)
				go func() {
					response, err := p.open(t.Context(), httpClient(t), asks("Go on for ever, "+way, stream))
					if err != nil {
						answers[way] <- answer{err: err}
						return
					}
					answers[way] <- read(response)
				}()
			}
			awaitSim(t, platform, "both answers are under way", func() bool {
				calls := platform.CallsOf(sim.Query, "")
				return len(calls) == 2 && calls[0].Deltas > 1 && calls[1].Deltas > 1
			})

			began := time.Now()
			signalled(t, p, signal)
			streamed, whole := <-answers["streamed"], <-answers["whole"]
			if got := streamed.tells(t); streamed.status != http.StatusOK || got.failure == "" || got.done || got.finish != "" || got.text == "" {
				t.Errorf("the stream: status %d, error %q, [DONE] %v, finish reason %q, %d bytes of text; want 200, text, and then an error alone",
					streamed.status, got.failure, got.done, got.finish, len(got.text))
			}
			if whole.status != http.StatusServiceUnavailable {
				t.Fatalf("the whole answer: status %d, %v; want 503: %.300s", whole.status, whole.err, whole.body)
			}
			if e := refusalOf(t, "the whole answer", whole); e.Type != "server_error" {
				t.Errorf("the whole answer: type %s, want server_error", e.Type)
			}
			if took := time.Since(began); took < 900*time.Millisecond {
				t.Errorf("the answers were ended after %v, want the grace of a second", took)
			}
			awaitExit(t, p, 8*time.Second)
			awaitSim(t, platform, "the upstream calls are cancelled", func() bool { return platform.OpenStreams() == 0 })
		})
	}
}

func TestASecondSignalEndsTheProgramAtOnce(t *testing.T) {
	t.Parallel()
	platform := sim.Start(t, sim.Options{Model: sim.Say("Never complete."), Pace: sim.Pace{Between: time.Hour}})
	p := start(t, platform, paramAccounts)
	response, err := p.open(t.Context(), httpClient(t), asks("Wait for me.", `"stream":true`))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := bufio.NewReader(response.Body).ReadString('\n'); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	signalled(t, p, syscall.SIGTERM)
	awaitRefusal(t, p)
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
		if p.failed == nil {
			t.Error("the program ended with code 0 although an answer was cut, want the signal's own end")
		}
	case <-time.After(10 * time.Second):
		t.Error("the program is still there 10 s after the second signal")
	}
}
