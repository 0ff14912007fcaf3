package config

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"ondemand-api-proxy/domain"
)

// models reads model mappings in the three forms people write them: name to
// endpoint id, name to object, and a list of objects.
func models() codec[[]domain.ModelMapping] {
	return codec[[]domain.ModelMapping]{
		allowed: `an object such as {"name": "endpoint id"}, or a list of {"name","endpoint"}`,
		value:   modelList,
		text:    fromJSON(modelList),
		show: func(list []domain.ModelMapping) string {
			if len(list) == 0 {
				return none
			}
			return count(len(list), "model")
		},
	}
}

func modelList(raw any) ([]domain.ModelMapping, error) {
	switch v := raw.(type) {
	case map[string]any:
		return modelsByName(v)
	case []any:
		return modelEntries(v)
	}
	return nil, errNotAllowed
}

func modelsByName(byName map[string]any) ([]domain.ModelMapping, error) {
	list := make([]domain.ModelMapping, 0, len(byName))
	for _, name := range sortedNames(byName) {
		where := "model " + shown(name)
		if !plainText(name) {
			return nil, fmt.Errorf("%s needs a name without control characters and without spaces around it", where)
		}
		value := byName[name]
		if endpoint, ok := value.(string); ok {
			value = map[string]any{"endpoint": endpoint}
		}
		o, err := newObject(where, value, "endpoint", "owned_by", "reasoning_efforts")
		if err != nil {
			return nil, err
		}
		m, err := o.mapping(name)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

func modelEntries(entries []any) ([]domain.ModelMapping, error) {
	list := make([]domain.ModelMapping, 0, len(entries))
	for i, entry := range entries {
		o, err := newObject(position("model", "models", i), entry, "name", "id", "endpoint", "owned_by", "reasoning_efforts")
		if err != nil {
			return nil, err
		}
		if o.has("name") == o.has("id") {
			return nil, o.errorf(`needs either "name" or "id"`)
		}
		name, nameErr := o.label("name")
		id, idErr := o.label("id")
		if err := first(nameErr, idErr); err != nil {
			return nil, err
		}
		m, err := o.mapping(name + id)
		if err != nil {
			return nil, err
		}
		for j, other := range list {
			if other.Name == m.Name {
				return nil, o.errorf("has the same name as %s, and names have to differ", position("model", "models", j))
			}
		}
		list = append(list, m)
	}
	return list, nil
}

// mapping reads the fields that both forms share.
func (o object) mapping(name string) (domain.ModelMapping, error) {
	endpoint, endpointErr := o.text("endpoint")
	if endpointErr == nil && (!plainText(endpoint) || strings.Contains(endpoint, " ")) {
		endpointErr = o.errorf(`needs an endpoint id such as predefined-openai-gpt4o as "endpoint"`)
	}
	owner, ownerErr := o.label("owned_by")
	texts, effortsErr := o.texts("reasoning_efforts")
	var efforts []domain.Effort // nil: what the platform says; empty: none
	if texts != nil {
		efforts = make([]domain.Effort, 0, len(texts))
	}
	for _, text := range texts {
		effort := domain.Effort(text)
		if !slices.Contains([]domain.Effort{domain.EffortLow, domain.EffortMedium, domain.EffortMax}, effort) && effortsErr == nil {
			effortsErr = o.errorf(`needs only low, medium or max in "reasoning_efforts"`)
		}
		efforts = append(efforts, effort)
	}
	if err := first(endpointErr, ownerErr, effortsErr); err != nil {
		return domain.ModelMapping{}, err
	}
	if owner == "" {
		owner = "custom"
	}
	return domain.ModelMapping{
		Name: name, Endpoint: domain.EndpointID(endpoint), OwnedBy: owner, Efforts: efforts, Known: true,
	}, nil
}

func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
