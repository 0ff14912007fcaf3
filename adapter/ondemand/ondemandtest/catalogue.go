package ondemandtest

import (
	"net/http"
	"slices"
)

// Endpoint is an entry of the model catalogue (protocol section 6).
type Endpoint struct {
	ID               string   `json:"endpoint_id"`
	Name             string   `json:"endpoint_name"`
	ModelID          string   `json:"model_id"`
	Status           string   `json:"status"` // "active" or "inactive"
	Streaming        bool     `json:"streaming_supported"`
	ReasoningEfforts []string `json:"reasoning_efforts"` // nil: null
	ContextWindow    int      `json:"context_window"`    // tokens
}

// Envelope is how the catalogue wraps its list; the platform does not document it.
type Envelope uint8

// The envelopes.
const (
	DataList      Envelope = iota // {"data":[…]}
	BareList                      // […]
	DataEndpoints                 // {"data":{"endpoints":[…]}}
)

// staticEndpoints always answer queries, listed or not.
var staticEndpoints = [...]string{
	"predefined-openai-gpt4o", "predefined-openai-gpt4o-mini", "predefined-openai-gpto3-mini",
	"predefined-openai-gpt4.1", "predefined-openai-gpt4.1-mini", "predefined-openai-gpt4.1-nano",
	"predefined-claude-3.7-sonnet", "predefined-claude-3-opus", "predefined-claude-3-haiku",
	"predefined-gemini-2.0-flash", "predefined-deepseek-v3", "predefined-deepseek-r1",
}

// DefaultCatalogue holds the endpoints of the static table and some of every other
// kind: inactive, brought by the customer, with reasoning efforts, with a slash in the
// model's name.
func DefaultCatalogue() []Endpoint {
	var list []Endpoint
	for _, e := range [...]struct{ name, model string }{
		{"GPT-4o", "gpt-4o"},
		{"GPT-4o mini", "gpt-4o-mini"},
		{"o3 mini", "o3-mini"},
		{"GPT-4.1", "gpt-4.1"},
		{"GPT-4.1 mini", "gpt-4.1-mini"},
		{"GPT-4.1 nano", "gpt-4.1-nano"},
		{"Claude 3.7 Sonnet", "claude-3-7-sonnet"},
		{"Claude 3 Opus", "claude-3-opus"},
		{"Claude 3 Haiku", "claude-3-haiku"},
		{"Gemini 2.0 Flash", "gemini-2.0-flash"},
		{"DeepSeek V3", "deepseek-v3"},
		{"DeepSeek R1", "deepseek-r1"},
	} {
		list = append(list, Endpoint{
			ID: staticEndpoints[len(list)], Name: e.name, ModelID: e.model,
			Status: "active", Streaming: true, ContextWindow: 128_000,
		})
	}
	return append(
		list,
		Endpoint{"predefined-openai-gpt5", "GPT-5", "gpt-5", "active", true, []string{"low", "medium", "max"}, 400_000},
		Endpoint{"predefined-xai-grok4", "Grok 4", "grok-4", "active", true, []string{"low", "medium"}, 256_000},
		Endpoint{"predefined-meta-llama3.3", "Llama 3.3 70B", "meta-llama/Llama-3.3-70B-Instruct", "active", true, nil, 128_000},
		Endpoint{"predefined-openai-gpt4", "GPT-4", "gpt-4", "inactive", true, nil, 8_192},
		Endpoint{"byoi-5f0c2a77-own", "Our own model", "own-model", "active", true, nil, 32_000},
	)
}

// listEndpoints serves the catalogue to either kind of credential.
func (s *Sim) listEndpoints(x *exchange) {
	var why *refusal
	if _, _, good := s.tokens.owner(bearer(x.r)); !good {
		_, why = s.withKey(x)
	}
	if why != nil {
		x.refuse(why)
		return
	}
	list := append([]Endpoint{}, *s.catalogue.Load()...)
	switch s.opts.Envelope {
	case BareList:
		x.json(http.StatusOK, list)
	case DataEndpoints:
		x.json(http.StatusOK, map[string]any{"message": "Endpoints fetched successfully", "data": map[string]any{"endpoints": list}})
	default:
		x.json(http.StatusOK, map[string]any{"message": "Endpoints fetched successfully", "data": list})
	}
}

// endpointProblem tells why the endpoint cannot answer this query, or nil.
func (s *Sim) endpointProblem(asked *Asked) *refusal {
	list := *s.catalogue.Load()
	i := slices.IndexFunc(list, func(e Endpoint) bool { return e.ID == asked.EndpointID })
	unlisted := i < 0 && !slices.Contains(staticEndpoints[:], asked.EndpointID) &&
		!slices.Contains(s.opts.Endpoints, asked.EndpointID)
	switch {
	case unlisted, i >= 0 && list[i].Status != "active":
		return invalid("endpointId is not a valid endpoint")
	case asked.ReasoningEffort == nil || !s.opts.StrictEffort:
		return nil
	case i < 0 || !slices.Contains(list[i].ReasoningEfforts, *asked.ReasoningEffort):
		return invalid("reasoningEffort is not supported by this endpoint")
	}
	return nil
}
