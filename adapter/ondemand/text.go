package ondemand

import (
	"bytes"
	"unicode/utf8"

	"ondemand-api-proxy/adapter/jsonscan"
	"ondemand-api-proxy/domain"
)

// replacement is U+FFFD, which stands for what is no character; in JSON too.
const replacement = "\ufffd"

// deltaText turns the insides of JSON strings into deltas. The platform may end a
// delta in the middle of a character (\ud83d, and \ude00 in the next one): such an
// end is held back until the rest of it comes.
//
// The texts of a delta stay valid until turn has been called twice, so that a delta
// can be made while the one before it is in use.
type deltaText struct {
	held     []byte // at most a surrogate's escape
	heldKind domain.DeltaKind
	scratch  *[2]textScratch
	current  int
}

// textScratch holds the texts of one delta that could not be left where they were.
type textScratch struct{ text, escaped []byte }

// turn tells that the delta made last has been handed out.
func (d *deltaText) turn() { d.current = 1 - d.current }

// delta returns the delta of a string's inside; false: all of it is held back.
func (d *deltaText) delta(kind domain.DeltaKind, inside []byte) (domain.Delta, bool) {
	scratch := &d.scratch[d.current]
	if len(d.held) > 0 {
		scratch.escaped = append(append(scratch.escaped[:0], d.held...), inside...)
		inside = scratch.escaped
		d.held = d.held[:0]
	}
	if bytes.IndexByte(inside, '\\') < 0 && utf8.Valid(inside) {
		return domain.Delta{Kind: kind, Text: inside, Escaped: inside}, len(inside) > 0
	}
	text, used, faithful := jsonscan.Unescape(scratch.text[:0], inside)
	scratch.text = text
	if used < len(inside) {
		d.held, d.heldKind = append(d.held[:0], inside[used:]...), kind
	}
	delta := domain.Delta{Kind: kind, Text: text}
	if faithful {
		delta.Escaped = inside[:used]
	}
	return delta, len(text) > 0
}

// holdsOther tells whether what is held back belongs to another kind of delta, and so
// will never be completed.
func (d *deltaText) holdsOther(kind domain.DeltaKind) bool {
	return len(d.held) > 0 && d.heldKind != kind
}

// orphan returns what is held back, as the broken character that it is.
func (d *deltaText) orphan() (domain.Delta, bool) {
	if len(d.held) == 0 {
		return domain.Delta{}, false
	}
	d.held = d.held[:0]
	scratch := &d.scratch[d.current]
	scratch.text = append(scratch.text[:0], replacement...)
	return domain.Delta{Kind: d.heldKind, Text: scratch.text, Escaped: scratch.text}, true
}
