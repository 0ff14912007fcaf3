package httpserver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"ondemand-api-proxy/domain"
)

// gate is a handler that tells when it runs, and goes on when it is let.
type gate struct {
	running chan *http.Request
	open    chan struct{}
}

func newGate() *gate { return &gate{make(chan *http.Request), make(chan struct{})} }

// pass serves "/slow" through the gate and everything else at once.
func (g *gate) pass(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/slow" {
		return
	}
	g.running <- r
	<-g.open
	_, _ = io.WriteString(w, "done")
}

// refusesConnections waits until the server's port refuses.
func refusesConnections(t *testing.T, s *Server) {
	t.Helper()
	var dialer net.Dialer
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		c, err := dialer.DialContext(t.Context(), "tcp", s.Addr().String())
		if err != nil {
			return
		}
		_ = c.Close()
	}
	t.Fatal("the server still takes new connections while it stops")
}

func TestWhileAnAnswerRunsAStoppingServerTakesNothingNewAndLetsItEnd(t *testing.T) {
	g := newGate()
	s := start(t, time.Hour, g.pass)
	slow, idle, newborn := dial(t, s), dial(t, s), dial(t, s)
	idle.ask("/")
	idle.answer()
	slow.ask("/slow")
	request := within(t, "the slow request", g.running)
	waitForNewborn(t, s, 1)

	ended := stopping(s)
	refusesConnections(t, s)
	for name, c := range map[string]*client{"kept alive": idle, "opened before": newborn} {
		c.ask("/")
		response, _ := c.answer()
		if response.StatusCode != http.StatusServiceUnavailable || !response.Close {
			t.Errorf("a request over a connection that was %s got %d (close %v), want the handler's 503 with Connection: close",
				name, response.StatusCode, response.Close)
		}
	}
	if err := request.Context().Err(); err != nil {
		t.Errorf("the running request's context ended during the grace: %v", err)
	}
	select {
	case err := <-ended:
		t.Errorf("Stop returned with %v while an answer was running", err)
	default:
	}

	close(g.open)
	if _, body := slow.answer(); body != "done" {
		t.Errorf("the running request got %q, want its whole answer", body)
	}
	if err := within(t, "the end of Stop", ended); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func TestAfterTheGraceAnAnswerIsToldWhyItEndsAndCanStillSaySo(t *testing.T) {
	running := make(chan struct{})
	s := start(t, 20*time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
		close(running)
		<-r.Context().Done()
		_, _ = io.WriteString(w, domain.KindOf(context.Cause(r.Context())).String())
	})
	c := dial(t, s)
	c.ask("/")
	within(t, "the request", running)
	ended := stopping(s)
	if _, body := c.answer(); body != domain.Unavailable.String() {
		t.Errorf("the cause of the context's end is of kind %q, want %q", body, domain.Unavailable)
	}
	if err := within(t, "the end of Stop", ended); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func TestWithoutAGraceAnswersEndAtOnce(t *testing.T) {
	running := make(chan struct{})
	s := start(t, 0, func(_ http.ResponseWriter, r *http.Request) {
		close(running)
		<-r.Context().Done()
	})
	c := dial(t, s)
	c.ask("/")
	within(t, "the request", running)
	if err := within(t, "the end of Stop", stopping(s)); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func TestAnAnswerThatDoesNotEndIsCut(t *testing.T) {
	g := newGate()
	s := start(t, 0, g.pass)
	c := dial(t, s)
	c.ask("/slow")
	within(t, "the request", g.running)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // sooner than the server's own limit
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
	if !c.closed() {
		t.Error("the connection of an answer that does not end is still open after Stop")
	}
	close(g.open)
}

func TestAClientThatLeavesEndsItsRequest(t *testing.T) {
	left := make(chan error, 1)
	running := make(chan struct{})
	s := start(t, time.Hour, func(_ http.ResponseWriter, r *http.Request) {
		close(running)
		<-r.Context().Done()
		left <- context.Cause(r.Context())
	})
	c := dial(t, s)
	c.ask("/")
	within(t, "the request", running)
	_ = c.Close()
	if cause := within(t, "the end of the request's context", left); !errors.Is(cause, context.Canceled) {
		t.Errorf("the cause is %v, want a plain cancellation: the proxy does not shut down", cause)
	}
	if err := within(t, "the end of Stop", stopping(s)); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func TestWaitingForRunningRequestsMissesNone(t *testing.T) {
	for range 200 {
		var r running
		var group sync.WaitGroup
		handler := r.count(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		r.add(1)
		for range 4 {
			group.Go(func() { handler.ServeHTTP(httptest.NewRecorder(), new(http.Request)) })
		}
		go r.add(-1)
		r.wait(t.Context())
		group.Wait()
		r.wait(t.Context())
		if r.now != 0 {
			t.Fatalf("%d requests are counted as running, want none", r.now)
		}
	}
}

func TestWhoBeginsIsToldWithHowManyRun(t *testing.T) {
	var told []int
	r := running{began: func(now int) { told = append(told, now) }}
	var within http.Handler
	handler := r.count(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodPost {
			within.ServeHTTP(w, new(http.Request)) // a second one, beside the first
		}
	}))
	within = handler
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodGet} {
		handler.ServeHTTP(httptest.NewRecorder(), &http.Request{Method: method})
	}
	if want := []int{1, 1, 2, 1}; !slices.Equal(told, want) {
		t.Errorf("told were %v, want %v", told, want)
	}
}

func TestAHeadThatIsTooLongIsRefused(t *testing.T) {
	s := start(t, time.Second, fine)
	c := dial(t, s)
	go func() { // the server answers before it has read all
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: "+strings.Repeat("x", 2*maxHeadBytes)+"\r\n\r\n")
	}()
	if response, _ := c.answer(); response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a head of more than %d bytes got %d, want 431", maxHeadBytes, response.StatusCode)
	}
	if err := within(t, "the end of Stop", stopping(s)); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func TestAServerAtItsLimitOfConnectionsStopsAtOnce(t *testing.T) {
	s := New(Options{Host: "127.0.0.1", Grace: time.Hour, MaxConnections: 2}, &service{HandlerFunc: fine}, zap.NewNop())
	if err := s.Start(t.Context(), func(err error) { t.Errorf("the server stopped by itself: %v", err) }); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c := dial(t, s)
		c.ask("/")
		c.answer()
	}
	dial(t, s) // waits for a place
	if err := within(t, "the end of Stop", stopping(s)); err != nil {
		t.Errorf("Stop: %v", err)
	}
}
