package ondemand

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"ondemand-api-proxy/domain"
)

// maxModelName bounds a name from the catalogue, in bytes.
const maxModelName = 256

// Catalogue returns the models that are active (section 6). Two entries may share a
// name: which of them wins is for the caller to decide. Entries that make no sense
// are left out rather than failing the rest.
func (c *Client) Catalogue(ctx context.Context, account *domain.Account, grant *domain.Grant) ([]domain.ModelMapping, error) {
	call := &call{
		op: opCatalogue, account: account, grant: grant, method: http.MethodGet,
		url: c.options.APIURL + "/config/v1/public/endpoints",
	}
	body, err := c.control(ctx, call, maxCatalogueAnswer)
	if err != nil {
		return nil, err
	}
	entries, ok := catalogueEntries(body)
	if !ok || len(entries) == 0 {
		return nil, call.fault("the answer is not the JSON of a catalogue that holds anything")
	}
	models := make([]domain.ModelMapping, 0, len(entries))
	for _, entry := range entries {
		if model, ok := toModel(entry); ok {
			models = append(models, model)
		}
	}
	return models, nil
}

// catalogueEntries unwraps the list: bare, in "data", or in "data.endpoints".
func catalogueEntries(body []byte) ([]json.RawMessage, bool) {
	for _, key := range [...]string{"", "data", "endpoints"} {
		if key != "" {
			var object map[string]json.RawMessage
			if json.Unmarshal(body, &object) != nil {
				return nil, false
			}
			body = object[key]
		}
		if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
			continue
		}
		var entries []json.RawMessage
		return entries, json.Unmarshal(body, &entries) == nil
	}
	return nil, false
}

// toModel reads one entry. Fields are read one by one, so that an odd one costs only itself.
func toModel(entry json.RawMessage) (domain.ModelMapping, bool) {
	var fields struct {
		EndpointID   json.RawMessage `json:"endpoint_id"`
		EndpointName json.RawMessage `json:"endpoint_name"`
		ModelID      json.RawMessage `json:"model_id"`
		Status       json.RawMessage `json:"status"`
		Efforts      json.RawMessage `json:"reasoning_efforts"`
	}
	if json.Unmarshal(entry, &fields) != nil {
		return domain.ModelMapping{}, false
	}
	endpoint, title := modelName(fields.EndpointID), modelName(fields.EndpointName)
	if endpoint == "" || !strings.EqualFold(looseText(fields.Status), "active") {
		return domain.ModelMapping{}, false
	}
	name := modelName(fields.ModelID)
	if name == "" {
		name = title
	}
	if name == "" {
		name = endpoint
	}
	return domain.ModelMapping{
		Name:     name,
		Endpoint: domain.EndpointID(endpoint),
		OwnedBy:  makerOf(endpoint, name+" "+title),
		Efforts:  toEfforts(fields.Efforts),
		Known:    true,
	}, true
}

// modelName is the text of a name, or nothing when it could not be one.
func modelName(value json.RawMessage) string {
	name := strings.TrimSpace(looseText(value))
	if len(name) > maxModelName || printable(name) != name {
		return ""
	}
	return name
}

// toEfforts keeps the efforts that the platform accepts in a query.
func toEfforts(value json.RawMessage) []domain.Effort {
	var listed []json.RawMessage
	if json.Unmarshal(value, &listed) != nil {
		return nil
	}
	var efforts []domain.Effort
	for _, item := range listed {
		effort := domain.Effort(looseText(item))
		switch effort {
		case domain.EffortLow, domain.EffortMedium, domain.EffortMax:
			if !slices.Contains(efforts, effort) {
				efforts = append(efforts, effort)
			}
		}
	}
	return efforts
}
