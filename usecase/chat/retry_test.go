package chat

import (
	"testing"

	"ondemand-api-proxy/domain"
)

func TestThereAreAsManyAttemptsAsAllowedAndNotOneMore(t *testing.T) {
	both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
		for _, retries := range []int{0, 1, 3, 7} {
			for kind, want := range map[domain.Kind]domain.Kind{
				domain.UpstreamFault: domain.UpstreamFailed, domain.UpstreamCut: domain.UpstreamFailed, domain.UpstreamEmpty: domain.UpstreamFailed,
				domain.SessionGone: domain.UpstreamFailed, domain.UpstreamSilent: domain.UpstreamTimeout,
			} {
				w := newWorld(t, 2, refuses(kind))
				w.options.MaxRetries = retries
				_, err := w.complete(request("hi"))
				w.expectKind(err, want)
				w.expectQueries(retries + 1)
				if got := w.got(); got.deltas > 0 || len(got.finished) > 0 {
					t.Errorf("%s: the client got %+v and then an error", kind, got)
				}
				if e := domain.AsError(err); e.RetryAfter != 0 || domain.KindOf(e.Cause) != kind {
					t.Errorf("%s: the error %v does not hold the last failure, or says when to come back", kind, err)
				}
			}
		}
	})
}

func TestFailingToOpenASessionCountsAsAnAttempt(t *testing.T) {
	for _, kind := range []domain.Kind{domain.RouteMissing, domain.UpstreamFault, domain.UpstreamSilent} {
		w := newWorld(t, 2, turn{open: trouble(kind)})
		_, err := w.complete(streamed("hi"))
		if want := map[bool]domain.Kind{true: domain.UpstreamTimeout, false: domain.UpstreamFailed}[kind == domain.UpstreamSilent]; domain.KindOf(err) != want {
			t.Errorf("%s: error is %v, want %s", kind, err, want)
		}
		w.expectQueries(0)
		if got := len(w.pool.leases); got != 4 {
			t.Errorf("%s: %d attempts, want 4", kind, got)
		}
	}
}

func TestSilenceInEveryAttemptIsATimeOutAndElseAFailure(t *testing.T) {
	silent, fault := refuses(domain.UpstreamSilent), refuses(domain.UpstreamFault)
	for name, c := range map[string]struct {
		turns []turn
		want  domain.Kind
	}{
		"all silent":   {[]turn{silent, silent, silent}, domain.UpstreamTimeout},
		"first silent": {[]turn{silent, fault, fault}, domain.UpstreamFailed},
		"last silent":  {[]turn{fault, fault, silent}, domain.UpstreamFailed},
		"one fault":    {[]turn{silent, fault, silent}, domain.UpstreamFailed},
	} {
		w := newWorld(t, 2, c.turns...)
		w.options.MaxRetries = 2
		_, err := w.complete(streamed("hi"))
		if domain.KindOf(err) != c.want {
			t.Errorf("%s: error is %v, want %s", name, err, c.want)
		}
	}
}

func TestEveryAttemptIsInANewSessionOnAnotherAccountFirst(t *testing.T) {
	w := newWorld(t, 3, refuses(domain.UpstreamFault))
	w.options.MaxRetries = 4
	_, _ = w.complete(streamed("hi"))
	w.expectQueries(5)
	accounts, sessions := map[domain.AccountID]bool{}, map[domain.SessionID]bool{}
	for i, q := range w.platform.queries {
		if sessions[q.session] {
			t.Errorf("attempt %d was made in the used session %s", i, q.session)
		}
		if accounts[q.account] && i < 3 {
			t.Errorf("attempt %d was made on account %s again, with others left", i, q.account)
		}
		sessions[q.session], accounts[q.account] = true, true
	}
}

