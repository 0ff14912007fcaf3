package ondemandtest

import (
	"iter"
	"slices"
	"unicode/utf8"
)

// tokenLike is the size of a delta, in characters, when nobody says.
const tokenLike = 4

// pieces are the deltas of an answer's text.
func (a Answer) pieces(runes int) iter.Seq[string] {
	if a.Deltas != nil {
		return slices.Values(a.Deltas)
	}
	return split(a.Text, runes)
}

// split cuts text into pieces of so many characters; 0: like tokens, so that a new
// piece also begins at every space.
func split(text string, runes int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for text != "" {
			cut := pieceEnd(text, runes)
			if !yield(text[:cut]) {
				return
			}
			text = text[cut:]
		}
	}
}

// pieceEnd is where the first piece of text ends.
func pieceEnd(text string, runes int) int {
	limit := either(runes, tokenLike)
	for i, n := 0, 0; i < len(text); n++ {
		if n == limit || (runes == 0 && n > 0 && text[i] == ' ') {
			return i
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		i += size
	}
	return len(text)
}

// beyondBMP is where the first character of text stands that JSON escapes as a
// surrogate pair, and its size; the size is 0 when there is none.
func beyondBMP(text string) (at, size int) {
	for i, r := range text {
		if r > 0xFFFF {
			return i, utf8.RuneLen(r)
		}
	}
	return len(text), 0
}
