package domain

import "time"

// Outcome is how a request ended, as the ledger, the metrics and the dashboard say it.
type Outcome string

// The outcomes.
const (
	OutcomeCompleted     Outcome = "completed"
	OutcomeLength        Outcome = "length" // ended by the client's token limit
	OutcomeClientGone    Outcome = "client_gone"
	OutcomeUpstreamCut   Outcome = "upstream_cut"   // stopped after the commit point
	OutcomeUpstreamError Outcome = "upstream_error" // no attempt went well
	OutcomeTimeout       Outcome = "timeout"
	OutcomeRejected      Outcome = "rejected" // a request that could not be served as it was
	OutcomeRateLimited   Outcome = "rate_limited"
	OutcomeNoAccount     Outcome = "no_account"
	OutcomeShutdown      Outcome = "shutdown"
	OutcomeInternal      Outcome = "internal_error"
)

// OutcomeOf tells how a request that returned err ended; reason counts only when err is nil.
func OutcomeOf(err error, reason FinishReason) Outcome {
	if err == nil {
		if reason == FinishLength {
			return OutcomeLength
		}
		return OutcomeCompleted
	}
	switch KindOf(err) {
	case InvalidRequest, Unauthenticated, NotAllowed, ModelNotFound, NotFound, MethodNotAllowed, TooLarge, UpstreamRejected:
		return OutcomeRejected
	case RateLimited, AccountsExhausted, UpstreamRateLimited:
		return OutcomeRateLimited
	case NoAccount, CredentialRefused, PlanRefused, GrantExpired:
		return OutcomeNoAccount
	case UpstreamFailed, UpstreamFault, UpstreamEmpty, SessionGone, RouteMissing:
		return OutcomeUpstreamError
	case UpstreamTimeout, UpstreamSilent:
		return OutcomeTimeout
	case UpstreamCut:
		return OutcomeUpstreamCut
	case Unavailable:
		return OutcomeShutdown
	case ClientGone:
		return OutcomeClientGone
	case Internal:
	}
	return OutcomeInternal
}

// Record is what remains of a request once it has ended. It never holds content.
type Record struct {
	RequestID  string
	Began      time.Time
	Scope      TokenID
	Model      string // the public name, or "other" when the model is not known
	Endpoint   EndpointID
	Account    AccountID // of the last attempt; empty when none was made
	Outcome    Outcome
	Usage      Usage
	FirstDelta time.Duration // zero: none came
	Duration   time.Duration
	Stream     bool
	Attempts   int  // upstream queries begun
	Continued  bool // an upstream session was continued
}
