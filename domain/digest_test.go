package domain

import (
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// tinyText has so few values that two histories drawn from it are often alike, and often
// become alike when their fields are written one behind the other.
func tinyText() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.RuneFrom([]rune("ab\x00\x01")), 0, 3, -1)
}

func anyMessage() *rapid.Generator[Message] {
	return rapid.Custom(func(t *rapid.T) Message {
		return Message{
			Role:       rapid.SampledFrom([]Role{RoleSystem, RoleUser, RoleAssistant, RoleTool}).Draw(t, "role"),
			Name:       tinyText().Draw(t, "name"),
			ToolCallID: tinyText().Draw(t, "tool call id"),
			Text:       tinyText().Draw(t, "text"),
			ToolCalls: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ToolCall {
				return ToolCall{tinyText().Draw(t, "id"), tinyText().Draw(t, "name"), tinyText().Draw(t, "arguments")}
			}), 0, 2).Draw(t, "calls"),
		}
	})
}

func anyHistory(least int) *rapid.Generator[[]Message] {
	return rapid.SliceOfN(anyMessage(), least, 3)
}

func digestOf(scope TokenID, messages ...Message) Digest {
	h := NewHasher(scope)
	h.Add(messages...)
	return h.Digest()
}

func TestTwoHistoriesHaveOneDigestJustWhenTheyAreEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scopes := rapid.SliceOfN(rapid.SampledFrom([]TokenID{"", "a", "ab"}), 2, 2).Draw(t, "scopes")
		one, other := anyHistory(0).Draw(t, "one"), anyHistory(0).Draw(t, "other")
		equal := scopes[0] == scopes[1] && cmp.Equal(one, other, cmpopts.EquateEmpty())
		if same := digestOf(scopes[0], one...) == digestOf(scopes[1], other...); same != equal {
			t.Fatalf("same digest: %t, want %t\nscopes %q\n%#v\n%#v", same, equal, scopes, one, other)
		}
		if digestOf(scopes[0], one...) != digestOf(scopes[0], slices.Clone(one)...) {
			t.Fatalf("one history has two digests: %#v", one)
		}
	})
}

func TestAnyChangeOfAHistoryChangesItsDigest(t *testing.T) {
	history := func() []Message {
		return []Message{
			{Role: RoleSystem, Text: "be brief"},
			{Role: RoleUser, Name: "ann", Text: "what time is it"},
			{Role: RoleAssistant, ToolCalls: []ToolCall{{"c1", "clock", "{}"}, {"c2", "zone", "{}"}}},
			{Role: RoleTool, ToolCallID: "c1", Text: "noon"},
		}
	}
	original := digestOf("scope", history()...)
	seen := map[Digest]string{original: "the original"}
	for name, change := range map[string]func(h []Message) []Message{
		"a role":                 func(h []Message) []Message { h[0].Role = RoleDeveloper; return h },
		"a name":                 func(h []Message) []Message { h[1].Name = "bob"; return h },
		"no name":                func(h []Message) []Message { h[1].Name = ""; return h },
		"a tool call id":         func(h []Message) []Message { h[3].ToolCallID = "c2"; return h },
		"a text":                 func(h []Message) []Message { h[1].Text += "?"; return h },
		"an empty text":          func(h []Message) []Message { h[3].Text = ""; return h },
		"white space":            func(h []Message) []Message { h[3].Text += " "; return h },
		"case":                   func(h []Message) []Message { h[3].Text = "Noon"; return h },
		"the order":              func(h []Message) []Message { h[0], h[1] = h[1], h[0]; return h },
		"one dropped":            func(h []Message) []Message { return h[1:] },
		"the last dropped":       func(h []Message) []Message { return h[:3] },
		"one added":              func(h []Message) []Message { return append(h, Message{Role: RoleUser}) },
		"one twice":              func(h []Message) []Message { return append(h, h[3]) },
		"text moved to the name": func(h []Message) []Message { h[1].Name, h[1].Text = "annw", "hat time is it"; return h },
		"text moved on":          func(h []Message) []Message { h[0].Text, h[1].Text = "be", " brief"+h[1].Text; return h },
		"two messages from one": func(h []Message) []Message {
			return append(h[:3], Message{Role: RoleTool, ToolCallID: "c1", Text: "no"}, Message{Text: "on"})
		},
		"name for id":             func(h []Message) []Message { h[3].Name, h[3].ToolCallID = h[3].ToolCallID, ""; return h },
		"a call's id":             func(h []Message) []Message { h[2].ToolCalls[0].ID = "c3"; return h },
		"a call's name":           func(h []Message) []Message { h[2].ToolCalls[0].Name = "watch"; return h },
		"a call's arguments":      func(h []Message) []Message { h[2].ToolCalls[0].Arguments = "{ }"; return h },
		"a call dropped":          func(h []Message) []Message { h[2].ToolCalls = h[2].ToolCalls[:1]; return h },
		"the order of the calls":  func(h []Message) []Message { slices.Reverse(h[2].ToolCalls); return h },
		"a call's arguments said": func(h []Message) []Message { h[2].ToolCalls[1].Arguments, h[2].Text = "", "{}"; return h },
	} {
		digest := digestOf("scope", change(history())...)
		if twin, found := seen[digest]; found {
			t.Errorf("%s: the digest is that of %s", name, twin)
		}
		seen[digest] = name
	}
	if digestOf("another scope", history()...) == original {
		t.Error("another access token's history has the same digest")
	}
}

func TestADigestIsTheSameRollingAndAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := anyHistory(1).Draw(t, "history")
		rolling := NewHasher("scope")
		for i, m := range history {
			if got, want := rolling.Digest(), digestOf("scope", history[:i]...); got != want {
				t.Fatalf("digest of the first %d messages is %x rolling, %x at once", i, got, want)
			}
			rolling.Add(m)
		}
		if got, want := rolling.Digest(), digestOf("scope", history...); got != want {
			t.Fatalf("digest is %x rolling, %x at once", got, want)
		}
	})
}

func TestAnAnswersHashGivesTheDigestOfTheHistoryWithIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := anyHistory(0).Draw(t, "history")
		answer := rapid.String().Draw(t, "answer")
		h := NewHasher("scope")
		h.Add(history...)
		got := h.WithAnswer(sha256.Sum256([]byte(answer)))
		if want := digestOf("scope", append(slices.Clone(history), Message{Role: RoleAssistant, Text: answer})...); got != want {
			t.Fatalf("WithAnswer gives %x, adding the message %x", got, want)
		}
		if h.Digest() != digestOf("scope", history...) {
			t.Fatal("WithAnswer changed the Hasher")
		}
	})
}
