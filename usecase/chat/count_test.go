package chat

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
)

// watched is a Tokenizer that notes what it is asked; a token has four bytes.
type watched struct {
	calls, longest, total int
}

func (w *watched) Count(piece []byte) int {
	w.calls++
	w.longest = max(w.longest, len(piece))
	w.total += len(piece)
	return even(4).Count(piece)
}

func (w *watched) First(piece []byte, n int) int { return even(4).First(piece, n) }

func TestATextIsCutIntoPiecesOfBoundedLength(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anyText().Draw(t, "text")
		rest, want := []byte(text), pieces(text)
		for i := 0; len(rest) > 0; i++ {
			end := pieceEnd(rest)
			if end < 0 || end > maxPiece {
				t.Fatalf("piece %d of %q ends at %d", i, text, end)
			}
			if end == 0 {
				if len(rest) > maxPiece || i != len(want)-1 {
					t.Fatalf("%q, the rest of %q, is no whole piece, and has %d bytes", rest, text, len(rest))
				}
				return
			}
			if got := string(rest[:end]); got != want[i] {
				t.Fatalf("piece %d of %q is %q, want %q", i, text, got, want[i])
			}
			rest = rest[end:]
		}
	})
}

func TestAPieceDoesNotChangeWithWhatComesBehindIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anyText().Draw(t, "text")
		begun := ""
		for _, delta := range cuts(t, text) {
			begun += delta
			if end := pieceEnd([]byte(begun)); end != 0 && end != len(pieces(text)[0]) {
				t.Fatalf("the first piece of %q ends at %d, that of %q at %d", begun, end, text, len(pieces(text)[0]))
			}
		}
	})
}

func TestAPieceWaitsForTheRestOfItsLastCharacter(t *testing.T) {
	for _, text := range []string{"", "a", " ", " a", "a\xe2", "a\xe2\x82", "a\xe3\x80", strings.Repeat("x", maxPiece-1) + "\xe2\x82"} {
		if got := pieceEnd([]byte(text)); got != 0 {
			t.Errorf("the piece %q ends at %d, want 0: it may still grow", text, got)
		}
	}
	for text, want := range map[string]int{"a ": 1, " a b": 2, "a\u3000": 1, "\n\n a\n": 4, "a\xff b": 2} {
		if got := pieceEnd([]byte(text)); got != want {
			t.Errorf("the first piece of %q ends at %d, want %d", text, got, want)
		}
	}
}

func TestCountingIsBoundedAndLinearWhateverTheText(t *testing.T) {
	const size = 1 << 20
	for name, unit := range map[string]string{"letters": "x", "blanks": " ", "long characters": "😀", "no characters at all": "\xff", "halves": "\xe2\x82", "words": "word "} {
		text := []byte(strings.Repeat(unit, size/len(unit)))
		tokens := &watched{}
		began := time.Now()
		got := countTokens(tokens, text)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: counting took %s", name, took)
		}
		if tokens.longest > maxPiece || tokens.total != len(text) || tokens.calls > len(text)/4+1 {
			t.Errorf("%s: %d pieces, the longest of %d bytes, %d bytes of %d in all", name, tokens.calls, tokens.longest, tokens.total, len(text))
		}
		if got < len(text)/4 {
			t.Errorf("%s: %d tokens in %d bytes", name, got, len(text))
		}
	}
}

func TestALongTextIsCountedByItsBeginning(t *testing.T) {
	tokens := &watched{}
	var all tally
	for range 1 << 14 {
		all.add([]byte(strings.Repeat("wor ", 16)))
	}
	if got, want := all.count(tokens), all.size/4; got < want*9/10 || got > want*11/10 {
		t.Errorf("%d tokens in %d bytes, want about %d", got, all.size, want)
	}
	if tokens.total > maxCounted || len(all.head) > maxCounted {
		t.Errorf("the tokenizer saw %d bytes of %d, want at most %d", tokens.total, all.size, maxCounted)
	}
	if got := (&tally{}).count(tokens); got != 0 {
		t.Errorf("%d tokens in no text", got)
	}
}

func TestATextUpToTheBoundIsCountedExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anyText().Draw(t, "text")
		tokens := anyTokenizer().Draw(t, "tokenizer")
		var all tally
		for _, delta := range cuts(t, text) {
			owned := []byte(delta)
			all.add(owned)
			clobber(owned)
		}
		if got, want := all.count(tokens), countWhole(text, tokens); got != want {
			t.Fatalf("%d tokens in %q, want %d", got, text, want)
		}
	})
}

func TestAPromptIsCountedWithItsToolCallsAndFrames(t *testing.T) {
	calls := []domain.ToolCall{{ID: "not counted", Name: "clock", Arguments: "{}"}}
	for name, c := range map[string]struct {
		messages domain.Conversation
		want     int
	}{
		"no text":      {domain.Conversation{{Role: domain.RoleUser}}, 4},
		"a text":       {domain.Conversation{{Role: domain.RoleUser, Text: "hello"}}, 4 + 5},
		"two texts":    {domain.Conversation{{Text: "hello"}, {Text: "you"}}, 2*4 + 5 + 3},
		"a tool call":  {domain.Conversation{{Text: "hello", ToolCalls: calls}}, 4 + 5 + 5 + 2},
		"a call alone": {domain.Conversation{{ToolCalls: calls}, {Text: "noon"}}, 2*4 + 5 + 2 + 4},
	} {
		if got := countPrompt(even(1), c.messages); got != c.want {
			t.Errorf("%s: %d tokens, want %d", name, got, c.want)
		}
	}
	tokens := &watched{}
	countPrompt(tokens, domain.Conversation{{Text: strings.Repeat("x", 4<<20)}, {Text: strings.Repeat("y", 4<<20)}})
	if tokens.total > maxCounted {
		t.Errorf("the tokenizer saw %d bytes of a long prompt, want at most %d", tokens.total, maxCounted)
	}
}

func TestADigestIsThatOfTheWholeTextHoweverItCame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(maxCounted/4, maxCounted+1)), 0, 8).Draw(t, "sizes")
		var all hashed
		var whole []byte
		for i, size := range sizes {
			piece := bytes.Repeat([]byte{byte(i)}, size)
			all.add(piece)
			whole = append(whole, piece...)
		}
		if got := all.digest(); got != sha256.Sum256(whole) {
			t.Fatalf("the digest of %d bytes is another one than that of the pieces", len(whole))
		}
		if all.size != len(whole) {
			t.Fatalf("%d bytes are counted as %d", len(whole), all.size)
		}
	})
}
