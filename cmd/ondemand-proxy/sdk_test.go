package main_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"

	sim "ondemand-api-proxy/adapter/ondemand/ondemandtest"
)

func TestTheOfficialClientHoldsAConversationInOneUpstreamSession(t *testing.T) {
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Email: "a@example.org", Password: "secret"}}})
	client := start(t, platform, `[{"email":"a@example.org","password":"secret"}]`).sdk(t)

	history := []openai.ChatCompletionMessageParamUnion{openai.SystemMessage("Be brief.")}
	for _, question := range []string{"one", "two", "three"} {
		history = append(history, openai.UserMessage(question))
		completion, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: "gpt-4o", Messages: history})
		if err != nil {
			t.Fatal(err)
		}
		choice := completion.Choices[0]
		if choice.FinishReason != "stop" || completion.Usage.CompletionTokens == 0 {
			t.Errorf("%s: finish reason %q, %d completion tokens; want stop and some", question, choice.FinishReason, completion.Usage.CompletionTokens)
		}
		history = append(history, choice.Message.ToParam())
	}

	sessions := platform.Sessions("")
	if len(sessions) != 1 {
		t.Fatalf("the conversation took %d upstream sessions, want 1", len(sessions))
	}
	var sent []string
	for _, turn := range platform.Transcript(sessions[0]) {
		sent = append(sent, turn.Query)
	}
	if len(sent) != 3 || !strings.HasSuffix(sent[0], "one") || !strings.Contains(sent[0], "Be brief.") {
		t.Fatalf("the session got %q, want three queries, the first with the system text", sent)
	}
	if diff := cmp.Diff([]string{"two", "three"}, sent[1:]); diff != "" {
		t.Errorf("further turns sent more than the new message (-want +got):\n%s", diff)
	}
}

func TestTheOfficialClientStreams(t *testing.T) {
	platform := sim.Start(t, sim.Options{Accounts: []sim.Account{{Key: "key-1"}}, Model: sim.Say("It streams, token by token.")})
	client := start(t, platform, `[{"api_key":"key-1"}]`).sdk(t)

	stream := client.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{
		Model: "gpt-4o", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Hello?")},
		StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(true)},
	})
	var whole openai.ChatCompletionAccumulator
	for stream.Next() {
		if !whole.AddChunk(stream.Current()) {
			t.Errorf("the accumulator refused %s", stream.Current().RawJSON())
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	choice := whole.Choices[0]
	if choice.Message.Content != "It streams, token by token." || choice.FinishReason != "stop" || whole.Usage.TotalTokens == 0 {
		t.Errorf("got %q, finish reason %q, %d tokens", choice.Message.Content, choice.FinishReason, whole.Usage.TotalTokens)
	}
}

func TestTheOfficialClientListsModels(t *testing.T) {
	platform := sim.Start(t, sim.Options{})
	client := start(t, platform, `[{"api_key":"demo-key"}]`).sdk(t)
	for _, name := range []string{"gpt-4o", "deepseek-r1"} {
		model, err := client.Models.Get(t.Context(), name)
		if err != nil || model.ID != name {
			t.Errorf("Models.Get(%s) = %v, %v", name, model, err)
		}
	}
	list, err := client.Models.List(t.Context())
	if err != nil || len(list.Data) < 16 {
		t.Errorf("Models.List: %d models, %v; want the static table at least", len(list.Data), err)
	}
}
