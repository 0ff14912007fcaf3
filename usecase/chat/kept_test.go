package chat

import (
	"errors"
	"testing"

	"ondemand-api-proxy/domain"
)

func TestASessionIsKeptWhenItsAnswerWasWholeAndDeliveredUnchanged(t *testing.T) {
	gone := errors.New("broken pipe")
	limit := func(n int) func(*world, *domain.ChatRequest) {
		return func(_ *world, r *domain.ChatRequest) { r.MaxTokens = n }
	}
	stop := func(text string) func(*world, *domain.ChatRequest) {
		return func(_ *world, r *domain.ChatRequest) { r.Stop = []string{text} }
	}
	plain := func(*world, *domain.ChatRequest) {}
	thoughtful := turn{deltas: []*domain.Delta{reasoningDelta("let me see"), answerDelta("hel"), answerDelta("lo you")}}
	for name, c := range map[string]struct {
		change func(*world, *domain.ChatRequest)
		turn   turn
		want   bool
	}{
		"plain":                           {plain, says("hel", "lo you"), true},
		"with reasoning":                  {plain, thoughtful, true},
		"a limit that is not reached":     {limit(9), says("hel", "lo you"), true},
		"a limit that is just reached":    {limit(3), says("hel", "lo you"), true},
		"a stop text that does not come":  {stop("you!"), says("hel", "lo you"), true},
		"ended by the limit":              {limit(2), says("hel", "lo you"), false},
		"ended by the limit in reasoning": {limit(2), thoughtful, false},
		"ended by the limit at its end":   {limit(1), says("hello"), false},
		"ended by a stop text":            {stop("lo"), says("hel", "lo you"), false},
		"ended by a stop text at its end": {stop("you"), says("hel", "lo you"), false},
		"ended before its first word":     {stop("h"), says("hel", "lo you"), false},
		"cut":                             {plain, breaks(domain.UpstreamCut, "hel", "lo you"), false},
		"without a word":                  {plain, says(), false},
		"rejected":                        {plain, refuses(domain.UpstreamRejected), false},
		"the client left on the way":      {func(w *world, _ *domain.ChatRequest) { w.client.onDeliver = func(int) error { return gone } }, says("hel", "lo you"), false},
		"the client left at its end":      {func(w *world, _ *domain.ChatRequest) { w.client.onFinish = func(int) error { return gone } }, says("hel", "lo you"), false},
	} {
		both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
			w := newWorld(t, 1, c.turn)
			w.options.MaxRetries = 0
			r := request("hi")
			c.change(w, &r)
			_, err := w.complete(r)
			kept := w.sessions.All()
			if (len(kept) == 1) != c.want {
				t.Errorf("%s: %d sessions are kept, want it kept: %t (the request ended with %v)", name, len(kept), c.want, err)
				return
			}
			if !c.want {
				return
			}
			want := domain.Session{ID: "s1", Account: w.account(0), Tip: w.tip("scope", conversation("hi", "hello you")), LastUsed: kept[0].LastUsed}
			if kept[0] != want {
				t.Errorf("%s: kept is %+v, want %+v", name, kept[0], want)
			}
			if kept[0].LastUsed.Before(w.record().Began) {
				t.Errorf("%s: the session counts as unused since %s", name, kept[0].LastUsed)
			}
		})
	}
}

func TestAnAnswerThatWasCutShortIsReplayedAsTheClientHasIt(t *testing.T) {
	w := newWorld(t, 1, says("one two three"))
	request := streamed("hi")
	request.Stop = []string{" three"}
	_, err := w.complete(request)
	w.expectAnswer(err, "one two")
	next := streamed("hi", "one two", "more")
	_, _ = w.complete(next)
	if got := w.platform.queries[1]; got.session != "s2" || got.Text != render(next.Messages) {
		t.Errorf("%q was sent into %s, want the client's version in a new session", got.Text, got.session)
	}
}

func TestASessionOfAnAttemptThatFailedIsNeverUsedAgain(t *testing.T) {
	w := newWorld(t, 1, says("one"), breaks(domain.UpstreamCut, "tw"), says("two"))
	_, _ = w.complete(streamed("hi"))
	_, err := w.complete(streamed("hi", "one", "more"))
	w.expectKind(err, domain.UpstreamCut)
	_, err = w.complete(streamed("hi", "one", "more"))
	w.expectAnswer(err, "two")
	if got := w.platform.queries[2].session; got != "s2" {
		t.Errorf("the turn that was cut was asked again in %s, want a new session", got)
	}
}
