package openai

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"ondemand-api-proxy/adapter/jsonscan"
	"ondemand-api-proxy/domain"
)

// cursor reads a request body token by token, so that every refusal can name the
// field it stands at. All its errors are *domain.Error of kind InvalidRequest.
type cursor struct {
	body []byte
	*tools
}

// tools are what a cursor works with, which the next one can use again.
type tools struct {
	dec     jsontext.Decoder
	source  bytes.Buffer // what dec reads
	scratch []byte       // of unquote
}

var usedTools = sync.Pool{New: func() any { return new(tools) }}

// maxScratch is the largest scratch that is used again, in bytes.
const maxScratch = 64 << 10

// cursor begins to read body, which must not change until giveBack. Names are compared with
// their case and may not come twice; what is no UTF-8, or half of a surrogate pair
// as clients that cut an emoji in two send it, reads as U+FFFD.
func (t *tools) cursor(body []byte) cursor {
	t.source = *bytes.NewBuffer(body)
	t.dec.Reset(&t.source, jsontext.AllowInvalidUTF8(true))
	return cursor{body: body, tools: t}
}

// giveBack ends their use.
func (t *tools) giveBack() {
	t.source = bytes.Buffer{}
	t.dec.Reset(&t.source) // which lets go of the body
	if cap(t.scratch) > maxScratch {
		t.scratch = nil
	}
	usedTools.Put(t)
}

// object hands each member of the object that comes next to visit, which has to
// read its value. Members that are null are passed over: null means not set.
func (c cursor) object(visit func(name string) error) error {
	if _, err := c.token("an object", jsontext.KindBeginObject); err != nil {
		return err
	}
	for c.dec.PeekKind() != jsontext.KindEndObject {
		quoted, err := c.dec.ReadValue()
		if err != nil {
			return syntaxError(err)
		}
		name := c.name(quoted)
		if c.dec.PeekKind() == jsontext.KindNull {
			err = c.skip()
		} else {
			err = visit(name)
		}
		if err != nil {
			return err
		}
	}
	return c.end()
}

// array calls visit for each element of the array that comes next; want says what
// had to be there if it is none.
func (c cursor) array(want string, visit func(index int) error) error {
	if _, err := c.token(want, jsontext.KindBeginArray); err != nil {
		return err
	}
	for i := 0; c.dec.PeekKind() != jsontext.KindEndArray; i++ {
		if err := visit(i); err != nil {
			return err
		}
	}
	return c.end()
}

// text reads a string.
func (c cursor) text() (string, error) {
	if c.dec.PeekKind() != jsontext.KindString {
		_, err := c.token("a string", jsontext.KindString) // which is an error
		return "", err
	}
	quoted, err := c.dec.ReadValue()
	if err != nil {
		return "", syntaxError(err)
	}
	return c.name(quoted), nil
}

// name returns the text of a string that is one of few, most likely: those cost no memory.
func (c cursor) name(quoted jsontext.Value) string {
	switch string(quoted) {
	case `"role"`:
		return "role"
	case `"content"`:
		return "content"
	case `"user"`:
		return "user"
	case `"assistant"`:
		return "assistant"
	case `"system"`:
		return "system"
	case `"type"`:
		return "type"
	case `"text"`:
		return "text"
	}
	return string(c.unquoted(quoted))
}

// unquoted returns the text of a JSON string, as a piece of it or until the next is asked for.
func (t *tools) unquoted(quoted []byte) []byte {
	inside := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inside, '\\') < 0 && utf8.Valid(inside) {
		return inside
	}
	t.scratch = appendUnquoted(t.scratch[:0], quoted)
	return t.scratch
}

// appendUnquoted appends the text of a JSON string. What is no UTF-8, or half of a surrogate pair, is jsontext's to
// replace; everything else takes half of its time otherwise (BenchmarkUnquoted).
func appendUnquoted(to []byte, quoted jsontext.Value) []byte {
	inside := quoted[1 : len(quoted)-1]
	if text, used, faithful := jsonscan.Unescape(to, inside); faithful && used == len(inside) {
		return text
	}
	to, _ = jsontext.AppendUnquote(to, quoted) // it says so, too
	return to
}

