package chat

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ondemand-api-proxy/domain"
)

func TestAQueryCarriesWhatTheClientAskedFor(t *testing.T) {
	w := newWorld(t, 1, says("hello"))
	request := streamed("hi")
	half := 0.5
	request.Sampling = domain.Sampling{Temperature: &half}
	request.Stop = []string{"END"}
	request.Effort = domain.EffortMax // the model lists low alone
	_, err := w.complete(request)
	w.expectAnswer(err, "hello")
	want := query{
		Query:   domain.Query{Endpoint: "predefined-gpt", Text: "hi", Sampling: request.Sampling, Stop: request.Stop, Effort: domain.EffortLow},
		account: w.account(0), session: "s1",
	}
	if diff := cmp.Diff([]query{want}, w.platform.queries, cmp.AllowUnexported(query{}), cmpopts.IgnoreFields(query{}, "at")); diff != "" {
		t.Errorf("the query is another one (-want +got):\n%s", diff)
	}
}

func TestTheNextTurnGoesOnInTheSessionThatSawTheHistory(t *testing.T) {
	both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
		w := newWorld(t, 3, says("hel", "lo"))
		_, err := w.complete(request("hi"))
		w.expectAnswer(err, "hello")
		for turn, texts := range [][]string{{"hi", "hello", "and you?"}, {"hi", "hello", "and you?", "hello", "{bye}"}} {
			_, err = w.complete(request(texts...))
			w.expectAnswer(err, "hello")
			last := w.platform.queries[turn+1]
			if last.session != "s1" || last.account != w.account(0) || last.Text != texts[len(texts)-1] {
				t.Errorf("turn %d: %q went to session %s of %s, want the new text alone in s1", turn+2, last.Text, last.session, last.account)
			}
			if r := w.record(); !r.Continued || r.Attempts != 1 {
				t.Errorf("turn %d: record says continued %t, %d attempts", turn+2, r.Continued, r.Attempts)
			}
		}
	})
}

func TestTheAccountOfTheSessionIsPreferred(t *testing.T) {
	w := newWorld(t, 3, says("hello"))
	w.pool.busy[w.account(0)], w.pool.busy[w.account(1)] = true, true
	_, _ = w.complete(streamed("hi"))
	clear(w.pool.busy)
	_, _ = w.complete(streamed("hi", "hello", "more"))
	if got := w.platform.queries[1]; got.session != "s1" || got.account != w.account(2) {
		t.Errorf("the next turn went into %s of %s, want s1 of %s", got.session, got.account, w.account(2))
	}
}

func TestSeveralNewMessagesGoOnAsATranscriptOfThemAlone(t *testing.T) {
	w := newWorld(t, 1, says("hello"))
	_, _ = w.complete(streamed("hi"))
	request := streamed("hi", "hello", "one")
	request.Messages = append(request.Messages, domain.Message{Role: domain.RoleUser, Text: "two"})
	if _, err := w.complete(request); err != nil {
		t.Fatal(err)
	}
	if got := w.platform.queries[1]; got.session != "s1" || got.Text != render(request.Messages[2:]) {
		t.Errorf("sent into %s is %q, want both new messages", got.session, got.Text)
	}
}

