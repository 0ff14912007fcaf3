package chat

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"ondemand-api-proxy/domain"
)

// inBubble runs test with a clock of its own.
func inBubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func TestNoAttemptBeginsLaterThanTwiceTheStreamTimeout(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		silent := refuses(domain.UpstreamSilent)
		silent.wait = 50 * time.Second
		w := newWorld(t, 3, silent)
		w.options = Options{MaxRetries: 100, StreamTimeout: time.Minute}
		began := time.Now()
		_, err := w.complete(streamed("hi"))
		w.expectKind(err, domain.UpstreamTimeout)
		w.expectQueries(3) // after 0, 50 and 100 seconds
		if got := time.Since(began); got != 150*time.Second {
			t.Errorf("the request took %s, want 2m30s", got)
		}
	})
}

func TestAPauseThatWouldEndTooLateIsNotMade(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		fault := refuses(domain.UpstreamFault)
		fault.wait = 15 * time.Second
		w := newWorld(t, 1, fault)
		w.options = Options{MaxRetries: 100, RetryDelay: 20 * time.Second, StreamTimeout: 10 * time.Second}
		began := time.Now()
		_, err := w.complete(streamed("hi"))
		w.expectKind(err, domain.UpstreamFailed)
		w.expectQueries(1)
		if got := time.Since(began); got != 15*time.Second {
			t.Errorf("the request took %s, want 15s", got)
		}
	})
}

func TestAFurtherAttemptDoesNotWaitForAnAccountUntilItIsTooLate(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, 2, refuses(domain.UpstreamFault))
		w.pool.last = 1
		w.options = Options{MaxRetries: 3, StreamTimeout: 10 * time.Second}
		began := time.Now()
		_, err := w.complete(streamed("hi"))
		w.expectKind(err, domain.UpstreamFailed)
		w.expectQueries(1)
		if got := time.Since(began); got != 20*time.Second {
			t.Errorf("the request took %s, want 20s", got)
		}
	})
}

func TestARateLimitThatComesBackWithEverySessionEndsTheRequestSoon(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, 4, turn{open: trouble(domain.UpstreamRateLimited)})
		w.pool.forgives = true // as accounts do whose Retry-After is short
		w.options = Options{MaxRetries: 3, RetryDelay: time.Second, StreamTimeout: 2 * time.Minute}
		_, err := w.complete(streamed("hi"))
		w.expectKind(err, domain.AccountsExhausted)
		if got := len(w.pool.leases); got != 8 {
			t.Errorf("%d attempts, want the four free ones and four that count", got)
		}
	})
}

func TestThereIsNoPauseWhileAnotherAccountIsLeft(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, 3, refuses(domain.UpstreamFault))
		w.options = Options{MaxRetries: 5, RetryDelay: time.Second, StreamTimeout: time.Hour}
		_, _ = w.complete(streamed("hi"))
		w.expectPauses([]time.Duration{0, 0, 4 * time.Second, 8 * time.Second, 16 * time.Second})
	})
}

func TestPausesDoubleUpToHalfAMinute(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, 1, refuses(domain.UpstreamFault))
		w.options = Options{MaxRetries: 6, RetryDelay: 3 * time.Second, StreamTimeout: time.Hour}
		_, _ = w.complete(streamed("hi"))
		const most = 30 * time.Second
		w.expectPauses([]time.Duration{3 * time.Second, 6 * time.Second, 12 * time.Second, 24 * time.Second, most, most})
	})
}

func TestPausesStayBoundedHoweverManyAttemptsThereAre(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, 1, refuses(domain.UpstreamFault))
		w.options = Options{MaxRetries: 150, RetryDelay: time.Second, StreamTimeout: 10 * time.Hour}
		_, err := w.complete(streamed("hi"))
		w.expectKind(err, domain.UpstreamFailed)
		pauses := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second}
		for len(pauses) < 150 {
			pauses = append(pauses, 30*time.Second)
		}
		w.expectPauses(pauses)
	})
}

func TestWithoutARetryDelayThereIsNoPause(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, 1, refuses(domain.UpstreamFault))
		_, _ = w.complete(streamed("hi"))
		w.expectPauses([]time.Duration{0, 0, 0})
	})
}

func TestThereIsNoPauseWhenThePoolIsUsedUp(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, 1, refuses(domain.UpstreamRateLimited))
		w.options.RetryDelay = 10 * time.Second
		began := time.Now()
		_, err := w.complete(streamed("hi"))
		w.expectKind(err, domain.AccountsExhausted)
		if got := time.Since(began); got != 0 {
			t.Errorf("the request took %s, want no time", got)
		}
	})
}

func TestAReplayIsMadeAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, 1, says("hello"), refuses(domain.SessionGone), says("done"))
		w.options.RetryDelay = 10 * time.Second
		_, _ = w.complete(streamed("hi"))
		_, err := w.complete(streamed("hi", "hello", "more"))
		w.expectAnswer(err, "done")
		w.expectPauses([]time.Duration{0, 0})
	})
}

func TestAClientThatLeavesEndsThePause(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		w := newWorld(t, 1, refuses(domain.UpstreamFault))
		w.options.RetryDelay = 20 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := w.completeFor(ctx, streamed("hi"))
		w.expectKind(err, domain.ClientGone)
		if got := time.Since(began); got != 3*time.Second {
			t.Errorf("the request took %s, want 3s", got)
		}
		if told, _ := w.told(0); told != domain.UpstreamFault {
			t.Errorf("the first lease was told %s", told)
		}
	})
}

// expectPauses checks the times between the queries: from half of each to all of it.
func (w *world) expectPauses(want []time.Duration) {
	w.t.Helper()
	if got := len(w.platform.queries) - 1; got != len(want) {
		w.t.Fatalf("%d pauses, want %d", got, len(want))
	}
	for i, most := range want {
		if got := w.platform.queries[i+1].at.Sub(w.platform.queries[i].at); got < most/2 || got > most {
			w.t.Errorf("pause %d took %s, want %s to %s", i+1, got, most/2, most)
		}
	}
}