func TestAFaultInAContinuedSessionIsReplayedElsewhere(t *testing.T) {
	for _, kind := range []domain.Kind{domain.UpstreamFault, domain.UpstreamCut, domain.UpstreamSilent, domain.UpstreamEmpty, domain.UpstreamRateLimited} {
		w := newWorld(t, 2, says("hello"), refuses(kind), says("done"))
		_, _ = w.complete(streamed("hi"))
		request := streamed("hi", "hello", "more")
		_, err := w.complete(request)
		w.expectAnswer(err, "done")
		if got := w.platform.queries[2]; got.session == "s1" || got.account != w.account(1) || got.Text != render(request.Messages) {
			t.Errorf("%s: retried with %q in %s of %s, want all of it on the other account", kind, got.Text, got.session, got.account)
		}
		if got := w.record().Attempts; got != 2 {
			t.Errorf("%s: %d attempts on record, want 2", kind, got)
		}
		if _, found := w.sessions.Take(w.tip("scope", request.Messages[:2]), w.record().Began); found {
			t.Errorf("%s: the session is still kept", kind)
		}
	}
}

func TestASessionAtFaultIsReplayedOnceWithoutCountingAsAnAttempt(t *testing.T) {
	both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
		for _, kind := range []domain.Kind{domain.SessionGone, domain.UpstreamRejected} {
			w := newWorld(t, 2, says("hello"), refuses(kind), says("done"))
			w.options.MaxRetries = 0
			_, _ = w.complete(request("hi"))
			next := request("hi", "hello", "more")
			_, err := w.complete(next)
			w.expectAnswer(err, "done")
			if got := w.platform.queries[2]; got.session != "s2" || got.account != w.account(0) || got.Text != render(next.Messages) {
				t.Errorf("%s: replayed with %q in %s of %s, want all of it in s2 of the same account", kind, got.Text, got.session, got.account)
			}
		}
	})
}

func TestAFurtherAttemptGoesIntoNoSessionThatIsKept(t *testing.T) {
	for _, kind := range []domain.Kind{domain.UpstreamFault, domain.SessionGone, domain.UpstreamRejected} {
		w := newWorld(t, 1, says("hello"), refuses(kind), says("done"))
		_, _ = w.complete(streamed("hi"))
		twin := w.sessions.All()[0]
		twin.ID = "another session with this history"
		w.platform.turns[0].first = func() { w.sessions.Keep(twin) }
		_, err := w.complete(streamed("hi", "hello", "more"))
		w.expectAnswer(err, "done")
		if got := w.platform.queries[2].session; got != "s2" {
			t.Errorf("%s: the next attempt went into %q, want a new session", kind, got)
		}
	}
}

func TestAReplayThatFailsTooCounts(t *testing.T) {
	for again, want := range map[domain.Kind]domain.Kind{
		domain.UpstreamRejected: domain.UpstreamRejected, domain.SessionGone: domain.UpstreamFailed, domain.UpstreamFault: domain.UpstreamFailed,
	} {
		w := newWorld(t, 2, says("hello"), refuses(domain.UpstreamRejected), refuses(again))
		w.options.MaxRetries = 0
		_, _ = w.complete(streamed("hi"))
		_, err := w.complete(streamed("hi", "hello", "more"))
		if domain.KindOf(err) != want {
			t.Errorf("%s in the replay: error is %v, want %s", again, err, want)
		}
		if got := len(w.platform.queries); got != 3 {
			t.Errorf("%s in the replay: %d queries, want 3", again, got)
		}
	}
}

func TestARejectedRequestInAFreshSessionIsNotRetried(t *testing.T) {
	both(t, func(t *testing.T, request func(...string) domain.ChatRequest) {
		w := newWorld(t, 2, refuses(domain.UpstreamRejected), says("never asked"))
		_, err := w.complete(request("hi"))
		w.expectKind(err, domain.UpstreamRejected)
		w.expectQueries(1)
		if got := w.record().Outcome; got != domain.OutcomeRejected {
			t.Errorf("the outcome is %s, want %s", got, domain.OutcomeRejected)
		}
	})
}

func TestADefectOfOurOwnIsNotRetried(t *testing.T) {
	w := newWorld(t, 2, turn{query: trouble(domain.Internal)}, says("never asked"))
	_, err := w.complete(streamed("hi"))
	w.expectKind(err, domain.Internal)
	w.expectQueries(1)
}
