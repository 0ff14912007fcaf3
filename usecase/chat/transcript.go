package chat

import (
	"strconv"
	"strings"

	"ondemand-api-proxy/domain"
)

// The sentences in front of a transcript. A platform session takes one text per
// query, so a conversation it has not seen is written out for it.
const (
	transcriptHead = "Below is a conversation, oldest message first. Each message begins with a line like the next one, which names its author. " +
		"Follow the system and developer messages. Reply as the assistant to what comes last; write the reply alone, without such a line.\n\n"
	continueHead = "Below is a conversation, oldest message first. Each message begins with a line like the next one, which names its author. " +
		"Follow the system and developer messages. The last message is the assistant's own and unfinished: go on exactly where it ends; write the rest alone, without such a line.\n\n"
)

// render writes messages as the text of one query. A lone user message is sent as it
// is; anything else becomes a transcript in which every message has a heading between
// bars. The bars are longer than any such run in the messages, so that no text can
// pass for a heading, and every text stands unchanged, the newest one last.
func render(messages domain.Conversation) string {
	if len(messages) == 1 && messages[0].Role == domain.RoleUser && messages[0].Name == "" && strings.TrimSpace(messages[0].Text) != "" {
		return messages[0].Text
	}
	bar := strings.Repeat("=", barLength(messages))
	head := transcriptHead
	if last := messages[len(messages)-1]; last.Role == domain.RoleAssistant && len(last.ToolCalls) == 0 {
		head = continueHead
	}
	var b strings.Builder
	b.Grow(size(messages) + len(head))
	b.WriteString(head)
	for i, m := range messages {
		if i > 0 {
			b.WriteString("\n\n")
		}
		heading(&b, bar, who(m))
		b.WriteString(m.Text)
		for _, call := range m.ToolCalls {
			b.WriteString("\n\n")
			heading(&b, bar, "assistant calls tool "+strconv.Quote(call.Name)+" as "+strconv.Quote(call.ID))
			b.WriteString(call.Arguments)
		}
	}
	return b.String()
}

func heading(b *strings.Builder, bar, text string) {
	b.WriteString(bar)
	b.WriteString(" ")
	b.WriteString(text)
	b.WriteString(" ")
	b.WriteString(bar)
	b.WriteString("\n")
}

// who names a message's author; names come from the client and are quoted.
func who(m domain.Message) string {
	text := string(m.Role)
	if m.Name != "" {
		text += " " + strconv.Quote(m.Name)
	}
	if m.ToolCallID != "" {
		text += " answers " + strconv.Quote(m.ToolCallID)
	}
	return text
}

// barLength returns one more than the longest run of bars in the messages, at least 4.
func barLength(messages domain.Conversation) int {
	longest := 3
	for _, m := range messages {
		longest = max(longest, longestRun(m.Text), longestRun(m.Name), longestRun(m.ToolCallID))
		for _, call := range m.ToolCalls {
			longest = max(longest, longestRun(call.ID), longestRun(call.Name), longestRun(call.Arguments))
		}
	}
	return longest + 1
}

func longestRun(text string) int {
	longest := 0
	for {
		at := strings.IndexByte(text, '=')
		if at < 0 {
			return longest
		}
		text = text[at:]
		rest := strings.TrimLeft(text, "=")
		longest = max(longest, len(text)-len(rest))
		text = rest
	}
}

// size is about how long the transcript will be.
func size(messages domain.Conversation) int {
	total := 0
	for _, m := range messages {
		total += len(m.Text) + 48
		for _, call := range m.ToolCalls {
			total += len(call.Arguments) + 96
		}
	}
	return total
}
