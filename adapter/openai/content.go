package openai

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"ondemand-api-proxy/domain"
)

// contentShape is how a message's content was given.
type contentShape struct {
	given   bool // neither absent nor null
	parts   int  // a string counts as one
	refusal int  // the first part that is a refusal, or noPart
}

const noPart = -1

// content reads a message's content: a string, or parts, whose texts become lines.
func (r *chatReader) content() (string, contentShape, error) {
	if r.dec.PeekKind() == jsontext.KindString {
		text, err := r.text()
		return text, contentShape{given: true, parts: 1, refusal: noPart}, err
	}
	shape := contentShape{given: true, refusal: noPart}
	r.parts = r.parts[:0]
	err := r.array("a string or an array of text parts", func(index int) error {
		text, isRefusal, err := r.part()
		if err != nil {
			return err
		}
		if isRefusal && shape.refusal == noPart {
			shape.refusal = index
		}
		shape.parts++
		r.parts = append(r.parts, text)
		return nil
	})
	if err != nil {
		return "", shape, err
	}
	return strings.Join(r.parts, "\n"), shape, nil
}

// part reads one part of a content.
func (r *chatReader) part() (text string, isRefusal bool, err error) {
	var p struct {
		kind          string
		text, refusal *string
	}
	err = r.object(func(name string) error {
		var err error
		switch name {
		case "type":
			p.kind, err = r.partType()
		case "text":
			p.text, err = r.partText()
		case "refusal":
			p.refusal, err = r.partText()
		default:
			err = r.skip()
		}
		return err
	})
	if err != nil {
		return "", false, err
	}
	held := p.text
	switch p.kind {
	case "":
		at := r.at() + ".type"
		return "", false, domain.Invalid(at, at+" is missing; it must be \"text\".")
	case "refusal":
		held = p.refusal
	}
	if held == nil {
		at := r.at() + "." + p.kind
		return "", false, domain.Invalid(at, at+" is missing; it must be a string.")
	}
	return *held, p.kind == "refusal", nil
}

func (r *chatReader) partText() (*string, error) {
	text, err := r.text()
	return &text, err
}

// partType reads a part's type; what holds no text is refused as soon as it is seen.
func (r *chatReader) partType() (string, error) {
	kind, err := r.text()
	if err != nil {
		return "", err
	}
	switch kind {
	case "text", "refusal":
		return kind, nil
	case "image_url", "input_audio", "file":
		at := r.at()
		return "", domain.Unsupported(at, at+" must be \"text\" on this server; it takes no parts of type "+kind+".")
	default:
		return "", r.refuse("\"text\"", quoted(kind))
	}
}

// partName names a part of the content at.
func partName(at string, index int) string { return fmt.Sprintf("%s[%d]", at, index) }
