package openai

import (
	"net/http"
	"strconv"
	"time"

	"ondemand-api-proxy/domain"
)

// StatusClientGone is the status nobody reads any more, as nginx counts it.
const StatusClientGone = 499

// FromError returns the answer to a request that failed: its status, its headers
// (Content-Type, and what tells a client when to come back), and OpenAI's error
// envelope. Only the message is told, never the cause.
func FromError(err *domain.Error) (status int, header http.Header, body []byte) {
	c := classify(err)
	if err.Code != "" {
		c.code = err.Code
	}
	header = http.Header{"Content-Type": {"application/json"}}
	if err.Kind == domain.QuotaExceeded {
		header.Set("x-should-retry", "false") // not before tomorrow
	}
	switch c.status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		header.Set("Retry-After", strconv.FormatInt(seconds(err.RetryAfter, c.retryAfter), 10))
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		// OpenAI's client libraries would repeat what was repeated here already.
		header.Set("x-should-retry", "false")
	}
	return c.status, header, appendError(nil, err, c)
}

// class is how OpenAI's API tells of a kind of error.
type class struct {
	status     int
	kind       string // the envelope's "type"
	code       string // empty: null
	retryAfter time.Duration
}

// OpenAI's types of errors.
const (
	typeRequest    = "invalid_request_error"
	typeToken      = "authentication_error"
	typePermission = "permission_error"
	typeRateLimit  = "rate_limit_error"
	typeServer     = "server_error"
)

// codeQuota is OpenAI's word, for both type and code.
const codeQuota = "insufficient_quota"

// noAccountRetry is when to come back if no account is usable and nobody knows for
// how long: rarely does that end by itself.
const noAccountRetry = time.Minute

// classify is the one place where kinds become statuses. The kinds of single
// attempts are usually hidden or turned into another by the interactor.
func classify(err *domain.Error) class {
	switch err.Kind {
	case domain.InvalidRequest:
		return class{status: http.StatusBadRequest, kind: typeRequest}
	case domain.UpstreamRejected:
		return class{status: http.StatusBadRequest, kind: typeRequest, code: "upstream_rejected"}
	case domain.Unauthenticated:
		return class{status: http.StatusUnauthorized, kind: typeToken, code: "invalid_api_key"}
	case domain.NotAllowed:
		return class{status: http.StatusForbidden, kind: typePermission, code: "permission_denied"}
	case domain.ModelNotFound:
		return class{status: http.StatusNotFound, kind: typeRequest, code: "model_not_found"}
	case domain.NotFound:
		return class{status: http.StatusNotFound, kind: typeRequest, code: "not_found"}
	case domain.MethodNotAllowed:
		return class{status: http.StatusMethodNotAllowed, kind: typeRequest, code: "method_not_allowed"}
	case domain.TooLarge:
		return class{status: http.StatusRequestEntityTooLarge, kind: typeRequest, code: "request_too_large"}
	case domain.RateLimited:
		return class{status: http.StatusTooManyRequests, kind: typeRateLimit, code: "rate_limit_exceeded"}
	case domain.QuotaExceeded:
		return class{status: http.StatusTooManyRequests, kind: codeQuota, code: codeQuota}
	case domain.AccountsExhausted, domain.UpstreamRateLimited:
		return class{status: http.StatusTooManyRequests, kind: typeRateLimit, code: "accounts_exhausted"}
	case domain.NoAccount, domain.CredentialRefused, domain.PlanRefused, domain.GrantExpired:
		return class{
			status: http.StatusServiceUnavailable, kind: typeServer,
			code: "no_account_available", retryAfter: noAccountRetry,
		}
	case domain.Overloaded:
		return class{status: http.StatusServiceUnavailable, kind: typeServer, code: "overloaded"}
	case domain.Unavailable:
		return class{status: http.StatusServiceUnavailable, kind: typeServer, code: "unavailable"}
	case domain.UpstreamFailed, domain.UpstreamFault, domain.UpstreamCut, domain.UpstreamEmpty,
		domain.SessionGone, domain.RouteMissing:
		return class{status: http.StatusBadGateway, kind: typeServer, code: "upstream_error"}
	case domain.UpstreamTimeout, domain.UpstreamSilent:
		return class{status: http.StatusGatewayTimeout, kind: typeServer, code: "upstream_timeout"}
	case domain.ClientGone:
		return class{status: StatusClientGone, kind: typeRequest, code: "client_gone"}
	case domain.Internal:
	}
	return class{status: http.StatusInternalServerError, kind: typeServer, code: "internal_error"}
}

// appendError appends the envelope.
func appendError(dst []byte, err *domain.Error, c class) []byte {
	message := err.Message
	if message == "" {
		message = "The request failed."
	}
	dst = append(dst, `{"error":{"message":`...)
	dst = appendString(dst, message)
	dst = append(dst, `,"type":`...)
	dst = appendString(dst, c.kind)
	dst = append(dst, `,"param":`...)
	dst = appendOptional(dst, err.Param)
	dst = append(dst, `,"code":`...)
	dst = appendOptional(dst, c.code)
	return append(dst, "}}"...)
}

func appendOptional(dst []byte, text string) []byte {
	if text == "" {
		return append(dst, "null"...)
	}
	return appendString(dst, text)
}

// seconds rounds a wait up to whole seconds, at least one; fallback counts when the
// wait is not known.
func seconds(wait, fallback time.Duration) int64 {
	if wait <= 0 {
		wait = fallback
	}
	whole := wait / time.Second
	if wait%time.Second > 0 {
		whole++
	}
	return max(int64(whole), 1)
}
