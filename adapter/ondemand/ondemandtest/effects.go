package ondemandtest

import (
	"net/http"
	"strconv"
	"time"
)

// Reply answers with this status, content type and body instead of serving the call.
// A query that is answered with 4xx was not carried out; with anything else it was,
// and stands in its session.
func Reply(status int, contentType, body string) Effect {
	return instead(status < 400 || status >= 500, func(x *exchange) {
		x.reply(status, contentType, []byte(body))
	})
}

// Status answers with an error as the platform words it.
func Status(status int) Effect {
	code := "invalid_request"
	switch {
	case status == http.StatusUnauthorized:
		code = "unauthorized"
	case status == http.StatusTooManyRequests:
		code = "rate_limit_exceeded"
	case status >= http.StatusInternalServerError:
		code = "server_error"
	case status >= http.StatusPaymentRequired && status <= http.StatusForbidden:
		code = "forbidden"
	case status == http.StatusNotFound:
		code = "not_found"
	}
	return Refusal(status, either(http.StatusText(status), "Upstream error"), code)
}

// Refusal answers with {"message","errorCode"}.
func Refusal(status int, message, code string) Effect {
	return instead(status < 400 || status >= 500, func(x *exchange) {
		x.refuse(&refusal{status, message, code})
	})
}

// NoRoute is the transient 404 of session creation (protocol section 3).
func NoRoute() Effect { return instead(false, func(x *exchange) { x.refuse(noRoute()) }) }

// SessionExpired is the 400 that says that the session is gone.
func SessionExpired() Effect { return instead(false, func(x *exchange) { x.refuse(sessionExpired()) }) }

// CDNPage is the HTML page of the CDN in front: 502, 520 to 524.
func CDNPage(status int) Effect {
	code := strconv.Itoa(status)
	return Reply(status, "text/html; charset=UTF-8", "<!DOCTYPE html>\n<html><head><title>api.on-demand.io | "+code+
		"</title></head>\n<body><h1>Error "+code+"</h1><p>The web server reported an error.</p></body></html>\n")
}

// BrokenJSON answers 200 with JSON that stops in the middle.
func BrokenJSON() Effect {
	return Reply(http.StatusOK, "application/json; charset=utf-8", `{"message":"ok","data":{"id":"6a5`)
}

// EmptyBody answers 200 with nothing.
func EmptyBody() Effect { return Reply(http.StatusOK, "application/json; charset=utf-8", "") }

// Reset resets the connection, before the answer or within it.
func Reset() Effect { return instead(true, func(x *exchange) { x.drop(true) }) }

// Hangup closes the connection without an answer, or within it without its proper end.
func Hangup() Effect { return instead(true, func(x *exchange) { x.drop(false) }) }

// Raw sends this text in the place of an HTTP answer, byte by byte if SlowBytes says so,
// and closes the connection.
func Raw(text string) Effect { return instead(true, func(x *exchange) { x.raw(text) }) }

// Hang is silence until the client leaves or the simulator closes.
func Hang() Effect { return instead(true, func(x *exchange) { x.hang() }) }

// Pause waits before serving the call; within a stream it is a pause with heartbeats,
// if the pace has any. The call goes on afterwards.
func Pause(d time.Duration) Effect { return func(p *plan) { p.pause += d } }

// SlowBytes sends the rest of the body byte by byte, with a pause after each.
func SlowBytes(pause time.Duration) Effect {
	return func(p *plan) { p.byteWise, p.bytePause = true, pause }
}

// Header sets a header of the answer, whatever it will be.
func Header(key, value string) Effect {
	return func(p *plan) {
		p.headers = append(p.headers, func(h http.Header) { h.Set(key, value) })
	}
}

// ContentType gives the answer, otherwise as it would be, another content type.
func ContentType(value string) Effect { return Header("Content-Type", value) }

// RetryAfter sets the header Retry-After, in seconds, rounded up.
func RetryAfter(d time.Duration) Effect { return Header("Retry-After", seconds(d)) }

// RetryAfterDate sets the header Retry-After to a date, this far from when the call
// is answered. Such dates have whole seconds only.
func RetryAfterDate(d time.Duration) Effect {
	return func(p *plan) {
		p.headers = append(p.headers, func(h http.Header) {
			h.Set("Retry-After", time.Now().Add(d).UTC().Format(http.TimeFormat))
		})
	}
}

// Using shapes the answer to this query differently.
func Using(wire Wire) Effect { return func(p *plan) { p.wire = &wire } }

// Paced gives the answer to this query another speed.
func Paced(pace Pace) Effect { return func(p *plan) { p.pace = &pace } }

// Answering answers this query without asking the model.
func Answering(answer Answer) Effect { return func(p *plan) { p.answer = &answer } }

// EmptyAnswer ends properly without having said anything.
func EmptyAnswer() Effect { return Answering(Answer{}) }

// ReasoningOnly ends properly after some reasoning, without any text.
func ReasoningOnly(reasoning string) Effect { return Answering(Answer{Reasoning: reasoning}) }
