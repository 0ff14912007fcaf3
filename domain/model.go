package domain

import "strings"

// EndpointID is the upstream's id of a model: "predefined-openai-gpt4o".
type EndpointID string

// ModelMapping maps the public name that clients use to an upstream endpoint.
type ModelMapping struct {
	Name     string
	Endpoint EndpointID
	OwnedBy  string // the maker: "openai"
	// Efforts are the reasoning efforts the endpoint takes; none: the model has no such thing.
	Efforts []Effort
	// Known is false for an endpoint id that was passed through without being in
	// any table. Unknown names must not become labels or series.
	Known bool
}

// Effort is how long a model may reason, in the upstream's words.
type Effort string

// The efforts the upstream accepts; anything else is a 400 there.
const (
	EffortLow    Effort = "low"
	EffortMedium Effort = "medium"
	EffortMax    Effort = "max"
)

// effortOrder is from least to most.
var effortOrder = [...]Effort{EffortLow, EffortMedium, EffortMax}

// Allowed returns the effort to send to this model when want was asked for: want
// itself, else the next lower one it lists, else none. It never returns an effort
// that the model does not list, so that the upstream never refuses one.
func (m ModelMapping) Allowed(want Effort) Effort {
	var best Effort
	for _, e := range effortOrder {
		for _, listed := range m.Efforts {
			if listed == e {
				best = e
			}
		}
		if e == want {
			return best
		}
	}
	return ""
}

// IsEndpointID tells whether a name is an upstream endpoint id that may be passed
// through as it is.
func IsEndpointID(name string) bool {
	return strings.HasPrefix(name, "predefined-") || strings.HasPrefix(name, "byoi-")
}
