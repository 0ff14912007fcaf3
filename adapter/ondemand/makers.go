package ondemand

import (
	"strings"
	"unicode"
)

// The owners of models that no known maker stands behind.
const (
	ownerUnknown = "on-demand"
	ownerBYOI    = "byoi" // brought by the operator, whatever it is called
)

// makerOf guesses who made a model, from its endpoint id and then from its names.
// The answer is from a closed list, so that it may become a label.
func makerOf(endpoint, names string) string {
	if strings.HasPrefix(endpoint, "byoi-") {
		return ownerBYOI
	}
	for _, text := range [...]string{strings.TrimPrefix(endpoint, "predefined-"), names} {
		words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r)
		})
		for _, word := range words {
			if maker := makerOfWord(word); maker != "" {
				return maker
			}
		}
	}
	return ownerUnknown
}

// makerOfWord knows makers and their families of models by how their names begin:
// "gpt4o", "llama3".
func makerOfWord(word string) string {
	for _, m := range [...]struct{ begins, maker string }{
		{"openai", "openai"},
		{"gpt", "openai"},
		{"chatgpt", "openai"},
		{"o1", "openai"},
		{"o3", "openai"},
		{"o4", "openai"},
		{"anthropic", "anthropic"},
		{"claude", "anthropic"},
		{"google", "google"},
		{"gemini", "google"},
		{"gemma", "google"},
		{"deepseek", "deepseek"},
		{"meta", "meta"},
		{"llama", "meta"},
		{"mistral", "mistral"},
		{"mixtral", "mistral"},
		{"ministral", "mistral"},
		{"magistral", "mistral"},
		{"codestral", "mistral"},
		{"devstral", "mistral"},
		{"pixtral", "mistral"},
		{"xai", "xai"},
		{"grok", "xai"},
		{"alibaba", "alibaba"},
		{"qwen", "alibaba"},
		{"qwq", "alibaba"},
		{"moonshot", "moonshot"},
		{"kimi", "moonshot"},
		{"zhipu", "zhipu"},
		{"glm", "zhipu"},
		{"minimax", "minimax"},
		{"cohere", "cohere"},
		{"command", "cohere"},
		{"microsoft", "microsoft"},
		{"phi", "microsoft"},
		{"amazon", "amazon"},
		{"nova", "amazon"},
		{"titan", "amazon"},
		{"nvidia", "nvidia"},
		{"nemotron", "nvidia"},
	} {
		if strings.HasPrefix(word, m.begins) {
			return m.maker
		}
	}
	return ""
}
