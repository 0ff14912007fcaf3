package openai

import "ondemand-api-proxy/domain"

// toolCalls reads the calls that an assistant's message of the history asked for.
func (r *chatReader) toolCalls() ([]domain.ToolCall, error) {
	var calls []domain.ToolCall
	err := r.array("an array of tool calls", func(int) error {
		call, err := r.toolCall()
		calls = append(calls, call)
		return err
	})
	return calls, err
}

func (r *chatReader) toolCall() (domain.ToolCall, error) {
	var call domain.ToolCall
	var id string
	err := r.object(func(name string) error {
		var err error
		switch name {
		case "id":
			id, err = r.text()
		case "type":
			var kind string
			if kind, err = r.text(); err == nil && kind != "function" {
				err = r.refuse("\"function\"", quoted(kind))
			}
		case "function":
			call, err = r.function()
		default:
			err = r.skip()
		}
		return err
	})
	if err == nil && call.Name == "" {
		at := r.at() + ".function"
		err = domain.Invalid(at, at+" is missing; it must be an object with name and arguments.")
	}
	call.ID = id
	return call, err
}

// function reads a function's name and arguments; the arguments are text, whatever
// they hold.
func (r *chatReader) function() (domain.ToolCall, error) {
	var call domain.ToolCall
	err := r.object(func(name string) error {
		var err error
		switch name {
		case "name":
			call.Name, err = r.text()
		case "arguments":
			call.Arguments, err = r.text()
		default:
			err = r.skip()
		}
		return err
	})
	if err == nil && call.Name == "" {
		at := r.at() + ".name"
		err = domain.Invalid(at, at+" is missing; it must be the name of a function.")
	}
	return call, err
}
