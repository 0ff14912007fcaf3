package domain

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestAConversationSplitsBehindTheLastMessageThatIsNotForTheModel(t *testing.T) {
	for roles, want := range map[string]int{
		"": 0, "u": 0, "uu": 0, "s": 1, "su": 1, "d": 1, "uau": 2, "suau": 3, "uaut": 2, "uat": 2, "uatf": 2,
		"uauu": 2, "ua": 2, "uaus": 4, "t": 0, "usu": 2,
	} {
		conversation := spelled(roles)
		seen, rest := conversation.Split()
		if got := len(seen); got != want {
			t.Errorf("%q: %d messages were seen, want %d", roles, got, want)
		}
		if diff := cmp.Diff(conversation, append(slices.Clone(seen), rest...)); diff != "" {
			t.Errorf("%q: the two parts are not the whole (-want +got):\n%s", roles, diff)
		}
	}
}

func TestTheRestOfASplitIsAsLongAsItCanBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		conversation := Conversation(rapid.SliceOf(anyMessage()).Draw(t, "conversation"))
		seen, rest := conversation.Split()
		if len(seen)+len(rest) != len(conversation) {
			t.Fatalf("%d and %d messages of %d", len(seen), len(rest), len(conversation))
		}
		for i, m := range rest {
			if !m.ForModel() {
				t.Fatalf("message %d of the rest is the %s's", i, m.Role)
			}
		}
		if len(seen) > 0 && seen[len(seen)-1].ForModel() {
			t.Fatalf("the last message seen is the %s's and could have been left to send", seen[len(seen)-1].Role)
		}
	})
}

// spelled returns a conversation with one message for each letter, the first of its role.
func spelled(roles string) Conversation {
	byLetter := map[rune]Role{'s': RoleSystem, 'd': RoleDeveloper, 'u': RoleUser, 'a': RoleAssistant, 't': RoleTool, 'f': RoleFunction}
	conversation := Conversation{}
	for _, letter := range roles {
		conversation = append(conversation, Message{Role: byLetter[letter], Text: string(letter)})
	}
	return conversation
}
