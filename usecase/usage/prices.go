package usage

import "math"

// Price is what a million tokens cost, in US dollars.
type Price struct {
	In, Out float64
}

// Prices are the prices by public model name. A model that is not there costs nothing.
type Prices map[string]Price

// mostCost bounds the cost of one request, so that sums stay far from the end of an int64:
// a million dollars, in nano-dollars.
const mostCost = 1e15

// Cost is what so many tokens cost, in nano-dollars (a billionth of a US dollar), from 0
// to a million dollars.
func (p Prices) Cost(model string, prompt, completion int) int64 {
	price, found := p[model]
	if !found {
		return 0
	}
	// A dollar for a million tokens is a thousand nano-dollars for one.
	nano := 1000 * (price.In*float64(prompt) + price.Out*float64(completion))
	if !(nano > 0) { // NaN is neither
		return 0
	}
	return int64(math.Round(min(nano, mostCost)))
}
