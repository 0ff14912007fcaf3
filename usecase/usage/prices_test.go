package usage

import (
	"math"
	"testing"
)

func TestARequestCostsItsTokensByThePricesOfItsModel(t *testing.T) {
	prices := Prices{
		"gpt-4o": {In: 2.5, Out: 10}, "tiny": {In: 0.0001, Out: 0}, "free": {}, "dear": {In: 1e6, Out: 1e6},
		"odd": {In: math.NaN(), Out: 1}, "endless": {In: math.Inf(1)}, "negative": {In: -1},
	}
	for _, c := range []struct {
		model              string
		prompt, completion int
		want               int64
	}{
		{"gpt-4o", 1_000_000, 0, 2_500_000_000},
		{"gpt-4o", 0, 1_000_000, 10_000_000_000},
		{"gpt-4o", 3, 1, 17_500},
		{"tiny", 4, 0, 0},
		{"tiny", 5, 0, 1}, // half a nano-dollar
		{"free", 1000, 1000, 0},
		{"unknown", 1000, 1000, 0},
		{"dear", math.MaxInt, math.MaxInt, 1_000_000_000_000_000},
		{"odd", 1, 1, 0},
		{"endless", 1, 0, 1_000_000_000_000_000},
		{"negative", 1, 0, 0},
	} {
		if got := prices.Cost(c.model, c.prompt, c.completion); got != c.want {
			t.Errorf("%d and %d tokens of %s cost %d nano-dollars, want %d", c.prompt, c.completion, c.model, got, c.want)
		}
	}
}
