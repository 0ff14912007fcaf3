package chat

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// untilStop returns text up to its first stop text: of those that end earliest, the longest.
func untilStop(text string, stops []string) (before string, found bool) {
	for end := range len(text) + 1 {
		longest := 0
		for _, stop := range stops {
			if strings.HasSuffix(text[:end], stop) {
				longest = max(longest, len(stop))
			}
		}
		if longest > 0 {
			return text[:end-longest], true
		}
	}
	return text, false
}

// mayGrow returns how much of text's end may be the beginning of a stop text.
func mayGrow(text string, stops []string) int {
	most := 0
	for _, stop := range stops {
		for n := 1; n < len(stop); n++ {
			if strings.HasSuffix(text, stop[:n]) {
				most = max(most, n)
			}
		}
	}
	return most
}

func anyStops() *rapid.Generator[[]string] {
	return rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("abéè")), 1, 5, -1), 1, 4)
}

func TestATextEndsBeforeItsFirstStopTextHoweverItIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abéè")), 0, 40, -1).Draw(t, "text")
		stops := anyStops().Draw(t, "stops")
		want, wantFound := untilStop(text, stops)

		m := newStopMatcher(stops)
		pushed, got, found := "", "", false
		for _, delta := range cuts(t, text) {
			var passed []byte
			owned := []byte(delta)
			passed, found = m.push(owned)
			pushed += delta
			got += string(passed)
			clobber(owned)
			if !utf8.Valid(passed) {
				t.Fatalf("%q splits a character", passed)
			}
			if found {
				break
			}
			if held := len(pushed) - len(got); held != mayGrow(pushed, stops) {
				t.Fatalf("after %q %d bytes are held back, and %d can be the beginning of one of %q", pushed, held, mayGrow(pushed, stops), stops)
			}
		}
		if !found {
			got += string(m.rest())
		}
		if got != want || found != wantFound {
			t.Fatalf("text %q with stops %q gives %q, found %t; want %q, found %t", text, stops, got, found, want, wantFound)
		}
	})
}

func TestStopTextsThatOverlap(t *testing.T) {
	for _, c := range []struct{ text, stops, want string }{
		{"one two", "two", "one "},
		{"two", "two", ""},
		{"one tw", "two", "one tw"},
		{"aaab", "aab", "a"},
		{"abababc", "ababc", "ab"},
		{"a\n\nb", "\n\n|\n", "a"}, // the shorter one ends earlier
		{"xabcd", "abcd|bc", "xa"}, // the one inside ends earlier
		{"x</s>", "</s>|s>", "x"},  // both end there: the longer one
		{"one STOP two END", "END|STOP", "one "},
		{"Stop", "STOP", "Stop"},
		{"caf\u00e9", "\u00e9", "caf"},
		{"\u00e8\u00e9", "\u00e9", "\u00e8"}, // they begin with the same byte
	} {
		stops := strings.Split(c.stops, "|")
		m := newStopMatcher(stops)
		got := ""
		for _, character := range c.text {
			passed, found := m.push([]byte(string(character)))
			got += string(passed)
			if found {
				break
			}
		}
		if want, found := untilStop(c.text, stops); want != c.want {
			t.Errorf("the reference gives %q for %q and %q, want %q", want, c.text, stops, c.want)
		} else if !found {
			got += string(m.rest())
		}
		if got != c.want {
			t.Errorf("%q with %q gives %q, want %q", c.text, stops, got, c.want)
		}
	}
}

func TestAMatcherBeginsAnewAfterTheRest(t *testing.T) {
	m := newStopMatcher([]string{"abc"})
	if passed, found := m.push([]byte("xab")); string(passed) != "x" || found {
		t.Fatalf("passed %q, found %t", passed, found)
	}
	if got := m.rest(); string(got) != "ab" {
		t.Errorf("rest is %q, want ab", got)
	}
	if got := m.rest(); len(got) != 0 {
		t.Errorf("rest gives %q a second time", got)
	}
	if passed, found := m.push([]byte("c")); string(passed) != "c" || found {
		t.Errorf("the text before its end still counts: passed %q, found %t", passed, found)
	}
}
