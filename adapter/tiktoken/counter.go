// Package tiktoken counts tokens with OpenAI's o200k vocabulary, which comes inside
// the binary. For other makers' models the count is an estimate.
package tiktoken

import (
	"sync"

	"github.com/tiktoken-go/tokenizer"
)

// Counter counts tokens. The vocabulary costs some milliseconds and megabytes to load,
// so that is done when the first count is asked for. It is safe for concurrent use.
type Counter struct {
	codec func() tokenizer.Codec
}

// New returns a Counter.
func New() *Counter {
	return &Counter{codec: sync.OnceValue(func() tokenizer.Codec {
		codec, err := tokenizer.Get(tokenizer.O200kBase)
		if err != nil {
			panic("tiktoken: the vocabulary is part of the binary and yet missing: " + err.Error())
		}
		return codec
	})}
}

// Count returns how many tokens piece has.
func (c *Counter) Count(piece []byte) int {
	tokens, whole := c.split(piece)
	if !whole {
		return len(piece)
	}
	return len(tokens)
}

// First returns how many bytes of piece its first n tokens cover.
func (c *Counter) First(piece []byte, n int) int {
	tokens, whole := c.split(piece)
	if !whole {
		return min(n, len(piece))
	}
	length := 0
	for _, token := range tokens[:min(n, len(tokens))] {
		length += len(token)
	}
	return length
}

// split returns the tokens of piece. whole is false when they do not add up to it: the
// vocabulary lacks some control characters and drops them. Such a piece counts as one
// token a byte, which is the most it could be.
func (c *Counter) split(piece []byte) (tokens []string, whole bool) {
	_, tokens, err := c.codec().Encode(string(piece))
	length := 0
	for _, token := range tokens {
		length += len(token)
	}
	return tokens, err == nil && length == len(piece)
}
