package chat

import (
	"errors"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"ondemand-api-proxy/domain"
)

// shaped is what came out of a shaper.
type shaped struct {
	reasoning, answer string
	reason            domain.FinishReason
	ended             bool
}

// shapeAll pushes deltas through a shaper as an attempt does, and ends the text.
func shapeAll(t interface{ Fatalf(string, ...any) }, request *domain.ChatRequest, tokens Tokenizer, deltas []*domain.Delta) shaped {
	var got shaped
	s := newShaper(request, tokens)
	give := func(d *domain.Delta) error {
		if len(d.Text) == 0 || !utf8.Valid(d.Text) {
			t.Fatalf("gave %q: empty, or no whole characters", d.Text)
		}
		if d.Escaped != nil && string(d.Escaped) != "escaped "+string(d.Text) {
			t.Fatalf("gave %q with the escaped form %q of another text", d.Text, d.Escaped)
		}
		if d.Kind == domain.ReasoningDelta {
			got.reasoning += string(d.Text)
		} else {
			got.answer += string(d.Text)
		}
		return nil
	}
	for _, delta := range deltas {
		owned := append([]byte(nil), delta.Text...)
		err := s.push(&domain.Delta{Kind: delta.Kind, Text: owned, Escaped: []byte("escaped " + string(owned))}, give)
		clobber(owned)
		if err != nil {
			t.Fatalf("push: %v", err)
		}
		if s.ended {
			break
		}
	}
	if err := s.flush(give); err != nil {
		t.Fatalf("flush: %v", err)
	}
	got.reason, got.ended = s.reason, s.ended
	return got
}

// shapeOnce is the reference: the same for whole texts.
func shapeOnce(reasoning, answer string, request *domain.ChatRequest, tokens Tokenizer) shaped {
	want := shaped{reason: domain.FinishStop}
	left, full := request.MaxTokens, false
	bound := func(text string) string {
		if request.MaxTokens > 0 {
			text, left, full = untilLimit(text, tokens, left)
		}
		return text
	}
	want.reasoning = bound(reasoning)
	if !full {
		before, found := untilStop(answer, request.Stop)
		want.answer = bound(before)
		want.ended = found
	}
	if full {
		want.reason, want.ended = domain.FinishLength, true
	}
	return want
}

func TestAnAnswerIsShapedTheSameHoweverItIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tokens := anyTokenizer().Draw(t, "tokenizer")
		request := &domain.ChatRequest{}
		if rapid.Bool().Draw(t, "limited") {
			request.MaxTokens = anyBudget().Draw(t, "limit")
		}
		if rapid.Bool().Draw(t, "with stops") {
			request.Stop = rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("ab é\n")), 1, 3, -1), 1, 4).Draw(t, "stops")
		}
		reasoning, answer := anyText().Draw(t, "reasoning"), anyText().Draw(t, "answer")
		var deltas []*domain.Delta
		for _, text := range cuts(t, reasoning) {
			deltas = append(deltas, reasoningDelta(text))
		}
		for _, text := range cuts(t, answer) {
			deltas = append(deltas, answerDelta(text))
		}
		got, want := shapeAll(t, request, tokens, deltas), shapeOnce(reasoning, answer, request, tokens)
		if got != want {
			t.Fatalf("reasoning %q, answer %q, stops %q, limit %d\n got %+v\nwant %+v", reasoning, answer, request.Stop, request.MaxTokens, got, want)
		}
	})
}

func TestReasoningIsNeverEndedByAStopText(t *testing.T) {
	got := shapeAll(t, &domain.ChatRequest{Stop: []string{"END"}}, even(4), []*domain.Delta{
		reasoningDelta("shall I say E"), reasoningDelta("ND? no END"), answerDelta("well EN"), answerDelta("D more"),
	})
	want := shaped{reasoning: "shall I say END? no END", answer: "well ", reason: domain.FinishStop, ended: true}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAStopTextDoesNotReachFromReasoningIntoTheAnswer(t *testing.T) {
	got := shapeAll(t, &domain.ChatRequest{Stop: []string{"END"}}, even(4), []*domain.Delta{reasoningDelta("E"), answerDelta("ND")})
	if want := (shaped{reasoning: "E", answer: "ND", reason: domain.FinishStop}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAStopTextHoldsAlsoWhenReasoningComesInBetween(t *testing.T) {
	got := shapeAll(t, &domain.ChatRequest{Stop: []string{"END"}}, nil, []*domain.Delta{
		answerDelta("a EN"), {Kind: domain.ReasoningDelta, Text: []byte("hm")}, answerDelta("D b"),
	})
	if got.answer != "a " || got.reasoning != "hm" || !got.ended {
		t.Errorf("got answer %q and reasoning %q, ended %t; want %q and %q, ended", got.answer, got.reasoning, got.ended, "a ", "hm")
	}
	got = shapeAll(t, &domain.ChatRequest{Stop: []string{"END"}}, nil, []*domain.Delta{
		answerDelta("a EN"), {Kind: domain.ReasoningDelta, Text: []byte("hm")},
	})
	if got.answer != "a EN" {
		t.Errorf("an answer that only began like the stop text came as %q, want %q", got.answer, "a EN")
	}
}

func TestReasoningAndAnswerShareOneLimit(t *testing.T) {
	deltas := []*domain.Delta{reasoningDelta("one two"), answerDelta(" six ten")}
	for limit, want := range map[int]shaped{
		1: {"one ", "", domain.FinishLength, true},
		2: {"one two", "", domain.FinishLength, true},
		3: {"one two", " six", domain.FinishLength, true},
		4: {"one two", " six ten", domain.FinishStop, false},
	} {
		if limit == 1 {
			want.reasoning = "one" // the blank belongs to the next piece
		}
		if got := shapeAll(t, &domain.ChatRequest{MaxTokens: limit}, even(4), deltas); got != want {
			t.Errorf("limit %d: got %+v, want %+v", limit, got, want)
		}
	}
}

func TestWithoutStopsAndLimitADeltaPassesAsItIs(t *testing.T) {
	s := newShaper(&domain.ChatRequest{}, even(4))
	in := &domain.Delta{Kind: domain.ReasoningDelta, Text: []byte("a\n"), Escaped: []byte(`a\n`)}
	var got []*domain.Delta
	if err := s.push(in, func(d *domain.Delta) error { got = append(got, d); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || &got[0].Text[0] != &in.Text[0] || &got[0].Escaped[0] != &in.Escaped[0] || got[0].Kind != in.Kind {
		t.Errorf("got %+v, want the delta itself without a copy", got)
	}
}

func TestAnErrorOfWhoeverTakesTheTextComesBack(t *testing.T) {
	failed := errors.New("failed")
	give := func(*domain.Delta) error { return failed }
	for name, request := range map[string]*domain.ChatRequest{"plain": {}, "limited": {MaxTokens: 9}, "with stops": {Stop: []string{"x"}}} {
		s := newShaper(request, even(4))
		if err := s.push(answerDelta("some text"), give); !errors.Is(err, failed) {
			t.Errorf("%s: push returns %v, want %v", name, err, failed)
		}
	}
	s := newShaper(&domain.ChatRequest{Stop: []string{"xy"}}, even(4))
	if err := s.push(answerDelta("x"), give); err != nil {
		t.Errorf("push of what is held back returns %v", err)
	}
	if err := s.push(reasoningDelta("z"), give); !errors.Is(err, failed) {
		t.Errorf("push that gives what was held back returns %v, want %v", err, failed)
	}
}
