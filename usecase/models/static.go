package models

import "ondemand-api-proxy/domain"

// static returns the table that works without the platform's catalogue (section 6 of
// the protocol notes). Some public names are older models that an endpoint stands in for.
func static() []domain.ModelMapping {
	const (
		openAI    = "openai"
		anthropic = "anthropic"
		google    = "google"
		deepSeek  = "deepseek"
	)
	table := []struct{ name, endpoint, maker string }{
		{"gpt-4o", "predefined-openai-gpt4o", openAI},
		{"gpt-4o-mini", "predefined-openai-gpt4o-mini", openAI},
		{"gpt-3.5-turbo", "predefined-openai-gpto3-mini", openAI},
		{"gpto3-mini", "predefined-openai-gpto3-mini", openAI},
		{"gpt-4-turbo", "predefined-openai-gpt4.1", openAI},
		{"gpt-4.1", "predefined-openai-gpt4.1", openAI},
		{"gpt-4.1-mini", "predefined-openai-gpt4.1-mini", openAI},
		{"gpt-4.1-nano", "predefined-openai-gpt4.1-nano", openAI},
		{"claude-3.5-sonnet", "predefined-claude-3.7-sonnet", anthropic},
		{"claude-3.7-sonnet", "predefined-claude-3.7-sonnet", anthropic},
		{"claude-3-opus", "predefined-claude-3-opus", anthropic},
		{"claude-3-haiku", "predefined-claude-3-haiku", anthropic},
		{"gemini-1.5-pro", "predefined-gemini-2.0-flash", google},
		{"gemini-2.0-flash", "predefined-gemini-2.0-flash", google},
		{"deepseek-v3", "predefined-deepseek-v3", deepSeek},
		{"deepseek-r1", "predefined-deepseek-r1", deepSeek},
	}
	mappings := make([]domain.ModelMapping, len(table))
	for i, row := range table {
		mappings[i] = domain.ModelMapping{Name: row.name, Endpoint: domain.EndpointID(row.endpoint), OwnedBy: row.maker, Known: true}
	}
	return mappings
}
