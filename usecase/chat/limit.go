package chat

import "unicode/utf8"

// limiter ends a text after a number of tokens. A token is at least one byte, so
// while the open piece has no more bytes than tokens are left, it passes uncounted;
// only close to the limit is it held back until it is whole and can be counted. Where
// the text is cut does not depend on how it was cut into deltas.
type limiter struct {
	tokens Tokenizer
	left   int    // tokens left for the open piece and all behind it
	open   []byte // the piece that is not complete yet
	passed int    // bytes of open that were handed on
	out    []byte
}

// push adds text and returns what may be delivered, valid until the next call; last
// tells that the text ends here. full tells that the text goes on beyond the limit:
// what is returned is its end.
func (l *limiter) push(text []byte, last bool) (passed []byte, full bool) {
	l.out = l.out[:0]
	l.open = append(l.open, text...)
	for len(l.open) > 0 {
		end := pieceEnd(l.open)
		if end == 0 && last {
			end = len(l.open)
		}
		if end == 0 {
			break
		}
		if full := l.count(end); full {
			return l.out, true
		}
	}
	if len(l.open) <= l.left {
		l.pass(len(l.open))
	}
	return l.out, l.left == 0 && len(l.open) > 0
}

// count charges the piece that ends at end and hands on as much of it as fits.
func (l *limiter) count(end int) (full bool) {
	piece := l.open[:end]
	n := l.tokens.Count(piece)
	if n > l.left {
		l.pass(wholeRunes(piece, l.tokens.First(piece, l.left)))
		return true
	}
	l.pass(end)
	l.left -= n
	l.open = l.open[end:]
	l.passed = 0
	return false
}

// pass hands on the open piece up to end.
func (l *limiter) pass(end int) {
	if end > l.passed {
		l.out = append(l.out, l.open[l.passed:end]...)
		l.passed = end
	}
}

// wholeRunes returns the greatest length up to n that splits no character.
func wholeRunes(text []byte, n int) int {
	for n > 0 && n < len(text) && !utf8.RuneStart(text[n]) {
		n--
	}
	return min(n, len(text))
}
