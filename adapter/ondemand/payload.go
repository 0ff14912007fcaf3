package ondemand

import (
	"errors"
	"strconv"

	"ondemand-api-proxy/adapter/jsonscan"
	"ondemand-api-proxy/domain"
)

// errMalformedFrame is the cause of a stream that failed because a frame was no JSON.
var errMalformedFrame = errors.New("a frame of the stream is malformed")

// payloadKind is what a frame means to the reader of an answer.
type payloadKind uint8

const (
	payloadNothing payloadKind = iota // a phase, a heartbeat, an inner step, an unknown event
	payloadAnswer
	payloadReasoning
	payloadUsage
	payloadFailure
)

// payload is what one frame says. The slices are pieces of the frame.
type payload struct {
	kind  payloadKind
	text  []byte // of a delta: the inside of its JSON string
	index []byte // of a delta: its eventIndex as it is written, nil if that is no number
	usage domain.Usage
	// What a failure says about itself, as JSON values.
	message, code []byte
}

// scanPayload is the one function that looks into a frame (section 4.2). It tells
// frames apart by their eventType, whatever their event line was.
func scanPayload(data []byte) (payload, error) {
	var eventType, answer, thinking, metrics, status, fault, code, message, index []byte
	m := jsonscan.MembersOf(data)
	for m.Next() {
		switch string(m.Key) {
		case "eventType":
			eventType = m.Value
		case "answer":
			answer = m.Value
		case "thinking":
			thinking = m.Value
		case "publicMetrics":
			metrics = m.Value
		case "status":
			status = m.Value
		case "error":
			fault = m.Value
		case "errorCode":
			code = m.Value
		case "message":
			message = m.Value
		case "eventIndex":
			index = numberOf(m.Value)
		}
	}
	if !m.Valid {
		return payload{}, errMalformedFrame
	}
	if string(eventType) == `"error"` || string(status) == `"failed"` || says(fault) || says(code) {
		if message == nil {
			message = fault
		}
		return payload{kind: payloadFailure, message: message, code: code}, nil
	}
	switch string(eventType) {
	case `"fulfillment"`:
		return payload{kind: payloadAnswer, text: insideOf(answer), index: index}, nil
	case `"fulfillment_thinking"`, `"planning_thinking"`, `"step_thinking"`:
		return payload{kind: payloadReasoning, text: insideOf(jsonscan.MemberOf(thinking, "delta")), index: index}, nil
	case `"metricsLog"`:
		return usagePayload(metrics), nil
	}
	return payload{}, nil
}

// says tells whether a value means anything: platforms love to send an empty error.
func says(value []byte) bool {
	switch string(value) {
	case "", "null", `""`, "false", "0", "{}", "[]":
		return false
	}
	return true
}

// insideOf is what stands between the quotes of a string; nothing for other values.
func insideOf(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	return value[1 : len(value)-1]
}

// numberOf is a value that is a number; nothing for other values.
func numberOf(value []byte) []byte {
	if jsonscan.NumberEnd(value, 0) < 0 {
		return nil
	}
	return value
}

// usagePayload reads publicMetrics; counts that cannot be true are not taken.
func usagePayload(metrics []byte) payload {
	prompt, fine := count(jsonscan.MemberOf(metrics, "inputTokens"))
	completion, alsoFine := count(jsonscan.MemberOf(metrics, "outputTokens"))
	if !fine || !alsoFine || prompt+completion == 0 {
		return payload{}
	}
	return payload{kind: payloadUsage, usage: domain.Usage{
		Prompt: prompt, Completion: completion, Source: domain.UsageMeasured,
	}}
}

// maxCount is more tokens than any query has.
const maxCount = 1 << 40

// count reads a number of tokens; an absent one is zero.
func count(value []byte) (int, bool) {
	if value == nil || string(value) == "null" {
		return 0, true
	}
	number, err := strconv.ParseFloat(string(value), 64)
	if err != nil || number < 0 || number > maxCount {
		return 0, false
	}
	return int(number), true
}
