package web

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
	"ondemand-api-proxy/usecase/chat"
)

// send sends a request whose body comes from a reader; its length is announced unless it is below zero.
func (s *surface) send(body io.Reader, length int64) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/v1/chat/completions", body)
	request.ContentLength = length
	request.Header.Set("Authorization", "Bearer "+token)
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, request)
	return answer
}

func TestBodiesThatNobodyFinishesTakeBoundedMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSurface(t, hello, func(o *Options) { o.MaxBodies = 3 << 20 })
		codes := make(chan int, 10)
		var unfinished []*io.PipeWriter
		begin := func(length int64) {
			from, to := io.Pipe()
			unfinished = append(unfinished, to)
			go func() { codes <- s.send(from, length).Code }()
		}
		begin(1 << 20)
		begin(1 << 20)
		begin(-1) // in chunks: as many as may come
		synctest.Wait()
		began := time.Now()
		refused := s.ask(http.MethodPost, "/v1/chat/completions", plainBody)
		message := s.wants("one more", refused, failure{503, "server_error", "overloaded", ""})
		if took := time.Since(began); took != turnPatience || refused.Header().Get("Retry-After") == "" || !strings.Contains(message, "memory") {
			t.Errorf("it waited %s, and was told %q with Retry-After %q", took, message, refused.Header().Get("Retry-After"))
		}
		if len(codes) != 0 {
			t.Errorf("an unfinished body is answered %d", <-codes)
		}
		waiting := make(chan int)
		go func() { waiting <- s.ask(http.MethodPost, "/v1/chat/completions", plainBody).Code }()
		synctest.Wait()
		_ = unfinished[0].Close() // before its announced length
		if got := <-codes; got != http.StatusBadRequest {
			t.Errorf("a body that ended too early is answered %d", got)
		}
		if got := <-waiting; got != http.StatusOK {
			t.Errorf("who waited for its room is answered %d", got)
		}
		for _, body := range unfinished[1:] {
			_, _ = io.WriteString(body, plainBody)
			_ = body.Close()
		}
		if first, second := <-codes, <-codes; first+second != http.StatusBadRequest+http.StatusOK {
			t.Errorf("the other two are answered %d and %d, want 400 for the short one and 200 for the one in chunks", first, second)
		}
		if !s.bodies.free.TryAcquire(3 << 20) {
			t.Error("in the end not all room was given back")
		}
	})
}

func TestARequestHoldsTheRoomOfItsBodyUntilItIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		wait := func(ctx context.Context, request domain.ChatRequest, out chat.Sink) (domain.Usage, error) {
			<-goOn
			return hello(ctx, request, out)
		}
		s := newSurface(t, wait, func(o *Options) { o.MaxBodies = 2 << 20 })
		codes := make(chan int, 4)
		for _, length := range []int{1 << 20, 64 << 10} {
			body := plainBody + strings.Repeat(" ", length-len(plainBody))
			go func() { codes <- s.send(strings.NewReader(body), int64(length)).Code }()
			go func() { codes <- s.send(strings.NewReader(body), -1).Code }()
			synctest.Wait()
			left := int64(2<<20 - 2*length)
			if !s.bodies.free.TryAcquire(left) || s.bodies.free.TryAcquire(1) {
				t.Errorf("two bodies of %d bytes do not leave just %d", length, left)
			}
			s.bodies.free.Release(left)
			close(goOn)
			for range 2 {
				if got := <-codes; got != http.StatusOK {
					t.Errorf("a body of %d bytes is answered %d", length, got)
				}
			}
			goOn = make(chan struct{})
		}
	})
}

func TestABodyLargerThanAllRoomGetsAllOfIt(t *testing.T) {
	s := newSurface(t, hello, func(o *Options) { o.MaxBodies = 100 })
	for range 2 {
		if got := s.ask(http.MethodPost, "/v1/chat/completions", plainBody+strings.Repeat(" ", 200)).Code; got != http.StatusOK {
			t.Errorf("got %d", got)
		}
	}
}
