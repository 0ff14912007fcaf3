package openai_test

import (
	"encoding/json"
	"testing"

	"ondemand-api-proxy/adapter/openai"
	"ondemand-api-proxy/domain"
)

func TestModelsLookAsOpenAIMakesThem(t *testing.T) {
	mappings := []domain.ModelMapping{
		{Name: "gpt-4o", Endpoint: "predefined-openai-gpt4o", OwnedBy: "openai", Known: true},
		{Name: "maker/model", Endpoint: "byoi-1", OwnedBy: "maker"},
	}
	for name, value := range map[string]any{
		"models.json":       openai.ToModelList(mappings),
		"models-empty.json": openai.ToModelList(nil),
		"model.json":        openai.ToModel(mappings[1]),
	} {
		got, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, got)
	}
}
