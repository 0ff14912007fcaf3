package ondemand

import (
	"net/http"
	"strings"

	"ondemand-api-proxy/domain"
)

// operation is what a call is for; the same status means different things.
type operation uint8

const (
	opSignIn operation = iota
	opRefresh
	opOpenSession
	opQuery
	opCatalogue
)

// String names the operation for logs.
func (o operation) String() string {
	return [...]string{"sign-in", "token refresh", "session creation", "query", "catalogue"}[o]
}

// aboutAccount tells whether nothing of a client's request went into the call, so
// that the platform cannot have disliked that.
func (o operation) aboutAccount() bool {
	return o != opQuery
}

// kindOf is the one place where an answer that is no success gets its meaning
// (section 5). said is what the platform said: its message and its error code.
func kindOf(op operation, byKey bool, status int, said string) domain.Kind {
	switch status {
	case http.StatusBadRequest:
		return kindOfBadRequest(op, said)
	case http.StatusUnauthorized:
		if op == opSignIn || byKey {
			return domain.CredentialRefused
		}
		return domain.GrantExpired
	case http.StatusPaymentRequired, http.StatusForbidden:
		return domain.PlanRefused
	case http.StatusNotFound, http.StatusGone:
		return kindOfMissing(op, status)
	case http.StatusRequestTimeout, http.StatusTooEarly:
		return domain.UpstreamFault
	case http.StatusTooManyRequests:
		return domain.UpstreamRateLimited
	}
	if status/100 == 4 && !op.aboutAccount() {
		return domain.UpstreamRejected
	}
	return domain.UpstreamFault
}

func kindOfBadRequest(op operation, said string) domain.Kind {
	switch op {
	case opSignIn:
		return domain.CredentialRefused
	case opRefresh:
		return domain.GrantExpired
	case opCatalogue, opOpenSession:
		return domain.UpstreamFault
	case opQuery:
		if saysSessionGone(said) {
			return domain.SessionGone
		}
	}
	return domain.UpstreamRejected
}

func kindOfMissing(op operation, status int) domain.Kind {
	switch {
	case op == opQuery:
		return domain.SessionGone
	case op == opOpenSession && status == http.StatusNotFound:
		return domain.RouteMissing
	default:
		return domain.UpstreamFault
	}
}

// saysSessionGone recognises the 400 that stands for an expired session. The
// platform has no code for it, so its words have to do.
func saysSessionGone(said string) bool {
	said = strings.ReplaceAll(strings.ToLower(said), "_", " ")
	if !strings.Contains(said, "session") {
		return false
	}
	for _, phrase := range [...]string{
		"expired", "unknown", "not found", "not exist", "n't exist", "no such", "no longer", "invalid session",
	} {
		if strings.Contains(said, phrase) {
			return true
		}
	}
	return false
}

// sentence is what any client may read about a kind.
func sentence(kind domain.Kind) string {
	switch kind {
	case domain.GrantExpired:
		return "The upstream no longer accepts the account's token."
	case domain.CredentialRefused:
		return "The upstream refused the account's credentials."
	case domain.PlanRefused:
		return "The upstream account's plan does not cover this call."
	case domain.UpstreamRateLimited:
		return "The upstream limits the rate of this account."
	case domain.UpstreamSilent:
		return "The upstream did not answer in time."
	case domain.UpstreamCut:
		return "The upstream's answer broke off."
	case domain.SessionGone:
		return "The upstream no longer knows the session."
	case domain.RouteMissing:
		return "The upstream did not find its own route."
	case domain.UpstreamRejected:
		return "The upstream rejected the request."
	case domain.ClientGone:
		return "The request was given up."
	default:
		return "The upstream failed to answer properly."
	}
}
