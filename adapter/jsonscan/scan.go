// Package jsonscan reads and checks JSON in one pass, without copying or allocating: every frame of
// every answer goes through it, and the messages of most requests. encoding/json would take two passes and
// five times as long (BenchmarkPayload of adapter/ondemand). What it takes for valid, encoding/json does too, and
// nothing else (FuzzScan).
package jsonscan

import (
	"encoding/binary"
	"math/bits"
)

// Members walks over the members of a JSON object.
type Members struct {
	Key   []byte // of the member that Next has moved to: without its quotes, as it is written
	Value []byte // its value, with quotes if it is a string
	Valid bool   // after the last member: all of it was valid JSON

	data []byte
	at   int // of what comes next; below zero: there is nothing more
}

// MembersOf begins before the first member; a value that is no object has none.
func MembersOf(value []byte) Members {
	m := Members{data: value, at: SpaceEnd(value, 0)}
	if !Is(value, m.at, '{') {
		m.finish(ValueEnd(value, m.at, 0))
		return m
	}
	m.at = SpaceEnd(value, m.at+1)
	if Is(value, m.at, '}') {
		m.finish(m.at + 1)
	}
	return m
}

// Next moves to the next member, if there is one.
func (m *Members) Next() bool {
	if m.at < 0 {
		return false
	}
	key, value, end := memberAt(m.data, m.at, 1)
	if end < 0 {
		m.at = -1
		return false
	}
	m.Key, m.Value = m.data[m.at+1:key-1], m.data[value:end]
	switch end = SpaceEnd(m.data, end); {
	case Is(m.data, end, ','):
		m.at = SpaceEnd(m.data, end+1)
	case Is(m.data, end, '}'):
		m.finish(end + 1)
	default:
		m.at = -1
	}
	return true
}

// finish ends the walk behind the whole value; below zero: it was none.
func (m *Members) finish(end int) {
	m.at = -1
	m.Valid = end >= 0 && SpaceEnd(m.data, end) == len(m.data)
}

// MemberOf returns the value of one member of a valid object, nil when there is none.
func MemberOf(object []byte, key string) []byte {
	for m := MembersOf(object); m.Next(); {
		if string(m.Key) == key {
			return m.Value
		}
	}
	return nil
}

// memberAt tells where the key of the member at at ends, where its value begins and ends; end is
// below zero if there is none.
func memberAt(b []byte, at, depth int) (keyEnd, value, end int) {
	if keyEnd, value = KeyAt(b, at); value < 0 {
		return 0, 0, -1
	}
	return keyEnd, value, ValueEnd(b, value, depth)
}

// KeyAt tells where the key of the member at at ends, and where its value would begin; below zero if there is none.
func KeyAt(b []byte, at int) (keyEnd, value int) {
	if !Is(b, at, '"') {
		return 0, -1
	}
	if keyEnd = StringEnd(b, at); keyEnd < 0 {
		return 0, -1
	}
	colon := SpaceEnd(b, keyEnd)
	if !Is(b, colon, ':') {
		return 0, -1
	}
	return keyEnd, SpaceEnd(b, colon+1)
}

// Is tells whether this byte is at at.
func Is(b []byte, at int, this byte) bool { return at < len(b) && b[at] == this }

// maxDepth is how deep arrays and objects may stand in each other, as encoding/json has it.
const maxDepth = 10_000

// ValueEnd returns where the value ends that begins at at, below zero if there is none. depth is
// how many arrays and objects it stands in.
func ValueEnd(b []byte, at, depth int) int {
	if at >= len(b) {
		return -1
	}
	switch c := b[at]; {
	case c == '"':
		return StringEnd(b, at)
	case c == '{' || c == '[':
		if depth == maxDepth {
			return -1
		}
		return groupEnd(b, at, depth+1)
	case c == '-' || isDigit(c):
		return NumberEnd(b, at)
	case c == 't':
		return wordEnd(b, at, "true")
	case c == 'f':
		return wordEnd(b, at, "false")
	case c == 'n':
		return wordEnd(b, at, "null")
	}
	return -1
}

// groupEnd returns where the array or object ends that begins at at.
func groupEnd(b []byte, at, depth int) int {
	isObject := b[at] == '{'
	last := byte(']')
	if isObject {
		last = '}'
	}
	at = SpaceEnd(b, at+1)
	if Is(b, at, last) {
		return at + 1
	}
	for {
		if isObject {
			_, _, at = memberAt(b, at, depth)
		} else {
			at = ValueEnd(b, at, depth)
		}
		if at < 0 {
			return -1
		}
		at = SpaceEnd(b, at)
		switch {
		case Is(b, at, ','):
			at = SpaceEnd(b, at+1)
		case Is(b, at, last):
			return at + 1
		default:
			return -1
		}
	}
}

// StringEnd returns where the string ends whose quote stands at at, behind its other one; below zero if it has none.
func StringEnd(b []byte, at int) int {
	for at++; ; {
		at = plainEnd(b, at)
		if at >= len(b) || b[at] < ' ' {
			return -1
		}
		if b[at] == '"' {
			return at + 1
		}
		if at+1 >= len(b) {
			return -1
		}
		switch b[at+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			at += 2
		case 'u':
			if _, ok := unitAt(b[at:]); !ok {
				return -1
			}
			at += 6
		default:
			return -1
		}
	}
}

// plainEnd returns where the next byte of a string stands that means something: a quote, a
// backslash, a control character. It looks at eight bytes at a time.
func plainEnd(b []byte, at int) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for ; at+8 <= len(b); at += 8 {
		x := binary.LittleEndian.Uint64(b[at:])
		quote, backslash := x^(each*'"'), x^(each*'\\')
		// The lowest bit that is set is exact: a borrow only reaches upwards.
		found := ((x-each*' ')&^x | (quote-each)&^quote | (backslash-each)&^backslash) & high
		if found != 0 {
			return at + bits.TrailingZeros64(found)/8
		}
	}
	for at < len(b) && b[at] >= ' ' && b[at] != '"' && b[at] != '\\' {
		at++
	}
	return at
}

// NumberEnd returns where the number ends that begins at at, below zero if there is none.
func NumberEnd(b []byte, at int) int {
	if Is(b, at, '-') {
		at++
	}
	switch {
	case Is(b, at, '0'):
		at++
	default:
		if at = digitsEnd(b, at); at < 0 {
			return -1
		}
	}
	if Is(b, at, '.') {
		if at = digitsEnd(b, at+1); at < 0 {
			return -1
		}
	}
	if at < len(b) && (b[at] == 'e' || b[at] == 'E') {
		at++
		if at < len(b) && (b[at] == '+' || b[at] == '-') {
			at++
		}
		return digitsEnd(b, at)
	}
	return at
}

// digitsEnd returns where the digits end that begin at at, below zero if there are none.
func digitsEnd(b []byte, at int) int {
	begin := at
	for at < len(b) && isDigit(b[at]) {
		at++
	}
	if at == begin {
		return -1
	}
	return at
}

// isDigit tells whether c is a decimal digit.
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func wordEnd(b []byte, at int, word string) int {
	if len(b)-at < len(word) || string(b[at:at+len(word)]) != word {
		return -1
	}
	return at + len(word)
}

// SpaceEnd returns where the white space ends that begins at at, if any.
func SpaceEnd(b []byte, at int) int {
	for at < len(b) && (b[at] == ' ' || b[at] == '\n' || b[at] == '\t' || b[at] == '\r') {
		at++
	}
	return at
}
