package domain

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAModelIsAskedForTheEffortItListsOrTheNextLower(t *testing.T) {
	for _, c := range []struct {
		listed []Effort
		want   map[Effort]Effort
	}{
		{nil, map[Effort]Effort{"": "", EffortLow: "", EffortMedium: "", EffortMax: ""}},
		{[]Effort{EffortLow, EffortMedium, EffortMax}, map[Effort]Effort{"": "", EffortLow: EffortLow, EffortMedium: EffortMedium, EffortMax: EffortMax}},
		{[]Effort{EffortMax, EffortLow}, map[Effort]Effort{"": "", EffortLow: EffortLow, EffortMedium: EffortLow, EffortMax: EffortMax}},
		{[]Effort{EffortLow}, map[Effort]Effort{"": "", EffortLow: EffortLow, EffortMedium: EffortLow, EffortMax: EffortLow}},
		{[]Effort{EffortMedium, EffortMax}, map[Effort]Effort{"": "", EffortLow: "", EffortMedium: EffortMedium, EffortMax: EffortMax}},
		{[]Effort{EffortMax}, map[Effort]Effort{EffortLow: "", EffortMedium: "", EffortMax: EffortMax, "high": ""}},
	} {
		for asked, want := range c.want {
			if got := (ModelMapping{Efforts: c.listed}).Allowed(asked); got != want {
				t.Errorf("a model with %q that is asked for %q gets %q, want %q", c.listed, asked, got, want)
			}
		}
	}
}

func TestAnEffortThatTheModelDoesNotListIsNeverSent(t *testing.T) {
	effort := rapid.SampledFrom([]Effort{"", EffortLow, EffortMedium, EffortMax, "high"})
	rapid.Check(t, func(t *rapid.T) {
		listed := rapid.SliceOf(effort).Draw(t, "listed")
		want := effort.Draw(t, "asked for")
		if got := (ModelMapping{Efforts: listed}).Allowed(want); got != "" && !slices.Contains(listed, got) {
			t.Fatalf("a model with %q that is asked for %q gets %q", listed, want, got)
		}
	})
}

func TestOnlyTheUpstreamsOwnPrefixesMakeAnEndpointID(t *testing.T) {
	for name, want := range map[string]bool{
		"predefined-openai-gpt4o": true, "byoi-1234": true, "gpt-4o": false, "": false, "my-predefined-x": false, "Predefined-x": false, "predefined": false,
	} {
		if got := IsEndpointID(name); got != want {
			t.Errorf("IsEndpointID(%q) is %t, want %t", name, got, want)
		}
	}
}
