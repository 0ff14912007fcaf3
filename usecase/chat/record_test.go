package chat

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
)

func TestTheRecordOfARequest(t *testing.T) {
	both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
		synctest.Test(t, func(t *testing.T) {
			answer := says("hel", "lo")
			answer.wait = 2 * time.Second
			answer.usage = domain.Usage{Prompt: 7, Completion: 3, Reasoning: 1, Source: domain.UsageMeasured}
			w := newWorld(t, 2, refuses(domain.UpstreamFault), answer)
			r := request("hi")
			r.Model = "other"
			began := time.Now()
			usage, err := w.complete(r)
			w.expectAnswer(err, "hello")
			want := domain.Record{
				RequestID: "request", Began: began, Scope: "scope", Model: "other-model", Endpoint: "predefined-other", Account: w.account(1),
				Outcome: domain.OutcomeCompleted, Usage: answer.usage, FirstDelta: 4 * time.Second, Duration: 8 * time.Second,
				Stream: r.Stream, Attempts: 2,
				Tries: []domain.Try{
					{Account: w.account(0), Session: domain.SessionFresh, Result: "upstream_fault"},
					{Account: w.account(1), Session: domain.SessionFresh, Result: "ok", Took: 8 * time.Second},
				},
			}
			if diff := cmp.Diff(want, w.record()); diff != "" {
				t.Errorf("the record is another one (-want +got):\n%s", diff)
			}
			if usage != answer.usage {
				t.Errorf("usage is %+v, want what the platform counted: %+v", usage, answer.usage)
			}
		})
	})
}

func TestEveryAttemptIsReported(t *testing.T) {
	w := newWorld(t, 3, refuses(domain.UpstreamRateLimited), refuses(domain.UpstreamSilent), says("hello"))
	_, _ = w.complete(streamed("hi"))
	want := []struct {
		account int
		kind    domain.Kind
		failed  bool
	}{{0, domain.UpstreamRateLimited, true}, {1, domain.UpstreamSilent, true}, {2, domain.Internal, false}}
	for i, got := range w.ledger.attempts {
		if got.RequestID != "request" || got.Account.ID() != w.account(want[i].account) || domain.KindOf(got.Err) != want[i].kind ||
			(got.Err != nil) != want[i].failed || got.Kept == want[i].failed || got.Session != domain.SessionFresh {
			t.Errorf("attempt %d is reported as %+v, want account %s and %s", i, got, w.account(want[i].account), want[i].kind)
		}
	}
}

func TestARecordTellsOnlySoManyTries(t *testing.T) {
	const accounts = domain.MaxTries + 3
	w := newWorld(t, accounts, slices.Repeat([]turn{refuses(domain.UpstreamRateLimited)}, accounts)...)
	w.options.MaxRetries = accounts
	_, _ = w.complete(streamed("hi"))
	if r := w.record(); r.Attempts != accounts || len(r.Tries) != domain.MaxTries {
		t.Errorf("the record tells %d of %d attempts one by one, want %d of %d", len(r.Tries), r.Attempts, domain.MaxTries, accounts)
	}
}

func TestWhatSessionAnAttemptWasMadeInIsReported(t *testing.T) {
	w := newWorld(t, 1, says("hello"))
	for _, history := range [][]string{{"hi"}, {"hi", "hello", "again"}, {"other", "unknown", "again"}} {
		_, _ = w.complete(streamed(history...))
	}
	w.pool.signIn[w.account(0)] = trouble(domain.CredentialRefused)
	_, _ = w.complete(streamed("hi"))
	var got []domain.SessionUse
	for _, a := range w.ledger.attempts {
		got = append(got, a.Session)
	}
	want := []domain.SessionUse{domain.SessionFresh, domain.SessionContinued, domain.SessionReplayed, domain.SessionNone}
	if !slices.Equal(got, want) {
		t.Errorf("sessions are reported as %v, want %v", got, want)
	}
}

func TestAModelThatNoTableKnowsIsOnRecordAsOther(t *testing.T) {
	w := newWorld(t, 1, says("hello"))
	request := streamed("hi")
	request.Model = "byoi-1"
	_, err := w.complete(request)
	w.expectAnswer(err, "hello")
	if r := w.record(); r.Model != "other" || r.Endpoint != "" { // its id is what the client wrote
		t.Errorf("on record is model %q at %q, want other at nothing", r.Model, r.Endpoint)
	}

	request.Model = "nonsense"
	_, err = w.complete(request)
	w.expectKind(err, domain.ModelNotFound)
	if r := w.record(); r.Model != "other" || r.Endpoint != "" || r.Outcome != domain.OutcomeRejected || r.Attempts != 0 || r.RequestID != "request" || r.Scope != "scope" {
		t.Errorf("on record is %+v", r)
	}
}

