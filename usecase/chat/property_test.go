package chat

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
)

// upstreamKinds are all ways in which a call of the platform can end badly.
var upstreamKinds = []domain.Kind{
	domain.UpstreamFault, domain.UpstreamSilent, domain.UpstreamCut, domain.UpstreamEmpty, domain.UpstreamRateLimited,
	domain.PlanRefused, domain.CredentialRefused, domain.SessionGone, domain.RouteMissing, domain.UpstreamRejected,
}

func anyTroubleOrNone() *rapid.Generator[error] {
	return rapid.Custom(func(t *rapid.T) error {
		if rapid.Bool().Draw(t, "well") {
			return nil
		}
		return trouble(rapid.SampledFrom(upstreamKinds).Draw(t, "kind"))
	})
}

// anyPlatform draws what a platform does that may fail anywhere. Each turn speaks words
// of its own.
func anyPlatform() *rapid.Generator[[]turn] {
	return rapid.Custom(func(t *rapid.T) []turn {
		turns := make([]turn, rapid.IntRange(1, 6).Draw(t, "turns"))
		for i := range turns {
			turns[i].open = anyTroubleOrNone().Draw(t, "opening")
			turns[i].query = anyTroubleOrNone().Draw(t, "query")
			turns[i].end = anyTroubleOrNone().Draw(t, "end")
			word := string(rune('A' + i))
			for range rapid.IntRange(0, 2).Draw(t, "thoughts") {
				turns[i].deltas = append(turns[i].deltas, reasoningDelta(strings.ToLower(word)))
			}
			for range rapid.IntRange(0, 3).Draw(t, "words") {
				turns[i].deltas = append(turns[i].deltas, answerDelta(word))
			}
		}
		return turns
	})
}

// textOf returns what deltas say.
func textOf(deltas []*domain.Delta) (reasoning, answer string) {
	for _, d := range deltas {
		if d.Kind == domain.ReasoningDelta {
			reasoning += string(d.Text)
		} else {
			answer += string(d.Text)
		}
	}
	return reasoning, answer
}

func TestWhateverThePlatformDoesAClientGetsOneAnswerOrOneError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, rapid.IntRange(1, 4).Draw(t, "accounts"), says("hello"))
		w.options.MaxRetries = rapid.IntRange(0, 4).Draw(t, "retries")
		continued := rapid.Bool().Draw(t, "with a session to go on in")
		before := 0
		if continued {
			if _, err := w.complete(streamed("hi")); err != nil {
				t.Fatalf("the first turn: %v", err)
			}
			before = 1
		}
		w.platform.turns = anyPlatform().Draw(t, "platform")
		request := streamed("hi", "hello", "more")
		request.Stream = rapid.Bool().Draw(t, "stream")
		_, err := w.complete(request)

		got, kept, record := w.got(), w.sessions.All(), w.record()
		queries := len(w.platform.queries) - before
		most := w.options.MaxRetries + 1
		if continued {
			most++ // the replay of the session does not count
		}
		if queries > most || record.Attempts != queries {
			t.Fatalf("%d queries, %d on record, at most %d are allowed", queries, record.Attempts, most)
		}
		for i, q := range w.platform.queries[before:] {
			if q.session == "s1" && continued != (q.Text == "more") || i > 0 && q.Text != render(request.Messages) {
				t.Fatalf("query %d put %q into %s", i, q.Text, q.session)
			}
		}
		if err == nil {
			reasoning, answer := textOf(w.platform.streams[len(w.platform.streams)-1].all)
			if got.answer != answer || got.reasoning != reasoning || answer == "" || len(got.finished) != 1 {
				t.Fatalf("the client has %+v, the platform's last answer was %q, %q", got, reasoning, answer)
			}
			if want := w.tip("scope", append(request.Messages, domain.Message{Role: domain.RoleAssistant, Text: answer})); len(kept) != 1 || kept[0].Tip != want {
				t.Fatalf("kept are %d sessions, want the one with this conversation", len(kept))
			}
			if kind, failed := w.told(len(w.pool.leases) - 1); failed {
				t.Fatalf("the lease of the answer was told %s", kind)
			}
			return
		}
		if len(got.finished) > 0 || len(kept) > 0 {
			t.Fatalf("after the error %v the client has %+v, and %d sessions are kept", err, got, len(kept))
		}
		if got.deltas == 0 {
			switch kind := domain.KindOf(err); kind {
			case domain.UpstreamFailed, domain.UpstreamTimeout, domain.AccountsExhausted, domain.NoAccount, domain.UpstreamRejected:
			default:
				t.Fatalf("an error of kind %s reached a client that has seen nothing", kind)
			}
			return
		}
		reasoning, answer := textOf(w.platform.streams[len(w.platform.streams)-1].all)
		if !request.Stream || got.answer != answer || got.reasoning != reasoning {
			t.Fatalf("the client has %+v of %q, %q, and an error", got, reasoning, answer)
		}
	})
}
