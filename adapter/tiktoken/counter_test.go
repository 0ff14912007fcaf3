package tiktoken

import (
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCountsKnownTexts(t *testing.T) {
	counter := New()
	for text, want := range map[string]int{"": 0, "hello world": 2, "The quick brown fox": 4} {
		if got := counter.Count([]byte(text)); got != want {
			t.Errorf("Count(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestFirstCoversAPrefixThatGrowsWithTheTokens(t *testing.T) {
	counter := New()
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(rapid.String().Draw(t, "text"))
		total := counter.Count(text)
		if total > len(text) {
			t.Fatalf("%q has %d tokens but only %d bytes: a token is at least one byte", text, total, len(text))
		}
		before := 0
		for n := 1; n <= total; n++ {
			length := counter.First(text, n)
			if length <= before {
				t.Fatalf("First(%q, %d) = %d, not more than the %d of one token less", text, n, length, before)
			}
			before = length
		}
		if before != len(text) {
			t.Fatalf("all %d tokens of %q cover %d bytes, want %d", total, text, before, len(text))
		}
	})
}

func TestManyMayCountAtOnce(t *testing.T) {
	counter := New()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got := counter.Count([]byte(strings.Repeat(" word", 20))); got != 20 {
				t.Errorf("Count = %d, want 20", got)
			}
		})
	}
	group.Wait()
}
