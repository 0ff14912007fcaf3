package httpserver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to happen; nothing takes nearly as long.
const patience = 10 * time.Second

// service is a handler that refuses with 503 once it drains, as adapter/web does.
type service struct {
	http.HandlerFunc
	draining atomic.Bool
}

func (s *service) Drain() { s.draining.Store(true) }

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.HandlerFunc(w, r)
}

func fine(http.ResponseWriter, *http.Request) {}

// start starts a server that has to work; whoever calls it stops it.
func start(t *testing.T, grace time.Duration, handle http.HandlerFunc) *Server {
	t.Helper()
	s := New(Options{Host: "127.0.0.1", Grace: grace}, &service{HandlerFunc: handle}, zap.NewNop())
	err := s.Start(t.Context(), func(err error) { t.Errorf("the server stopped by itself: %v", err) })
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	return s
}

// stopping calls Stop in the background and returns how it ends.
func stopping(s *Server) <-chan error {
	ended := make(chan error, 1)
	go func() { ended <- s.Stop(context.Background()) }()
	return ended
}

// within returns what comes from the channel, or fails the test.
func within[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("%s did not come within %s", what, patience)
		panic("not reached")
	}
}

// client is a client's connection.
type client struct {
	net.Conn
	t      *testing.T
	reader *bufio.Reader
}

func dial(t *testing.T, s *Server) *client {
	t.Helper()
	var dialer net.Dialer
	c, err := dialer.DialContext(t.Context(), "tcp", s.Addr().String())
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return &client{c, t, bufio.NewReader(c)}
}

// ask sends a request and does not wait for the answer.
func (c *client) ask(path string) {
	c.t.Helper()
	if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		c.t.Fatalf("send a request: %v", err)
	}
}

// answer reads an answer to its end.
func (c *client) answer() (*http.Response, string) {
	c.t.Helper()
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		c.t.Fatalf("read an answer: %v", err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		c.t.Fatalf("read the body of an answer: %v", err)
	}
	return response, string(body)
}

// closed tells whether the server closed the connection without a word.
func (c *client) closed() bool {
	_, err := c.reader.ReadByte()
	var timeout net.Error
	return err != nil && (!errors.As(err, &timeout) || !timeout.Timeout())
}
