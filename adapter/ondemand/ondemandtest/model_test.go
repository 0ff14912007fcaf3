package ondemandtest_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func seen(query string, turns int) sim.Seen {
	return sim.Seen{Query: query, Turns: make([]sim.Turn, turns), Asked: sim.Asked{EndpointID: endpoint, Query: query}}
}

func TestDemoTalksAboutTheQuestion(t *testing.T) {
	got := sim.Demo(seen("User: Hello!\nAssistant: Hi.\n\nUser: What is the weather like?", 2)).Text
	for _, want := range []string{"no real model", "What is the weather like?", "now seen 3 of your messages", endpoint} {
		if !strings.Contains(got, want) {
			t.Errorf("the answer lacks %q:\n%s", want, got)
		}
	}
	if words := len(strings.Fields(got)); words < 60 || words > 120 {
		t.Errorf("%d words, want 60 to 120", words)
	}
}

func TestDemoAnswersChineseInChinese(t *testing.T) {
	got := sim.Demo(seen("今天天气怎么样？", 0)).Text
	for _, want := range []string{"演示模式", "今天天气怎么样？", "1 条消息", endpoint} {
		if !strings.Contains(got, want) {
			t.Errorf("the answer lacks %q:\n%s", want, got)
		}
	}
}

func TestLongQuestionsAreQuotedFromTheirEnd(t *testing.T) {
	query := strings.Repeat("漢字", 5000) + "\nthe end"
	for name, model := range map[string]sim.Model{"Demo": sim.Demo, "Echo": sim.Echo} {
		got := model(seen(query, 0)).Text
		if !strings.Contains(got, "the end") || len(got) > 2100 || !utf8.ValidString(got) {
			t.Errorf("%s: %d bytes, valid %v: %.300s", name, len(got), utf8.ValidString(got), got)
		}
	}
}

func TestDemoReasonsWhenAskedTo(t *testing.T) {
	effort, asked := "low", seen("Hello", 0)
	if got := sim.Demo(asked).Reasoning; got != "" {
		t.Errorf("reasoning %q, unasked", got)
	}
	asked.Asked.ReasoningEffort = &effort
	if got := sim.Demo(asked).Reasoning; got == "" {
		t.Error("no reasoning")
	}
}

func TestRecallTellsHistoriesApart(t *testing.T) {
	answers := map[string][]string{}
	for _, history := range [][]string{{"a"}, {"b"}, {"a", "b", "c"}, {"ab", "", "c"}, {"c", "b", "a"}} {
		answer := sim.RecallOf(history...)
		if other, found := answers[answer]; found {
			t.Errorf("%q and %q give the same answer", history, other)
		}
		answers[answer] = history
	}
}
