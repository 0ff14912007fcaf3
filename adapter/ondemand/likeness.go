package ondemand

import (
	"bytes"

	"ondemand-api-proxy/adapter/jsonscan"
)

// maxLikeness is the longest frame that a likeness is looked for in, in bytes. A longer one is mostly text, and may
// come in so many pieces that to look at it from its beginning with each would take long.
const maxLikeness = 4 << 10

// likeness is the frame of a delta, and where its text and its number stand. The frames of an answer
// differ in nothing else: one that is like the last is not cut into lines and members again, which takes three times
// as long (BenchmarkStream). No line can end in a JSON string or number, and either can stand in for another of its
// kind; so what is equal but for these two would be read the same (FuzzLikeness).
type likeness struct {
	frame  []byte // with the line ends; empty: there is none
	places [2]place
	text   int // which of the places the text has; the other is its number's
	kind   payloadKind
}

// place is where a JSON value begins and ends.
type place struct{ begin, end int }

// learn takes the likeness of a frame, if it is a delta with a number.
func (l *likeness) learn(next frame, said payload) {
	l.frame = l.frame[:0]
	if next.raw == nil || len(next.raw) > maxLikeness || said.text == nil || said.index == nil {
		return
	}
	text := place{begin: placeOf(next.raw, said.text) - 1, end: placeOf(next.raw, said.text) + len(said.text) + 1}
	index := place{begin: placeOf(next.raw, said.index), end: placeOf(next.raw, said.index) + len(said.index)}
	l.frame, l.kind = append(l.frame, next.raw...), said.kind
	if text.begin < index.begin {
		l.places, l.text = [2]place{text, index}, 0
	} else {
		l.places, l.text = [2]place{index, text}, 1
	}
}

// placeOf tells where part, a piece of whole, begins in it.
func placeOf(whole, part []byte) int { return cap(whole) - cap(part) }

// read returns what the frame says that rest begins with, and its size; 0: it is another one, or not all of it is there.
func (l *likeness) read(rest []byte) (said payload, size int) {
	if len(l.frame) == 0 {
		return payload{}, 0
	}
	rest = rest[:min(len(rest), maxLikeness)]
	begin := 0 // of what has to be equal
	for i, p := range l.places {
		equal := l.frame[begin:p.begin]
		if !bytes.HasPrefix(rest[size:], equal) {
			return payload{}, 0
		}
		size, begin = size+len(equal), p.end
		end := -1
		if i != l.text {
			end = jsonscan.NumberEnd(rest, size)
		} else if jsonscan.Is(rest, size, '"') {
			end = jsonscan.StringEnd(rest, size)
		}
		if end < 0 {
			return payload{}, 0
		}
		if i == l.text {
			said.text = insideOf(rest[size:end])
		}
		size = end
	}
	if !bytes.HasPrefix(rest[size:], l.frame[begin:]) {
		return payload{}, 0
	}
	said.kind = l.kind
	return said, size + len(l.frame) - begin
}
