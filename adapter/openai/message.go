package openai

import (
	"slices"

	"ondemand-api-proxy/domain"
)

// roleNames are the roles a message may have.
var roleNames = [...]string{
	string(domain.RoleSystem), string(domain.RoleDeveloper), string(domain.RoleUser),
	string(domain.RoleAssistant), string(domain.RoleTool), string(domain.RoleFunction),
}

// manyMessages is how many messages there is room for from the start: a history of several turns.
const manyMessages = 16

// draft is a message whose fields have come in whatever order the client liked;
// what its role allows is looked at when all are there.
type draft struct {
	domain.Message

	content contentShape
	refusal string // the text of an assistant that had no other
	legacy  *domain.ToolCall
}

// message reads one message of the history.
func (r *chatReader) message(int) error {
	var d draft
	if err := r.object(func(name string) error { return r.messageField(&d, name) }); err != nil {
		return err
	}
	message, err := r.settle(&d)
	if err != nil {
		return err
	}
	if r.request.Messages == nil {
		r.request.Messages = make([]domain.Message, 0, manyMessages)
	}
	r.request.Messages = append(r.request.Messages, message)
	return nil
}

func (r *chatReader) messageField(d *draft, name string) error {
	var err error
	switch name {
	case "role":
		d.Role, err = r.role()
	case "content":
		d.Text, d.content, err = r.content()
	case "name":
		d.Name, err = r.text()
	case "tool_call_id":
		d.ToolCallID, err = r.text()
	case "tool_calls":
		d.ToolCalls, err = r.toolCalls()
	case "function_call":
		var call domain.ToolCall
		call, err = r.function()
		d.legacy = &call
	case "refusal":
		d.refusal, err = r.text()
	case "audio":
		at := r.at()
		err = domain.Unsupported(at, at+" is not supported by this server; send the text as content.")
	default: // reasoning_content among them: it is no part of the history
		err = r.skip()
	}
	return err
}

func (r *chatReader) role() (domain.Role, error) {
	name, err := r.text()
	if err != nil {
		return "", err
	}
	if !slices.Contains(roleNames[:], name) {
		return "", r.refuse(oneOf(roleNames[:]), quoted(name))
	}
	return domain.Role(name), nil
}

// settle makes the message of a draft whose object has just been read. What
// belongs to another role is left out, as unknown fields are.
func (r *chatReader) settle(d *draft) (domain.Message, error) {
	m := domain.Message{Role: d.Role, Name: d.Name, Text: d.Text}
	switch {
	case d.Role == "":
		at := r.at() + ".role"
		return m, domain.Invalid(at, at+" is missing; it must be "+oneOf(roleNames[:])+".")
	case d.Role == domain.RoleAssistant:
		m.ToolCalls = d.ToolCalls
		if d.legacy != nil {
			m.ToolCalls = append(m.ToolCalls, *d.legacy)
		}
		if m.Text == "" {
			m.Text = d.refusal
		}
		return m, nil
	case d.Role == domain.RoleTool:
		m.ToolCallID = d.ToolCallID
	}
	return m, r.wantContent(d)
}

// wantContent refuses what only an assistant's message may have for content.
func (r *chatReader) wantContent(d *draft) error {
	if d.content.given && d.content.parts > 0 && d.content.refusal == noPart {
		return nil
	}
	at := r.at() + ".content" // which costs more than reading a short message
	switch {
	case !d.content.given:
		return domain.Invalid(at, at+" is missing; it must be a string or an array of text parts, and only an assistant's may be null.")
	case d.content.parts == 0:
		return domain.Invalid(at, at+" must be a string or an array of at least one part, not an empty array.")
	default:
		at = partName(at, d.content.refusal) + ".type"
		return domain.Invalid(at, at+" must be \"text\"; only an assistant's message may hold a refusal.")
	}
}
