package chat

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
)

func several(n int, request domain.ChatRequest) domain.ChatRequest {
	request.Choices = n
	return request
}

// answers returns what the client has of all choices, in order of the alphabet.
func (w *world) answers() []string {
	var all []string
	for _, got := range w.client.choices {
		all = append(all, got.answer)
	}
	slices.Sort(all)
	return all
}

func TestChoicesWaitForEachOtherWhereAccountsTakeFewAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := says("a")
		slow.wait = 20 * time.Second // 20 to the query, 20 to the delta, 20 to the end
		w := newWorld(t, 1, slow)
		w.pool.room = 1
		if _, err := w.complete(several(3, streamed("hi"))); err != nil {
			t.Fatalf("the choices gave up on their own siblings: %v", err)
		}
		if got := w.answers(); !slices.Equal(got, []string{"a", "a", "a"}) {
			t.Errorf("got %q, want three answers", got)
		}
	})
}

func TestChoicesAreAnsweredAtTheSameTime(t *testing.T) {
	both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 2)
			for _, text := range []string{"a", "b", "c"} {
				slow := says(text)
				slow.wait = time.Second
				w.platform.turns = append(w.platform.turns, slow)
			}
			began := time.Now()
			if _, err := w.complete(several(3, request("hi"))); err != nil {
				t.Fatal(err)
			}
			if got := time.Since(began); got != 3*time.Second {
				t.Errorf("three choices took %s, want as long as one: 3s", got)
			}
			if got := w.answers(); !slices.Equal(got, []string{"a", "b", "c"}) {
				t.Errorf("answers are %q", got)
			}
			for i := range 3 {
				if got := w.client.choice(i).finished; len(got) != 1 || got[0] != domain.FinishStop || w.client.choice(i).endFollows {
					t.Errorf("choice %d finished with %v", i, got)
				}
			}
			w.expectQueries(3)
		})
	})
}

func TestAChoiceThatFailsForGoodEndsTheOthers(t *testing.T) {
	both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
		synctest.Test(t, func(t *testing.T) {
			rejected := refuses(domain.UpstreamRejected)
			rejected.wait = time.Second
			w := newWorld(t, 1, rejected, turn{deltas: []*domain.Delta{answerDelta("hello")}, hangs: true})
			_, err := w.complete(several(3, request("hi")))
			w.expectKind(err, domain.UpstreamRejected)
			if got := w.record().Outcome; got != domain.OutcomeRejected {
				t.Errorf("the outcome is %s, want that of the choice that failed", got)
			}
			told := map[domain.Kind]int{}
			for i := range w.pool.leases {
				kind, _ := w.told(i)
				told[kind]++
			}
			if told[domain.UpstreamRejected] != 1 || told[domain.ClientGone] != 2 {
				t.Errorf("leases were told %v, want one refusal and no fault", told)
			}
		})
	})
}

func TestEveryChoiceHasAttemptsOfItsOwn(t *testing.T) {
	w := newWorld(t, 2, refuses(domain.UpstreamFault), refuses(domain.UpstreamFault), refuses(domain.UpstreamFault), says("hello"))
	w.options.MaxRetries = 3
	if _, err := w.complete(several(2, streamed("hi"))); err != nil {
		t.Fatal(err)
	}
	w.expectQueries(5)
	if got := w.answers(); !slices.Equal(got, []string{"hello", "hello"}) {
		t.Errorf("answers are %q", got)
	}
}

func TestUsageOfChoicesAddsUpWithThePromptOnce(t *testing.T) {
	counted := says("hello")
	counted.usage = domain.Usage{Prompt: 10, Completion: 5, Reasoning: 2, Source: domain.UsageMeasured}
	w := newWorld(t, 1, counted)
	usage, err := w.complete(several(3, streamed("hi")))
	if want := (domain.Usage{Prompt: 10, Completion: 15, Reasoning: 6, Source: domain.UsageMeasured}); err != nil || usage != want {
		t.Errorf("usage is %+v, error %v, want %+v", usage, err, want)
	}

	w = newWorld(t, 1, counted, says("eight bytes"))
	usage, err = w.complete(several(2, streamed("hi")))
	if want := (domain.Usage{Prompt: 5, Completion: 5 + 4, Reasoning: 2, Source: domain.UsageEstimated}); err != nil || usage != want {
		t.Errorf("with one estimate usage is %+v, error %v, want %+v", usage, err, want)
	}
}

func TestAtMostOneChoiceGoesOnInTheSession(t *testing.T) {
	w := newWorld(t, 1, says("hello"), says("a"), says("b"), says("c"))
	_, _ = w.complete(streamed("hi"))
	request := several(3, streamed("hi", "hello", "more"))
	if _, err := w.complete(request); err != nil {
		t.Fatal(err)
	}
	continued := 0
	for _, q := range w.platform.queries[1:] {
		switch {
		case q.session == "s1" && q.Text == "more":
			continued++
		case q.session == "s1" || q.Text != render(request.Messages):
			t.Errorf("%q was sent into %s", q.Text, q.session)
		}
	}
	if continued != 1 || !w.record().Continued {
		t.Errorf("%d choices went on in the session, on record %t, want one", continued, w.record().Continued)
	}
	if got := len(w.sessions.All()); got != 3 {
		t.Errorf("%d sessions are kept, want one for each answer", got)
	}
}

func TestTheRecordOfSeveralChoices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fast, slow := says("one"), says("one two three four")
		fast.wait, slow.wait = time.Second, time.Minute
		w := newWorld(t, 1, fast, slow)
		request := several(2, streamed("hi"))
		request.MaxTokens = 3
		if _, err := w.complete(request); err != nil {
			t.Fatal(err)
		}
		if r := w.record(); r.Outcome != domain.OutcomeLength || r.FirstDelta != 2*time.Second || r.Duration != 2*time.Minute || r.Attempts != 2 {
			t.Errorf("on record are %s, first delta after %s, %s in all, %d attempts; want length, 2s, 2m0s, 2", r.Outcome, r.FirstDelta, r.Duration, r.Attempts)
		}
	})
}

func TestAClientThatIsGoneForOneChoiceIsGoneForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, says("hello"), turn{hangs: true})
		w.client.onDeliver = func(int) error { return errors.New("broken pipe") }
		_, err := w.complete(several(3, streamed("hi")))
		w.expectKind(err, domain.ClientGone)
		for i := range w.pool.leases {
			if told, _ := w.told(i); told != domain.ClientGone {
				t.Errorf("lease %d was told %s", i, told)
			}
		}
	})
}
