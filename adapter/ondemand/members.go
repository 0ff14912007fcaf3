package ondemand

import "bytes"

// members walks over the members of a JSON object without copying or allocating. It
// trusts the JSON to be valid: who uses it has checked that.
type members struct {
	rest       []byte
	key, value []byte // key without its quotes and as it is written; value with them
}

// membersOf begins before the first member; a value that is no object has none.
func membersOf(value []byte) members {
	value = skipSpace(value)
	if len(value) == 0 || value[0] != '{' {
		return members{}
	}
	return members{rest: value[1:]}
}

// next moves to the next member.
func (m *members) next() bool {
	rest := skipSpace(m.rest)
	if len(rest) > 0 && rest[0] == ',' {
		rest = skipSpace(rest[1:])
	}
	if len(rest) == 0 || rest[0] != '"' {
		return false
	}
	end := stringEnd(rest)
	m.key = rest[1 : end-1]
	rest = skipSpace(rest[end:])
	if len(rest) == 0 || rest[0] != ':' {
		return false
	}
	rest = skipSpace(rest[1:])
	end = valueEnd(rest)
	m.value, m.rest = rest[:end], rest[end:]
	return true
}

// memberOf returns the value of one member of an object, nil when there is none.
func memberOf(object []byte, key string) []byte {
	for m := membersOf(object); m.next(); {
		if string(m.key) == key {
			return m.value
		}
	}
	return nil
}

func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\n' || b[0] == '\t' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

// stringEnd is the length of the string that b begins with, quotes included.
func stringEnd(b []byte) int {
	for end := 1; ; {
		quote := bytes.IndexByte(b[end:], '"')
		if quote < 0 {
			return len(b)
		}
		end += quote + 1
		escapes := 0
		for escapes < end-2 && b[end-2-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return end
		}
	}
}

// valueEnd is the length of the value that b begins with.
func valueEnd(b []byte) int {
	depth := 0
	for i := 0; i < len(b); {
		switch b[i] {
		case '"':
			i += stringEnd(b[i:])
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // of the object around a number or a word
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(b)
}