func TestAnyOtherHistoryIsSentAsAWholeIntoANewSession(t *testing.T) {
	system := domain.Message{Role: domain.RoleSystem, Text: "be brief"}
	with := func(messages domain.Conversation, scope domain.TokenID) domain.ChatRequest {
		r := streamed()
		r.Messages, r.Scope = messages, scope
		return r
	}
	for name, request := range map[string]domain.ChatRequest{
		"another access token":   with(conversation("hi", "hello", "more"), "another scope"),
		"an edited question":     streamed("Hi", "hello", "more"),
		"an edited answer":       streamed("hi", "hello!", "more"),
		"an answer cut short":    streamed("hi", "hell", "more"),
		"the same question":      streamed("hi"),
		"a system prompt added":  with(append(domain.Conversation{system}, conversation("hi", "hello", "more")...), "scope"),
		"a system prompt behind": with(append(conversation("hi", "hello"), system, domain.Message{Role: domain.RoleUser, Text: "more"}), "scope"),
		"the answer is to go on": streamed("hi", "hello"),
		"a turn further":         streamed("hi", "hello", "more", "of what?", "this"),
		"named otherwise":        with(domain.Conversation{{Role: domain.RoleUser, Name: "ann", Text: "hi"}, {Role: domain.RoleAssistant, Text: "hello"}, {Role: domain.RoleUser, Text: "more"}}, "scope"),
	} {
		w := newWorld(t, 1, says("hello"))
		if _, err := w.complete(streamed("hi")); err != nil {
			t.Fatal(err)
		}
		if _, err := w.complete(request); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := w.platform.queries[1]; got.session != "s2" || got.Text != render(request.Messages) {
			t.Errorf("%s: %q was sent into %s, want the whole conversation in a new session", name, got.Text, got.session)
		}
		if w.record().Continued {
			t.Errorf("%s: record says that a session was continued", name)
		}
	}
}

func TestAnotherModelMayGoOnInTheSession(t *testing.T) {
	w := newWorld(t, 1, says("hello"))
	_, _ = w.complete(streamed("hi"))
	request := streamed("hi", "hello", "more")
	request.Model = "other"
	_, _ = w.complete(request)
	if got := w.platform.queries[1]; got.session != "s1" || got.Endpoint != "predefined-other" {
		t.Errorf("asked %s in %s, want predefined-other in s1", got.Endpoint, got.session)
	}
}

func TestOfTwoRequestsWithOneHistoryOneGetsTheSession(t *testing.T) {
	w := newWorld(t, 2, says("hello"))
	_, _ = w.complete(streamed("hi"))
	request := streamed("hi", "hello", "more")
	meanwhile := says("hello")
	meanwhile.first = func() {
		if _, err := w.interactor().Complete(t.Context(), &request, &client{}); err != nil {
			t.Errorf("the second request: %v", err)
		}
	}
	w.platform.turns = []turn{meanwhile, says("hello")}
	if _, err := w.interactor().Complete(t.Context(), &request, &client{}); err != nil {
		t.Fatalf("the first request: %v", err)
	}
	w.checkBooks()
	one, two := w.platform.queries[1], w.platform.queries[2]
	if one.session != "s1" || one.Text != "more" || two.session != "s2" || two.Text != render(request.Messages) {
		t.Errorf("sent are %q into %s and %q into %s", one.Text, one.session, two.Text, two.session)
	}
}

func TestASessionWhoseAccountHasNoTimeStaysForLater(t *testing.T) {
	w := newWorld(t, 2, says("hello"))
	_, _ = w.complete(streamed("hi"))
	kept := w.sessions.All()[0]
	request := streamed("hi", "hello", "more")

	w.pool.busy[w.account(0)] = true
	_, _ = w.complete(request)
	if got := w.platform.queries[1]; got.account != w.account(1) || got.session != "s2" || got.Text != render(request.Messages) {
		t.Errorf("%q went to session %s of %s, want all of it on the other account", got.Text, got.session, got.account)
	}
	w.pool.busy[w.account(1)] = true
	_, err := w.complete(request)
	w.expectKind(err, domain.NoAccount)

	clear(w.pool.busy)
	if got, found := w.sessions.Take(kept.Tip, time.Now()); !found || got != kept {
		t.Errorf("the session is %+v, found %t, want %+v unharmed", got, found, kept)
	}
}

func TestASessionIdleForTooLongIsReplayed(t *testing.T) {
	w := newWorld(t, 1, says("hello"))
	_, _ = w.complete(streamed("hi"))
	old := w.sessions.All()[0]
	old.LastUsed = old.LastUsed.Add(-31 * time.Minute)
	w.sessions.Keep(old)
	_, _ = w.complete(streamed("hi", "hello", "more"))
	if got := w.platform.queries[1]; got.session != "s2" {
		t.Errorf("the next turn went into %s, want a new session", got.session)
	}
}
