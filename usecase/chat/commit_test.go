package chat

import (
	"slices"
	"testing"

	"ondemand-api-proxy/domain"
)

func TestAStreamThatIsCutAfterTheFirstDeltaIsNotRetried(t *testing.T) {
	for kind, outcome := range map[domain.Kind]domain.Outcome{
		domain.UpstreamCut: domain.OutcomeUpstreamCut, domain.UpstreamFault: domain.OutcomeUpstreamError, domain.UpstreamSilent: domain.OutcomeTimeout,
		domain.UpstreamRateLimited: domain.OutcomeRateLimited,
	} {
		w := newWorld(t, 2, breaks(kind, "hel"), says("never asked"))
		_, err := w.complete(streamed("hi"))
		w.expectKind(err, kind)
		w.expectQueries(1)
		if got := w.got(); got.answer != "hel" || len(got.finished) != 0 {
			t.Errorf("%s: the client has %q, finished %v", kind, got.answer, got.finished)
		}
		if told, _ := w.told(0); told != kind {
			t.Errorf("%s: the lease was told %s", kind, told)
		}
		if got := w.record().Outcome; got != outcome {
			t.Errorf("%s: the outcome is %s, want %s", kind, got, outcome)
		}
	}
}

func TestReasoningThatWasShownIsAPromiseToo(t *testing.T) {
	w := newWorld(t, 2, turn{deltas: []*domain.Delta{reasoningDelta("hm")}, end: trouble(domain.UpstreamCut)}, says("never asked"))
	_, err := w.complete(streamed("hi"))
	w.expectKind(err, domain.UpstreamCut)
	w.expectQueries(1)
}

func TestAFaultBeforeTheFirstDeltaIsHidden(t *testing.T) {
	faults := []domain.Kind{domain.UpstreamFault, domain.UpstreamSilent, domain.UpstreamCut, domain.UpstreamEmpty, domain.SessionGone, domain.RouteMissing}
	both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
		for _, kind := range faults {
			for where, failing := range map[string]turn{"opening the session": {open: trouble(kind)}, "the query": refuses(kind), "the first delta": breaks(kind)} {
				w := newWorld(t, 2, failing, says("hel", "lo"))
				_, err := w.complete(request("hi"))
				w.expectAnswer(err, "hello")
				if told, _ := w.told(0); told != kind {
					t.Errorf("%s at %s: the lease was told %s", kind, where, told)
				}
				if kind, failed := w.told(1); failed {
					t.Errorf("the lease that went well was told %s", kind)
				}
				if got := w.record(); got.Outcome != domain.OutcomeCompleted || got.Account != w.account(1) {
					t.Errorf("%s at %s: %s on record, served by %s", kind, where, got.Outcome, got.Account)
				}
			}
		}
	})
}

func TestACutAnswerIsRetriedWhenNothingOfItWasShown(t *testing.T) {
	cut := turn{deltas: []*domain.Delta{reasoningDelta("bad thought"), answerDelta("bad "), answerDelta("answer")}, end: trouble(domain.UpstreamCut)}
	good := turn{deltas: []*domain.Delta{reasoningDelta("a "), reasoningDelta("thought"), answerDelta("good "), answerDelta("answer")}, usage: domain.Usage{Prompt: 3, Completion: 4, Source: domain.UsageMeasured}}
	w := newWorld(t, 2, cut, good)
	usage, err := w.complete(whole("hi"))
	w.expectAnswer(err, "good answer")
	w.expectQueries(2)
	if got := w.got(); got.reasoning != "a thought" || got.deltas != 2 {
		t.Errorf("the client has %d deltas with the reasoning %q, want that of the second attempt in one", got.deltas, got.reasoning)
	}
	if usage != good.usage {
		t.Errorf("usage is %+v, want %+v: the cut attempt is not charged", usage, good.usage)
	}
}

func TestAnAnswerInOnePieceIsShownWhenItIsComplete(t *testing.T) {
	w := newWorld(t, 1, says("hel", "lo"))
	w.client.onDeliver = func(int) error {
		if s := w.platform.streams[0]; !s.done {
			t.Error("something was delivered before the answer's end")
		}
		return nil
	}
	_, err := w.complete(whole("hi"))
	w.expectAnswer(err, "hello")
}

func TestAStreamIsShownAsItComes(t *testing.T) {
	w := newWorld(t, 1, says("a", "b", "c"))
	shown := 0
	w.client.onDeliver = func(int) error {
		shown++
		if left := len(w.platform.streams[0].deltas); left != 3-shown {
			t.Errorf("delta %d was delivered when %d more were to be pulled", shown, left)
		}
		return nil
	}
	_, err := w.complete(streamed("hi"))
	w.expectAnswer(err, "abc")
	if got := w.got().more; len(got) != 3 || !got[0] || !got[1] || got[2] {
		t.Errorf("more is %v, want true while a delta waits", got)
	}
}

func TestTextThatIsHeldBackIsNoPromise(t *testing.T) {
	for name, change := range map[string]func(*domain.ChatRequest){
		"it may begin a stop text": func(r *domain.ChatRequest) { r.Stop = []string{"bad!"} },
		"it may exceed the limit":  func(r *domain.ChatRequest) { r.MaxTokens = 2 },
	} {
		w := newWorld(t, 2, breaks(domain.UpstreamCut, "bad"), says("good"))
		request := streamed("hi")
		change(&request)
		_, err := w.complete(request)
		if w.expectAnswer(err, "good"); t.Failed() {
			t.Errorf("%s", name)
		}
	}
}

func TestAnAnswerWithoutAWordIsRetried(t *testing.T) {
	both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
		w := newWorld(t, 2, says(), says("hello"))
		_, err := w.complete(request("hi"))
		w.expectAnswer(err, "hello")

		w = newWorld(t, 2, says())
		_, err = w.complete(request("hi"))
		w.expectKind(err, domain.UpstreamFailed)
		w.expectQueries(4)
		if told, _ := w.told(0); told != domain.UpstreamEmpty {
			t.Errorf("the lease was told %s, want %s", told, domain.UpstreamEmpty)
		}
	})
}

func TestReasoningThatNoAnswerFollows(t *testing.T) {
	thoughts := turn{deltas: []*domain.Delta{reasoningDelta("hm")}}

	w := newWorld(t, 2, thoughts, says("hello"))
	_, err := w.complete(streamed("hi"))
	w.expectKind(err, domain.UpstreamEmpty) // the client has seen the reasoning
	w.expectQueries(1)
	if got := w.got(); got.reasoning != "hm" || len(got.finished) != 0 || w.record().Outcome != domain.OutcomeUpstreamError {
		t.Errorf("the client has %+v, the outcome is %s", got, w.record().Outcome)
	}

	w = newWorld(t, 2, thoughts, says("hello"))
	_, err = w.complete(whole("hi")) // the client has seen nothing
	w.expectAnswer(err, "hello")
	if got := w.got().reasoning; got != "" {
		t.Errorf("the client has the reasoning %q of the attempt without an answer", got)
	}
}

func TestWhatWasDeliveredIsFlushedWhenTheDeltaBehindItIsHeldBack(t *testing.T) {
	w := newWorld(t, 1, says("Hello", "\n")) // both are there at once
	request := streamed("hi")
	request.Stop = []string{"\nUser:"}
	_, err := w.complete(request)
	w.expectAnswer(err, "Hello\n")
	// The text with the other one behind it, a flush when that one was held back, and what was held.
	if got, want := w.client.choice(0).more, []bool{true, false, true}; !slices.Equal(got, want) {
		t.Errorf("the client was told of more to come: %v, want %v", got, want)
	}
}
