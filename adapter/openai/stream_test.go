package openai_test

import (
	"bufio"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
)

func TestStreamsLookAsOpenAIMakesThem(t *testing.T) {
	for name, test := range map[string]struct {
		includeUsage bool
		run          func(*testing.T, *openai.Stream)
	}{
		"stream-plain.sse": {run: func(t *testing.T, s *openai.Stream) {
			deliver(t, s, 0, domain.FinishStop, answer(""), answer("Hello"), escaped(" \"you\"\n", ` \"you\"\n`), answer(" \x01<ß😀>\r\n\\"))
			end(t, s, domain.Usage{Prompt: 1})
		}},
		"stream-usage.sse": {includeUsage: true, run: func(t *testing.T, s *openai.Stream) {
			deliver(t, s, 0, domain.FinishLength, reasoning("Let me think"), answer("42"))
			end(t, s, domain.Usage{Prompt: 3, Completion: 50, Reasoning: 48})
		}},
		"stream-choices.sse": {includeUsage: true, run: func(t *testing.T, s *openai.Stream) {
			if err := s.Deliver(1, answer("one"), true); err != nil {
				t.Error(err)
			}
			deliver(t, s, 0, domain.FinishStop, answer("zero"))
			deliver(t, s, 1, domain.FinishStop, answer(", too"))
			deliver(t, s, 2, domain.FinishStop)
			end(t, s, domain.Usage{Prompt: 1, Completion: 2})
		}},
		"stream-cut.sse": {run: func(t *testing.T, s *openai.Stream) {
			if err := s.Deliver(0, answer("Hel"), false); err != nil {
				t.Error(err)
			}
			s.Fail(domain.E(domain.UpstreamCut, "The answer was cut off.", errors.New("secret cause")))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			s := openai.NewStream(w, head(test.includeUsage), 0)
			test.run(t, s)
			s.Close()
			golden(t, name, w.Body.Bytes())
			for key, want := range map[string]string{
				"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no",
			} {
				if got := w.Header().Get(key); got != want || w.Code != http.StatusOK {
					t.Errorf("status %d, %s: %q; want 200 and %q", w.Code, key, got, want)
				}
			}
		})
	}
}

func end(t *testing.T, s *openai.Stream, usage domain.Usage) {
	t.Helper()
	if err := s.End(usage); err != nil {
		t.Error(err)
	}
}

func TestNothingIsSentBeforeTheFirstDelta(t *testing.T) {
	w := httptest.NewRecorder()
	s := openai.NewStream(w, head(false), 0)
	defer s.Close()
	if err := s.Deliver(0, answer(""), false); err != nil || s.Started() || w.Flushed || len(w.Header()) > 0 {
		t.Errorf("an empty delta: error %v, started %t, flushed %t, headers %v", err, s.Started(), w.Flushed, w.Header())
	}
	if err := s.Deliver(0, answer("a"), false); err != nil || !s.Started() {
		t.Errorf("a delta: error %v, started %t", err, s.Started())
	}
}

func TestFlushingIsLeftToTheNextDeltaWhenThereIsOne(t *testing.T) {
	w := &countingWriter{}
	s := openai.NewStream(w, head(false), 0)
	defer s.Close()
	for i, test := range []struct {
		text    string
		more    bool
		flushes int
	}{
		{"a", true, 0}, {"b", true, 0}, {"", true, 0}, {"c", false, 1}, {"d", true, 1}, {"", false, 2}, {"", false, 2},
	} {
		if err := s.Deliver(0, answer(test.text), test.more); err != nil {
			t.Fatal(err)
		}
		if w.flushes != test.flushes {
			t.Errorf("after delta %d there were %d flushes, want %d", i, w.flushes, test.flushes)
		}
	}
	if w.writes != w.flushes {
		t.Errorf("there were %d writes, want one for each of %d flushes", w.writes, w.flushes)
	}
	if err := s.Finish(0, domain.FinishStop, true); err != nil || w.writes != 2 {
		t.Errorf("an end that has more behind it: %v, and %d writes; want none further", err, w.writes-2)
	}
	if err := s.End(domain.Usage{}); err != nil || w.writes != 3 || w.flushes != 3 {
		t.Errorf("the end: %v, %d writes and %d flushes; want one further each", err, w.writes-2, w.flushes-2)
	}
}

func TestMuchThatGathersIsWrittenBeforeItIsFlushed(t *testing.T) {
	w := &countingWriter{}
	s := openai.NewStream(w, head(false), 0)
	defer s.Close()
	for range 1000 {
		if err := s.Deliver(0, answer(strings.Repeat("x", 100)), true); err != nil {
			t.Fatal(err)
		}
	}
	if w.flushes != 0 || w.writes < 10 || w.writes > 100 || w.bytes < 100_000 {
		t.Errorf("a thousand deltas with more behind them: %d writes of %d bytes and %d flushes, want few writes and no flush", w.writes, w.bytes, w.flushes)
	}
}

