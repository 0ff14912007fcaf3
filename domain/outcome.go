package domain

import "time"

// Outcome is how a request ended, as the ledger, the metrics and the dashboard say it.
type Outcome string

// The outcomes.
const (
	OutcomeCompleted     Outcome = "completed"
	OutcomeLength        Outcome = "length" // ended by the client's token limit
	OutcomeClientGone    Outcome = "client_gone"
	OutcomeUpstreamCut   Outcome = "upstream_cut"   // the answer broke off
	OutcomeUpstreamError Outcome = "upstream_error" // the platform reported a fault, in every attempt or within the answer
	OutcomeTimeout       Outcome = "timeout"
	OutcomeRejected      Outcome = "rejected" // a request that could not be served as it was
	OutcomeRateLimited   Outcome = "rate_limited"
	OutcomeNoAccount     Outcome = "no_account"
	OutcomeOverloaded    Outcome = "overloaded" // the proxy had too many requests at once
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
	case RateLimited, QuotaExceeded, AccountsExhausted, UpstreamRateLimited:
		return OutcomeRateLimited
	case NoAccount, CredentialRefused, PlanRefused, GrantExpired:
		return OutcomeNoAccount
	case UpstreamFailed, UpstreamFault, UpstreamEmpty, SessionGone, RouteMissing:
		return OutcomeUpstreamError
	case UpstreamTimeout, UpstreamSilent:
		return OutcomeTimeout
	case UpstreamCut:
		return OutcomeUpstreamCut
	case Overloaded:
		return OutcomeOverloaded
	case Unavailable:
		return OutcomeShutdown
	case ClientGone:
		return OutcomeClientGone
	case Internal:
	}
	return OutcomeInternal
}

// OtherModel stands for every model that no table knows: names that clients invent must
// not become labels or series.
const OtherModel = "other"

// Record is what remains of a request once it has ended. It never holds content.
type Record struct {
	RequestID  string
	Began      time.Time
	Scope      TokenID
	Model      string     // the public name, or OtherModel; empty: it was no completion
	Endpoint   EndpointID // empty for a model that is not known
	Account    AccountID  // of the last attempt; empty when none was made
	Outcome    Outcome
	Status     int // of the HTTP answer
	Usage      Usage
	FirstDelta time.Duration // zero: none came
	Duration   time.Duration
	Stream     bool
	Attempts   int   // upstream queries begun
	Tries      []Try // attempts one by one, choice after choice; at most MaxTries
	Continued  bool  // an upstream session was continued
}

// MaxTries bounds the tries that a record tells one by one.
const MaxTries = 32

// Try is what the record of a request tells of one attempt.
type Try struct {
	Choice  int // which answer of the request it was for
	Account AccountID
	Session SessionUse
	Result  string        // as Attempt.Result
	Began   time.Duration // after the request
	Took    time.Duration
}

// Attempt is what remains of one attempt at answering a choice.
type Attempt struct {
	RequestID string
	Account   Account
	Session   SessionUse
	Kept      bool  // the session may go on
	Err       error // nil: it went well
}

// ResultOK is the result of an attempt that went well.
const ResultOK = "ok"

// Result is a word of a closed set: ResultOK, or the kind of the error.
func (a Attempt) Result() string {
	if a.Err == nil {
		return ResultOK
	}
	return KindOf(a.Err).String()
}

// SessionUse tells what kind of upstream session an attempt was made in.
type SessionUse uint8

// The uses of sessions.
const (
	// SessionNone: the attempt failed before it had one.
	SessionNone SessionUse = iota
	// SessionFresh is a new session for a conversation that begins.
	SessionFresh
	// SessionContinued is one that has seen the conversation before.
	SessionContinued
	// SessionReplayed is a new session for a conversation that began before.
	SessionReplayed
)

// String returns the use as metrics name it.
func (u SessionUse) String() string {
	switch u {
	case SessionNone:
		return "none"
	case SessionFresh:
		return "fresh"
	case SessionContinued:
		return "continued"
	case SessionReplayed:
		return "replayed"
	}
	return "unknown"
}
