package ondemandtest

import "time"

// statusLog sends a phase; answer is added when it is not empty.
func (st *streamer) statusLog(statusType, status, message, answer string) bool {
	st.begin("statusLog", status)
	if answer != "" {
		st.putText("answer", answer)
	}
	st.object("currentStatusLog")
	st.putText("statusType", statusType)
	st.putText("statusMessage", message)
	st.putText("time", st.stamp())
	st.shut()
	return st.end("message")
}

func (st *streamer) stamp() string { return st.now().UTC().Format(time.RFC3339) }

func (st *streamer) heartbeat() bool {
	st.open()
	st.putText("sessionId", st.session)
	st.putText("messageId", st.message)
	st.putText("time", st.stamp())
	return st.end("heartbeat")
}

// thinking sends a piece of the model's reasoning.
func (st *streamer) thinking(piece string) bool {
	return st.inner("message", "fulfillment_thinking", "thinking", piece)
}

// inner sends a frame whose text is one object deeper.
func (st *streamer) inner(event, eventType, key, text string) bool {
	st.begin(eventType, "processing")
	st.object(key)
	st.putText("delta", text)
	st.shut()
	return st.end(event)
}

// planning sends what a planner says: for queries that did not ask for fulfilment
// only, and on wires that have it anyway.
func (st *streamer) planning() bool {
	only := st.x.asked.FulfillmentOnly
	if !st.wire.Planning && only != nil && *only {
		return true
	}
	return st.inner("thinking", "planning_thinking", "thinking", "Which plugin can help here?") &&
		st.inner("thinking", "planning_output", "output", `{"steps":[{"plugin":"none"}]}`) &&
		st.inner("thinking", "step_thinking", "thinking", "No plugin is needed.") &&
		st.inner("thinking", "step_output", "output", `{"result":null}`)
}

func (st *streamer) metrics(answer Answer) bool {
	took := st.now().Sub(st.began)
	st.begin("metricsLog", "processing")
	st.object("publicMetrics")
	st.putInt("inputTokens", answer.InputTokens)
	st.putInt("outputTokens", answer.OutputTokens)
	st.putInt("totalTokens", answer.InputTokens+answer.OutputTokens)
	st.putSeconds("ragTimeSec", 0)
	st.putSeconds("fulfillmentTimeSec", took)
	st.putSeconds("totalTimeSec", took)
	st.shut()
	return st.end("message")
}
