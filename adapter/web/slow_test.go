package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
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

func TestAClientThatReadsAByteASecondIsCut(t *testing.T) {
	chatter := func(_ context.Context, _ domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
		for {
			if err := out.Deliver(0, text(strings.Repeat("word ", 40)), false); err != nil {
				return domain.Usage{}, domain.E(domain.ClientGone, "The client left.", err)
			}
		}
	}
	unhurried(t, chatter, func(t *testing.T, s *surface, dial func() net.Conn) {
		c := dial()
		began := time.Now()
		_, _ = io.WriteString(c, strings.Replace(head(len(liveBody)), "\r\n\r\n", "\r\n\r\n"+liveBody, 1))
		one := make([]byte, 1)
		for {
			time.Sleep(time.Second)
			if _, err := c.Read(one); err != nil {
				break
			}
		}
		if took := time.Since(began); took > 3*time.Minute {
			t.Errorf("the client was cut after %s", took)
		}
		synctest.Wait()
		if records := s.books.records; len(records) != 1 || records[0].Outcome != domain.OutcomeClientGone {
			t.Errorf("on record are %+v, want client_gone", records)
		}
	})
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
