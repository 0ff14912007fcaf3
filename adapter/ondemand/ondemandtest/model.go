package ondemandtest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"unicode/utf8"
)

// Model answers queries. It is called from many goroutines at once.
type Model func(Seen) Answer

// Seen is everything the model knows when it answers: what its session has seen, and
// the query. The slices belong to the call.
type Seen struct {
	Session string
	Account string // label
	Turns   []Turn // earlier in this session, oldest first
	Query   string
	Asked   Asked // the whole request: endpoint, configuration, effort
}

// Turn is one query of a session and what was answered. A query that the platform may
// have carried out stands here even if its answer never arrived; Answer is then what
// had been sent of it.
type Turn struct {
	Query    string
	Answer   string
	Endpoint string
	Complete bool // the answer went out to its end
}

// Answer is what a model says.
type Answer struct {
	Text      string
	Reasoning string // comes before the text
	// Deltas are the exact pieces of the text, if given; Text is then not used.
	Deltas []string
	// InputTokens and OutputTokens are what metricsLog tells; 0: a quarter of the characters.
	InputTokens, OutputTokens int
}

// whole is the text, wherever it stands.
func (a Answer) whole() string {
	if a.Deltas == nil {
		return a.Text
	}
	size := 0
	for _, d := range a.Deltas {
		size += len(d)
	}
	text := make([]byte, 0, size)
	for _, d := range a.Deltas {
		text = append(text, d...)
	}
	return string(text)
}

// echoed is how much of a query Echo repeats, in bytes.
const echoed = 2000

// Echo repeats the query, or the end of a long one: "Echo: …".
func Echo(seen Seen) Answer {
	return Answer{Text: "Echo: " + tail(seen.Query, echoed)}
}

// Say always gives the same answer.
func Say(text string) Model {
	return func(Seen) Answer { return Answer{Text: text} }
}

// Recall answers with RecallOf of everything it has seen, so that the answer proves
// what the model saw, and in which order.
func Recall(seen Seen) Answer {
	texts := make([]string, 0, 2*len(seen.Turns)+1)
	for _, t := range seen.Turns {
		texts = append(texts, t.Query, t.Answer)
	}
	return Answer{Text: RecallOf(append(texts, seen.Query)...)}
}

// RecallOf is what Recall answers after having seen these texts: earlier queries and
// answers in turn, then the query.
func RecallOf(texts ...string) string {
	hash := sha256.New()
	for _, text := range texts {
		_, _ = fmt.Fprintf(hash, "%d:%s", len(text), text)
	}
	return fmt.Sprintf("I have seen %d texts: %s", len(texts), hex.EncodeToString(hash.Sum(nil)[:8]))
}

// tail is the end of text, at most limit bytes, not beginning inside a character.
func tail(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	cut := len(text) - limit
	for cut < len(text) && !utf8.RuneStart(text[cut]) {
		cut++
	}
	return text[cut:]
}
