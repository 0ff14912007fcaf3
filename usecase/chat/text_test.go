package chat

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
)

// even is a Tokenizer whose tokens have that many bytes each, whatever they cut apart.
type even int

func (e even) Count(piece []byte) int        { return (len(piece) + int(e) - 1) / int(e) }
func (e even) First(piece []byte, n int) int { return min(n*int(e), len(piece)) }

// uneven is a Tokenizer with short and long tokens: each ends behind a byte that three
// divides, and with the piece.
type uneven struct{}

func (u uneven) Count(piece []byte) int {
	n := 0
	for i, b := range piece {
		if b%3 == 0 || i == len(piece)-1 {
			n++
		}
	}
	return n
}

func (u uneven) First(piece []byte, n int) int {
	for i, b := range piece {
		if n == 0 {
			return i
		}
		if b%3 == 0 {
			n--
		}
	}
	return len(piece)
}

// anyTokenizer draws one of the tokenizers.
func anyTokenizer() *rapid.Generator[Tokenizer] {
	return rapid.SampledFrom([]Tokenizer{even(1), even(2), even(3), even(5), even(1000), uneven{}})
}

// anyText draws a text of words, some of them far longer than a piece, and of characters
// of every length, with white space of several kinds.
func anyText() *rapid.Generator[string] {
	word := rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 8, -1),
		rapid.StringOfN(rapid.RuneFrom([]rune("aé€😀")), 0, 8, -1),
		rapid.Custom(func(t *rapid.T) string {
			unit := rapid.SampledFrom([]string{"x", "xé", "€", "a😀", " ", "\n"}).Draw(t, "unit")
			return strings.Repeat(unit, rapid.IntRange(0, 3*maxPiece).Draw(t, "times"))
		}),
		rapid.SampledFrom([]string{" ", "  ", "\n", "\t", "\u00a0", "\u3000", " \n "}),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(word, 0, 8).Draw(t, "words"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between"))
	})
}

// cuts draws a way to cut text into deltas of whole characters.
func cuts(t *rapid.T, text string) []string {
	most := rapid.SampledFrom([]int{1, 3, 20, 500}).Draw(t, "longest delta")
	var deltas []string
	for len(text) > 0 {
		end := 0
		for range rapid.IntRange(1, most).Draw(t, "characters") {
			_, size := utf8.DecodeRuneInString(text[end:])
			end += size
		}
		deltas = append(deltas, text[:end])
		text = text[end:]
	}
	return deltas
}

// clobber overwrites a text that its owner must not use any longer.
func clobber(text []byte) {
	for i := range text {
		text[i] = '!'
	}
}

func answerDelta(text string) *domain.Delta {
	return &domain.Delta{Kind: domain.AnswerDelta, Text: []byte(text)}
}

func reasoningDelta(text string) *domain.Delta {
	return &domain.Delta{Kind: domain.ReasoningDelta, Text: []byte(text)}
}

func TestTheTokenizersOfTheTestsCountWhatTheyCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tokens := anyTokenizer().Draw(t, "tokenizer")
		piece := []byte(anyText().Draw(t, "piece"))
		count := tokens.Count(piece)
		if got := tokens.First(piece, count); got != len(piece) {
			t.Fatalf("all %d tokens cover %d bytes of %d", count, got, len(piece))
		}
		for n := range min(count, 50) {
			if got := tokens.First(piece, n); got < n || got >= len(piece) {
				t.Fatalf("%d of %d tokens cover %d bytes of %d", n, count, got, len(piece))
			}
		}
	})
}
