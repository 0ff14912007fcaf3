package chat

// stopMatcher finds the first stop text in a text that comes in pieces. It holds
// back just what may still turn out to be the beginning of one. Each byte is looked
// at once, whatever the pieces and the stop texts are (Knuth, Morris, Pratt).
type stopMatcher struct {
	stops []stopText
	held  []byte
}

// stopText is one stop text and how much of it the end of the text so far is.
type stopText struct {
	text    string
	back    []int // back[i]: the longest proper border of text[:i+1]
	matched int
}

func newStopMatcher(stops []string) *stopMatcher {
	m := &stopMatcher{}
	for _, text := range stops {
		m.stops = append(m.stops, stopText{text: text, back: borders(text)})
	}
	return m
}

func borders(text string) []int {
	back := make([]int, len(text))
	for i := 1; i < len(text); i++ {
		n := back[i-1]
		for n > 0 && text[i] != text[n] {
			n = back[n-1]
		}
		if text[i] == text[n] {
			n++
		}
		back[i] = n
	}
	return back
}

// push adds text and returns what is certain to be no part of a stop text; it is valid
// until the next call. found tells that a stop text is complete: the text ends before it.
func (m *stopMatcher) push(text []byte) (passed []byte, found bool) {
	whole := append(m.held, text...)
	for i := len(m.held); i < len(whole); i++ {
		length := 0 // of the longest stop text that ends here
		for s := range m.stops {
			if m.stops[s].step(whole[i]) {
				length = max(length, len(m.stops[s].text))
			}
		}
		if length > 0 {
			return whole[:i+1-length], true
		}
	}
	keep := 0 // the longest end that begins a stop text
	for _, s := range m.stops {
		keep = max(keep, s.matched)
	}
	m.held = append([]byte(nil), whole[len(whole)-keep:]...)
	return whole[:len(whole)-keep], false
}

// rest ends the text and returns what was held back of it.
func (m *stopMatcher) rest() []byte {
	held := m.held
	m.held = nil
	for s := range m.stops {
		m.stops[s].matched = 0
	}
	return held
}

// step takes one byte further and tells whether the stop text is complete.
func (s *stopText) step(b byte) bool {
	for s.matched > 0 && (s.matched == len(s.text) || s.text[s.matched] != b) {
		s.matched = s.back[s.matched-1]
	}
	if s.text[s.matched] == b {
		s.matched++
	}
	return s.matched == len(s.text)
}
