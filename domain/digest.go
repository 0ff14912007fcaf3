package domain

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"sync"
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
type Hasher struct{ sum hash.Hash }

// NewHasher begins the history of the holder of an access token.
func NewHasher(scope TokenID) *Hasher {
	h := &Hasher{sha256.New()}
	w := borrowWorkspace()
	defer w.giveBack()
	w.field(string(scope))
	h.sum.Write(w.scratch)
	return h
}

// Add appends messages.
func (h *Hasher) Add(messages ...Message) {
	w := borrowWorkspace()
	defer w.giveBack()
	for i := range messages {
		text := w.ofText(messages[i].Text)
		h.sum.Write(w.message(&messages[i], &text))
	}
}

// WithAnswer returns the digest of everything added so far and an assistant's answer
// whose text has the SHA-256 text. The Hasher stays as it is.
func (h *Hasher) WithAnswer(text Digest) Digest {
	longer, err := h.sum.(hash.Cloner).Clone()
	if err != nil {
		panic("domain: SHA-256 cannot be cloned: " + err.Error())
	}
	w := borrowWorkspace()
	defer w.giveBack()
	with := Hasher{longer}
	with.sum.Write(w.message(&Message{Role: RoleAssistant}, &text))
	return with.Digest()
}

// Digest returns the digest of everything added so far; adding may go on.
func (h *Hasher) Digest() Digest {
	var d Digest
	h.sum.Sum(d[:0])
	return d
}

// workspace is what hashing needs for a moment, and a Hasher not while its request goes on.
type workspace struct {
	text    hash.Hash // of one message's
	scratch []byte
}

// hashPiece is how much of a text is hashed at once, in bytes.
const hashPiece = 1 << 10

var workspaces = sync.Pool{New: func() any { return &workspace{sha256.New(), make([]byte, 0, hashPiece)} }}

func borrowWorkspace() *workspace {
	w := workspaces.Get().(*workspace)
	w.scratch = w.scratch[:0]
	return w
}

// giveBack lets others use it, unless one message made it large.
func (w *workspace) giveBack() {
	if cap(w.scratch) <= 16*hashPiece {
		workspaces.Put(w)
	}
}

// ofText returns the SHA-256 of a text. It goes in by pieces, since a copy of a long one would cost
// as much as hashing it.
func (w *workspace) ofText(text string) Digest {
	if len(text) <= hashPiece {
		w.scratch = append(w.scratch[:0], text...)
		return sha256.Sum256(w.scratch)
	}
	w.text.Reset()
	for len(text) > 0 {
		piece := text[:min(len(text), hashPiece)]
		w.scratch = append(w.scratch[:0], piece...)
		w.text.Write(w.scratch)
		text = text[len(piece):]
	}
	w.scratch = w.text.Sum(w.scratch[:0])
	return Digest(w.scratch)
}

// message puts a message down whose text has the SHA-256 text.
func (w *workspace) message(m *Message, text *Digest) []byte {
	w.scratch = w.scratch[:0]
	w.field(string(m.Role))
	w.field(m.Name)
	w.field(m.ToolCallID)
	w.number(len(m.ToolCalls))
	for _, call := range m.ToolCalls {
		w.field(call.ID)
		w.field(call.Name)
		w.field(call.Arguments)
	}
	w.scratch = append(w.scratch, text[:]...)
	return w.scratch
}

// field and number put what goes in next into the scratch.
func (w *workspace) field(text string) {
	w.number(len(text))
	w.scratch = append(w.scratch, text...)
}

func (w *workspace) number(n int) {
	w.scratch = binary.AppendUvarint(w.scratch, uint64(n))
}
