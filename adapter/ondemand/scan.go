package ondemand

import (
	"encoding/binary"
	"math/bits"
)

// What is here reads and checks JSON in one pass, without copying or allocating: every frame of
// every answer goes through it, and encoding/json would take two passes and five times as long
// (BenchmarkPayload). What it takes for valid, encoding/json does too, and nothing else
// (FuzzScan).

// members walks over the members of a JSON object.
type members struct {
	data       []byte
	at         int // of what comes next; below zero: there is nothing more
	valid      bool
	key, value []byte // key without its quotes, as it is written; value with them
}

// membersOf begins before the first member; a value that is no object has none.
func membersOf(value []byte) members {
	m := members{data: value, at: spaceEnd(value, 0)}
	if m.at >= len(value) || value[m.at] != '{' {
		m.finish(valueEnd(value, m.at, 0))
		return m
	}
	m.at = spaceEnd(value, m.at+1)
	if m.at < len(value) && value[m.at] == '}' {
		m.finish(m.at + 1)
	}
	return m
}

// next moves to the next member. After the last one, valid tells whether all was valid JSON.
func (m *members) next() bool {
	if m.at < 0 {
		return false
	}
	key, value, end := memberAt(m.data, m.at, 1)
	if end < 0 {
		m.at = -1
		return false
	}
	m.key, m.value = m.data[m.at+1:key-1], m.data[value:end]
	switch end = spaceEnd(m.data, end); {
	case end < len(m.data) && m.data[end] == ',':
		m.at = spaceEnd(m.data, end+1)
	case end < len(m.data) && m.data[end] == '}':
		m.finish(end + 1)
	default:
		m.at = -1
	}
	return true
}

// finish ends the walk behind the whole value; below zero: it was none.
func (m *members) finish(end int) {
	m.at = -1
	m.valid = end >= 0 && spaceEnd(m.data, end) == len(m.data)
}

// memberOf returns the value of one member of a valid object, nil when there is none.
func memberOf(object []byte, key string) []byte {
	for m := membersOf(object); m.next(); {
		if string(m.key) == key {
			return m.value
		}
	}
	return nil
}

// memberAt tells where the key of the member at at ends, where its value begins and ends; end is
// below zero if there is none.
func memberAt(b []byte, at, depth int) (keyEnd, value, end int) {
	if at >= len(b) || b[at] != '"' {
		return 0, 0, -1
	}
	if keyEnd = stringEnd(b, at); keyEnd < 0 {
		return 0, 0, -1
	}
	colon := spaceEnd(b, keyEnd)
	if colon >= len(b) || b[colon] != ':' {
		return 0, 0, -1
	}
	value = spaceEnd(b, colon+1)
	return keyEnd, value, valueEnd(b, value, depth)
}

// maxDepth is how deep arrays and objects may stand in each other, as encoding/json has it.
const maxDepth = 10_000

// valueEnd returns where the value ends that begins at at, below zero if there is none. depth is
// how many arrays and objects it stands in.
func valueEnd(b []byte, at, depth int) int {
	if at >= len(b) {
		return -1
	}
	switch c := b[at]; {
	case c == '"':
		return stringEnd(b, at)
	case c == '{' || c == '[':
		if depth == maxDepth {
			return -1
		}
		return groupEnd(b, at, depth+1)
	case c == '-' || isDigit(c):
		return numberEnd(b, at)
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
	at = spaceEnd(b, at+1)
	if at < len(b) && b[at] == last {
		return at + 1
	}
	for {
		if isObject {
			_, _, at = memberAt(b, at, depth)
		} else {
			at = valueEnd(b, at, depth)
		}
		if at < 0 {
			return -1
		}
		at = spaceEnd(b, at)
		switch {
		case at < len(b) && b[at] == ',':
			at = spaceEnd(b, at+1)
		case at < len(b) && b[at] == last:
			return at + 1
		default:
			return -1
		}
	}
}

// stringEnd returns where the string ends that begins at at, behind its quote.
func stringEnd(b []byte, at int) int {
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

func numberEnd(b []byte, at int) int {
	if b[at] == '-' {
		at++
	}
	switch {
	case at < len(b) && b[at] == '0':
		at++
	default:
		if at = digitsEnd(b, at); at < 0 {
			return -1
		}
	}
	if at < len(b) && b[at] == '.' {
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

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func wordEnd(b []byte, at int, word string) int {
	if len(b)-at < len(word) || string(b[at:at+len(word)]) != word {
		return -1
	}
	return at + len(word)
}

func spaceEnd(b []byte, at int) int {
	for at < len(b) && (b[at] == ' ' || b[at] == '\n' || b[at] == '\t' || b[at] == '\r') {
		at++
	}
	return at
}
