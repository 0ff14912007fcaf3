package chat

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// pieces cuts a whole text as pieceEnd does for a growing one: white space and the word
// behind it, no more than maxPiece bytes.
func pieces(text string) []string {
	var all []string
	begin, inWord := 0, false
	for i, r := range text {
		if space := unicode.IsSpace(r); space && inWord || i+utf8.RuneLen(r)-begin > maxPiece {
			all = append(all, text[begin:i])
			begin, inWord = i, false
		}
		inWord = inWord || !unicode.IsSpace(r)
	}
	if begin < len(text) {
		all = append(all, text[begin:])
	}
	return all
}

// untilLimit returns what of text fits budget tokens, what is left of the budget, and
// whether the text goes on beyond it.
func untilLimit(text string, tokens Tokenizer, budget int) (fits string, left int, full bool) {
	for _, piece := range pieces(text) {
		n := tokens.Count([]byte(piece))
		if n <= budget {
			fits, budget = fits+piece, budget-n
			continue
		}
		end := 0
		for i, r := range piece {
			if i+utf8.RuneLen(r) <= tokens.First([]byte(piece), budget) {
				end = i + utf8.RuneLen(r)
			}
		}
		return fits + piece[:end], 0, true
	}
	return fits, budget, false
}

// countWhole sums up the tokens of a whole text.
func countWhole(text string, tokens Tokenizer) int {
	total := 0
	for _, piece := range pieces(text) {
		total += tokens.Count([]byte(piece))
	}
	return total
}

func anyBudget() *rapid.Generator[int] {
	return rapid.OneOf(rapid.IntRange(1, 12), rapid.IntRange(1, 600))
}

func TestATextEndsAtItsTokenLimitHoweverItIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tokens := anyTokenizer().Draw(t, "tokenizer")
		text := anyText().Draw(t, "text")
		budget := anyBudget().Draw(t, "budget")
		want, _, wantFull := untilLimit(text, tokens, budget)

		l := &limiter{tokens: tokens, left: budget}
		deltas := cuts(t, text)
		lastEmpty := rapid.Bool().Draw(t, "the end comes on its own")
		if lastEmpty || len(deltas) == 0 {
			deltas = append(deltas, "")
		}
		got, full := "", false
		for i, delta := range deltas {
			var passed []byte
			owned := []byte(delta)
			passed, full = l.push(owned, i == len(deltas)-1)
			got += string(passed)
			clobber(owned)
			if !utf8.Valid(passed) {
				t.Fatalf("%q splits a character", passed)
			}
			if full {
				break
			}
		}
		if got != want || full != wantFull {
			t.Fatalf("%q with a limit of %d gives %q, full %t; want %q, full %t", text, budget, got, full, want, wantFull)
		}
		if n := countWhole(got, tokens); full == (countWhole(text, tokens) <= budget) || n > budget {
			t.Fatalf("%d tokens of %d pass a limit of %d, full %t", n, countWhole(text, tokens), budget, full)
		}
	})
}

func TestATextThatJustFitsIsNotCutByItsLimit(t *testing.T) {
	for _, deltas := range [][]string{{"one two six"}, {"one", " two", " six"}, {"o", "ne t", "wo si", "x"}, {"one two six", ""}} {
		l := &limiter{tokens: even(4), left: 3}
		got, full := "", false
		for i, delta := range deltas {
			var passed []byte
			passed, full = l.push([]byte(delta), i == len(deltas)-1)
			got += string(passed)
		}
		if got != "one two six" || full {
			t.Errorf("%q: got %q, full %t, want all and not full", deltas, got, full)
		}
	}
}

func TestALimitCutsAtATokenAndNeverInsideACharacter(t *testing.T) {
	for _, c := range []struct {
		text, want string
		tokens     Tokenizer
		budget     int
	}{
		{"abcdefgh", "abcdef", even(2), 3},
		{"one two three", "one two", even(4), 2},
		{"ééé", "é", even(1), 3}, // the third token is half a character
		{"😀😀", "", even(1), 3},
		{"a😀", "a", even(2), 2},
		{"€", "", even(1), 1},
	} {
		l := &limiter{tokens: c.tokens, left: c.budget}
		got, full := l.push([]byte(c.text), true)
		if string(got) != c.want || !full {
			t.Errorf("%q with %d tokens gives %q, full %t, want %q, full", c.text, c.budget, got, full, c.want)
		}
	}
}

func TestTextFarFromItsLimitIsNotHeldBack(t *testing.T) {
	l := &limiter{tokens: even(4), left: 1000}
	for _, delta := range []string{"Hel", "lo", " wor", "ld", " ", "\n", "x"} {
		if got, full := l.push([]byte(delta), false); string(got) != delta || full {
			t.Errorf("pushing %q passes %q, full %t: want it at once", delta, got, full)
		}
	}
}
