package chat

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
)

func TestAClientThatIsGoneWhenItsAnswerComes(t *testing.T) {
	for name, hook := range map[string]func(c *client){
		"at the first delta": func(c *client) { c.onDeliver = func(int) error { return errors.New("broken pipe") } },
		"at the second delta": func(c *client) {
			c.onDeliver = func(int) error {
				if c.choice(0).deltas == 2 {
					return errors.New("broken pipe")
				}
				return nil
			}
		},
		"at the end": func(c *client) { c.onFinish = func(int) error { return errors.New("broken pipe") } },
	} {
		both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
			w := newWorld(t, 2, turn{deltas: []*domain.Delta{reasoningDelta("hm"), answerDelta("hello")}})
			hook(w.client)
			_, err := w.complete(request("hi"))
			w.expectKind(err, domain.ClientGone)
			w.expectQueries(1)
			if told, failed := w.told(0); told != domain.ClientGone || !failed {
				t.Errorf("%s: the lease was told %s, want no fault of the account", name, told)
			}
			if got := w.record().Outcome; got != domain.OutcomeClientGone {
				t.Errorf("%s: the outcome is %s", name, got)
			}
			if got := w.record().Usage; got.Source != domain.UsageEstimated || got.Completion == 0 {
				t.Errorf("%s: usage is %+v, want what the upstream sent", name, got)
			}
			if kept := w.sessions.All(); len(kept) != 0 {
				t.Errorf("%s: %d sessions are kept, want none", name, len(kept))
			}
		})
	}
}

func TestARequestWhoseContextEndsIsNoFaultOfTheAccount(t *testing.T) {
	shutdown := trouble(domain.Unavailable)
	for name, c := range map[string]struct {
		cause   error
		want    domain.Kind
		outcome domain.Outcome
	}{
		"the client leaves":    {nil, domain.ClientGone, domain.OutcomeClientGone},
		"the proxy shuts down": {shutdown, domain.Unavailable, domain.OutcomeShutdown},
		"for another reason":   {errors.New("why"), domain.ClientGone, domain.OutcomeClientGone},
	} {
		for when, at := range map[string]turn{
			"before the headers":          {wait: time.Hour},
			"before the first delta":      {hangs: true},
			"in the middle":               {deltas: []*domain.Delta{answerDelta("hel")}, hangs: true},
			"while a fault is on its way": {deltas: []*domain.Delta{answerDelta("hel")}, wait: time.Hour, end: trouble(domain.UpstreamSilent)},
		} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 2, at)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(c.cause) })
				began := time.Now()
				usage, err := w.completeFor(ctx, streamed("hi"))
				w.expectKind(err, c.want)
				if got := time.Since(began); got != time.Second {
					t.Errorf("%s %s: it took %s, want a second", name, when, got)
				}
				w.expectQueries(1)
				if told, failed := w.told(0); told != c.want || !failed {
					t.Errorf("%s %s: the lease was told %s, want %s", name, when, told, c.want)
				}
				if got := w.record().Outcome; got != c.outcome {
					t.Errorf("%s %s: the outcome is %s, want %s", name, when, got, c.outcome)
				}
				if when == "in the middle" && usage != (domain.Usage{Prompt: 5, Completion: 1, Source: domain.UsageEstimated}) {
					t.Errorf("%s %s: usage is %+v, want what the upstream sent", name, when, usage)
				}
			})
		}
	}
}

func TestAClientThatLeavesIsChargedForAnAnswerItNeverSaw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, turn{deltas: []*domain.Delta{reasoningDelta("four"), answerDelta("hello")}, hangs: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		usage, err := w.completeFor(ctx, whole("hi"))
		w.expectKind(err, domain.ClientGone)
		if want := (domain.Usage{Prompt: 5, Completion: 3, Reasoning: 1, Source: domain.UsageEstimated}); usage != want {
			t.Errorf("usage is %+v, want %+v", usage, want)
		}
	})
}

func TestAClientThatIsGoneAtTheEndOfAnAnswerWithoutAWordIsCharged(t *testing.T) {
	w := newWorld(t, 1, says("END"))
	w.client.onFinish = func(int) error { return errors.New("broken pipe") }
	request := streamed("hi")
	request.Stop = []string{"END"}
	usage, err := w.complete(request)
	w.expectKind(err, domain.ClientGone)
	if want := (domain.Usage{Prompt: 5, Completion: 1, Source: domain.UsageEstimated}); usage != want {
		t.Errorf("usage is %+v, want %+v", usage, want)
	}
}

func TestAClientThatLeavesWithItsWholeAnswerWasServed(t *testing.T) {
	w := newWorld(t, 1, says("hello"))
	ctx, cancel := context.WithCancel(t.Context())
	w.client.onFinish = func(int) error { cancel(); return nil }
	_, err := w.completeFor(ctx, streamed("hi"))
	w.expectAnswer(err, "hello")
	if kind, failed := w.told(0); failed {
		t.Errorf("the lease was told %s, want that all went well", kind)
	}
	if err := w.ledger.attempts[0].Err; err != nil || w.record().Outcome != domain.OutcomeCompleted {
		t.Errorf("the attempt ended with %v, the request as %s", err, w.record().Outcome)
	}
}
