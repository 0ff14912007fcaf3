package ondemandtest

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// streamer sends one streamed answer.
type streamer struct {
	framer
	x     *exchange
	pace  Pace
	out   []byte // frames that were not written yet
	sent  int    // deltas
	text  strings.Builder
	low   rune // second half of a character whose first half is out
	began time.Time
	whole func() // called once, before the end of the answer goes out
}

func newStreamer(x *exchange, session string) *streamer {
	wire := x.wire()
	x.plan.byteWise = x.plan.byteWise || wire.ByteWise
	now := x.sim.opts.Now
	return &streamer{
		framer: framer{wire: wire, session: session, message: newID(), now: now},
		x:      x, pace: x.pace(), began: now(),
	}
}

// run sends the answer, and whatever the script has in store; it tells whether the
// answer came to its proper end.
func (st *streamer) run(answer Answer) bool {
	if !st.x.wait(st.pace.BeforeHeaders) {
		return false
	}
	h := st.x.w.Header()
	h.Set("Cache-Control", "no-cache")
	st.x.head(http.StatusOK, "text/event-stream; charset=utf-8")
	finished := st.x.flush() && st.statusLog("fulfilling", "processing", "Fulfilling the prompt...", "") &&
		st.planning() && st.due(st.sent) && st.deltas(answer) && st.ending(answer)
	finished = st.drain() && finished
	if finished && !st.x.plan.noDone {
		_ = st.due(onceDone) && st.drain()
	}
	return finished
}

// deltas sends reasoning and text.
func (st *streamer) deltas(answer Answer) bool {
	for piece := range split(answer.Reasoning, st.wire.DeltaRunes) {
		if !st.next(func() bool { return st.thinking(piece) }) {
			return false
		}
	}
	for piece := range answer.pieces(st.wire.DeltaRunes) {
		for more := true; more; more = piece != "" {
			if !st.next(func() bool { piece = st.piece(piece); return st.frame("message") }) {
				return false
			}
		}
	}
	return st.low == 0 || st.next(func() bool { st.piece(""); return st.frame("message") })
}

// next sends one delta at its time, and lets the script act after it.
func (st *streamer) next(send func() bool) bool {
	pause := st.pace.Between
	if st.sent == 0 {
		pause = st.pace.BeforeFirst
	}
	if !st.wait(pause) || !send() {
		return false
	}
	st.sent++
	st.x.entry.deltas.Add(1)
	st.x.sim.changed.notify()
	return st.due(st.sent)
}

// piece builds a delta frame of text, and returns what must wait for the next frame:
// with SplitSurrogates, what follows the first half of a surrogate pair.
func (st *streamer) piece(text string) (rest string) {
	var escaped []byte
	if st.low != 0 {
		escaped = appendUnit(escaped, st.low)
		st.low = 0
	}
	at, size := len(text), 0
	if st.wire.SplitSurrogates {
		at, size = beyondBMP(text)
	}
	escaped = appendEscaped(escaped, text[:at], st.wire.EscapeUnicode)
	if size > 0 {
		r, _ := utf8.DecodeRuneInString(text[at:])
		high, low := utf16.EncodeRune(r)
		escaped = appendUnit(escaped, high)
		st.low = low
	}
	st.text.WriteString(text[:at+size])
	st.delta(escaped)
	return text[at+size:]
}

// due applies the script's effects for the number of deltas that are out, or for a place
// behind the last one.
func (st *streamer) due(at int) bool {
	p := &st.x.plan
	for _, t := range p.later {
		if t.deltas != at {
			continue
		}
		p.streaming, p.pause, p.frame, p.instead = true, 0, nil, nil
		t.effect(p)
		if !st.wait(p.pause) {
			return false
		}
		if p.frame != nil && !p.frame(st) {
			return false
		}
		if p.instead != nil {
			st.drain()
			p.instead(st.x)
			return false
		}
		if p.pace != nil {
			st.pace = *p.pace
		}
	}
	return true
}

// wait pauses with heartbeats.
func (st *streamer) wait(d time.Duration) bool {
	if beat := st.pace.Heartbeat; beat > 0 {
		for ; d > beat; d -= beat {
			if !st.x.wait(beat) || !st.heartbeat() {
				return false
			}
		}
	}
	return st.x.wait(d)
}

// ending sends what follows the last delta.
func (st *streamer) ending(answer Answer) bool {
	whole := answer.whole()
	if st.wire.NoWhole {
		whole = ""
	}
	if !st.statusLog("fulfillment_completed", "processing", "Fulfillment completed", whole) {
		return false
	}
	if !st.wire.NoMetrics && !st.metrics(answer) {
		return false
	}
	return st.due(beforeDone) && (st.x.plan.noDone || st.done())
}

func (st *streamer) done() bool {
	st.whole()
	st.json = append(st.json[:0], "[DONE]"...)
	st.out = st.line(st.out, "message")
	st.out = append(st.out, st.x.plan.afterDone...)
	return st.ship()
}

// frame sends the frame that was built, and then one of an unknown kind if the wire
// has those.
func (st *streamer) frame(event string) bool {
	st.out = st.line(st.out, event)
	if st.wire.UnknownEvents {
		st.open()
		st.putText("eventType", "telemetry_v9")
		st.putText("answer", "not an answer")
		st.object("output")
		st.putText("delta", "neither")
		st.shut()
		st.shut()
		st.out = st.line(st.out, "telemetry")
	}
	return st.ship()
}

// end closes the frame's object and sends it.
func (st *streamer) end(event string) bool {
	st.shut()
	return st.frame(event)
}

// oneWrite bounds what is held back for one write, in bytes.
const oneWrite = 16 << 20

// ship writes what is there to write, unless all is to go out in one write.
func (st *streamer) ship() bool {
	if st.wire.OneWrite && len(st.out) < oneWrite {
		return !st.x.gone()
	}
	return st.drain()
}

func (st *streamer) drain() bool {
	if len(st.out) == 0 {
		return true
	}
	out := st.out
	st.out = st.out[:0]
	return st.x.send(out)
}

// write sends bytes that are no whole frame.
func (st *streamer) write(data []byte) bool { return st.drain() && st.x.send(data) }
