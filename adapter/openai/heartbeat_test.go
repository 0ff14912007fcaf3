package openai_test

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
)

const (
	beatEvery = 15 * time.Second
	comment   = ": keep-alive\n"
)

func TestSilenceIsFilledWithComments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watchedWriter{}
		s := openai.NewStream(w, head(false), beatEvery)
		defer s.Close()
		beats := func(want int, when string) {
			t.Helper()
			synctest.Wait()
			if got := strings.Count(w.text(), comment); got != want {
				t.Errorf("%s: %d comments, want %d", when, got, want)
			}
		}
		time.Sleep(beatEvery - 1)
		beats(0, "just before the first")
		if s.Started() {
			t.Error("the headers went out without anything to say")
		}
		time.Sleep(time.Nanosecond)
		beats(1, "after the first")
		if !s.Started() || w.text() != comment+flushed {
			t.Errorf("started %t, sent %q; want the headers and one flushed comment", s.Started(), w.text())
		}
		time.Sleep(2 * beatEvery)
		beats(3, "two later")
		time.Sleep(10 * time.Second)
		if err := s.Deliver(0, answer("a"), false); err != nil {
			t.Error(err)
		}
		time.Sleep(beatEvery - 1)
		beats(3, "after a delta, just before the next")
		time.Sleep(time.Nanosecond)
		beats(4, "a whole interval after the delta")
		end(t, s, domain.Usage{})
		time.Sleep(10 * beatEvery)
		beats(4, "after the end")
	})
}

func TestABusyStreamHoldsNoComments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := httptest.NewRecorder()
		s := openai.NewStream(w, head(false), beatEvery)
		for range 100 {
			time.Sleep(beatEvery - 1)
			if err := s.Deliver(0, answer("a"), false); err != nil {
				t.Error(err)
			}
		}
		s.Close()
		if strings.Contains(w.Body.String(), comment) {
			t.Error("a comment came though there never was an interval of silence")
		}
	})
}

func TestAClosedStreamDoesNothingByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := httptest.NewRecorder()
		s := openai.NewStream(w, head(false), beatEvery)
		time.Sleep(beatEvery - 1)
		s.Close()
		s.Close()
		time.Sleep(10 * beatEvery)
		if w.Body.Len() > 0 || s.Started() {
			t.Errorf("after Close: started %t, written %q", s.Started(), w.Body)
		}
		s.Fail(domain.E(domain.UpstreamFailed, "It failed.", nil))
		if !strings.Contains(w.Body.String(), "It failed.") {
			t.Errorf("Fail after Close wrote %q", w.Body)
		}
	})
}

func TestCloseWaitsForACommentThatIsBeingWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &stuckWriter{release: make(chan struct{})}
		s := openai.NewStream(w, head(false), beatEvery)
		time.Sleep(beatEvery)
		synctest.Wait() // the callback now is inside Write
		closed := make(chan struct{})
		go func() {
			s.Close()
			close(closed)
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Error("Close returned while a comment was being written")
		default:
		}
		close(w.release)
		<-closed
		if w.writes != 1 {
			t.Errorf("there were %d writes, want 1", w.writes)
		}
		time.Sleep(10 * beatEvery)
		if synctest.Wait(); w.writes != 1 {
			t.Errorf("there were %d writes in the end, want 1", w.writes)
		}
	})
}

func TestCommentsAndDeltasDoNotMix(t *testing.T) {
	w := httptest.NewRecorder()
	s := openai.NewStream(w, head(false), time.Microsecond)
	var all sync.WaitGroup
	for choice := range domain.MaxChoices {
		all.Go(func() {
			for range 200 {
				if err := s.Deliver(choice, answer("a"), false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	s.Close()
	chunks := strings.ReplaceAll(w.Body.String(), comment, "")
	if got, want := len(events(t, chunks)), domain.MaxChoices*201; got != want {
		t.Errorf("%d whole events arrived, want %d", got, want)
	}
}

// stuckWriter is a client whose connection takes nothing until it is released.
type stuckWriter struct {
	countingWriter
	release chan struct{}
}

func (w *stuckWriter) Write(p []byte) (int, error) {
	<-w.release
	return w.countingWriter.Write(p)
}

// flushed is what a watchedWriter notes for a flush.
const flushed = "<flush>"

// watchedWriter is a client that may be looked at while it is written to.
type watchedWriter struct {
	countingWriter
	mu   sync.Mutex
	seen strings.Builder
}

func (w *watchedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen.Write(p)
}

func (w *watchedWriter) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.WriteString(flushed)
	return nil
}

func (w *watchedWriter) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen.String()
}
