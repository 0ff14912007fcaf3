package openai

import (
	"strings"

	"ondemand-api-proxy/adapter/jsonscan"
	"ondemand-api-proxy/domain"
)

// plainMessages reads the messages of a request as most clients send them: each with a role and a text and nothing
// else. rest is the request without them. It refuses nothing: whatever is different in any way, valid or
// not, returns no messages and is for the careful reader, which would take nearly twice as long for these
// (BenchmarkFromChatRequest). Both read the same (FuzzPlainMessages).
func (t *tools) plainMessages(body []byte) (messages []domain.Message, rest []byte) {
	at := jsonscan.SpaceEnd(body, 0)
	if !jsonscan.Is(body, at, '{') {
		return nil, nil
	}
	for more := true; more; at, more = nextOf(body, at) {
		at = jsonscan.SpaceEnd(body, at+1)
		keyEnd, value := jsonscan.KeyAt(body, at)
		if value < 0 {
			return nil, nil
		}
		if string(body[at:keyEnd]) != `"messages"` {
			if at = jsonscan.ValueEnd(body, value, 1); at < 0 {
				return nil, nil
			}
			continue
		}
		if messages != nil {
			return nil, nil
		}
		if messages, at = t.plainList(body, value); at < 0 {
			return nil, nil
		}
		rest = append(make([]byte, 0, len(body)-(at-value)+len("null")), body[:value]...)
		rest = append(append(rest, "null"...), body[at:]...)
	}
	if messages == nil || !jsonscan.Is(body, at, '}') || jsonscan.SpaceEnd(body, at+1) < len(body) {
		return nil, nil
	}
	return messages, rest
}

// nextOf returns where the comma or the end stands that follows what ended at at, and whether it is a comma.
func nextOf(b []byte, at int) (next int, comma bool) {
	next = jsonscan.SpaceEnd(b, at)
	return next, jsonscan.Is(b, next, ',')
}

// plainList reads an array of one message or more; end is below zero if it is another kind of value.
func (t *tools) plainList(b []byte, at int) (messages []domain.Message, end int) {
	if !jsonscan.Is(b, at, '[') {
		return nil, -1
	}
	messages = make([]domain.Message, 0, manyMessages)
	var texts strings.Builder // of all messages: one piece of memory
	texts.Grow(len(b) - at)
	for more := true; more; at, more = nextOf(b, at) {
		var message domain.Message
		if message, at = t.plainMessage(b, jsonscan.SpaceEnd(b, at+1), &texts); at < 0 {
			return nil, -1
		}
		messages = append(messages, message)
	}
	if !jsonscan.Is(b, at, ']') {
		return nil, -1
	}
	return messages, at + 1
}

// plainMessage reads the message at at; end is below zero if it is another kind of value. Its text goes behind texts.
func (t *tools) plainMessage(b []byte, at int, texts *strings.Builder) (m domain.Message, end int) {
	if !jsonscan.Is(b, at, '{') {
		return m, -1
	}
	hasText := false
	for more := true; more; at, more = nextOf(b, at) {
		at = jsonscan.SpaceEnd(b, at+1)
		keyEnd, value := jsonscan.KeyAt(b, at)
		if value < 0 || !jsonscan.Is(b, value, '"') {
			return m, -1
		}
		end := jsonscan.StringEnd(b, value)
		if end < 0 {
			return m, -1
		}
		switch key := string(b[at:keyEnd]); {
		case key == `"role"` && m.Role == "":
			if m.Role = plainRole(b[value:end]); m.Role == "" {
				return m, -1
			}
		case key == `"content"` && !hasText:
			hasText = true
			begin := texts.Len()
			texts.Write(t.unquoted(b[value:end]))
			m.Text = texts.String()[begin:]
		default:
			return m, -1
		}
		at = end
	}
	if !jsonscan.Is(b, at, '}') || m.Role == "" || !hasText {
		return m, -1
	}
	return m, at + 1
}

// plainRole is the role of who needs nothing but a text; empty for any other value.
func plainRole(value []byte) domain.Role {
	switch string(value) {
	case `"user"`:
		return domain.RoleUser
	case `"assistant"`:
		return domain.RoleAssistant
	case `"system"`:
		return domain.RoleSystem
	case `"developer"`:
		return domain.RoleDeveloper
	}
	return ""
}
