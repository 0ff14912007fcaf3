package ondemandtest

import (
	"net/http"
	"time"
)

// plan is what the script has in mind for one exchange. Mid-stream, effects change it
// again.
type plan struct {
	pause   time.Duration // before going on
	instead func(*exchange)
	// carriedOut says that the platform had the query when instead happened.
	carriedOut bool

	headers   []func(http.Header)
	byteWise  bool
	bytePause time.Duration // after every byte
	wire      *Wire
	pace      *Pace
	answer    *Answer

	streaming bool // the effect is being applied between deltas
	frame     func(*streamer) (goOn bool)
	later     []trigger
	noDone    bool
	afterDone string
}

// trigger applies an effect once so many deltas are out, or at one of the places behind
// the last one.
type trigger struct {
	deltas int
	effect Effect
}

// Places behind the last delta, where others have their number.
const (
	beforeDone = -1
	onceDone   = -2
)

// Effect is what a fault does to a call. Effects are made by this package's functions
// and combined with With.
type Effect func(*plan)

// With combines effects, in this order.
func (e Effect) With(more ...Effect) Effect {
	return func(p *plan) {
		e(p)
		for _, m := range more {
			m(p)
		}
	}
}

// AfterDeltas lets an effect happen inside a streamed answer, once so many deltas
// (reasoning included) are out: 0 is after the headers and the first status frame. An
// answer with fewer deltas ends without it. Sync answers do not have deltas.
func AfterDeltas(deltas int, effect Effect) Effect {
	return func(p *plan) { p.later = append(p.later, trigger{deltas, effect}) }
}

// BeforeDone lets an effect happen inside a streamed answer, right before its [DONE]: all
// deltas and the metrics are out.
func BeforeDone(effect Effect) Effect { return AfterDeltas(beforeDone, effect) }

// OnceDone lets an effect happen right after [DONE] is out, in place of the proper end of
// the answer's body. The answer counts as complete.
func OnceDone(effect Effect) Effect { return AfterDeltas(onceDone, effect) }

// inStream is an effect on a stream at the point that was reached; outside of
// AfterDeltas that is before the first delta.
func inStream(frame func(*streamer) (goOn bool)) Effect {
	return func(p *plan) {
		if p.streaming {
			p.frame = frame
			return
		}
		p.later = append(p.later, trigger{0, inStream(frame)})
	}
}

// instead is an effect that takes the place of the rest of the answer.
func instead(carriedOut bool, do func(*exchange)) Effect {
	return func(p *plan) { p.instead, p.carriedOut = do, carriedOut }
}
