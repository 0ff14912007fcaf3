package ondemandtest

import (
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// framer builds the frames of one stream (protocol section 4.2) in a buffer that it
// uses again.
type framer struct {
	wire             Wire
	session, message string
	index            int // eventIndex
	now              func() time.Time

	json  []byte
	loose bool // spaces around this frame's strings
}

// begin opens a frame of an event type with what every frame has.
func (f *framer) begin(eventType, status string) {
	f.open()
	f.index++
	f.putText("sessionId", f.session)
	f.putText("messageId", f.message)
	f.putInt("eventIndex", f.index)
	f.putText("eventType", eventType)
	f.putText("status", status)
}

// open starts an object.
func (f *framer) open() {
	f.json = append(f.json[:0], '{')
	f.loose = false
}

// key writes a comma if need be, and the key.
func (f *framer) key(key string, spaced bool) {
	switch f.json[len(f.json)-1] {
	case '{', '[':
	default:
		f.json = append(f.json, ',')
		if f.spaced(f.loose) {
			f.json = append(f.json, ' ')
		}
	}
	f.json = append(append(append(f.json, '"'), key...), '"', ':')
	if f.spaced(spaced) {
		f.json = append(f.json, ' ')
	}
}

func (f *framer) spaced(sample bool) bool {
	switch f.wire.JSON {
	case SpacedJSON:
		return true
	case CompactJSON:
		return false
	default:
		return sample
	}
}

func (f *framer) putText(key, value string) {
	f.key(key, f.loose)
	f.json = append(f.json, '"')
	f.json = appendEscaped(f.json, value, f.wire.EscapeUnicode)
	f.json = append(f.json, '"')
}

// putEscaped writes a string that is escaped already.
func (f *framer) putEscaped(key string, value []byte) {
	f.key(key, f.loose)
	f.json = append(append(append(f.json, '"'), value...), '"')
}

// putInt never has a space after its colon in the sample, also in a loose frame.
func (f *framer) putInt(key string, value int) {
	f.key(key, false)
	f.json = strconv.AppendInt(f.json, int64(value), 10)
}

func (f *framer) putSeconds(key string, value time.Duration) {
	f.key(key, false)
	f.json = strconv.AppendFloat(f.json, value.Seconds(), 'f', 2, 64)
}

// object opens an object within the frame; shut closes it.
func (f *framer) object(key string) {
	f.key(key, f.loose)
	f.json = append(f.json, '{')
}

func (f *framer) shut() { f.json = append(f.json, '}') }

// delta is a frame with a piece of the answer. Its keys stand as in the sample.
func (f *framer) delta(piece []byte) {
	f.open()
	f.loose = true
	f.index++
	f.putText("sessionId", f.session)
	f.putText("messageId", f.message)
	f.putEscaped("answer", piece)
	f.putText("status", "processing")
	f.putInt("eventIndex", f.index)
	f.putText("eventType", "fulfillment")
	f.shut()
}

// line appends one frame to out, with the wire's own line ends.
func (f *framer) line(out []byte, event string) []byte {
	newline := "\n"
	if f.wire.CRLF {
		newline = "\r\n"
	}
	space := ""
	if f.wire.SpaceAfterColon {
		space = " "
	}
	if !f.wire.NoEventLines {
		out = append(append(append(append(out, "event:"...), space...), event...), newline...)
	}
	out = append(append(append(out, "data:"...), space...), f.json...)
	return append(append(out, newline...), newline...)
}

// appendEscaped appends text as it stands in a JSON string; ascii escapes everything
// beyond ASCII too. Bytes that are no UTF-8 stay as they are.
func appendEscaped(out []byte, text string, ascii bool) []byte {
	start := 0
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		plain := r >= ' ' && r != '"' && r != '\\' && (r < utf8.RuneSelf || !ascii || (r == utf8.RuneError && size == 1))
		if !plain {
			out = append(out, text[start:i]...)
			out = appendEscape(out, r)
			start = i + size
		}
		i += size
	}
	return append(out, text[start:]...)
}

func appendEscape(out []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(out, '\\', byte(r))
	case '\n':
		return append(out, '\\', 'n')
	case '\r':
		return append(out, '\\', 'r')
	case '\t':
		return append(out, '\\', 't')
	}
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return appendUnit(appendUnit(out, high), low)
	}
	return appendUnit(out, r)
}

// appendUnit appends one UTF-16 unit: \u00e9.
func appendUnit(out []byte, unit rune) []byte {
	const digits = "0123456789abcdef"
	return append(out, '\\', 'u', digits[unit>>12&15], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
}
