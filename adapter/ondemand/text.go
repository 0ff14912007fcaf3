package ondemand

import (
	"bytes"
	"unicode/utf16"
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
	text, used, faithful := unescape(scratch.text[:0], inside)
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

// unescape appends the text of a JSON string's inside to to. used is how much of
// inside that is: the beginning of a character at its very end is left. faithful
// tells that inside[:used] can stand in any JSON string as it is.
func unescape(to, inside []byte) (text []byte, used int, faithful bool) {
	faithful = true
	for used < len(inside) {
		if c := inside[used]; c != '\\' {
			size := bytes.IndexByte(inside[used:], '\\')
			if size < 0 {
				size = len(inside) - used
			}
			plain := inside[used : used+size]
			last := used+size == len(inside)
			var rest int
			var fine bool
			to, rest, fine = appendPlain(to, plain, last)
			faithful = faithful && fine
			used += size - rest
			if rest > 0 {
				break
			}
			continue
		}
		r, size := escapeAt(inside[used:])
		if size == 0 {
			break
		}
		if r == utf8.RuneError && !isReplacement(inside[used:used+size]) {
			faithful = false
		}
		to = utf8.AppendRune(to, r)
		used += size
	}
	return to, used, faithful
}

// appendPlain appends bytes without escapes. rest is how many of them, at the end of
// the delta, may be the beginning of a character; fine: all others are UTF-8.
func appendPlain(to, plain []byte, last bool) (text []byte, rest int, fine bool) {
	if last {
		rest = unfinished(plain)
		plain = plain[:len(plain)-rest]
	}
	if utf8.Valid(plain) {
		return append(to, plain...), rest, true
	}
	for len(plain) > 0 {
		r, size := utf8.DecodeRune(plain)
		to = utf8.AppendRune(to, r)
		plain = plain[size:]
	}
	return to, rest, false
}

// unfinished is the length of the incomplete character at the end of b, if any.
func unfinished(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// escapeAt reads the escape that b begins with. A size of 0 means that a character
// is only half there. What is no escape, or half a surrogate pair, is U+FFFD.
func escapeAt(b []byte) (r rune, size int) {
	if len(b) < 2 {
		return utf8.RuneError, len(b)
	}
	if b[1] != 'u' {
		if i := bytes.IndexByte([]byte(`"\/bfnrt`), b[1]); i >= 0 {
			return rune("\"\\/\b\f\n\r\t"[i]), 2
		}
		return utf8.RuneError, 2
	}
	unit, ok := jsonscan.UnitAt(b)
	if !ok {
		return utf8.RuneError, 2
	}
	if !utf16.IsSurrogate(unit) {
		return unit, 6
	}
	isHigh := unit < 0xdc00
	if isHigh && len(b) == 6 {
		return 0, 0
	}
	if low, ok := jsonscan.UnitAt(b[6:]); ok && isHigh {
		if whole := utf16.DecodeRune(unit, low); whole != utf8.RuneError {
			return whole, 12
		}
	}
	return utf8.RuneError, 6
}

// isReplacement tells whether an escape means U+FFFD rather than being broken.
func isReplacement(escape []byte) bool {
	unit, ok := jsonscan.UnitAt(escape)
	return ok && unit == utf8.RuneError
}
