package openai

import "ondemand-api-proxy/domain"

// modelsCreated is when every model is said to have been made, 2025-01-01 in
// seconds: the platform does not tell, and clients want a number.
const modelsCreated = 1735689600

// Model is a model as GET /v1/models/{id} shows it.
type Model struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"` // seconds since 1970; the same for all models
	OwnedBy string `json:"owned_by"`
}

// ModelList is what GET /v1/models shows.
type ModelList struct {
	Object string  `json:"object"`
	Data   []Model `json:"data"`
}

// ToModel describes one model.
func ToModel(mapping domain.ModelMapping) Model {
	return Model{ID: mapping.Name, Object: "model", Created: modelsCreated, OwnedBy: mapping.OwnedBy}
}

// ToModelList describes models, in the order given.
func ToModelList(mappings []domain.ModelMapping) ModelList {
	list := ModelList{Object: "list", Data: make([]Model, 0, len(mappings))}
	for _, mapping := range mappings {
		list.Data = append(list.Data, ToModel(mapping))
	}
	return list
}
