package ondemand

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ondemand-api-proxy/domain"
)

func fullQuery() domain.Query {
	number := func(f float64) *float64 { return &f }
	return domain.Query{
		Endpoint: "predefined-openai-gpt4o", Text: "Hello <b>&\n\"you\"\u2028",
		Sampling: domain.Sampling{
			Temperature: number(0), TopP: number(0.5), PresencePenalty: number(1), FrequencyPenalty: number(1.25),
		},
		Stop: []string{"<end>"}, Effort: domain.EffortLow,
	}
}

func decodeString(t testing.TB, quoted []byte) string {
	t.Helper()
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		t.Fatalf("%q is no JSON string: %v", quoted, err)
	}
	return text
}

func TestQueryBodyHoldsWhatWasSetAndNothingElse(t *testing.T) {
	tests := map[string]struct {
		query domain.Query
		want  map[string]any
	}{
		"everything": {fullQuery(), map[string]any{
			"query": "Hello <b>&\n\"you\"\u2028", "endpointId": "predefined-openai-gpt4o", "responseMode": "stream",
			"pluginIds": []any{}, "fulfillmentOnly": true, "reasoningEffort": "low",
			"modelConfigs": map[string]any{
				"stopSequences": []any{"<end>"}, "temperature": 0.0, "topP": 0.5, "presencePenalty": 1.0, "frequencyPenalty": 1.25,
			},
		}},
		"nothing": {domain.Query{Endpoint: "byoi-x", Text: "?"}, map[string]any{
			"query": "?", "endpointId": "byoi-x", "responseMode": "stream", "pluginIds": []any{}, "fulfillmentOnly": true,
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body, err := queryBody(&test.query)
			if err != nil {
				t.Fatal(err)
			}
			var sent map[string]any
			if err := json.Unmarshal(body, &sent); err != nil {
				t.Fatalf("%s is no JSON: %v", body, err)
			}
			if diff := cmp.Diff(test.want, sent); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQueryBodyEscapesOnlyWhatHasToBe(t *testing.T) {
	body, err := queryBody(new(fullQuery()))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(body, []byte(`"Hello <b>&\n\"you\"`+"\u2028\"")) {
		t.Errorf("the prompt is not as short as it could be: %s", body)
	}
}

func TestLongPromptIsWrittenOnce(t *testing.T) {
	query := domain.Query{Endpoint: "e", Text: strings.Repeat("0123456789abcde\n", 1<<17)}
	allocated := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, err := queryBody(&query); err != nil {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	if limit := int64(len(query.Text)) * 5 / 4; allocated > limit {
		t.Errorf("a prompt of %d bytes took %d bytes of memory, want at most %d", len(query.Text), allocated, limit)
	}
}