func TestTheFirstDeltaIsOnTheWireBeforeTheAnswerEnds(t *testing.T) {
	seen := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := openai.NewStream(w, head(false), 0)
		defer s.Close()
		if err := s.Deliver(0, answer("first"), false); err != nil {
			t.Error(err)
		}
		select {
		case <-seen:
		case <-r.Context().Done():
			t.Error("the client left without having seen the first delta")
		}
		deliver(t, s, 0, domain.FinishStop, answer("second"))
		end(t, s, domain.Usage{})
	}))
	defer server.Close()
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var all strings.Builder
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "first") {
			close(seen)
		}
	}
	if got := events(t, all.String()); len(got) != 5 || got[4] != "[DONE]" {
		t.Errorf("got the events %q, want role, two deltas, finish, [DONE]", got)
	}
}

func TestChoicesMayBeStreamedAtOnce(t *testing.T) {
	w := httptest.NewRecorder()
	s := openai.NewStream(w, head(false), 0)
	var all sync.WaitGroup
	for choice := range domain.MaxChoices {
		all.Go(func() { deliver(t, s, choice, domain.FinishStop, answer("a"), reasoning("b"), answer("c")) })
	}
	all.Wait()
	end(t, s, domain.Usage{})
	s.Close()
	var texts, finished [domain.MaxChoices]string
	for _, data := range events(t, w.Body.String()) {
		if data == "[DONE]" {
			continue
		}
		chunk := decode[completion](t, data)
		choice := chunk.Choices[0]
		if finished[choice.Index] != "" {
			t.Errorf("choice %d goes on after its end: %s", choice.Index, data)
		}
		texts[choice.Index] += choice.Delta.Role + "|" + choice.Delta.Content + choice.Delta.Reasoning
		if choice.Reason != nil {
			finished[choice.Index] = *choice.Reason
		}
	}
	for choice, text := range texts {
		if text != "assistant||a|b|c|" || finished[choice] != "stop" {
			t.Errorf("choice %d is %q, finished %q", choice, text, finished[choice])
		}
	}
}

func TestAClientThatWentAwayIsReportedByEveryLaterCall(t *testing.T) {
	for name, w := range map[string]*countingWriter{
		"writing fails":  {writeError: errors.New("broken pipe")},
		"flushing fails": {flushError: errors.New("broken pipe")},
	} {
		s := openai.NewStream(w, head(false), 0)
		first := s.Deliver(0, answer("a"), false)
		if domain.KindOf(first) != domain.ClientGone {
			t.Errorf("%s: the delta's error is %v, want client_gone", name, first)
		}
		writes := w.writes
		for call, err := range map[string]error{
			"Deliver": s.Deliver(1, answer("b"), true), "Finish": s.Finish(0, domain.FinishStop, false), "End": s.End(domain.Usage{}),
		} {
			if !errors.Is(err, first) {
				t.Errorf("%s: %s returned %v, want the first error", name, call, err)
			}
		}
		s.Fail(domain.E(domain.Internal, "No.", nil))
		s.Close()
		if w.writes != writes {
			t.Errorf("%s: there were %d writes after the failure", name, w.writes-writes)
		}
	}
}

func TestNothingFollowsTheEndOfAStream(t *testing.T) {
	for name, finish := range map[string]func(*openai.Stream){
		"End":  func(s *openai.Stream) { end(t, s, domain.Usage{}) },
		"Fail": func(s *openai.Stream) { s.Fail(domain.E(domain.UpstreamCut, "Cut.", nil)) },
	} {
		w := httptest.NewRecorder()
		s := openai.NewStream(w, head(false), 0)
		finish(s)
		before := w.Body.Len()
		if err := s.Deliver(0, answer("late"), false); err == nil {
			t.Errorf("a delta after %s was taken", name)
		}
		s.Fail(domain.E(domain.UpstreamCut, "Cut.", nil))
		if s.Close(); w.Body.Len() != before {
			t.Errorf("after %s came %q", name, w.Body.String()[before:])
		}
	}
}

// countingWriter is a client of whom nothing is kept.
type countingWriter struct {
	header                 http.Header
	writes, flushes        int
	bytes                  int64
	writeError, flushError error
}

func (w *countingWriter) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

func (w *countingWriter) WriteHeader(int) {}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.writes++
	w.bytes += int64(len(p))
	return len(p), w.writeError
}

func (w *countingWriter) FlushError() error {
	w.flushes++
	return w.flushError
}
