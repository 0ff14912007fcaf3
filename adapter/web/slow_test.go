package web

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections live in memory, so that time may be made up.
type pipes struct {
	ends chan net.Conn
	over chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.ends:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// unhurried runs a test of slow clients, which dial as often as they like.
func unhurried(t *testing.T, complete answers, test func(t *testing.T, s *surface, dial func() net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSurface(t, complete, nil)
		listener := &pipes{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: s}
		go func() { _ = server.Serve(listener) }()
		test(t, s, func() net.Conn {
			near, far := net.Pipe()
			listener.ends <- far
			t.Cleanup(func() { _ = near.Close() })
			return near
		})
		close(listener.over)
		_ = server.Close()
		synctest.Wait()
	})
}

func TestABodyMayComeSlowlyButHasToCome(t *testing.T) {
	unhurried(t, hello, func(t *testing.T, _ *surface, dial func() net.Conn) {
		for name, test := range map[string]struct {
			pause  time.Duration // before each byte
			within time.Duration // until the answer
			status int
		}{
			"all of it in time":     {100 * time.Millisecond, bodyGrace, http.StatusOK},
			"nothing at all":        {time.Hour, bodySilence + time.Second, http.StatusBadRequest},
			"a byte every ten secs": {10 * time.Second, bodyGrace + time.Second, http.StatusBadRequest},
		} {
			c := dial()
			began := time.Now()
			stop := make(chan struct{})
			go func() {
				_, _ = io.WriteString(c, head(len(plainBody)))
				for i := range len(plainBody) {
					select {
					case <-time.After(test.pause):
					case <-stop:
						return
					}
					if _, err := io.WriteString(c, plainBody[i:i+1]); err != nil {
						return
					}
				}
			}()
			response, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if response.StatusCode != test.status || time.Since(began) > test.within {
				t.Errorf("%s: status %d after %s, want %d within %s", name, response.StatusCode, time.Since(began), test.status, test.within)
			}
			close(stop)
			_ = c.Close()
		}
	})
}

func TestABodyThatNobodyReadsHoldsNoConnection(t *testing.T) {
	for _, request := range []string{"GET /healthz", "GET /readyz", "GET /", "GET /v1/models", "GET /metrics", "POST /elsewhere", "PUT /healthz"} {
		for _, length := range []string{"Content-Length: 100", "Transfer-Encoding: chunked"} {
			unhurried(t, hello, func(t *testing.T, _ *surface, dial func() net.Conn) {
				c := dial()
				began := time.Now()
				go func() {
					_, _ = io.WriteString(c, request+" HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: "+token+"\r\n"+length+"\r\n\r\n")
				}()
				_, _ = io.Copy(io.Discard, c) // the answer, and the end of the connection
				if took := time.Since(began); took > bodySilence+discardTime+time.Second {
					t.Errorf("%s with %s and no body: the connection ended after %s", request, length, took)
				}
			})
		}
	}
}

func TestAHeadWithTooMuchInItIsRefused(t *testing.T) {
	s := newSurface(t, hello, nil)
	s.wants("a long URL", s.ask(http.MethodGet, "/v1/models?"+strings.Repeat("x", longestURL), ""), failure{400, "invalid_request_error", "", ""})
	var headers []string
	for i := range mostHeaders {
		headers = append(headers, fmt.Sprint("X-", i), "1")
	}
	s.wants("many headers", s.ask(http.MethodGet, "/v1/models", "", headers...), failure{400, "invalid_request_error", "", ""})
	if got := s.ask(http.MethodGet, "/v1/models", "", headers[:2*mostHeaders-4]...); got.Code != http.StatusOK {
		t.Errorf("with fewer of them: %d", got.Code)
	}
}
