package domain

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// TokenID identifies an access token without being one: a short digest of it.
// Conversations of different access tokens never meet.
type TokenID string

// Digest identifies a history: who sent it and every message of it.
type Digest [sha256.Size]byte

// Hasher is a rolling digest of a history. Every field goes in with its length in
// front, so that no two histories can become the same bytes by concatenation.
type Hasher struct {
	sum     hash.Hash
	scratch []byte
}

// NewHasher begins the history of the holder of an access token.
func NewHasher(scope TokenID) *Hasher {
	h := &Hasher{sum: sha256.New()}
	h.field(string(scope))
	return h
}

// Add appends one message.
func (h *Hasher) Add(m Message) {
	h.field(string(m.Role))
	h.field(m.Name)
	h.field(m.ToolCallID)
	h.number(len(m.ToolCalls))
	for _, call := range m.ToolCalls {
		h.field(call.ID)
		h.field(call.Name)
		h.field(call.Arguments)
	}
	h.field(m.Text)
}

// Digest returns the digest of everything added so far; adding may go on.
func (h *Hasher) Digest() Digest {
	var d Digest
	h.sum.Sum(d[:0])
	return d
}

// With returns the digest of everything added so far and m, without adding it.
func (h *Hasher) With(m Message) Digest {
	cloned, err := h.sum.(hash.Cloner).Clone()
	if err != nil {
		panic("domain: SHA-256 cannot be cloned: " + err.Error())
	}
	longer := &Hasher{sum: cloned}
	longer.Add(m)
	return longer.Digest()
}

func (h *Hasher) field(text string) {
	h.number(len(text))
	h.scratch = append(h.scratch[:0], text...)
	h.sum.Write(h.scratch)
}

func (h *Hasher) number(n int) {
	h.scratch = binary.AppendUvarint(h.scratch[:0], uint64(n))
	h.sum.Write(h.scratch)
}

// Digests returns the digest of every prefix of c, from none of its messages to
// all of them (len(c)+1 of them), and the Hasher at the end of c.
func (c Conversation) Digests(scope TokenID) ([]Digest, *Hasher) {
	h := NewHasher(scope)
	digests := make([]Digest, 0, len(c)+1)
	digests = append(digests, h.Digest())
	for _, m := range c {
		h.Add(m)
		digests = append(digests, h.Digest())
	}
	return digests, h
}
