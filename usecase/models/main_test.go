package models

import (
	"testing"

	"go.uber.org/goleak"

	"ondemand-api-proxy/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// catalogue returns a new catalogue, which has to be possible.
func catalogue(t testing.TB, configured []domain.ModelMapping, fallback string) *Catalogue {
	t.Helper()
	c, err := New(configured, fallback)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return c
}

// model is a mapping as the configuration and the platform make them.
func model(name, endpoint string, efforts ...domain.Effort) domain.ModelMapping {
	return domain.ModelMapping{Name: name, Endpoint: domain.EndpointID(endpoint), OwnedBy: "somebody", Efforts: efforts, Known: true}
}

// names are the listed names.
func names(c *Catalogue) []string {
	var all []string
	for _, m := range c.List() {
		all = append(all, m.Name)
	}
	return all
}

// endpoint is what a name resolves to, or the kind of the error.
func endpoint(c *Catalogue, name string) string {
	m, err := c.Resolve(name)
	if err != nil {
		return "error: " + domain.KindOf(err).String()
	}
	return string(m.Endpoint)
}
