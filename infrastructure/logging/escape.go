package logging

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

// safeEncoder escapes what could make one entry look like two, or make a terminal
// do something: zap leaves the console's message as it is, and elsewhere the
// control characters beyond ASCII and those that change the direction of text.
type safeEncoder struct {
	zapcore.Encoder
	pool    buffer.Pool
	console bool
}

func safe(encoder zapcore.Encoder, console bool) zapcore.Encoder {
	return &safeEncoder{Encoder: encoder, pool: buffer.NewPool(), console: console}
}

// Clone implements zapcore.Encoder.
func (e *safeEncoder) Clone() zapcore.Encoder {
	return &safeEncoder{Encoder: e.Encoder.Clone(), pool: e.pool, console: e.console}
}

// EncodeEntry implements zapcore.Encoder.
func (e *safeEncoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	var stack string
	if e.console {
		// The stack is our own text, and meant to have lines.
		stack, entry.Stack = entry.Stack, ""
	}
	line, err := e.Encoder.EncodeEntry(entry, fields)
	if err != nil {
		return nil, err
	}
	content := line.Bytes()
	if n := len(content); n > 0 && content[n-1] == '\n' {
		content = content[:n-1]
	}
	if stack == "" && !holdsForbidden(content) {
		return line, nil
	}
	result := e.pool.Get()
	appendEscaped(result, content)
	result.AppendByte('\n')
	if stack != "" {
		result.AppendString(stack)
		result.AppendByte('\n')
	}
	line.Free()
	return result, nil
}

// forbidden tells whether a character must not reach the output. In JSON these can
// stand inside strings only, so that an escape is right there too.
func forbidden(r rune, size int) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == '\x7f'
	}
	return r == utf8.RuneError && size == 1 || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) ||
		r == '\u2028' || r == '\u2029'
}

func holdsForbidden(text []byte) bool {
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text[i:])
		}
		if forbidden(r, size) {
			return true
		}
		i += size
	}
	return false
}

func appendEscaped(to *buffer.Buffer, text []byte) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case !forbidden(r, size):
			to.AppendBytes(text[i : i+size])
		case r == '\n':
			to.AppendString(`\n`)
		default:
			to.AppendString(fmt.Sprintf(`\u%04x`, r)) // all of them lie in the basic plane
		}
		i += size
	}
}
