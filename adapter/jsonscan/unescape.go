package jsonscan

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Unescape appends the text of the inside of a JSON string to to. used is how much of
// inside that is: the beginning of a character at its very end is left. faithful
// tells that inside[:used] can stand in any JSON string as it is.
func Unescape(to, inside []byte) (text []byte, used int, faithful bool) {
	faithful = true
	valid := utf8.Valid(inside) // then so is each piece of it
	for used < len(inside) {
		if inside[used] != '\\' {
			size := bytes.IndexByte(inside[used:], '\\')
			if size < 0 {
				size = len(inside) - used
			}
			plain := inside[used : used+size]
			if valid {
				to = append(to, plain...)
				used += size
				continue
			}
			last := used+size == len(inside)
			var rest int
			var fine bool
			to, rest, fine = appendPlain(to, plain, last)
			faithful = faithful && fine
			used += size - rest
			if rest > 0 {
				break
			}
			continue
		}
		if used+1 < len(inside) && letters[inside[used+1]] != 0 {
			to = append(to, letters[inside[used+1]])
			used += 2
			continue
		}
		r, size := escapeAt(inside[used:])
		if size == 0 {
			break
		}
		if r == utf8.RuneError && !isReplacement(inside[used:used+size]) {
			faithful = false
		}
		to = utf8.AppendRune(to, r)
		used += size
	}
	return to, used, faithful
}

// appendPlain appends bytes without escapes. rest is how many of them, at the end of
// the delta, may be the beginning of a character; fine: all others are UTF-8.
func appendPlain(to, plain []byte, last bool) (text []byte, rest int, fine bool) {
	if last {
		rest = unfinished(plain)
		plain = plain[:len(plain)-rest]
	}
	if utf8.Valid(plain) {
		return append(to, plain...), rest, true
	}
	for len(plain) > 0 {
		r, size := utf8.DecodeRune(plain)
		to = utf8.AppendRune(to, r)
		plain = plain[size:]
	}
	return to, rest, false
}

// unfinished is the length of the incomplete character at the end of b, if any.
func unfinished(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// escapeAt reads the escape that b begins with, which is none of a letter. A size of 0 means that a character
// is only half there. What is no escape, or half a surrogate pair, is U+FFFD.
func escapeAt(b []byte) (r rune, size int) {
	if len(b) < 2 {
		return utf8.RuneError, len(b)
	}
	unit, ok := unitAt(b)
	if !ok {
		return utf8.RuneError, 2
	}
	if !utf16.IsSurrogate(unit) {
		return unit, 6
	}
	isHigh := unit < 0xdc00
	if isHigh && len(b) == 6 {
		return 0, 0
	}
	if low, ok := unitAt(b[6:]); ok && isHigh {
		if whole := utf16.DecodeRune(unit, low); whole != utf8.RuneError {
			return whole, 12
		}
	}
	return utf8.RuneError, 6
}

// isReplacement tells whether an escape means U+FFFD rather than being broken.
func isReplacement(escape []byte) bool {
	unit, ok := unitAt(escape)
	return ok && unit == utf8.RuneError
}

// letters are what a letter behind a backslash means; 0: nothing.
var letters = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unitAt reads the \uXXXX that b begins with.
func unitAt(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var unit rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			unit = unit<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}
