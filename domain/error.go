package domain

import (
	"errors"
	"time"
)

// Kind classifies an error by what has to be done about it. The first group is
// what clients are told; the second is what one upstream call can end with, which
// the interactor turns into one of the first group or hides by trying again.
type Kind uint8

// What clients are told.
const (
	Internal          Kind = iota // a defect of the proxy itself
	InvalidRequest                // the request is malformed; Param names where
	Unauthenticated               // no or wrong access token
	NotAllowed                    // the access token may not do this
	ModelNotFound                 // no such model
	NotFound                      // no such route
	MethodNotAllowed              // the route exists, not with this method
	TooLarge                      // the body is over the limit
	RateLimited                   // the proxy's own rate limit
	QuotaExceeded                 // the access token has used up its tokens of today
	Overloaded                    // more requests at once than the proxy may serve
	AccountsExhausted             // every account rests for a rate limit or is busy
	NoAccount                     // no usable account: none configured, or all out
	UpstreamFailed                // the upstream failed in every attempt
	UpstreamTimeout               // the upstream was silent in every attempt
	Unavailable                   // shutting down
	ClientGone                    // the client left; nobody is told
)

// What one upstream call can end with.
const (
	// GrantExpired is a 401: the token has to be renewed and the call made again.
	GrantExpired Kind = iota + 32
	// CredentialRefused means that signing in was refused, or a fresh token or a key was.
	CredentialRefused
	// PlanRefused is a 402 or 403: plan, credit, or a blocked account.
	PlanRefused
	// UpstreamRateLimited is a 429; RetryAfter is set when the platform named it.
	UpstreamRateLimited
	// UpstreamFault is a 5xx, a page of the CDN, a refused or reset connection, or
	// an answer that is no answer.
	UpstreamFault
	// UpstreamSilent means that nothing came for the time allowed.
	UpstreamSilent
	// UpstreamCut is an answer that stopped before its end.
	UpstreamCut
	// UpstreamEmpty is an answer that ended properly and held no text.
	UpstreamEmpty
	// SessionGone means that the upstream no longer knows the session.
	SessionGone
	// RouteMissing is the platform's passing 404 on creating a session.
	RouteMissing
	// UpstreamRejected is a 400: the platform does not like the request itself.
	UpstreamRejected
)

// IsFault tells whether the kind is trouble of the network or the platform, which
// rests an account briefly and is worth another attempt.
func (k Kind) IsFault() bool {
	switch k {
	case UpstreamFault, UpstreamSilent, UpstreamCut, UpstreamEmpty:
		return true
	default:
		return false
	}
}

// IsAccountTrouble tells whether the kind takes the account away for a while, so
// that the next attempt has to go to another one.
func (k Kind) IsAccountTrouble() bool {
	switch k {
	case CredentialRefused, PlanRefused, UpstreamRateLimited:
		return true
	default:
		return false
	}
}

// String returns the kind as logs and the ledger name it.
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return "unknown"
}

var kindNames = map[Kind]string{
	Internal: "internal", InvalidRequest: "invalid_request", Unauthenticated: "unauthenticated",
	NotAllowed: "not_allowed", ModelNotFound: "model_not_found", NotFound: "not_found",
	MethodNotAllowed: "method_not_allowed", TooLarge: "too_large", RateLimited: "rate_limited", QuotaExceeded: "quota_exceeded", Overloaded: "overloaded",
	AccountsExhausted: "accounts_exhausted", NoAccount: "no_account", UpstreamFailed: "upstream_failed",
	UpstreamTimeout: "upstream_timeout", Unavailable: "unavailable", ClientGone: "client_gone",
	GrantExpired: "grant_expired", CredentialRefused: "credential_refused", PlanRefused: "plan_refused",
	UpstreamRateLimited: "upstream_rate_limited", UpstreamFault: "upstream_fault",
	UpstreamSilent: "upstream_silent", UpstreamCut: "upstream_cut", UpstreamEmpty: "upstream_empty",
	SessionGone: "session_gone", RouteMissing: "route_missing", UpstreamRejected: "upstream_rejected",
}

// Error is the one error type of the product. Message is a whole sentence of our
// own that any client may read: it never holds upstream text, an address, a URL,
// or anything of a credential. Cause is for the log.
type Error struct {
	Kind       Kind
	Message    string
	Param      string        // the field at fault, for InvalidRequest
	Code       string        // overrides the code that clients see for the kind
	RetryAfter time.Duration // when to come back; zero: not known
	Cause      error
}

// E returns an Error of this kind that says message and was caused by cause (may be nil).
func E(kind Kind, message string, cause error) *Error {
	return &Error{Kind: kind, Message: message, Cause: cause}
}

// Invalid returns an InvalidRequest error about the field param.
func Invalid(param, message string) *Error {
	return &Error{Kind: InvalidRequest, Message: message, Param: param}
}

// Unsupported returns an InvalidRequest error about the field param, which is well
// formed and asks for something this product does not do.
func Unsupported(param, message string) *Error {
	return &Error{Kind: InvalidRequest, Message: message, Param: param, Code: "unsupported_parameter"}
}

// Error implements error; the cause is included, so it belongs in logs only.
func (e *Error) Error() string {
	text := e.Kind.String() + ": " + e.Message
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// AsError returns the domain error inside err, or wraps err as Internal. It
// returns nil only for nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return E(Internal, "The proxy met an error of its own.", err)
}

// KindOf returns the kind of err, Internal when it is no domain error, or none at all.
func KindOf(err error) Kind {
	if e := AsError(err); e != nil {
		return e.Kind
	}
	return Internal
}
