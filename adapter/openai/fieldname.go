package openai

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds on what a refusal repeats of the client's own text.
const (
	maxEcho   = 64  // bytes of one value or name
	maxReason = 160 // bytes of what the JSON reader says; it quotes a few characters
	maxName   = 128 // bytes of a field's name before its last step
)

// fieldName writes a place in the request as OpenAI does in "param":
// "messages[0].content[1].type". Names that only the client knows are cut and quoted.
func fieldName(pointer jsontext.Pointer) string {
	var name strings.Builder
	for step := range pointer.Tokens() {
		if name.Len() > maxName {
			name.WriteString("…")
			break
		}
		switch {
		case isIndex(step):
			name.WriteString("[" + step + "]")
			continue
		case name.Len() > 0:
			name.WriteByte('.')
		}
		if isPlain(step) {
			name.WriteString(step)
		} else {
			name.WriteString(quoted(step))
		}
	}
	return name.String()
}

func isIndex(step string) bool {
	return step != "" && len(step) <= 9 && strings.Trim(step, "0123456789") == ""
}

func isPlain(step string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	return step != "" && len(step) <= maxEcho && strings.Trim(step, plain) == ""
}

// describe names what stands in a place where something else was wanted.
func describe(kind jsontext.Kind) string {
	switch kind {
	case jsontext.KindNull:
		return "null"
	case jsontext.KindFalse, jsontext.KindTrue:
		return "a boolean"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "an array"
	default:
		return "that"
	}
}

// quoted repeats a piece of the client's text, bounded and with nothing in it that
// could end a line or the quotation.
func quoted(text string) string { return strconv.Quote(short(text)) }

// short is text, bounded.
func short(text string) string { return cut(text, maxEcho) }

// cut cuts text after limit bytes, between two characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit
	for end > limit-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
