package main_test

import (
	"slices"
	"strings"
	"time"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

// place is where in the life of a request a fault comes.
type place string

const (
	atSignIn      place = "Sign-in"
	atRefresh     place = "Token refresh"
	atSession     place = "Session creation"
	atQuery       place = "Query headers"
	beforeFirst   place = "Before the first delta"
	betweenDeltas place = "Between deltas"
	beforeDone    place = "Before [DONE]"
	afterDone     place = "After [DONE]"
)

// places are all of them, in the order in which a request comes to them.
func places() []place {
	return []place{atSignIn, atRefresh, atSession, atQuery, beforeFirst, betweenDeltas, beforeDone, afterDone}
}

// operation is the call that meets a fault.
func (p place) operation() sim.Operation {
	switch p {
	case atSignIn:
		return sim.SignIn
	case atRefresh:
		return sim.Refresh
	case atSession:
		return sim.NewSession
	default:
		return sim.Query
	}
}

// precedes is the call right before, which goes well.
func (p place) precedes() sim.Operation {
	switch p {
	case atSignIn:
		return sim.Refresh
	case atQuery:
		return sim.NewSession
	default:
		return ""
	}
}

// inStream tells that the answer's head is out.
func (p place) inStream() bool {
	return slices.Contains([]place{beforeFirst, betweenDeltas, beforeDone, afterDone}, p)
}

// forPasswords tells that an account with a key never comes here.
func (p place) forPasswords() bool { return p == atSignIn || p == atRefresh }

// deltasBetween is how many deltas are out when something happens between deltas.
const deltasBetween = 3

// effect is what a fault does at the place; nil: it is made in the network.
func (p place) effect(f fault) sim.Effect {
	do := f.effect(p)
	switch {
	case do == nil || f == emptyBody || f == emptyAnswer:
		return do
	case p == beforeFirst:
		return sim.AfterDeltas(0, do)
	case p == betweenDeltas:
		return sim.AfterDeltas(deltasBetween, do)
	case p == beforeDone:
		return sim.BeforeDone(do)
	case p == afterDone:
		return sim.OnceDone(do)
	}
	return do
}

// fault is what goes wrong.
type fault string

const (
	unreached      fault = "connection refused"
	tlsFailure     fault = "TLS failure"
	reset          fault = "connection reset"
	hangUp         fault = "connection closed"
	silence        fault = "silence"
	slowBytes      fault = "slow bytes"
	redirect       fault = "302"
	status400      fault = "400"
	status401      fault = "401"
	status401Again fault = "401, again with a new token"
	status402      fault = "402"
	status403      fault = "403"
	status404      fault = "404"
	status404Again fault = "404, four times and more"
	status429      fault = "429"
	status429Timed fault = "429 with Retry-After"
	status500      fault = "500"
	page502        fault = "502, HTML"
	page520        fault = "520, HTML"
	page200        fault = "200, HTML"
	malformedHTTP  fault = "malformed HTTP"
	malformedJSON  fault = "malformed JSON"
	malformedFrame fault = "malformed frame"
	endless        fault = "without end"
	wrongType      fault = "wrong content type"
	emptyBody      fault = "empty body"
	emptyAnswer    fault = "empty answer, [DONE]"
	cutOff         fault = "end without [DONE]"
	errorWithin    fault = "error within a 200"
	failedWithin   fault = "status failed within a 200"
)

// faults are all of them, in the order of the document.
func faults() []fault {
	return []fault{
		unreached, tlsFailure, reset, hangUp, silence, slowBytes, redirect, status400, status401, status401Again, status402, status403,
		status404, status404Again, status429, status429Timed, status500, page502, page520, page200, malformedHTTP, malformedJSON,
		malformedFrame, endless, wrongType, emptyBody, emptyAnswer, cutOff, errorWithin, failedWithin,
	}
}

// cannotOccur tells why a fault cannot come at a place of an account's request; empty: it can.
func (p place) cannotOccur(f fault, kind accountKind) string {
	switch {
	case kind == byKey && p.forPasswords():
		return "An account with a key never signs in."
	case f == status401Again && (p != atSession && p != atQuery || kind == byKey):
		return "Only a call with a token is made again with a new one."
	case f == status404Again && p != atSession:
		return "Only opening a session is tried again after a 404."
	case f == emptyAnswer && p != beforeFirst:
		return "An answer is empty only as long as no delta has come."
	case f == emptyBody && p.inStream() && p != beforeFirst:
		return "The body holds something already."
	case f == cutOff && (!p.inStream() || p == afterDone), f == malformedFrame && !p.inStream():
		return "There is no stream yet, or none any more."
	case p.inStream() && !slices.Contains(withinStreams(), f):
		return "The connection stands, and status and headers are out."
	}
	return ""
}

// withinStreams are the faults that can come once an answer has begun.
func withinStreams() []fault {
	return []fault{
		reset, hangUp, silence, slowBytes, malformedJSON, malformedFrame, endless, emptyBody, emptyAnswer, cutOff, errorWithin, failedWithin,
	}
}

// Times that are told from one another, and from the longest rest after a single fault.
const (
	timedWait    = 20 * time.Second // of a Retry-After
	untimedWait  = 40 * time.Second // account_cooldown_seconds
	beforeReset  = 300 * time.Millisecond
	betweenBytes = 20 * time.Millisecond
)

// effect is what the platform does at the place; nil: nothing, for the network does it.
func (f fault) effect(p place) sim.Effect {
	if p.inStream() {
		return f.withinStream(p)
	}
	switch f {
	case reset:
		return sim.Reset()
	case hangUp:
		return sim.Hangup()
	case silence:
		return sim.Hang()
	case slowBytes:
		if p == atQuery { // a whole call has to be over in time, of a query its headers
			return sim.SlowBytes(betweenBytes).With(sim.Raw("HTTP/1.1 200 OK\r\nX-Slow: " + strings.Repeat("x", 10_000)))
		}
		return sim.SlowBytes(betweenBytes)
	case redirect:
		return sim.Reply(302, "text/html", "").With(sim.Header("Location", "/elsewhere"))
	case status429Timed:
		return sim.Status(429).With(sim.RetryAfter(timedWait))
	case page502:
		return sim.CDNPage(502)
	case page520:
		return sim.CDNPage(520)
	case page200:
		return sim.Reply(200, "text/html", "<html><body>Maintenance</body></html>")
	case malformedHTTP:
		return sim.Raw("This is no HTTP.\r\n\r\n")
	case malformedJSON:
		return sim.BrokenJSON()
	case endless:
		if p == atQuery {
			return sim.Raw("HTTP/1.1 200 OK\r\nX-Endless: " + strings.Repeat("x", 1<<20))
		}
		return sim.Reply(200, "application/json", `{"data":{"id":"`+strings.Repeat("x", 2<<20))
	case wrongType:
		return sim.ContentType("text/html; charset=utf-8")
	case emptyBody:
		return sim.EmptyBody()
	case errorWithin:
		return sim.Reply(200, "application/json", `{"message":"The model is overloaded","errorCode":"server_error"}`)
	case failedWithin:
		return sim.Reply(200, "application/json", `{"message":"Chat query failed","data":{"status":"failed"}}`)
	default:
		return f.status()
	}
}

// status is a fault that is nothing but a status; nil: it is something else.
func (f fault) status() sim.Effect {
	code, known := map[fault]int{
		status400: 400, status401: 401, status401Again: 401, status402: 402, status403: 403,
		status404: 404, status404Again: 404, status429: 429, status500: 500,
	}[f]
	switch {
	case !known:
		return nil
	case code == 404:
		return sim.NoRoute()
	}
	return sim.Status(code)
}

// withinStream is the fault inside a streamed answer. What is sent right before a connection
// is reset may be lost with it, hence the pause; behind [DONE] nobody waits that long.
func (f fault) withinStream(p place) sim.Effect {
	pause := sim.Pause(beforeReset)
	if p == afterDone {
		pause = sim.Pause(beforeReset / 10)
	}
	switch f {
	case reset:
		return pause.With(sim.Reset())
	case hangUp:
		return pause.With(sim.Hangup())
	case silence:
		return sim.Hang()
	case slowBytes:
		if p == afterDone {
			return sim.SlowBytes(betweenBytes).With(sim.RawFrame(`{"eventType":"telemetry"}`))
		}
		return sim.SlowBytes(200 * time.Microsecond)
	case malformedJSON:
		return sim.MalformedFrame()
	case malformedFrame: // a line break too many
		return sim.RawFrame(`{"sessionId": "6a5a", "eventType": "fulfillment", "ans` + "\n\n" + `wer": "split"}`)
	case endless:
		return sim.EndlessFrame()
	case emptyBody:
		return sim.Reply(200, "text/event-stream", "")
	case emptyAnswer:
		return sim.EmptyAnswer()
	case cutOff:
		return sim.Cut()
	case errorWithin:
		return sim.ErrorFrame("The model is overloaded", "server_error")
	case failedWithin:
		return sim.FailedFrame("Fulfillment failed")
	default:
		return nil
	}
}
