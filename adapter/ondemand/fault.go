package ondemand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"ondemand-api-proxy/domain"
)

// How much of what the platform said goes into a cause, in bytes.
const (
	maxSaidCode    = 64
	maxSaidMessage = 200
)

// maxRetryAfter is the longest Retry-After that is believed.
const maxRetryAfter = 30 * 24 * time.Hour

// saidError is what the platform said about a failure: safe to log.
type saidError struct {
	status  int    // 0: inside a stream
	code    string // bounded, redacted
	message string // bounded, redacted
}

// Error implements error.
func (e *saidError) Error() string {
	text := "the platform reported a failure"
	if e.status != 0 {
		text = "status " + strconv.Itoa(e.status)
	}
	if e.code != "" {
		text += " (" + e.code + ")"
	}
	if e.message != "" {
		text += ": " + e.message
	}
	return text
}

// failure is the domain error of a call.
func (c *call) failure(kind domain.Kind, cause error) *domain.Error {
	return domain.E(kind, sentence(kind), fmt.Errorf("%s: %w", c.op, cause))
}

// fault is the error of an answer that is no answer.
func (c *call) fault(why string) *domain.Error {
	return c.failure(domain.UpstreamFault, errors.New(why))
}

// refused turns an answer that is no success into its error.
func (c *call) refused(response *http.Response, body []byte) *domain.Error {
	said := parseSaid(body)
	kind := kindOf(c.op, c.byKey(), response.StatusCode, said.Message+" "+said.ErrorCode)
	err := c.failure(kind, said.safe(response.StatusCode, redactorFor(c)))
	if kind == domain.UpstreamRateLimited {
		err.RetryAfter = retryAfter(response.Header)
	}
	return err
}

// broken turns an error of the network into a domain error. parent is the
// caller's context, bounded the one the call ran under.
func (c *call) broken(parent, bounded context.Context, err error) *domain.Error {
	kind, cause := brokenKind(parent, bounded, err, domain.UpstreamFault)
	if kind == domain.ClientGone {
		// Whose leaving it was, client's or shutdown's, is in the caller's own cause.
		return c.failure(kind, cause)
	}
	return c.failure(kind, redactorFor(c).network(cause))
}

// brokenKind tells why a call ended early: our own limit, the caller, a time-out
// of the network, else otherwise.
func brokenKind(parent, bounded context.Context, err error, otherwise domain.Kind) (domain.Kind, error) {
	cause := context.Cause(bounded)
	var timeout net.Error
	switch {
	case errors.Is(cause, errSilent):
		return domain.UpstreamSilent, cause
	case parent.Err() != nil:
		return domain.ClientGone, context.Cause(parent)
	case errors.Is(cause, errClosed):
		return domain.ClientGone, cause
	case errors.As(err, &timeout) && timeout.Timeout():
		return domain.UpstreamSilent, err
	}
	return otherwise, err
}

// said is an error answer as the platform writes it (section 5).
type said struct {
	Message   string `json:"message"`
	ErrorCode string `json:"errorCode"`
}

// parseSaid reads what it can; a page of the CDN says nothing.
func parseSaid(body []byte) said {
	var fields struct{ Message, ErrorCode json.RawMessage }
	if json.Unmarshal(body, &fields) != nil {
		return said{}
	}
	return said{Message: looseText(fields.Message), ErrorCode: looseText(fields.ErrorCode)}
}

// looseText is the text of a JSON string, or a number as it is written.
func looseText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	var number json.Number
	if json.Unmarshal(value, &number) == nil {
		return number.String()
	}
	return ""
}

// safe is what may be kept of it.
func (s said) safe(status int, hide redactor) *saidError {
	return &saidError{
		status:  status,
		code:    hide.text(s.ErrorCode, maxSaidCode),
		message: hide.text(s.Message, maxSaidMessage),
	}
}

// atOnce is what a Retry-After of zero seconds, or of a date that has passed, counts as:
// something was said, so it is not zero.
const atOnce = time.Second

// retryAfter reads the header, in seconds or as a date; zero when it is absent or
// makes no sense. A date is measured by the platform's own clock where it tells it.
func retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	var wait time.Duration
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		now, err := http.ParseTime(header.Get("Date"))
		if err != nil {
			now = time.Now()
		}
		wait = at.Sub(now)
	} else {
		return 0
	}
	if wait > maxRetryAfter {
		return 0
	}
	return max(wait, atOnce)
}
