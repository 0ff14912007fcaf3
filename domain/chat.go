package domain

// ChatRequest is one request for a completion, validated.
type ChatRequest struct {
	ID       string // the request id, for logs and the ledger
	Scope    TokenID
	Model    string // the name the client used
	Messages Conversation
	Stream   bool
	Sampling Sampling
	Stop     []string // at most MaxStops, none empty or longer than MaxStopBytes
	// MaxTokens is the most tokens the answer and its reasoning may have together; 0: no limit.
	MaxTokens int
	Choices   int    // 1 to MaxChoices
	Effort    Effort // empty: not asked for
}

// Bounds that the API promises.
const (
	MaxStops     = 4
	MaxStopBytes = 4096 // of each stop text
	MaxChoices   = 8
)

// Sampling holds what the client set; nil is not sent upstream.
type Sampling struct {
	Temperature      *float64 // 0 to 2
	TopP             *float64 // 0 to 1
	PresencePenalty  *float64 // 0 to 2: the platform has no negative ones
	FrequencyPenalty *float64 // 0 to 2
}

// Query is one question to an upstream session.
type Query struct {
	Endpoint EndpointID
	Text     string
	Sampling Sampling
	Stop     []string
	Effort   Effort
}

// DeltaKind tells what a Delta is a piece of.
type DeltaKind uint8

// The kinds of Delta.
const (
	AnswerDelta DeltaKind = iota
	ReasoningDelta
)

// Delta is one piece of an answer. Both texts belong to whoever made the delta
// and are valid until the next one is pulled; who keeps them copies them.
type Delta struct {
	Kind DeltaKind
	Text []byte // UTF-8
	// Escaped is Text as it stands between the quotes of a JSON string, when the
	// source had it at hand; nil otherwise.
	Escaped []byte
}

// FinishReason is why an answer ended, in OpenAI's words.
type FinishReason string

// The finish reasons this product gives.
const (
	FinishStop   FinishReason = "stop"
	FinishLength FinishReason = "length"
)

// Usage counts tokens.
type Usage struct {
	Prompt     int
	Completion int // reasoning included
	Reasoning  int // part of Completion; 0 when the upstream does not tell it apart
	Source     UsageSource
}

// UsageSource is where a count comes from.
type UsageSource uint8

// The sources of a count.
const (
	UsageUnknown   UsageSource = iota
	UsageMeasured              // by the upstream
	UsageEstimated             // by the proxy's own tokenizer
)

// String returns the source as the ledger names it.
func (s UsageSource) String() string {
	switch s {
	case UsageMeasured:
		return "measured"
	case UsageEstimated:
		return "estimated"
	case UsageUnknown:
	}
	return "unknown"
}

// Plus adds the usage of another choice of the same request. The prompt is the
// same for all choices and counts once, as OpenAI counts it; a sum holding an
// estimate is an estimate.
func (u Usage) Plus(other Usage) Usage {
	return Usage{
		Prompt:     max(u.Prompt, other.Prompt),
		Completion: u.Completion + other.Completion,
		Reasoning:  u.Reasoning + other.Reasoning,
		Source:     max(u.Source, other.Source),
	}
}
