package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The access tokens of the soak. The guest's comes and goes with the configuration.
var (
	soakMain    = soakToken{"main", accessToken}
	soakTeam    = soakToken{"team", "sk-of-the-team"}
	soakLimited = soakToken{"limited", "sk-limited"}
	soakPoor    = soakToken{"poor", "sk-poor"}
	soakNarrow  = soakToken{"narrow", "sk-narrow"}
	soakGuest   = soakToken{"guest", "sk-guest"}
)

// soakQuestion is a way to ask.
type soakQuestion struct {
	text    string         // beside the mark
	members map[string]any // of the body, beside the usual ones
	choices int            // that the answer has; 0: one
	short   bool           // what was asked for may cut the answer
}

// longestTalk is how many messages a conversation has at most.
const longestTalk = 9

// converse asks the next question of the client's conversation. One that failed is asked again
// in the next step, or given up.
func (c *soaker) converse() {
	if len(c.talk) == 0 || len(c.talk) >= longestTalk {
		c.talk, c.token = nil, soakMain
		if chance(0.3) {
			c.token = soakTeam
		}
	}
	number := c.books.number()
	history := append(slices.Clone(c.talk), message{"user", soakText(number, "")})
	ending := c.asks(number, c.token, history, soakQuestion{})
	switch {
	case len(ending.said.choices) == 1 && ending.said.done:
		c.talk = append(history, message{"assistant", ending.said.choices[0].text})
	case chance(0.3):
		c.talk = nil
	}
}

func soakText(number int, more string) string {
	return more + " " + questionMark + fmt.Sprint(number) + ">>"
}

// asksAlone asks a question that belongs to no conversation.
func (c *soaker) asksAlone(how soakQuestion) {
	number := c.books.number()
	c.asks(number, soakMain, []message{{"user", soakText(number, how.text)}}, how)
}

// asksWith asks with an access token that may not be good for it.
func (c *soaker) asksWith(token soakToken) {
	number := c.books.number()
	c.asks(number, token, []message{{"user", soakText(number, "")}}, soakQuestion{})
}

// asks sends a history, and holds the answer against it.
func (c *soaker) asks(number int, token soakToken, history []message, how soakQuestion) soakEnding {
	stream := chance(0.6)
	body := map[string]any{"model": []string{"gpt-4o", "claude-3.7-sonnet", "gpt-4o-mini"}[rand.IntN(3)], "stream": stream}
	if stream {
		body["stream_options"] = map[string]any{"include_usage": true}
	}
	maps.Copy(body, how.members)
	messages := make([]map[string]string, 0, len(history))
	for _, m := range history {
		messages = append(messages, map[string]string{"role": m.role, "content": m.text})
	}
	body["messages"] = messages
	document, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings and numbers can always be written down
	}
	call := soakCall{method: http.MethodPost, path: "/v1/chat/completions", token: token, body: string(document), stream: stream, number: number}
	if chance(0.05) {
		call.path = "/chat/completions"
	}
	call.route = call.path
	if token == soakMain || token == soakTeam { // the others may be refused, which nobody who left could tell
		call.leave = soakLeaves(stream)
	}
	ending := c.sends(c.client, call)
	if !ending.left {
		c.holds(ending, history, how)
	}
	return ending
}

// soakLeaves decides whether a client leaves, and when.
func soakLeaves(stream bool) soakLeave {
	switch kind := rand.IntN(100); {
	case kind < 4:
		return soakLeave{is: true, after: rand.N(10 * time.Millisecond)}
	case kind < 8:
		return soakLeave{is: true, after: rand.N(300 * time.Millisecond)}
	case kind < 12 && stream:
		return soakLeave{is: true, bytes: 1 + rand.IntN(4000)}
	}
	return soakLeave{}
}

// holds checks that an answer is whole and was computed from what the client had sent.
func (c *soaker) holds(ending soakEnding, history []message, how soakQuestion) {
	said := ending.said
	if said.broken != "" {
		c.books.disagree("request %s: %s", ending.id, said.broken)
	}
	if !said.done {
		return
	}
	if all, _ := said.finishes(""); all != max(how.choices, 1) || all != len(said.choices) {
		c.books.disagree("request %s: of %d choices %d ended, want %d", ending.id, len(said.choices), all, max(how.choices, 1))
	}
	for _, choice := range said.choices {
		right, told := soakProves(choice.text, history)
		if told && !right || !told && !how.short {
			c.books.disagree("request %s: the answer was not computed from what the client had sent: %q", ending.id, choice.text)
		}
		if !how.short && !strings.HasSuffix(choice.text, soakEnd) {
			c.books.disagree("request %s: half an answer passes for a whole one: %q", ending.id, choice.text)
		}
	}
}

// malformed sends a body that cannot be served.
func (c *soaker) malformed() {
	bodies := []string{
		`{"model":`, `[]`, ``, `{"model":"gpt-4o","messages":[]}`, `{"model":"gpt-4o","messages":"hi"}`, asks("hi", `"n":9`), asks("hi", `"temperature":"hot"`),
		chatBody("nobody-knows-this", `{"role":"user","content":"hi"}`), asks("hi", `"tools":7`), strings.Repeat("[", 10_000),
		`{"model":"gpt-4o","messages":[{"role":"user","content":"` + strings.Repeat("x", soakMaxBody+1000) + `"}]}`,
	}
	ending := c.sends(c.client, soakCall{
		method: http.MethodPost, path: "/v1/chat/completions", route: "/v1/chat/completions", token: soakMain,
		body: bodies[rand.IntN(len(bodies))], number: c.books.number(),
	})
	if (ending.status < 400 || ending.status > 499) && ending.said.failure != "overloaded" {
		c.books.disagree("request %s: a malformed body got status %d", ending.id, ending.status)
	}
}

// elsewhere asks for something that is no completion.
func (c *soaker) elsewhere() {
	places := []struct {
		method, path, route string
		status              int
	}{
		{"GET", "/v1/models", "/v1/models", 200},
		{"GET", "/models/gpt-4o", "/models/*id", 200},
		{"GET", "/v1/models/nobody-knows-this", "/v1/models/*id", 404},
		{"GET", "/healthz", "/healthz", 200},
		{"HEAD", "/healthz", "/healthz", 200},
		{"GET", "/nowhere", "unmatched", 404},
		{"PUT", "/v1/chat/completions", "unmatched", 405},
	}
	place := places[rand.IntN(len(places))]
	ending := c.sends(c.client, soakCall{method: place.method, path: place.path, route: place.route, token: soakMain})
	if ending.status != place.status {
		c.books.disagree("%s %s: status %d, want %d", place.method, place.path, ending.status, place.status)
	}
}
