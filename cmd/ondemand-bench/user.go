package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// script is what all users of a run have in common.
type script struct {
	answers  []answer
	stream   bool
	turns    int // of a conversation
	question int // about so many bytes
	nonce    string
	begun    atomic.Int64 // conversations
}

// system is what every conversation begins with.
const system = "You are a careful assistant. Answer in plain words, keep to what was asked, and say so when you do not know. Use the language of the question, and no more formatting than it needs."

// user holds conversations of several turns, one after the other, and sends the whole
// history with each question, as clients do.
type user struct {
	script  *script
	target  *target
	client  *client
	history []byte // the messages so far, as they stand in the request
	turn    int
	number  int64 // of the conversation
	request []byte
	samples []sample
}

func newUser(s *script, t *target) *user {
	u := &user{script: s, target: t}
	u.begin()
	return u
}

// begin begins a new conversation. Its number makes it different from all others.
func (u *user) begin() {
	u.turn = 0
	u.number = u.script.begun.Add(1)
	u.history = append(u.history[:0], `{"role":"system","content":"`+system+`"}`...)
}

// variant is the answer that the next question asks for.
func (u *user) variant() int { return int(u.number*7+int64(u.turn)) % variants }

// ask puts the next question and takes the answer to it. The time runs from began on.
func (u *user) ask(ctx context.Context, began time.Time) sample {
	text := fmt.Sprintf("Question %d of conversation %s-%d: ", u.turn+1, u.script.nonce, u.number)
	if missing := u.script.question - len(text) - 6; missing > 0 {
		text += strings.Repeat("what else is there to be said about it? ", missing/40+1)[:missing]
	}
	variant := u.variant()
	u.history = append(u.history, `,{"role":"user","content":"`+text+mark(variant)+`"}`...)
	u.render()
	a := &u.script.answers[variant]
	s := u.exchange(ctx, a.text, began)
	s.turn = u.turn
	if s.verdict != verdictFine {
		u.hangUp()
		u.begin()
		return s
	}
	if u.turn++; u.turn >= u.script.turns {
		u.begin()
		return s
	}
	u.history = append(u.history, `,{"role":"assistant","content":"`+a.escaped+`"}`...)
	return s
}

func (u *user) exchange(ctx context.Context, want string, began time.Time) sample {
	if err := u.connect(ctx); err != nil {
		return sample{verdict: verdictDropped, fault: err.Error()}
	}
	return u.client.ask(u.request, want, began)
}

// connect does nothing when the user is connected.
func (u *user) connect(ctx context.Context) (err error) {
	if u.client == nil {
		u.client, err = dial(ctx, u.target.address, u.target.dialect)
	}
	return err
}

// keep remembers what was measured. A user asks and keeps in one goroutine at a time.
func (u *user) keep(s sample) { u.samples = append(u.samples, s) }

// render writes the request: the same for every target.
func (u *user) render() {
	const before, after = `{"model":"gpt-4o",`, `]}`
	stream := `"messages":[`
	if u.script.stream {
		stream = `"stream":true,"messages":[`
	}
	u.request = append(u.request[:0], "POST /v1/chat/completions HTTP/1.1\r\nHost: "+u.target.address+"\r\nUser-Agent: ondemand-bench\r\nAccept: application/json, text/event-stream\r\nAuthorization: Bearer "+accessToken+"\r\nContent-Type: application/json\r\nContent-Length: "...)
	u.request = strconv.AppendInt(u.request, int64(len(before)+len(stream)+len(u.history)+len(after)), 10)
	u.request = append(u.request, "\r\n\r\n"...)
	u.request = append(append(u.request, before...), stream...)
	u.request = append(append(u.request, u.history...), after...)
}

func (u *user) hangUp() {
	if u.client != nil {
		u.client.close()
		u.client = nil
	}
}
