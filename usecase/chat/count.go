package chat

import (
	"crypto/sha256"
	"hash"
	"unicode"
	"unicode/utf8"

	"ondemand-api-proxy/domain"
)

// Tokenizer counts tokens of short pieces of text.
type Tokenizer interface {
	// Count returns how many tokens piece has.
	Count(piece []byte) int
	// First returns how many bytes of piece its first n tokens cover.
	First(piece []byte, n int) int
}

// Counting is bounded: the tokenizer sees pieces of at most maxPiece bytes, since a
// long run without a space would cost it quadratic time, and an estimate looks at
// the first maxCounted bytes of a text only.
const (
	maxPiece   = 128
	maxCounted = 64 << 10
)

// pieceEnd returns the length of the first piece of text: white space and the word
// behind it. It is 0 while the piece may still grow with text that is yet to come.
func pieceEnd(text []byte) int {
	inWord := false
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && !utf8.FullRune(text[i:]) {
			return 0
		}
		if i+size > maxPiece {
			return i
		}
		if space := unicode.IsSpace(r); space && inWord {
			return i
		} else if !space {
			inWord = true
		}
		i += size
	}
	return 0
}

// countTokens sums up the tokens of text, piece by piece.
func countTokens(tokens Tokenizer, text []byte) int {
	total := 0
	for len(text) > 0 {
		end := pieceEnd(text)
		if end == 0 {
			end = min(len(text), maxPiece)
		}
		total += tokens.Count(text[:end])
		text = text[end:]
	}
	return total
}

// usualAnswer is the room that a text gets at first, in bytes: many short answers fit in.
const usualAnswer = 512

// tally gathers what an estimate of a text's tokens needs: its beginning and its size.
type tally struct {
	head []byte
	size int
}

func (t *tally) add(text []byte) {
	t.size += len(text)
	if t.head == nil {
		t.head = make([]byte, 0, usualAnswer)
	}
	if room := maxCounted - len(t.head); room > 0 {
		t.head = append(t.head, text[:min(room, len(text))]...)
	}
}

// count estimates the tokens of all that was added, as if it went on as it began.
func (t *tally) count(tokens Tokenizer) int {
	if t.size == 0 {
		return 0
	}
	counted := countTokens(tokens, t.head)
	return int(int64(counted) * int64(t.size) / int64(len(t.head)))
}

// hashed is a tally of which the digest is wanted too. Text is hashed piece by piece only once there is more of
// it than the tally keeps: most answers are hashed at their end, at once.
type hashed struct {
	tally
	sum hash.Hash // nil: head is all there is
}

func (h *hashed) add(text []byte) {
	if h.sum == nil && h.size+len(text) > maxCounted {
		h.sum = sha256.New()
		h.sum.Write(h.head)
	}
	if h.sum != nil {
		h.sum.Write(text)
	}
	h.tally.add(text)
}

// digest returns the digest of all that was added.
func (h *hashed) digest() (digest domain.Digest) {
	if h.sum == nil {
		return sha256.Sum256(h.head)
	}
	h.sum.Sum(digest[:0])
	return digest
}

// countPrompt estimates the tokens of a conversation: its texts, and about four for
// each message's frame.
func countPrompt(tokens Tokenizer, messages domain.Conversation) int {
	var all tally
	for _, m := range messages {
		all.add([]byte(m.Text))
		for _, call := range m.ToolCalls {
			all.add([]byte(call.Name))
			all.add([]byte(call.Arguments))
		}
	}
	const frame = 4
	return all.count(tokens) + frame*len(messages)
}
