package ondemandtest

import "time"

// Wire is the shape of a streamed answer. Its zero value is the protocol document's
// sample, byte for byte; every field is a variation that was seen or may come.
type Wire struct {
	NoEventLines    bool      // no "event:" lines
	SpaceAfterColon bool      // "data: " instead of "data:"
	JSON            JSONStyle // spaces inside the JSON
	CRLF            bool      // lines end with CR LF
	OneWrite        bool      // the whole answer in one write at its end
	ByteWise        bool      // every byte flushed on its own
	NoMetrics       bool      // no metricsLog frame
	NoWhole         bool      // fulfillment_completed does not repeat the answer
	UnknownEvents   bool      // frames of unknown event types after every frame
	Planning        bool      // a planner's frames before the answer, as plugin runs have them
	EscapeUnicode   bool      // everything beyond ASCII as \uXXXX
	// SplitSurrogates ends a frame with the first half of every character beyond the
	// BMP (\ud83d) and begins the next with its second (\ude00).
	SplitSurrogates bool
	// DeltaRunes is the size of deltas in characters, when the Answer does not give
	// its own; 0: pieces of up to four characters that begin at spaces, like tokens.
	DeltaRunes int
}

// JSONStyle tells where a frame's JSON has spaces.
type JSONStyle uint8

// The styles of JSON.
const (
	SampleJSON  JSONStyle = iota // as in the protocol document: deltas with, others without
	CompactJSON                  // nowhere
	SpacedJSON                   // after every colon and comma
)

// Pace is the speed of an answer; zero values do not wait.
type Pace struct {
	BeforeHeaders time.Duration // from the query to the response headers
	BeforeFirst   time.Duration // from the headers to the first delta
	Between       time.Duration // before every further delta
	Heartbeat     time.Duration // between heartbeats while waiting, once headers are out; 0: none
}
