package openai

import (
	"github.com/go-json-experiment/json/jsontext"

	"ondemand-api-proxy/domain"
)

// unserved reads a field that asks for what this product does not do, or that it
// ignores. A value that asks for nothing special passes.
func (r *chatReader) unserved(name string) error {
	switch name {
	case "tools", "functions":
		return r.array("an array", func(int) error {
			return domain.Unsupported(name, name+" is not supported by this server; leave it out.")
		})
	case "tool_choice", "function_call":
		return r.toolChoice(name)
	case "response_format":
		return r.responseFormat()
	case "logprobs":
		asked, err := r.flag()
		if err == nil && asked {
			err = domain.Unsupported(name, "logprobs is not supported by this server; leave it out or set it to false.")
		}
		return err
	case "top_logprobs":
		count, err := r.integer(0, 20, "an integer from 0 to 20")
		if err == nil && count > 0 {
			err = domain.Unsupported(name, "top_logprobs is not supported by this server; leave it out or set it to 0.")
		}
		return err
	case "modalities":
		return r.array("an array of strings", func(int) error {
			modality, err := r.text()
			if err == nil && modality != "text" {
				err = domain.Unsupported(name, "modalities may hold nothing but \"text\" on this server, not "+quoted(modality)+".")
			}
			return err
		})
	case "audio":
		return domain.Unsupported(name, "audio is not supported by this server; leave it out.")
	default:
		return r.skip()
	}
}

// toolChoice reads how tools are to be chosen. Where there are none, "none" and
// "auto" ask for nothing.
func (r *chatReader) toolChoice(name string) error {
	unsupported := domain.Unsupported(name, name+" may be nothing but \"none\" or \"auto\" on this server, which has no tools.")
	switch r.dec.PeekKind() {
	case jsontext.KindBeginObject:
		return unsupported
	case jsontext.KindString:
		choice, err := r.text()
		if err == nil && choice != "none" && choice != "auto" {
			return unsupported
		}
		return err
	default:
		_, err := r.token("a string or an object", jsontext.KindString)
		return err
	}
}

func (r *chatReader) responseFormat() error {
	format := ""
	err := r.object(func(name string) error {
		if name != "type" {
			return r.skip()
		}
		var err error
		format, err = r.text()
		return err
	})
	switch {
	case err != nil:
		return err
	case format == "":
		return domain.Invalid("response_format.type", "response_format.type is missing; it must be \"text\".")
	case format != "text":
		return domain.Unsupported("response_format", "response_format.type must be \"text\" on this server, not "+quoted(format)+".")
	}
	return nil
}
