package domain

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// TokenID identifies an access token without being one: a short digest of it.
// Conversations of different access tokens never meet.
type TokenID string

// TokenIDOf returns the id of an access token.
func TokenIDOf(token Secret) TokenID {
	sum := sha256.Sum256([]byte(token.Reveal()))
	id := sha256.Sum256(append([]byte("token id\x00"), sum[:]...))
	return TokenID(hex.EncodeToString(id[:6]))
}

// Digest identifies a text, or a history: who sent it and every message of it.
type Digest [sha256.Size]byte

// Hasher is a rolling digest of a history. Every field goes in with its length in
// front, and a message's text as its own digest, so that no two histories can become
// the same bytes by concatenation and an answer can be hashed while it passes.
type Hasher struct {
	sum     hash.Hash
	text    hash.Hash // of one message's
	scratch []byte
}

// NewHasher begins the history of the holder of an access token.
func NewHasher(scope TokenID) *Hasher {
	h := &Hasher{sum: sha256.New()}
	h.field(string(scope))
	h.sum.Write(h.scratch)
	return h
}

// Add appends messages.
func (h *Hasher) Add(messages ...Message) {
	for i := range messages {
		h.add(&messages[i], h.ofText(messages[i].Text))
	}
}

// WithAnswer returns the digest of everything added so far and an assistant's answer
// whose text has the SHA-256 text. The Hasher stays as it is.
func (h *Hasher) WithAnswer(text Digest) Digest {
	cloned, err := h.sum.(hash.Cloner).Clone()
	if err != nil {
		panic("domain: SHA-256 cannot be cloned: " + err.Error())
	}
	longer := &Hasher{sum: cloned}
	longer.add(&Message{Role: RoleAssistant}, text)
	return longer.Digest()
}

// Digest returns the digest of everything added so far; adding may go on.
func (h *Hasher) Digest() Digest {
	var d Digest
	h.sum.Sum(d[:0])
	return d
}

// ofText returns the SHA-256 of a text. It goes in by pieces, since a copy of a long one would cost
// as much as hashing it.
func (h *Hasher) ofText(text string) (sum Digest) {
	if h.text == nil {
		h.text = sha256.New()
	}
	h.text.Reset()
	for len(text) > 0 {
		piece := text[:min(len(text), 1<<10)]
		h.scratch = append(h.scratch[:0], piece...)
		h.text.Write(h.scratch)
		text = text[len(piece):]
	}
	h.text.Sum(sum[:0])
	return sum
}

func (h *Hasher) add(m *Message, text Digest) {
	h.scratch = h.scratch[:0]
	h.field(string(m.Role))
	h.field(m.Name)
	h.field(m.ToolCallID)
	h.number(len(m.ToolCalls))
	for _, call := range m.ToolCalls {
		h.field(call.ID)
		h.field(call.Name)
		h.field(call.Arguments)
	}
	h.scratch = append(h.scratch, text[:]...)
	h.sum.Write(h.scratch)
}

// field and number put what goes in next into the scratch.
func (h *Hasher) field(text string) {
	h.number(len(text))
	h.scratch = append(h.scratch, text...)
}

func (h *Hasher) number(n int) {
	h.scratch = binary.AppendUvarint(h.scratch, uint64(n))
}