// flag reads a boolean.
func (c cursor) flag() (bool, error) {
	token, err := c.token("true or false", jsontext.KindTrue, jsontext.KindFalse)
	if err != nil {
		return false, err
	}
	return token.Bool(), nil
}

// number reads a number from least to most; want says so in words. It never
// returns the negative zero.
func (c cursor) number(least, most float64, want string) (float64, error) {
	token, err := c.token(want, jsontext.KindNumber)
	if err != nil {
		return 0, err
	}
	literal := token.String()
	// The only error left is the range, and then the value is infinite.
	value, _ := strconv.ParseFloat(literal, 64)
	if value < least || value > most {
		return 0, c.refuse(want, short(literal))
	}
	if value == 0 {
		return 0, nil
	}
	return value, nil
}

// integer reads a number without a fraction, as JSON Schema means it: 1.0 is one.
func (c cursor) integer(least, most float64, want string) (float64, error) {
	value, err := c.number(least, most, want)
	if err != nil {
		return 0, err
	}
	if value != math.Trunc(value) {
		return 0, c.refuse(want, strconv.FormatFloat(value, 'g', -1, 64))
	}
	return value, nil
}

// skip passes over the value that comes next, whatever it is.
func (c cursor) skip() error {
	if err := c.dec.SkipValue(); err != nil {
		return syntaxError(err)
	}
	return nil
}

// finish refuses text behind the value that was read.
func (c cursor) finish() error {
	rest := bytes.TrimLeft(c.body[c.dec.InputOffset():], " \t\r\n")
	if len(rest) == 0 {
		return nil
	}
	return domain.Invalid("", fmt.Sprintf(
		"The request body goes on at byte %d, after its JSON object; nothing may follow it.", len(c.body)-len(rest)))
}

// end reads the end of an object or array.
func (c cursor) end() error {
	if _, err := c.dec.ReadToken(); err != nil {
		return syntaxError(err)
	}
	return nil
}

// token reads the token that comes next, which has to be of one of the kinds.
func (c cursor) token(want string, kinds ...jsontext.Kind) (jsontext.Token, error) {
	token, err := c.dec.ReadToken()
	if err != nil {
		return jsontext.Token{}, syntaxError(err)
	}
	for _, kind := range kinds {
		if token.Kind() == kind {
			return token, nil
		}
	}
	return jsontext.Token{}, c.refuse(want, describe(token.Kind()))
}

// at names the value that was read last: "messages[0].content"; empty for the body.
func (c cursor) at() string { return fieldName(c.dec.StackPointer()) }

// refuse is the error about the value that was read last: want had to be there, got was.
func (c cursor) refuse(want, got string) error {
	at := c.at()
	if at == "" {
		return domain.Invalid("", fmt.Sprintf("The request body must be %s, not %s.", want, got))
	}
	return domain.Invalid(at, fmt.Sprintf("%s must be %s, not %s.", at, want, got))
}

// syntaxError turns an error of the JSON reader into one that tells where.
func syntaxError(err error) error {
	var bad *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.EOF):
		return domain.Invalid("", "The request body is empty; it must be a JSON object.")
	case !errors.As(err, &bad):
		return domain.E(domain.InvalidRequest, "The request body is not valid JSON.", err)
	case errors.Is(err, jsontext.ErrDuplicateName):
		at := fieldName(bad.JSONPointer)
		return domain.Invalid(at, at+" is given more than once; a name may stand only once in an object.")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return domain.Invalid("", fmt.Sprintf("The request body ends at byte %d, before its JSON is complete.", bad.ByteOffset))
	default:
		return domain.Invalid("", fmt.Sprintf("The request body is not valid JSON at byte %d: %s.",
			bad.ByteOffset, cut(bad.Err.Error(), maxReason)))
	}
}
