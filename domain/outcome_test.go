package domain

import (
	"errors"
	"fmt"
	"testing"
)

func TestEveryKindHasItsOutcome(t *testing.T) {
	want := map[Kind]Outcome{
		Internal: OutcomeInternal, InvalidRequest: OutcomeRejected, Unauthenticated: OutcomeRejected, NotAllowed: OutcomeRejected,
		ModelNotFound: OutcomeRejected, NotFound: OutcomeRejected, MethodNotAllowed: OutcomeRejected, TooLarge: OutcomeRejected,
		RateLimited: OutcomeRateLimited, QuotaExceeded: OutcomeRateLimited, Overloaded: OutcomeOverloaded, AccountsExhausted: OutcomeRateLimited, NoAccount: OutcomeNoAccount,
		UpstreamFailed: OutcomeUpstreamError, UpstreamTimeout: OutcomeTimeout, Unavailable: OutcomeShutdown, ClientGone: OutcomeClientGone,
		GrantExpired: OutcomeNoAccount, CredentialRefused: OutcomeNoAccount, PlanRefused: OutcomeNoAccount,
		UpstreamRateLimited: OutcomeRateLimited, UpstreamFault: OutcomeUpstreamError, UpstreamSilent: OutcomeTimeout,
		UpstreamCut: OutcomeUpstreamCut, UpstreamEmpty: OutcomeUpstreamError, SessionGone: OutcomeUpstreamError,
		RouteMissing: OutcomeUpstreamError, UpstreamRejected: OutcomeRejected,
	}
	for _, k := range allKinds() {
		for _, reason := range []FinishReason{"", FinishStop, FinishLength} {
			if got := OutcomeOf(fmt.Errorf("wrapped: %w", E(k, "m", nil)), reason); got != want[k] {
				t.Errorf("%s with finish reason %q ends as %q, want %q", k, reason, got, want[k])
			}
		}
	}
}

func TestWhatIsNoErrorOfOursEndsAsInternal(t *testing.T) {
	for name, err := range map[string]error{"foreign error": errors.New("x"), "kind that does not exist": E(Kind(255), "m", nil)} {
		if got := OutcomeOf(err, FinishStop); got != OutcomeInternal {
			t.Errorf("%s ends as %q, want %q", name, got, OutcomeInternal)
		}
	}
}

func TestWithoutErrorTheFinishReasonDecides(t *testing.T) {
	for reason, want := range map[FinishReason]Outcome{FinishStop: OutcomeCompleted, FinishLength: OutcomeLength, "": OutcomeCompleted} {
		if got := OutcomeOf(nil, reason); got != want {
			t.Errorf("finish reason %q ends as %q, want %q", reason, got, want)
		}
	}
}