func TestTheFirstDeltaOfAnAttemptThatNobodySawDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut, good := breaks(domain.UpstreamCut, "bad"), says("good")
		cut.wait, good.wait = time.Second, time.Second
		w := newWorld(t, 2, cut, good)
		_, err := w.complete(whole("hi"))
		w.expectAnswer(err, "good")
		if got := w.record().FirstDelta; got != 5*time.Second {
			t.Errorf("the first delta is on record after %s, want 5s", got)
		}
	})
}

func TestUsageIsEstimatedWhereThePlatformDidNotSay(t *testing.T) {
	thought := turn{deltas: []*domain.Delta{reasoningDelta("four"), answerDelta("one two"), answerDelta(" six ten")}}
	counted := thought
	counted.usage = domain.Usage{Prompt: 90, Completion: 91, Reasoning: 92, Source: domain.UsageMeasured}
	cut := counted
	cut.end = trouble(domain.UpstreamCut)
	estimated := func(completion, reasoning int) domain.Usage {
		return domain.Usage{Prompt: 5, Completion: completion, Reasoning: reasoning, Source: domain.UsageEstimated}
	}
	for name, c := range map[string]struct {
		turn                 turn
		stop                 []string
		limit                int
		streamed, inOnePiece domain.Usage
	}{
		"the platform counted":          {counted, nil, 0, counted.usage, counted.usage},
		"counted, and the limit fitted": {counted, nil, 5, counted.usage, counted.usage},
		"the platform did not say":      {thought, nil, 0, estimated(5, 1), estimated(5, 1)},
		"ended by a stop text":          {counted, []string{"two"}, 0, estimated(3, 1), estimated(3, 1)},
		"ended by the limit":            {counted, nil, 4, estimated(4, 1), estimated(4, 1)},
		"ended by the limit of one":     {counted, nil, 1, estimated(1, 1), estimated(1, 1)},
		"cut":                           {cut, nil, 0, estimated(5, 1), domain.Usage{}}, // nobody saw the other
		"refused":                       {refuses(domain.UpstreamFault), nil, 0, domain.Usage{}, domain.Usage{}},
	} {
		for want, request := range map[*domain.Usage]domain.ChatRequest{&c.streamed: streamed("hi"), &c.inOnePiece: whole("hi")} {
			w := newWorld(t, 1, c.turn)
			w.options.MaxRetries = 0
			request.Stop, request.MaxTokens = c.stop, c.limit
			if usage, err := w.complete(request); usage != *want {
				t.Errorf("%s, streamed %t: usage is %+v, want %+v (the request ended with %v)", name, request.Stream, usage, *want, err)
			}
			if got := w.client.choice(0).endFollows; got != (want.Source == domain.UsageMeasured) {
				t.Errorf("%s, streamed %t: the end follows at once: %t, though an estimate takes time", name, request.Stream, got)
			}
		}
	}
}

func TestTheFinishReasonSaysWhatEndedTheAnswer(t *testing.T) {
	both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
		for name, c := range map[string]struct {
			stop    []string
			limit   int
			answer  string
			reason  domain.FinishReason
			outcome domain.Outcome
		}{
			"its own end":  {nil, 0, "one two six", domain.FinishStop, domain.OutcomeCompleted},
			"a stop text":  {[]string{"o s", "two"}, 0, "one ", domain.FinishStop, domain.OutcomeCompleted},
			"the limit":    {nil, 2, "one two", domain.FinishLength, domain.OutcomeLength},
			"a limit kept": {nil, 3, "one two six", domain.FinishStop, domain.OutcomeCompleted},
			"both":         {[]string{"six"}, 1, "one", domain.FinishLength, domain.OutcomeLength},
		} {
			w := newWorld(t, 1, says("one", " two", " six"))
			r := request("hi")
			r.Stop, r.MaxTokens = c.stop, c.limit
			_, err := w.complete(r)
			w.expectAnswer(err, c.answer)
			if got := w.got().finished[0]; got != c.reason || w.record().Outcome != c.outcome {
				t.Errorf("%s: finished with %q, outcome %q, want %q and %q", name, got, w.record().Outcome, c.reason, c.outcome)
			}
		}
	})
}
