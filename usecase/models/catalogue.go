// Package models knows the models there are: a static table that always works, what
// the operator configured, and what the platform's own catalogue adds.
package models

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"ondemand-api-proxy/domain"
)

// Catalogue maps public names to endpoints. It is safe for concurrent use.
type Catalogue struct {
	current atomic.Pointer[table]

	mu       sync.Mutex            // of what the next table is made of
	fixed    []domain.ModelMapping // static and configured, always listed
	fallback string                // the model for names nobody knows; empty: none
	offered  []domain.ModelMapping // by the platform, when it was asked last
}

// table is one state of the catalogue.
type table struct {
	listed   []domain.ModelMapping
	byName   map[string]domain.ModelMapping // names, and endpoint ids of known models
	fallback string
}

// New returns the catalogue of the static table and the configured mappings, which add
// to it or replace an entry of the same name. fallback is the model that stands in for
// unknown names; it may be empty, and it must be known otherwise.
func New(configured []domain.ModelMapping, fallback string) (*Catalogue, error) {
	c := &Catalogue{}
	c.Configure(configured, fallback)
	if fallback != "" && !domain.IsEndpointID(fallback) {
		if _, known := c.current.Load().byName[fallback]; !known {
			return nil, fmt.Errorf("%q is no known model: use a name of the model table, one of \"models\", or an endpoint id such as predefined-openai-gpt4o", fallback)
		}
	}
	return c, nil
}

// Configure makes these the configured mappings, and fallback the model for unknown names; New
// has to accept them. What the platform offers stays.
func (c *Catalogue) Configure(configured []domain.ModelMapping, fallback string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fixed, c.fallback = merge(static(), configured), fallback
	c.rebuild()
}

// Update takes over what the platform offers. Names of the fixed table keep their
// endpoints; the platform tells which efforts an endpoint takes, unless the operator did.
func (c *Catalogue) Update(offered []domain.ModelMapping) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offered = offered
	c.rebuild()
}

// merge returns base with each entry of more added, or put in the place of the one
// with its name.
func merge(base, more []domain.ModelMapping) []domain.ModelMapping {
	at := make(map[string]int, len(base)+len(more))
	merged := make([]domain.ModelMapping, 0, len(base)+len(more))
	for _, list := range [][]domain.ModelMapping{base, more} {
		for _, m := range list {
			if i, found := at[m.Name]; found {
				merged[i] = m
				continue
			}
			at[m.Name] = len(merged)
			merged = append(merged, m)
		}
	}
	return merged
}

// rebuild makes the next table, under the lock.
func (c *Catalogue) rebuild() {
	offered := c.offered
	efforts := make(map[domain.EndpointID][]domain.Effort, len(offered))
	for _, m := range offered {
		efforts[m.Endpoint] = m.Efforts
	}
	fixed := make([]domain.ModelMapping, len(c.fixed))
	copy(fixed, c.fixed)
	for i := range fixed {
		if fixed[i].Efforts == nil {
			fixed[i].Efforts = efforts[fixed[i].Endpoint]
		}
	}
	t := &table{byName: make(map[string]domain.ModelMapping), fallback: c.fallback}
	t.listed = append(t.listed, fixed...)
	for _, m := range fixed {
		t.byName[m.Name] = m
	}
	for _, m := range offered {
		if _, taken := t.byName[m.Name]; !taken {
			t.byName[m.Name] = m
			t.listed = append(t.listed, m)
		}
	}
	for _, m := range slices.Concat(t.listed, offered) { // the raw id of a known endpoint is known as well
		if _, taken := t.byName[string(m.Endpoint)]; !taken {
			m.Name = string(m.Endpoint)
			t.byName[m.Name] = m
		}
	}
	sort.SliceStable(t.listed, func(i, j int) bool { return t.listed[i].Name < t.listed[j].Name })
	c.current.Store(t)
}

// List returns the models to show, by name. The slice is shared: don't change it.
func (c *Catalogue) List() []domain.ModelMapping { return c.current.Load().listed }

// Find returns a known model by public name or endpoint id.
func (c *Catalogue) Find(name string) (domain.ModelMapping, error) {
	if m, known := c.current.Load().byName[name]; known {
		return m, nil
	}
	return domain.ModelMapping{}, unknown(name)
}

// Resolve returns the mapping for a name a client asks for: a known one, an endpoint id
// passed through as it is, or the configured default for any other. Without a default
// the error is ModelNotFound, or InvalidRequest when there is no name at all.
func (c *Catalogue) Resolve(name string) (domain.ModelMapping, error) {
	t := c.current.Load()
	m, known := t.byName[name]
	switch {
	case known:
		return m, nil
	case domain.IsEndpointID(name):
		return domain.ModelMapping{Name: name, Endpoint: domain.EndpointID(name)}, nil
	case t.fallback != "":
		if m, known := t.byName[t.fallback]; known {
			return m, nil
		}
		return domain.ModelMapping{Name: t.fallback, Endpoint: domain.EndpointID(t.fallback), Known: true}, nil
	case name == "":
		return m, domain.Invalid("model", "The request names no model: set \"model\" to one of the names that GET /v1/models lists.")
	default:
		return m, unknown(name)
	}
}

// unknown says that there is no such model. The name is the client's text: quoted and cut.
func unknown(name string) error {
	const most = 64
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	err := domain.E(domain.ModelNotFound, fmt.Sprintf("The model %q does not exist here: GET /v1/models lists the names, and ids that begin with predefined- or byoi- are passed through.", name), nil)
	err.Param = "model"
	return err
}
