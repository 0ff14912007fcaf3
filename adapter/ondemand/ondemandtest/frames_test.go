package ondemandtest_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"
)

// frame is one frame of a stream, read as the protocol document tells to.
type frame struct {
	event, data string
	fields      map[string]any
}

// stream is a whole streamed answer.
type stream struct {
	frames []frame
	text   string // the deltas, joined in UTF-16 so that split surrogates meet
	deltas int
	done   bool
}

func readStream(t *testing.T, body string) stream {
	t.Helper()
	var s stream
	var units []uint16
	for block := range strings.SplitSeq(strings.ReplaceAll(body, "\r\n", "\n"), "\n\n") {
		f := frame{}
		for line := range strings.SplitSeq(block, "\n") {
			if value, found := strings.CutPrefix(line, "event:"); found {
				f.event = strings.TrimPrefix(value, " ")
			} else if value, found := strings.CutPrefix(line, "data:"); found {
				f.data = strings.TrimPrefix(value, " ")
			}
		}
		if f.data == "" {
			continue
		}
		if f.data == "[DONE]" {
			s.done = true
		} else {
			_ = json.Unmarshal([]byte(f.data), &f.fields) // some frames are broken on purpose
		}
		if f.fields["eventType"] == "fulfillment" {
			s.deltas++
			units = append(units, deltaUnits(t, f.data)...)
		}
		s.frames = append(s.frames, f)
	}
	s.text = string(utf16.Decode(units))
	return s
}

var answerValue = regexp.MustCompile(`"answer": ?("(?:[^"\\]|\\.)*")`)

// deltaUnits decodes the answer of a frame to UTF-16, half surrogate pairs included,
// which encoding/json would replace.
func deltaUnits(t *testing.T, data string) []uint16 {
	t.Helper()
	found := answerValue.FindStringSubmatch(data)
	if found == nil {
		t.Fatalf("a delta without an answer: %q", data)
	}
	var units []uint16
	for rest := found[1][1 : len(found[1])-1]; rest != ""; {
		if len(rest) >= 6 && rest[:2] == `\u` {
			var unit uint16
			for _, c := range []byte(rest[2:6]) {
				unit = unit<<4 | uint16(strings.IndexByte("0123456789abcdef", c))
			}
			units, rest = append(units, unit), rest[6:]
			continue
		}
		size := strings.IndexByte(rest[1:], '\\') + 1
		if rest[0] == '\\' {
			size = 2
		} else if size == 0 {
			size = len(rest)
		}
		var text string
		if err := json.Unmarshal([]byte(`"`+rest[:size]+`"`), &text); err != nil {
			t.Fatalf("a delta that is no JSON string: %q: %v", rest[:size], err)
		}
		units, rest = append(units, utf16.Encode([]rune(text))...), rest[size:]
	}
	return units
}

// of returns the frames of one event type; heartbeats are of "".
func (s stream) of(eventType string) []frame {
	var found []frame
	for _, f := range s.frames {
		if kind, _ := f.fields["eventType"].(string); f.fields != nil && kind == eventType {
			found = append(found, f)
		}
	}
	return found
}
