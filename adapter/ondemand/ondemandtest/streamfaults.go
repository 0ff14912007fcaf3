package ondemandtest

import "time"

// Cut ends the stream cleanly, as HTTP sees it, but without [DONE].
func Cut() Effect { return inStream(func(*streamer) bool { return false }) }

// Heartbeats sends heartbeats and nothing else until the client leaves or the
// simulator closes.
func Heartbeats(every time.Duration) Effect {
	return inStream(func(st *streamer) bool {
		for st.x.wait(every) && st.heartbeat() {
		}
		return false
	})
}

// ErrorFrame sends a frame of event type "error" and ends the stream.
func ErrorFrame(message, code string) Effect {
	return inStream(func(st *streamer) bool {
		st.begin("error", "failed")
		st.putText("message", message)
		st.putText("errorCode", code)
		st.end("message")
		return false
	})
}

// ErrorKeyFrame sends a frame without event type, {"message","errorCode"}, and ends
// the stream.
func ErrorKeyFrame(message, code string) Effect {
	return inStream(func(st *streamer) bool {
		st.open()
		st.putText("message", message)
		st.putText("errorCode", code)
		st.end("message")
		return false
	})
}

// FailedFrame sends a statusLog whose status is "failed" and goes on to [DONE], as
// the platform's own failures do.
func FailedFrame(message string) Effect {
	return inStream(func(st *streamer) bool {
		st.statusLog("failed", "failed", message, "")
		st.done()
		return false
	})
}

// MalformedFrame sends a delta whose JSON is broken, and then goes on as if nothing
// had happened.
func MalformedFrame() Effect {
	return RawFrame(`{"sessionId": "6a5a", "answer": "brok`)
}

// RawFrame sends a message frame with this data, and goes on.
func RawFrame(data string) Effect {
	return inStream(func(st *streamer) bool {
		st.json = append(st.json[:0], data...)
		return st.frame("message")
	})
}

// endlessBytes bounds an endless frame.
const endlessBytes = 64 << 20

// EndlessFrame sends a data line that does not end, until the client leaves or 64 MiB
// are out.
func EndlessFrame() Effect {
	return inStream(func(st *streamer) bool {
		if !st.write([]byte(`data:{"eventType":"fulfillment","answer":"`)) {
			return false
		}
		block := make([]byte, 64<<10)
		for i := range block {
			block[i] = 'x'
		}
		for sent := 0; sent < endlessBytes; sent += len(block) {
			if !st.write(block) {
				break
			}
		}
		return false
	})
}

// NoDone ends the stream after its last frame, without [DONE].
func NoDone() Effect { return func(p *plan) { p.noDone = true } }

// AfterDone sends this text after [DONE], as it is.
func AfterDone(text string) Effect { return func(p *plan) { p.afterDone = text } }
