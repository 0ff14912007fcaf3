package config

// builtinPrices are what the makers of the static models ask for, so that the
// dashboard can say what the same use would have cost there.
func builtinPrices() map[string]Price {
	return map[string]Price{
		"gpt-4o":            {In: 2.5, Out: 10},
		"gpt-4o-mini":       {In: 0.15, Out: 0.6},
		"gpt-3.5-turbo":     {In: 1.1, Out: 4.4}, // served by o3-mini
		"gpto3-mini":        {In: 1.1, Out: 4.4},
		"gpt-4-turbo":       {In: 2, Out: 8}, // served by gpt-4.1
		"gpt-4.1":           {In: 2, Out: 8},
		"gpt-4.1-mini":      {In: 0.4, Out: 1.6},
		"gpt-4.1-nano":      {In: 0.1, Out: 0.4},
		"claude-3.5-sonnet": {In: 3, Out: 15}, // served by claude-3.7-sonnet
		"claude-3.7-sonnet": {In: 3, Out: 15},
		"claude-3-opus":     {In: 15, Out: 75},
		"claude-3-haiku":    {In: 0.25, Out: 1.25},
		"gemini-1.5-pro":    {In: 0.1, Out: 0.4}, // served by gemini-2.0-flash
		"gemini-2.0-flash":  {In: 0.1, Out: 0.4},
		"deepseek-v3":       {In: 0.27, Out: 1.1},
		"deepseek-r1":       {In: 0.55, Out: 2.19},
	}
}

// dearest bounds a price, so that sums over many tokens stay finite.
const dearest = 1_000_000

// prices reads prices; those not named keep the built-in ones.
func prices() codec[map[string]Price] {
	return codec[map[string]Price]{
		allowed: `an object such as {"model": {"in": 2.5, "out": 10}}, in US dollars per million tokens`,
		value:   priceTable,
		text:    fromJSON(priceTable),
		show: func(table map[string]Price) string {
			return count(len(table), "model")
		},
	}
}

func priceTable(raw any) (map[string]Price, error) {
	byName, ok := raw.(map[string]any)
	if !ok {
		return nil, errNotAllowed
	}
	result := make(map[string]Price, len(byName))
	for _, name := range sortedNames(byName) {
		o, err := newObject("model "+shown(name), byName[name], "in", "out")
		if err != nil {
			return nil, err
		}
		if !plainText(name) {
			return nil, o.errorf("needs a name without control characters and without spaces around it")
		}
		in, inErr := o.price("in")
		out, outErr := o.price("out")
		if err := first(inErr, outErr); err != nil {
			return nil, err
		}
		result[name] = Price{In: in, Out: out}
	}
	return result, nil
}

func (o object) price(name string) (float64, error) {
	if !o.has(name) {
		return 0, o.errorf("lacks %q, which has to be a number from 0 to %d", name, dearest)
	}
	n, ok := number(o.fields[name])
	if !ok || !(n >= 0 && n <= dearest) { // NaN is neither
		return 0, o.errorf("needs a number from 0 to %d as %q, not %s", dearest, name, o.given(name))
	}
	return n, nil
}
