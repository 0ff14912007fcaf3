package web

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

// crowded is a surface with few turns whose answers wait until goOn is closed.
func crowded(t *testing.T, inFlight, queue int) (s *surface, goOn chan struct{}) {
	t.Helper()
	goOn = make(chan struct{})
	wait := func(ctx context.Context, request domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
		<-goOn
		return hello(ctx, request, out)
	}
	return newSurface(t, wait, func(o *Options) { o.MaxInFlight, o.MaxQueue = inFlight, queue }), goOn
}

// rush sends so many requests at once and counts what they are answered.
func rush(s *surface, requests int) (codes func() map[int]int, done *sync.WaitGroup) {
	var mu sync.Mutex
	counts := make(map[int]int)
	done = &sync.WaitGroup{}
	for range requests {
		done.Go(func() {
			code := s.ask(http.MethodPost, "/v1/chat/completions", plainBody).Code
			mu.Lock()
			counts[code]++
			mu.Unlock()
		})
	}
	synctest.Wait()
	return func() map[int]int {
		mu.Lock()
		defer mu.Unlock()
		copied := make(map[int]int)
		for code, n := range counts {
			copied[code] = n
		}
		return copied
	}, done
}

func TestBeyondItsTurnsAndItsQueueARequestIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, goOn := crowded(t, 3, 5)
		codes, done := rush(s, 100)
		if got := codes(); got[http.StatusServiceUnavailable] != 92 || len(got) != 1 {
			t.Errorf("at once the answers are %v, want 92 of 503", got)
		}
		refused := s.ask(http.MethodPost, "/v1/chat/completions", plainBody)
		s.wants("one more", refused, failure{503, "server_error", "overloaded", ""})
		if got := refused.Header().Get("Retry-After"); got != "1" {
			t.Errorf("Retry-After is %q, want 1", got)
		}
		for _, path := range []string{"/healthz", "/readyz", "/v1/models", "/metrics", "/"} {
			if got := s.ask(http.MethodGet, path, ""); got.Code != http.StatusOK {
				t.Errorf("GET %s is answered %d while the proxy is full", path, got.Code)
			}
		}
		close(goOn)
		done.Wait()
		if got := codes(); got[http.StatusOK] != 8 {
			t.Errorf("in the end the answers are %v, want 8 of 200", got)
		}
		if got := s.ask(http.MethodPost, "/v1/chat/completions", plainBody).Code; got != http.StatusOK {
			t.Errorf("afterwards a request is answered %d", got)
		}
	})
}

func TestNobodyWaitsLongForATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, goOn := crowded(t, 1, 5)
		codes, done := rush(s, 6)
		time.Sleep(turnPatience - time.Millisecond)
		if got := codes(); len(got) != 0 {
			t.Errorf("while they wait the answers are %v", got)
		}
		time.Sleep(2 * time.Millisecond)
		if got := codes(); got[http.StatusServiceUnavailable] != 5 {
			t.Errorf("after %s the answers are %v, want 5 of 503", turnPatience, got)
		}
		close(goOn)
		done.Wait()
	})
}

func TestWhoLeavesTheQueueMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurnstile(1, 1)
		if err := turns.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { left <- turns.enter(ctx) }()
		synctest.Wait()
		if err := turns.enter(t.Context()); domain.KindOf(err) != domain.Overloaded {
			t.Errorf("with a full queue: %v, want overloaded", err)
		}
		leave()
		if err := <-left; domain.KindOf(err) != domain.ClientGone {
			t.Errorf("who left was told %v, want client_gone", err)
		}
		next := make(chan error, 1)
		go func() { next <- turns.enter(t.Context()) }()
		synctest.Wait()
		turns.leave()
		if err := <-next; err != nil {
			t.Errorf("who came after that: %v", err)
		}
	})
}

func TestWhoWaitsForATurnWhenTheProxyStopsIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurnstile(1, 1)
		if err := turns.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithCancelCause(t.Context())
		waits := make(chan error, 1)
		go func() { waits <- turns.enter(ctx) }()
		synctest.Wait()
		end(domain.E(domain.Unavailable, "The proxy is shutting down.", nil))
		if err := <-waits; domain.KindOf(err) != domain.Unavailable {
			t.Errorf("it was told %v, want unavailable", err)
		}
	})
}
