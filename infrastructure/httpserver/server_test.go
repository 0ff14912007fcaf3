package httpserver

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
)

func TestATakenPortIsOneClearSentence(t *testing.T) {
	var config net.ListenConfig
	taken, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().(*net.TCPAddr)
	s := New(Options{Host: "127.0.0.1", Port: address.Port}, &service{HandlerFunc: fine}, zap.NewNop())
	err = s.Start(t.Context(), func(error) { t.Error("a server that never served says that it stopped") })
	want := "cannot listen on " + address.String() + ": another program uses this port; end it, or choose another port with --port or PORT"
	if err == nil || err.Error() != want {
		t.Errorf("Start on a taken port: got %v, want %q", err, want)
	}
	if err := within(t, "the end of Stop", stopping(s)); err != nil {
		t.Errorf("Stop after a start that failed: %v", err)
	}
}

func TestWhatKeepsAServerFromListeningIsOneSentence(t *testing.T) {
	for _, test := range []struct {
		err  syscall.Errno
		want string
	}{
		{syscall.EACCES, "cannot listen on h:80: this user may not use that port; choose one above 1023 with --port or PORT"},
		{syscall.EADDRNOTAVAIL, "cannot listen on h:80 (host and port): listen: " + syscall.EADDRNOTAVAIL.Error()},
	} {
		if got := explain("h:80", &net.OpError{Op: "listen", Err: test.err}).Error(); got != test.want {
			t.Errorf("%v: got %q, want %q", test.err, got, test.want)
		}
	}
	s := New(Options{Host: "no such host"}, &service{HandlerFunc: fine}, zap.NewNop())
	err := s.Start(t.Context(), func(error) {})
	if err == nil || !strings.Contains(err.Error(), "no such host:0 (host and port)") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a host that is none: got %v, want one line that names it", err)
	}
}

func TestAServerThatStopsByItselfSaysSo(t *testing.T) {
	s := New(Options{Host: "127.0.0.1"}, &service{HandlerFunc: fine}, zap.NewNop())
	failed := make(chan error, 1)
	if err := s.Start(t.Context(), func(err error) { failed <- err }); err != nil {
		t.Fatalf("Start: %v", err)
	}
	_ = s.listener.Close()
	err := within(t, "the call of failed", failed)
	if err == nil {
		t.Error("failed was called without an error")
	}
	if again := within(t, "the end of Stop", stopping(s)); !errors.Is(again, err) {
		t.Errorf("Stop: %v, want what ended the serving: %v", again, err)
	}
}

// prompt is what an idle stop takes at the very most. net/http alone would wait five
// seconds for a connection on which nothing came yet.
const prompt = 2 * time.Second

func TestAnIdleServerStopsAtOnce(t *testing.T) {
	for name, connect := range map[string]func(*testing.T, *Server) *client{
		"without a connection": func(*testing.T, *Server) *client { return nil },
		"with a connection on which nothing came yet": func(t *testing.T, s *Server) *client {
			c := dial(t, s)
			waitForNewborn(t, s, 1)
			return c
		},
		"with half a request": func(t *testing.T, s *Server) *client {
			c := dial(t, s)
			if _, err := c.Write([]byte("GET / HT")); err != nil {
				t.Fatal(err)
			}
			waitForNewborn(t, s, 1)
			return c
		},
		"with a connection that is kept alive": func(t *testing.T, s *Server) *client {
			c := dial(t, s)
			c.ask("/")
			c.answer()
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, time.Hour, fine)
			c := connect(t, s)
			began := time.Now()
			if err := within(t, "the end of Stop", stopping(s)); err != nil {
				t.Errorf("Stop: %v", err)
			}
			if took := time.Since(began); took > prompt {
				t.Errorf("Stop took %s, want less than %s", took, prompt)
			}
			if c != nil && !c.closed() {
				t.Error("the connection is still open after Stop")
			}
		})
	}
}

// waitForNewborn returns once the server knows so many connections without a request.
func waitForNewborn(t *testing.T, s *Server, n int) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		s.newborn.mu.Lock()
		found := len(s.newborn.conns)
		s.newborn.mu.Unlock()
		if found == n {
			return
		}
	}
	t.Fatalf("the server did not see %d new connections", n)
}

func TestNewConnectionsAreForgottenOnceTheyWork(t *testing.T) {
	s := start(t, time.Second, fine)
	for range 5 {
		c := dial(t, s)
		c.ask("/")
		if response, _ := c.answer(); response.StatusCode != http.StatusOK {
			t.Fatalf("got status %d, want 200", response.StatusCode)
		}
	}
	waitForNewborn(t, s, 0)
	if err := within(t, "the end of Stop", stopping(s)); err != nil {
		t.Errorf("Stop: %v", err)
	}
}
