package ondemandtest

import (
	"encoding/json"
	"slices"
)

// Asked is the body of a query (protocol section 4). Pointers are nil for what was
// not sent.
type Asked struct {
	EndpointID      string       `json:"endpointId"`
	Query           string       `json:"query"`
	ResponseMode    string       `json:"responseMode"`
	PluginIDs       []string     `json:"pluginIds"`
	FulfillmentOnly *bool        `json:"fulfillmentOnly"`
	ReasoningEffort *string      `json:"reasoningEffort"`
	ModelConfigs    ModelConfigs `json:"modelConfigs"`
	// MaxTokens and MaxTokensSnake are the limits that nobody may send.
	MaxTokens      json.RawMessage `json:"maxTokens"`
	MaxTokensSnake json.RawMessage `json:"max_tokens"`
}

// ModelConfigs is the part of a query that configures the model.
type ModelConfigs struct {
	FulfillmentPrompt *string         `json:"fulfillmentPrompt"`
	StopSequences     []string        `json:"stopSequences"`
	Temperature       *float64        `json:"temperature"`
	TopP              *float64        `json:"topP"`
	PresencePenalty   *float64        `json:"presencePenalty"`
	FrequencyPenalty  *float64        `json:"frequencyPenalty"`
	MaxTokens         json.RawMessage `json:"maxTokens"`
	MaxTokensSnake    json.RawMessage `json:"max_tokens"`
}

// Limited tells whether a limit on output tokens was sent, at whatever place: the
// platform then answers with nothing at all, and 200.
func (a Asked) Limited() bool {
	return a.MaxTokens != nil || a.MaxTokensSnake != nil ||
		a.ModelConfigs.MaxTokens != nil || a.ModelConfigs.MaxTokensSnake != nil
}

// parseAsked reads a query's body; the second result is why it cannot be served.
func parseAsked(body []byte) (*Asked, *refusal) {
	var a Asked
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, invalid("request body is not valid: " + err.Error())
	}
	return &a, a.problem()
}

// maxStops is how many stop sequences the platform takes.
const maxStops = 4

func (a *Asked) problem() *refusal {
	switch {
	case a.Query == "":
		return invalid("query is required")
	case a.EndpointID == "":
		return invalid("endpointId is required")
	case a.ResponseMode == "":
		return invalid("responseMode is required")
	case a.ResponseMode != "sync" && a.ResponseMode != "stream":
		return invalid("responseMode must be one of sync, stream (webhook is not simulated)")
	case a.ReasoningEffort != nil && !slices.Contains([]string{"low", "medium", "max"}, *a.ReasoningEffort):
		return invalid("reasoningEffort must be one of low, medium, max")
	}
	return a.ModelConfigs.problem()
}

func (c *ModelConfigs) problem() *refusal {
	switch {
	case outside(c.Temperature, 2):
		return invalid("temperature must be between 0 and 2")
	case outside(c.TopP, 1):
		return invalid("topP must be between 0 and 1")
	case outside(c.PresencePenalty, 2):
		return invalid("presencePenalty must be between 0 and 2")
	case outside(c.FrequencyPenalty, 2):
		return invalid("frequencyPenalty must be between 0 and 2")
	case len(c.StopSequences) > maxStops:
		return invalid("stopSequences must hold at most 4 entries")
	}
	return nil
}

// outside tells whether a value that was sent is not within 0 and limit.
func outside(value *float64, limit float64) bool {
	return value != nil && (*value < 0 || *value > limit)
}
