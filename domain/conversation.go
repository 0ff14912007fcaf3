package domain

// Role says who speaks in a Message.
type Role string

// The roles OpenAI's API knows.
const (
	RoleSystem    Role = "system"
	RoleDeveloper Role = "developer"
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
	RoleTool      Role = "tool"
	RoleFunction  Role = "function"
)

// ToolCall is a call that an assistant message of the history asked for.
type ToolCall struct {
	ID        string
	Name      string
	Arguments string
}

// Message is one entry of a conversation, as text.
type Message struct {
	Role       Role
	Name       string
	ToolCallID string
	ToolCalls  []ToolCall
	Text       string
}

// ForModel tells whether the message can be sent into a running session: it says
// something to the model, rather than being what the model said or was told to be.
func (m Message) ForModel() bool {
	switch m.Role {
	case RoleUser, RoleTool, RoleFunction:
		return true
	default:
		return false
	}
}

// Conversation is the history a client sends, oldest first. It is the truth; what
// an upstream session holds is only ever a copy of a prefix.
type Conversation []Message

// Split cuts the conversation behind the last message that is not for the model to
// read anew: what a session that could go on has seen, and what is left to send into it.
// The first part is empty when there is no such message; the rest is empty when the
// conversation ends with it.
func (c Conversation) Split() (seen, rest Conversation) {
	i := len(c)
	for i > 0 && c[i-1].ForModel() {
		i--
	}
	return c[:i], c[i:]
}

// HasBegun tells whether the conversation holds an answer already.
func (c Conversation) HasBegun() bool {
	for i := range c {
		if c[i].Role == RoleAssistant {
			return true
		}
	}
	return false
}
